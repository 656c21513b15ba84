"""Set covering instances of OR-Library as problems of the planner: rows are goals, columns are resources."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from kg.curriculum import Concept, Curriculum, Resource, Section
from planner.engine.arrays import to_ints
from planner.graph import compile_graph
from planner.problem import UNITS_PER_MINUTE, PlanningProblem, PlanSettings, pose_problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """An instance with what others found.

    Attributes:
        name: Such as scp41.
        problem: A unit of the instance's cost costs a minute.
        optimum: In the instance's units.
        greedy: What a plain greedy costs, in the instance's units.
    """

    name: str
    problem: PlanningProblem
    optimum: int
    greedy: int


def read_folder(folder: Path) -> Iterator[Instance]:
    """Reads all instances of a folder that its reference.csv has an optimum for, by name; none where it has no such."""
    if not (folder / "reference.csv").is_file():
        return
    with (folder / "reference.csv").open(newline="") as stream:
        reference = {row["instance"]: row for row in csv.DictReader(stream)}
    for name, row in sorted(reference.items()):
        file = folder / f"{name}.txt"
        if file.exists():
            yield Instance(
                name=name,
                problem=read_problem(file.read_text()),
                optimum=int(row["optimum"]),
                greedy=int(row["greedy_cost"]),
            )


def read_problem(text: str) -> PlanningProblem:
    """Reads an instance: numbers of rows and columns, costs, then for each row how many columns cover it and which.

    Rows become concepts without a study of their own, all of them goals, and columns become resources that teach them.

    Raises:
        ValueError: The text is no such instance.
    """
    numbers = iter(map(int, text.split()))
    try:
        rows, columns = next(numbers), next(numbers)
        costs = [next(numbers) for _ in range(columns)]
        covered: dict[int, list[int]] = {column: [] for column in range(columns)}
        for row in range(rows):
            for _ in range(next(numbers)):
                covered[next(numbers) - 1].append(row)
    except (StopIteration, KeyError) as error:
        raise ValueError("the text is no set covering instance of OR-Library") from error
    return _pose(rows, costs, covered)


def _pose(rows: int, costs: list[int], covered: Mapping[int, list[int]]) -> PlanningProblem:
    names = [f"r{row:05}" for row in range(rows)]
    offered = {f"c{column:05}": taught for column, taught in covered.items() if taught}
    curriculum = Curriculum(
        id="orlib",
        title="OR-Library",
        concepts=tuple(Concept(id=name, title=name, taught=False) for name in names),
        resources=tuple(
            Resource(id=name, title=name, sections=tuple(Section(concept=names[row], minutes=1) for row in taught))
            for name, taught in offered.items()
        ),
    )
    graph = compile_graph(curriculum)
    # A resource's minutes are those of its sections, so the columns' costs come in as costs.
    units = to_ints(
        costs[int(activity.id.removeprefix("resources/c"))] * UNITS_PER_MINUTE for activity in graph.activities
    )
    problem = pose_problem(graph, graph.name(range(min(rows, 1))), {}, PlanSettings())
    return replace(problem, goals=tuple(range(rows)), costs=units)
