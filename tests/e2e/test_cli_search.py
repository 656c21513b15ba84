"""Searching from the command line: by words alone, and with the real encoder."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from google.protobuf import json_format

from graphmasal.v1.plan_pb2 import Plan
from graphmasal.v1.retrieval_service_pb2 import ListIndexesResponse, SearchConceptsResponse
from tests.e2e.test_cli import BUNDLED, COURSE, Run, runner, serve


@pytest.fixture(scope="module", params=["lexical", "base"])
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """Runs commands against a server that has the bundled curriculum, once with and once without models."""
    home = tmp_path_factory.mktemp("searched")
    (home / "graphmasal.toml").write_text(f'ranker = "{request.param}"\n')
    with serve(home) as (_, address):
        run = runner(home, GRAPHMASAL_SERVER=address)
        assert run("import", "yaml", BUNDLED, *COURSE).returncode == 0
        yield run


def search(run: Run, *arguments: str) -> SearchConceptsResponse:
    result = run("search", *arguments, *COURSE, "--json")
    assert result.returncode == 0, result.stderr
    return json_format.Parse(result.stdout, SearchConceptsResponse())


def test_words_find_their_concept(run: Run) -> None:
    found = search(run, "rise over run of a line", "--limit", "3")
    assert "slope" in [result.document for result in found.results]
    assert len(found.results) == 3


def test_probabilities_are_probabilities(run: Run) -> None:
    found = search(run, "matrices", "--limit", "100")
    total = sum(result.probability for result in found.results) + found.none_of_these[0].probability
    assert 0.99 <= total <= 1.000001


def test_every_kind_can_be_found(run: Run) -> None:
    kinds = [part for kind in ("concept", "passage", "question", "misconception") for part in ("--kind", kind)]
    found = search(run, "adding fractions", "--limit", "1", *kinds)
    assert [result.kind for result in found.results] == [1, 2, 3, 4]


def test_a_table_shows_scores_passages_and_none(run: Run) -> None:
    shown = run("search", "adding fractions", *COURSE).stdout
    for part in ("fractions", "bm25", "none of these", "CC-BY-4.0", "lexical: used"):
        assert part in shown


def test_an_explanation_names_the_words(run: Run) -> None:
    shown = run("search", "slope of a line", *COURSE, "--explain").stdout
    assert "Why “" in shown
    assert "slope " in shown


def test_lines_of_a_file_are_answered_in_order(run: Run) -> None:
    result = run("search", "--file", "-", *COURSE, "--json", text="slope\n\n  matrices \nfractions\n")
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [line["query"] for line in lines] == ["slope", "", "matrices", "fractions"]
    assert lines[1]["results"] == []
    assert lines[0]["results"][0]["concept"] == "slope"
    assert set(lines[0]["results"][0]["scores"]) == {"lexical", "dense", "reranker", "frontier", "fused"}


def test_many_lines_are_answered_whole(run: Run) -> None:
    result = run("search", "--file", "-", *COURSE, "--json", text="".join(f"slope {n}\n" for n in range(200)))
    assert [json.loads(line)["query"] for line in result.stdout.splitlines()] == [f"slope {n}" for n in range(200)]


def test_goals_can_be_asked_for_in_words(run: Run) -> None:
    result = run("plan", *COURSE, "--ask", "I want to learn slope and fractions", "--json")
    assert list(json_format.Parse(result.stdout, Plan()).goals) == ["fractions", "slope"]
    assert "“slope” → Slope" in result.stderr


def test_words_without_a_concept_are_refused(run: Run) -> None:
    result = run("plan", *COURSE, "--ask", "asdf jkl")
    assert result.returncode == 2
    assert "no concept seems to be meant" in result.stderr


def test_indexes_are_built_and_listed(run: Run) -> None:
    assert "Index " in run("index", "build", "algebra-to-ml").stdout
    listed = json_format.Parse(run("index", "list", "algebra-to-ml", "--json").stdout, ListIndexesResponse())
    assert listed.default_ranker in [index.ranker for index in listed.indexes if index.current]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("search", *COURSE), "give either words or --file"),
        (("search", "x", "--curriculum", "nowhere"), "nowhere"),
        (("search", "x", *COURSE, "--ranker", "nobody"), "nobody"),
        (("search", "x", *COURSE, "--learner", "nobody"), "nobody"),
        (("search", "--file", "/nowhere", *COURSE), "cannot read /nowhere"),
        (("search", "x" * 2001, *COURSE), "query"),
    ],
)
def test_what_is_wrong_is_told(run: Run, arguments: tuple[str, ...], told: str) -> None:
    result = run(*arguments)
    assert result.returncode in (1, 2)
    assert told in result.stderr


def test_a_server_inside_the_command_searches_too(tmp_path: Path) -> None:
    run = runner(tmp_path, GRAPHMASAL_RANKER="lexical")
    assert run("import", "yaml", BUNDLED, *COURSE).returncode == 0
    assert "slope" in [result.document for result in search(run, "slope").results]


def test_a_server_without_the_default_model_searches_by_words_and_says_so(tmp_path: Path) -> None:
    run = runner(tmp_path, GRAPHMASAL_ENCODER="nobody/nothing", HF_HUB_OFFLINE="1")
    assert run("import", "yaml", BUNDLED, "--curriculum", "other").returncode == 0
    result = run("search", "slope", "--curriculum", "other")
    assert result.returncode == 0, result.stderr
    assert "dense: not used: the model nobody/nothing is neither a folder nor to be had" in " ".join(
        result.stdout.split()
    )


def test_a_ranker_that_is_named_has_to_have_its_model(tmp_path: Path) -> None:
    run = runner(tmp_path, GRAPHMASAL_ENCODER="nobody/nothing", HF_HUB_OFFLINE="1")
    assert run("import", "yaml", BUNDLED, "--curriculum", "other").returncode == 0
    result = run("search", "slope", "--curriculum", "other", "--ranker", "base")
    assert result.returncode == 1
    assert "nobody/nothing" in result.stderr
