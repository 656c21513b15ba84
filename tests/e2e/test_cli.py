"""The command line as scripts use it: a process for every command, a store that outlives them."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import resources
from pathlib import Path

import pytest
from google.protobuf import json_format

from graphmasal.v1.curriculum_service_pb2 import ImportCurriculumResponse
from graphmasal.v1.learner_pb2 import LearnerState
from graphmasal.v1.learner_service_pb2 import AppendEvidenceResponse, ListLearnersResponse
from graphmasal.v1.plan_pb2 import Plan
from graphmasal.v1.planning_service_pb2 import NextActivityResponse, VerifyPlanResponse

BUNDLED = str(resources.files("graphmasal") / "curricula" / "algebra_to_ml")
COURSE = ("--curriculum", "algebra-to-ml")
EVIDENCE: list[dict[str, object]] = [
    {"id": f"a{day}", "learner": "ada", "question": question, "response": response, "source": "answer",
     "occurred_at": f"2026-03-{day:02}T10:00:00.000001Z"}
    for day, (question, response) in enumerate(
        [("q-fractions-1", "b"), ("q-slope-1", "b"), ("q-slope-2", "-2"), ("q-fractions-2", "d")], start=1
    )
]  # fmt: skip
EVIDENCE.append(
    {"id": "a5", "learner": "ada", "concept": "whole-number-arithmetic", "score": 1, "source": "teacher_override",
     "occurred_at": 1772700000}
)  # fmt: skip

Result = subprocess.CompletedProcess[str]
Run = Callable[..., Result]


def environment(home: Path) -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("GRAPHMASAL_") or name == "GRAPHMASAL_MODEL_CACHE"
    }
    return kept | {"GRAPHMASAL_HOME": str(home), "COLUMNS": "100"}


def graphmasal(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "graphmasal.cli.main", *arguments]


def runner(home: Path, **variables: str) -> Run:
    def run(*arguments: str, text: str = "") -> Result:
        return subprocess.run(
            graphmasal(*arguments),
            input=text,
            env=environment(home) | variables,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


@contextmanager
def serve(home: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Runs `graphmasal serve`; yields the process, and the address that it printed."""
    command = graphmasal("serve", "--listen", "127.0.0.1:0")
    with subprocess.Popen(command, env=environment(home), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """Runs commands against a server that has the bundled curriculum and Ada's evidence."""
    home = tmp_path_factory.mktemp("served")
    with serve(home) as (_, address):
        run = runner(home, GRAPHMASAL_SERVER=address)
        assert run("import", "yaml", BUNDLED, *COURSE).returncode == 0
        assert run("evidence", "import", "-", *COURSE, text=lines(EVIDENCE)).returncode == 0
        yield run


@pytest.fixture
def empty(tmp_path: Path) -> Run:
    """Runs commands on a store of their own, each with a server inside."""
    return runner(tmp_path / "home")


def lines(items: Sequence[Mapping[str, object]]) -> str:
    return "".join(json.dumps(item) + "\n" for item in items)


def test_a_dry_run_writes_nothing(empty: Run) -> None:
    result = empty("import", "yaml", BUNDLED, *COURSE, "--dry-run", "--json")
    response = json_format.Parse(result.stdout, ImportCurriculumResponse())
    assert (result.returncode, response.report.accepted, response.HasField("curriculum")) == (0, True, False)
    assert json.loads(empty("curricula", "list", "--json").stdout)["curricula"] == []


def test_a_refused_curriculum_is_the_answer_no(empty: Run, tmp_path: Path) -> None:
    (tmp_path / "concepts.csv").write_text("id,title,minutes\na,A,10\nb,B,10\n")
    (tmp_path / "prerequisites.csv").write_text("before,after\na,b\nb,a\n")
    command = ("import", "csv", str(tmp_path), "--curriculum", "circle", "--title", "Circle")
    refused = empty(*command)
    assert refused.returncode == 1
    assert "a requires b" in refused.stdout
    assert empty(*command, "--break-cycles").returncode == 0


def test_licence_and_attribution_are_shown_with_the_text(run: Run) -> None:
    for command in (("list",), ("show", "algebra-to-ml"), ("concepts", "algebra-to-ml")):
        result = run("curricula", *command)
        assert "CC-BY-4.0" in result.stdout
        assert "The GraphMASAL authors" in result.stdout


def test_what_is_exported_can_be_imported_again(run: Run, empty: Run) -> None:
    exported = run("evidence", "export").stdout
    assert [json.loads(line)["id"] for line in exported.splitlines()] == ["a1", "a2", "a3", "a4", "a5"]
    assert empty("import", "yaml", BUNDLED, *COURSE).returncode == 0
    assert empty("evidence", "import", "-", text=exported).returncode == 0
    assert empty("evidence", "export").stdout == exported
    state = ("learners", "state", "ada", "--json")
    assert json_format.Parse(empty(*state).stdout, LearnerState()).mastery == (
        json_format.Parse(run(*state).stdout, LearnerState()).mastery
    )


def test_bad_lines_are_named_and_the_others_go_in(empty: Run) -> None:
    assert empty("import", "yaml", BUNDLED, *COURSE).returncode == 0
    good, other = lines(EVIDENCE[:1]), lines([EVIDENCE[1] | {"question": "q-nowhere"}])
    result = empty("evidence", "import", "-", *COURSE, text=f"{good}{{}}\n\n{other}{good}")
    assert result.returncode == 1
    assert "1 stored, 1 duplicate, 2 refused" in result.stdout
    assert [row.split()[0] for row in result.stdout.splitlines() if row.strip()[:1].isdigit()][:2] == ["2", "4"]


def test_sending_again_is_harmless(run: Run) -> None:
    result = run("evidence", "import", "-", *COURSE, "--json", text=lines(EVIDENCE))
    response = json_format.Parse(result.stdout, AppendEvidenceResponse())
    assert (result.returncode, [each.duplicate for each in response.results]) == (0, [True] * 5)


def test_a_plan_can_be_verified_and_a_forged_one_cannot(run: Run, tmp_path: Path) -> None:
    result = run("plan", *COURSE, "--mastered", "whole-number-arithmetic", "--goals", "slope,functions", "--json")
    plan = json_format.Parse(result.stdout, Plan())
    assert [step.concept for step in plan.steps][-1] in ("slope", "functions")
    assert run("verify", "-", text=result.stdout).returncode == 0
    del plan.steps[0]
    file = tmp_path / "forged.json"
    file.write_text(json_format.MessageToJson(plan))
    forged = run("verify", str(file), "--json")
    assert forged.returncode == 1
    assert not json_format.Parse(forged.stdout, VerifyPlanResponse()).valid


def test_a_plan_keeps_to_its_terms_or_says_why_not(run: Run) -> None:
    terms = ("--budget", "150", "--session", "40", "--order", "early-wins", "--pin", "concepts/integer-exponents")
    known = ("--mastered", "whole-number-arithmetic")
    result = run("plan", *COURSE, *known, "--goals", "slope", *terms, "--json")
    plan = json_format.Parse(result.stdout, Plan())
    assert (result.returncode, plan.minutes <= 150, len(plan.sessions) > 1) == (0, True, True)
    assert run("verify", "-", text=result.stdout).returncode == 0
    refused = run("plan", *COURSE, "--goals", "slope", "--veto", "concepts/slope")
    assert refused.returncode == 1
    assert "constraints.vetoed[0]" in refused.stdout


def test_a_plan_is_explained_compared_and_revised(run: Run) -> None:
    run("learners", "goals", "ada", "--set", "functions", *COURSE)
    plan = json_format.Parse(run("plan", *COURSE, "--learner", "ada", "--json").stdout, Plan())
    concept = plan.steps[0].concept
    assert plan.steps[0].title in run("explain", plan.name, "--concepts", concept).stdout
    assert "less" in run("what-if", *COURSE, "--learner", "ada", "--master", concept).stdout
    assert plan.name in run("revise", plan.name).stdout.replace("\n", "")
    assert plan.name in run("revisions", plan.name).stdout
    assert run("what-if", *COURSE, "--learner", "ada").returncode == 2
    assert run("explain", f"{plan.name}x").returncode == 1


def test_a_learner_goes_from_goals_to_the_next_activity(run: Run) -> None:
    assert run("learners", "goals", "ada", "--set", "slope", *COURSE).returncode == 0
    assert run("plan", *COURSE, "--learner", "ada").returncode == 0
    answer = json_format.Parse(run("next", "--learner", "ada", "--json").stdout, NextActivityResponse())
    assert answer.outcome == NextActivityResponse.DO_STEP
    assert answer.plan.startswith("tenants/default/learners/ada/plans/")


def test_a_corrected_key_changes_mastery_and_back(run: Run) -> None:
    for key in ("b", "a"):
        result = run("curricula", "correct-key", "q-slope-1", "--accepted", key, *COURSE, "--json")
        assert result.returncode == 0
        operation = json.loads(result.stdout)
        assert operation["done"]
        assert operation["response"]["learners"] == 1
        assert operation["response"]["changeCount"] > 0


def test_common_options_are_taken_before_and_after_the_command(empty: Run) -> None:
    assert empty("--tenant", "t1", "learners", "create", "ada").returncode == 0
    for arguments in (
        ("--tenant", "t1", "--json", "learners", "list"),
        ("learners", "list", "--json", "--tenant", "t1"),
    ):
        listed = json_format.Parse(empty(*arguments).stdout, ListLearnersResponse())
        assert [learner.name for learner in listed.learners] == ["tenants/t1/learners/ada"]
    assert json.loads(empty("learners", "list", "--json").stdout) == {"learners": [], "nextPageToken": ""}


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("plan", "--learner", "ada", "--mastered", "fractions"), 2),
        (("plan", *COURSE, "--goals", "slope", "--as-of", "yesterday"), 2),
        (("plan", *COURSE, "--goals", "no-such-concept"), 2),
        (("plan", "--curriculum", "nowhere", "--goals", "slope"), 1),
        (("learners", "create", "no spaces"), 2),
        (("learners", "show", "nobody"), 1),
        (("learners", "delete"), 2),
        (("verify", "/no/such/file"), 2),
        (("verify", "-"), 2),
        (("import", "yaml", "/no/such/folder", *COURSE), 2),
        (("evidence", "import", "/no/such/file"), 2),
        (("learners", "list", "--server", "127.0.0.1:1"), 1),
    ],
)
def test_failures_are_told_plainly(run: Run, arguments: tuple[str, ...], code: int) -> None:
    result = run(*arguments, text="{")
    assert (result.returncode, result.stdout) == (code, "")
    assert result.stderr
    assert "Traceback" not in result.stderr


def test_an_error_as_json_is_a_status_on_standard_error(run: Run) -> None:
    result = run("learners", "show", "nobody", "--json")
    assert (result.returncode, result.stdout) == (1, "")
    status = json.loads(result.stderr)
    assert status["code"] == 5
    assert status["details"][0]["reason"] == "LEARNER_NOT_FOUND"


def test_a_store_that_is_none_is_wrong_use(empty: Run) -> None:
    result = empty("learners", "list", "--store", "cupboard")
    assert (result.returncode, result.stdout) == (2, "")
    assert "sqlite:PATH" in result.stderr


def test_a_server_is_reached_by_its_address_and_drains(tmp_path: Path) -> None:
    run = runner(tmp_path)
    with serve(tmp_path) as (process, address):
        assert run("learners", "create", "ada", "--server", address).returncode == 0
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0
        assert process.stdout
        assert process.stdout.read() == ""
    assert "ada" in run("learners", "list").stdout


def test_an_erased_learner_stays_erased(empty: Run) -> None:
    assert empty("learners", "create", "ada").returncode == 0
    assert empty("learners", "delete", "ada", text="n\n").returncode == 1
    assert empty("learners", "delete", "ada", "--yes").returncode == 0
    assert empty("learners", "create", "ada").returncode == 1


def test_the_demo_leaves_nothing_behind(tmp_path: Path) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    result = subprocess.run(
        graphmasal("demo"),
        # By words: torch, which encoders are exported with, keeps a cache of its own in the temporary folder.
        env=environment(tmp_path / "home") | {"TMPDIR": str(temporary), "GRAPHMASAL_RANKER": "lexical"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert "The plan is sound" in result.stdout
    assert "The plan is not sound" in result.stdout
    assert list(temporary.iterdir()) == []
    assert not (tmp_path / "home").exists()


def test_help_and_version_are_quick_and_touch_nothing(tmp_path: Path) -> None:
    run = runner(tmp_path / "home")
    assert run("--version").stdout.startswith("graphmasal ")
    assert "demo" in run("--help").stdout
    assert not (tmp_path / "home").exists()
