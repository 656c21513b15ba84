"""A ranker is trained end to end, on a curriculum of a dozen concepts; finished stages are kept and not repeated."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

pytest.importorskip("torch")

from graphmasal.cli.main import app
from kg.curriculum import Concept, Curriculum, Prerequisite
from kg.errors import InvalidInputError
from kg.indexes import IndexRecord
from kg.stores import create_store
from retrieval.encoders.loading import load_encoder
from retrieval.rankers import BASE, Ranker, read_ranker, store_ranker
from retrieval.training.material import FEWEST_LABELS, Material, prepare_material
from retrieval.training.pipeline import QUICK, Effort, train
from retrieval.training.queries import QuerySource, TrainingQuery
from retrieval.training.scored_lists import collect_lists
from retrieval.training.stages import Workspace, pack_lists, unpack_lists
from retrieval.training.stopping import TrainingStoppedError

TEXTS = {
    "fractions": "Parts of a whole, written as one number over another. They can be shortened and compared.",
    "decimals": "Numbers with digits behind a point. Each digit counts tenths, hundredths and so on.",
    "percentages": "Shares out of a hundred. A discount and an interest rate are given in them.",
    "ratios": "How many times one quantity is as large as another. Maps and recipes are scaled by them.",
    "powers": "A number multiplied by itself several times. The exponent says how often.",
    "square roots": "The number whose square is given. They turn areas into lengths.",
    "linear equations": "An unknown that is to be found from a balance of two sides. Both sides are changed alike.",
    "coordinates": "Pairs of numbers that name a point of the plane. The first goes right, the second goes up.",
    "slopes": "How steeply a line climbs. It is the rise divided by the run.",
    "means": "The sum of values divided by their count. One outlier moves it far.",
    "medians": "The value in the middle once all are sorted. Outliers hardly move it.",
    "probability": "How often something happens in the long run. It lies between nought and one.",
    "sampling": "Looking at some in order to learn about all. Chance decides who is asked.",
    "variance": "The mean squared distance from the mean. It tells how much values scatter.",
}
TINY = Effort(folds=2, samples=24, lists=24)


def make_course() -> Curriculum:
    concepts = [
        Concept(id=title.replace(" ", "-"), title=title.title(), description=text) for title, text in TEXTS.items()
    ]
    return Curriculum(
        id="numbers",
        title="Numbers",
        concepts=tuple(sorted(concepts, key=lambda concept: concept.id)),
        prerequisites=(
            Prerequisite(before="fractions", after="percentages", reason="A percentage is a fraction of a hundred."),
            Prerequisite(before="means", after="variance", reason="Distances are measured from the average value."),
        ),
    )


Steps = list[tuple[str, int, int, str]]


def train_course(workspace: Path, steps: Steps | None = None, effort: Effort = TINY, seed: int = 1) -> Ranker:
    def note(stage: str, done: int, total: int, message: str) -> None:
        if steps is not None:
            steps.append((stage, done, total, message))

    return train(make_course(), ranker_id="trained", seed=seed, workspace=workspace, progress=note, effort=effort)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("workspace")


@pytest.fixture(scope="module")
def ranker(workspace: Path) -> Ranker:
    return train_course(workspace)


def test_each_stage_has_a_verdict_with_its_figures(ranker: Ranker) -> None:
    assert [verdict.stage for verdict in ranker.verdicts] == ["encoder", "reranker"]
    for verdict in ranker.verdicts:
        assert verdict.passed == (verdict.low > 0.0)
        assert verdict.low <= verdict.with_stage - verdict.without <= verdict.high
        assert verdict.queries == ranker.notes["queries reported on"]


def test_a_stage_that_fails_is_left_out(ranker: Ranker) -> None:
    passed = {verdict.stage: verdict.passed for verdict in ranker.verdicts}
    assert bool(ranker.encoder_adapter) == passed["encoder"]
    assert bool(ranker.reranker) == bool(ranker.reranker_adapter) == passed["reranker"]


def test_notes_hold_seed_counts_and_figures(ranker: Ranker) -> None:
    assert ranker.notes["seed"] == 1
    counts = [int(ranker.notes[f"concepts {part} on"]) for part in ("trained", "fitted", "reported")]
    assert sum(counts) == len(TEXTS)
    for pipeline in ("BM25", "published encoder", "tuned encoder + BM25", "with the reranker"):
        low, mean, high = (float(ranker.notes[f"nDCG@10 {pipeline}{end}"]) for end in (", low", "", ", high"))
        assert 0.0 < low <= mean <= high <= 1.0


def test_a_trained_ranker_survives_the_store(ranker: Ranker) -> None:
    assert read_ranker(store_ranker(ranker, "numbers", 0)) == ranker


def test_a_repeated_run_repeats_no_stage(ranker: Ranker, workspace: Path) -> None:
    steps: Steps = []
    assert train_course(workspace, steps) == ranker
    made = [stage for stage, done, _, message in steps if not done and not message]
    assert made == []


def test_the_same_seed_gives_the_same_bytes(ranker: Ranker, tmp_path: Path) -> None:
    again = store_ranker(train_course(tmp_path), "numbers", 0)
    assert again == store_ranker(ranker, "numbers", 0)


def test_an_interrupted_run_goes_on_behind_its_last_finished_stage(tmp_path: Path) -> None:
    effort = Effort(reranker=False, samples=TINY.samples)
    with pytest.raises(TrainingStoppedError):
        train(make_course(), ranker_id="trained", seed=1, workspace=tmp_path, should_stop=lambda: True, effort=effort)
    steps: Steps = []
    train_course(tmp_path, steps, effort)
    kept = {stage for stage, *_, message in steps if message == "finished before"}
    assert {"lists for the report queries", "lists for the training queries"} <= kept
    assert ("encoder", 0, 1, "") in steps


def test_a_quick_training_has_no_reranker(workspace: Path, ranker: Ranker) -> None:
    quick = train_course(workspace, effort=Effort(reranker=False, samples=TINY.samples))
    assert quick.reranker == ""
    assert not quick.verdicts[1].passed
    assert quick.verdicts[0] == ranker.verdicts[0]
    assert not QUICK.reranker


@pytest.mark.parametrize(("ranker_id", "rule"), [(BASE, "built in"), ("my ranker", "must be 1 to 128")])
def test_a_ranker_needs_an_id_of_its_own(ranker_id: str, rule: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=rule):
        train(make_course(), ranker_id=ranker_id, workspace=tmp_path)


def test_a_curriculum_of_few_concepts_is_refused() -> None:
    course = Curriculum(id="small", title="Small", concepts=make_course().concepts[:9])
    with pytest.raises(InvalidInputError, match="at least 10 concepts"):
        prepare_material(course, (), 0)


def prepare(labels: int = 0) -> Material:
    concept = sorted(prepare_material(make_course(), (), 0).reporting)[0]
    asked = [
        TrainingQuery(text=f"my question {number}", concept=concept, source=QuerySource.LABEL)
        for number in range(labels)
    ]
    return prepare_material(make_course(), asked, 0)


def test_no_concept_is_in_two_parts() -> None:
    material = prepare()
    assert not material.training & material.fitting
    assert not (material.training | material.fitting) & material.reporting
    assert len(material.training | material.fitting | material.reporting) == len(TEXTS)


def test_folds_hold_each_trained_concept_out_once() -> None:
    material = prepare()
    folds = material.fold(3, 0)
    assert sorted(concept for _, held_out in folds for concept in held_out) == sorted(material.training)
    assert all(not training & held_out for training, held_out in folds)


def test_titles_are_not_measured_with() -> None:
    material = prepare()
    titles = {document.title.casefold() for document in material.documents}
    assert any(query.text.casefold() in titles for query in material.queries)
    assert not any(query.text.casefold() in titles for query in material.select_measured(set(map(_key, TEXTS))))


def _key(title: str) -> str:
    return title.replace(" ", "-")


@pytest.mark.parametrize(("labels", "alone"), [(FEWEST_LABELS, True), (FEWEST_LABELS - 1, False)])
def test_enough_labelled_queries_are_measured_on_alone(labels: int, alone: bool) -> None:
    material = prepare(labels)
    sources = {query.source for query in material.select_measured(material.reporting)}
    assert (sources == {QuerySource.LABEL}) == alone


def test_material_differs_by_seed_and_by_labels() -> None:
    prints = {
        prepare().fingerprint,
        prepare(1).fingerprint,
        prepare_material(make_course(), (), 1).fingerprint,
    }
    assert len(prints) == 3


def count_calls(calls: list[int]) -> Callable[[], bytes]:
    def make() -> bytes:
        calls.append(1)
        return b"made"

    return make


def test_a_stage_is_made_again_only_for_other_inputs(tmp_path: Path) -> None:
    calls: list[int] = []
    make = count_calls(calls)
    for inputs, depends in (({}, {}), ({}, {}), ({"seed": "1"}, {}), ({}, {"part": "a"})):
        assert Workspace(folder=tmp_path, inputs=inputs).run("encoder", depends, make) == b"made"
    assert len(calls) == 3


def test_a_stage_that_fails_leaves_no_file(tmp_path: Path) -> None:
    def fail() -> bytes:
        raise TrainingStoppedError

    with pytest.raises(TrainingStoppedError):
        Workspace(folder=tmp_path, inputs={}).run("encoder", {}, fail)
    assert list(tmp_path.iterdir()) == []


def test_lists_survive_being_packed() -> None:
    scores = np.array([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]])
    lists = collect_lists(scores, scores, [0, -1], [(), (1,)], ["a", "b"])
    packed = pack_lists(lists)
    assert pack_lists(unpack_lists(packed)) == packed
    assert unpack_lists(packed).clusters == lists.clusters


async def read_store(url: str) -> tuple[Ranker, list[IndexRecord]]:
    store = create_store(url)
    await store.open()
    try:
        stored = await store.get_ranker("default", "numbers", "trained")
        return read_ranker(stored), await store.list_indexes("default", "numbers")
    finally:
        await store.close()


async def import_course(url: str) -> None:
    store = create_store(url)
    await store.open()
    await store.import_curriculum("default", make_course(), 0, "import")
    await store.close()


def test_the_command_stores_a_ranker_and_its_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAPHMASAL_HOME", str(tmp_path))
    url = f"sqlite:{tmp_path / 'graphmasal.db'}"
    asyncio.run(import_course(url))
    answer = CliRunner().invoke(app, ["train-retriever", "numbers", "--quick", "--json"])
    assert answer.exit_code == 0, answer.output
    ranker, indexes = asyncio.run(read_store(url))
    printed = json.loads(answer.stdout)
    assert printed["verdicts"] == [asdict(verdict) for verdict in ranker.verdicts]
    assert [(record.ranker, record.count > len(TEXTS)) for record in indexes] == [("trained", True)]


def test_the_command_names_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAPHMASAL_HOME", str(tmp_path))
    answer = CliRunner().invoke(app, ["train-retriever", "numbers", "--quick"])
    assert answer.exit_code == 2
    assert "no curriculum" in answer.stderr


def test_the_trained_encoder_can_be_loaded(ranker: Ranker, workspace: Path) -> None:
    encoder = load_encoder(ranker.encoder, ranker.encoder_adapter, cache=workspace / "encoders")
    assert encoder.encode(["a share of a hundred"]).shape == (1, encoder.dimension)
