"""Learners for the curriculum of metacademy, which people made."""

from pathlib import Path

from kg.archives import pack_folder, unpack
from kg.importers.formats import read_draft
from kg.validation import Repairs, validate
from planner.benchmark.generated import draw_learner
from planner.benchmark.subjects import Learner
from planner.graph import PlanningGraph, compile_graph


def read_graph(folder: Path) -> PlanningGraph | None:
    """Reads a content folder, repaired where it needs to be; None: it holds no curriculum."""
    draft = read_draft("metacademy", unpack(pack_folder(folder)), "metacademy")
    curriculum = validate(draft, Repairs(drop_dangling=True, break_cycles=True)).curriculum
    return None if curriculum is None else compile_graph(curriculum)


def list_learners(folder: Path, graph: PlanningGraph, drawn: int, seed: int) -> list[Learner]:
    """Returns learners who know nothing and want a whole course, one for each, and then some that are drawn.

    Args:
        folder: The content folder; its `courses` hold lists of concepts.
        graph: Its curriculum.
        drawn: How many are drawn.
        seed: Of the generator.
    """
    courses: list[Learner] = []
    for file in sorted(folder.glob("courses/*/concepts.txt")):
        tags = {line.strip().replace("-", "_") for line in file.read_text().splitlines()}
        if goals := sorted(tags & graph.number.keys()):
            courses.append(({}, tuple(goals)))
    return [*courses, *(draw_learner(graph, seed + number, goals=(5, 10, 20)[number % 3]) for number in range(drawn))]
