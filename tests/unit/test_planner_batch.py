import random
from pathlib import Path
from typing import Any

import pytest

from kg.errors import InvalidInputError
from planner.batch.graph_file import load_graph, write_graph
from planner.batch.job import BatchOutcome, Runner, run_batch
from planner.batch.partition import PartOutcome, plan_partition
from planner.batch.process_runner import ProcessRunner
from planner.batch.ray_runner import RayRunner
from planner.batch.rows import BatchTerms, to_row
from planner.generation import generate_plan
from planner.graph import compile_graph
from planner.problem import PlanSettings
from tests.batches import read_plans, write_learners, write_part
from tests.planner_graphs import build_curriculum, draw_curriculum

CURRICULUM = draw_curriculum(random.Random(7), 40)
SMALL = build_curriculum("a b c", hard="a>b b>c", untaught="c")


def plan_small(folder: Path, rows: list[dict[str, Any]]) -> list[Any]:
    write_part(folder / "in.parquet", rows)
    graph_file = write_graph(SMALL, folder)
    plan_partition(folder / "in.parquet", folder / "out.parquet", graph_file, BatchTerms(goals=("b",)))
    (folder / "in.parquet").unlink()
    return read_plans(folder)


def run(folder: Path, runner: Runner, target: str) -> BatchOutcome:
    return run_batch(
        CURRICULUM, folder / "in", folder / target, BatchTerms(), runner, report=lambda outcome, parts: None
    )


def test_a_graph_file_is_named_by_its_content(tmp_path: Path) -> None:
    file = write_graph(CURRICULUM, tmp_path)

    assert write_graph(CURRICULUM, tmp_path) == file
    assert write_graph(SMALL, tmp_path) != file
    assert load_graph(file) == compile_graph(CURRICULUM)


def test_what_is_wrong_with_one_learner_is_that_learner_s_error(tmp_path: Path) -> None:
    rows = plan_small(
        tmp_path,
        [
            {"learner": "l1", "goals": ["nope"], "mastery": []},
            {"learner": "l2", "goals": [], "mastery": [("a", 1.0)]},
            {"learner": "l3", "goals": None, "mastery": [("a", 1.5)]},
            {"learner": "l4", "goals": ["c"], "mastery": None},
        ],
    )

    assert [row["learner"] for row in rows] == ["l1", "l2", "l3", "l4"]
    assert "goals[0]" in rows[0]["error"]
    assert 'mastery["a"]' in rows[2]["error"]
    assert [step["concept"] for step in rows[1]["steps"]] == ["b"]
    assert (rows[3]["error"], rows[3]["unreachable"]) == (None, ["c"])


def test_a_learner_twice_in_a_part_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="l1 twice"):
        plan_small(tmp_path, [{"learner": "l1", "goals": [], "mastery": []}] * 2)


def test_a_learner_in_two_parts_is_refused(tmp_path: Path) -> None:
    for name in ("a.parquet", "b.parquet"):
        write_part(tmp_path / "in" / name, [{"learner": "l1", "goals": [], "mastery": []}])

    with pytest.raises(InvalidInputError, match=r"l1, who is in a\.parquet"):
        run(tmp_path, ProcessRunner(processes=1), "out")


@pytest.mark.parametrize("content", [b"", b"not parquet"])
def test_what_is_no_parquet_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "x.parquet").write_bytes(content)

    with pytest.raises(InvalidInputError, match=r"x\.parquet"):
        run(tmp_path, ProcessRunner(processes=1), "out")


def test_a_finished_part_is_left_alone_until_something_changes(tmp_path: Path) -> None:
    write_part(tmp_path / "in.parquet", [{"learner": "l1", "goals": ["b"], "mastery": []}])
    graph_file, target = write_graph(SMALL, tmp_path), tmp_path / "out.parquet"

    def plan(terms: BatchTerms) -> PartOutcome:
        return plan_partition(tmp_path / "in.parquet", target, graph_file, terms)

    first, content = plan(BatchTerms()), target.read_bytes()
    again = plan(BatchTerms())
    changed = plan(BatchTerms(settings=PlanSettings(mastery_threshold=0.9)))

    assert (first.skipped, again.skipped, changed.skipped) == (False, True, False)
    assert (again.learners, again.failed) == (1, 0)
    assert target.read_bytes() != content


def test_alone_and_in_processes_and_on_ray_plans_are_the_same(tmp_path: Path) -> None:
    learners = write_learners(tmp_path / "in", CURRICULUM, parts=3, rows=20)
    run(tmp_path, ProcessRunner(processes=2), "processes")
    run(tmp_path, RayRunner(), "ray")

    files = sorted(file.name for file in (tmp_path / "processes").glob("*.parquet"))
    assert all((tmp_path / "ray" / name).read_bytes() == (tmp_path / "processes" / name).read_bytes() for name in files)
    rows = read_plans(tmp_path / "processes")
    assert [row["learner"] for row in rows] == learners

    graph = compile_graph(CURRICULUM)
    for row, asked in zip(rows, read_plans(tmp_path / "in"), strict=True):
        alone = to_row(row["learner"], generate_plan(graph, asked["goals"], dict(asked["mastery"])))
        assert {**row, "steps": list(row["steps"])} == {
            name: list(value) if isinstance(value, tuple) else value for name, value in alone.items()
        }
