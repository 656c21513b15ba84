"""Dropping what a selection can do without, on arrays."""

from typing import NamedTuple

import numpy as np

from planner.engine.arrays import Flags, GraphArrays, Ints, ProblemArrays, RegionArrays
from planner.engine.compilation import inner, kernel, lean
from planner.engine.flags import list_flagged


class _Line(NamedTuple):
    """Concepts that may be dropped.

    Attributes:
        concepts: In the order in which they come up; int64.
        place: By concept, its place in the line, -1 where it has none; int64.
        waits: By place, 1 where the concept is to come up, 0 where it was found to be needed; uint8.
    """

    concepts: Ints
    place: Ints
    waits: Flags


@inner
def trim_selection(
    graph: GraphArrays, problem: ProblemArrays, region: RegionArrays, concepts: Flags, activities: Flags
) -> None:
    """Drops concepts that nothing needs, then activities whose concepts others teach.

    See `planner.content.trimming.trim`.

    Args:
        graph: The curriculum.
        problem: The problem.
        region: Its region.
        concepts: By concept, 1 where it is to be learned; changed.
        activities: By activity, 1 where it is chosen; changed.
    """
    _drop_concepts(graph, problem, region, concepts)
    _drop_activities(graph, problem, concepts, activities)


trim = kernel(trim_selection)


@inner
def _drop_concepts(graph: GraphArrays, problem: ProblemArrays, region: RegionArrays, kept: Flags) -> None:
    """Drops concepts that are not forced and that nothing needs, the dearest first."""
    extras = np.empty(len(region.learnable), dtype=np.int64)
    extras = extras[: _list_extras(region, kept, extras)]
    if len(extras) == 0:
        return
    extras.sort()
    extras = extras[np.argsort(-problem.costs[region.way[extras]], kind="mergesort")]
    line = _Line(extras, np.full(len(kept), -1, dtype=np.int64), np.ones(len(extras), dtype=np.uint8))
    line.place[extras] = np.arange(len(extras))
    _drop_in_turn(graph, problem, kept, line)


@lean
def _list_extras(region: RegionArrays, kept: Flags, extras: Ints) -> int:
    size = 0
    for concept in region.learnable:
        if kept[concept] == 1 and region.forced[concept] == 0:
            extras[size] = concept
            size += 1
    return size


@lean
def _drop_in_turn(graph: GraphArrays, problem: ProblemArrays, kept: Flags, line: _Line) -> None:
    """Goes down the line, and back up to the first place where a concept has lost a dependent."""
    turn = 0
    while turn < len(line.concepts):
        concept = line.concepts[turn]
        turn += 1
        if line.waits[turn - 1] == 1:
            line.waits[turn - 1] = 0
            if not _is_needed(graph, problem, kept, concept):
                kept[concept] = 0
                turn = min(turn, _free_requirements(graph, kept, line, concept))


@lean
def _free_requirements(graph: GraphArrays, kept: Flags, line: _Line, concept: int) -> int:
    """Has what a dropped concept required wait for its turn again, and returns the first place among it."""
    first = len(line.concepts)
    for entry in range(graph.prerequisites_start[concept], graph.prerequisites_start[concept + 1]):
        place = line.place[graph.prerequisites[entry]]
        if place >= 0 and kept[line.concepts[place]] == 1:
            line.waits[place] = 1
            first = min(first, place)
    for asked in range(graph.groups_of_start[concept], graph.groups_of_start[concept + 1]):
        group = graph.groups_of[asked]
        for entry in range(graph.members_start[group], graph.members_start[group + 1]):
            place = line.place[graph.members[entry]]
            if place >= 0 and kept[line.concepts[place]] == 1:
                line.waits[place] = 1
                first = min(first, place)
    return first


@lean
def _is_needed(graph: GraphArrays, problem: ProblemArrays, kept: Flags, concept: int) -> bool:
    for entry in range(graph.dependents_start[concept], graph.dependents_start[concept + 1]):
        if kept[graph.dependents[entry]] == 1:
            return True
    for asked in range(graph.groups_with_start[concept], graph.groups_with_start[concept + 1]):
        group = graph.groups_with[asked]
        if kept[graph.group_owner[group]] == 1:
            slack = -graph.group_need[group]
            for entry in range(graph.members_start[group], graph.members_start[group + 1]):
                member = graph.members[entry]
                if kept[member] == 1 or problem.mastered[member] == 1:
                    slack += 1
            if slack == 0:
                return True
    return False


@inner
def _drop_activities(graph: GraphArrays, problem: ProblemArrays, concepts: Flags, kept: Flags) -> None:
    """Drops activities that are not pinned and whose concepts others teach, the dearest first."""
    teachers = np.zeros(len(concepts), dtype=np.int64)
    chosen = list_flagged(kept)
    # What others teach in full only shrinks as activities are dropped: the rest need not be sorted.
    candidates = chosen[: _list_superfluous(graph, problem, concepts, chosen, teachers)]
    for activity in candidates[np.argsort(-problem.costs[candidates], kind="mergesort")]:
        if _is_superfluous(graph, problem, concepts, teachers, activity):
            kept[activity] = 0
            for entry in range(graph.sections_start[activity], graph.sections_start[activity + 1]):
                teachers[graph.sections[entry]] -= 1


@lean
def _list_superfluous(
    graph: GraphArrays, problem: ProblemArrays, concepts: Flags, activities: Ints, teachers: Ints
) -> int:
    """Counts the teachers of each concept, moves what could be dropped to the front, and returns how much that is."""
    for activity in activities:
        for entry in range(graph.sections_start[activity], graph.sections_start[activity + 1]):
            teachers[graph.sections[entry]] += 1
    size = 0
    for activity in activities:
        if _is_superfluous(graph, problem, concepts, teachers, activity):
            activities[size] = activity
            size += 1
    return size


@lean
def _is_superfluous(graph: GraphArrays, problem: ProblemArrays, concepts: Flags, teachers: Ints, activity: int) -> bool:
    """Says whether an activity is not pinned, and all that is to be learned of what it teaches has another teacher."""
    if problem.pinned[activity] == 1:
        return False
    for entry in range(graph.sections_start[activity], graph.sections_start[activity + 1]):
        concept = graph.sections[entry]
        if concepts[concept] == 1 and teachers[concept] == 1:
            return False
    return True
