"""What there is to choose from at first, and what is chosen in any case."""

import numpy as np

from planner.engine.arrays import Flags, GraphArrays, Ints, ProblemArrays, RegionArrays
from planner.engine.choices import ACTIVITIES, UNCOVERED, UNMET, WAITING, Choices
from planner.engine.closure import count_missing
from planner.engine.compilation import inner, lean
from planner.engine.effort import estimate_effort
from planner.engine.flags import list_flagged
from planner.engine.tournament import make_tree


@inner
def open_choices(graph: GraphArrays, problem: ProblemArrays, region: RegionArrays) -> Choices:
    """Returns the choices of a problem: pinned activities and those without an alternative are made, none is priced.

    Complexity is linear in the region, but for filling flat arrays.
    """
    concepts, groups, activities = len(graph.rank), len(graph.group_owner), len(graph.activity_own)
    taught, chosen = np.zeros(concepts, dtype=np.uint8), np.zeros(activities, dtype=np.uint8)
    _choose_first(graph, problem, region, taught, chosen)
    counts = np.zeros(10, dtype=np.int64)
    subject, by_activity = _list_offers(graph, problem, region, taught, counts)
    size = len(subject)
    is_waiting = np.ones(size, dtype=np.uint8)
    counts[WAITING] = size
    known, missing = problem.mastered | region.forced, np.zeros(groups, dtype=np.int64)
    _count_missing(graph, region, known, missing)
    return Choices(
        region.way,
        region.forced,
        problem.costs,
        estimate_effort(graph, problem, region) if counts[UNMET] > 0 else np.zeros(0, dtype=np.int64),
        known,
        missing,
        np.zeros(concepts, dtype=np.int64),
        np.empty(concepts, dtype=np.int64),
        np.empty(groups, dtype=np.int64),
        np.empty(concepts, dtype=np.int64),
        np.empty(concepts, dtype=np.int64),
        taught,
        chosen,
        region.unmet.copy(),
        counts,
        subject,
        by_activity,
        np.zeros(size, dtype=np.int64),
        np.zeros(size, dtype=np.int64),
        make_tree(size),
        np.arange(size),
        is_waiting,
        np.zeros(size, dtype=np.int64),
        np.zeros(activities, dtype=np.int64),
        np.zeros(groups, dtype=np.int64),
        np.zeros(size, dtype=np.uint8),
        np.zeros(concepts, dtype=np.int64),
        np.zeros(groups, dtype=np.int64),
        np.zeros(groups, dtype=np.int64),
    )


@lean
def _choose_first(
    graph: GraphArrays, problem: ProblemArrays, region: RegionArrays, taught: Flags, chosen: Flags
) -> None:
    """Chooses what is pinned, and what is the only activity that teaches a forced concept."""
    for concept in region.learnable:
        way = region.way[concept]
        if chosen[way] == 0 and (
            problem.pinned[way] == 1 or (region.forced[concept] == 1 and _is_alone(graph, problem, concept))
        ):
            chosen[way] = 1
            for entry in range(graph.sections_start[way], graph.sections_start[way + 1]):
                if region.way[graph.sections[entry]] >= 0:
                    taught[graph.sections[entry]] = 1


@lean
def _count_missing(graph: GraphArrays, region: RegionArrays, known: Flags, missing: Ints) -> None:
    for concept in region.learnable:
        for asked in range(graph.groups_of_start[concept], graph.groups_of_start[concept + 1]):
            group = graph.groups_of[asked]
            missing[group] = count_missing(graph, group, known, region.forced)


@lean
def _is_alone(graph: GraphArrays, problem: ProblemArrays, concept: int) -> bool:
    """Says whether one activity only teaches a concept."""
    available = 0
    for entry in range(graph.teachers_start[concept], graph.teachers_start[concept + 1]):
        if problem.unavailable[graph.teachers[entry]] == 0:
            available += 1
    return available == 1


@inner
def _list_offers(
    graph: GraphArrays, problem: ProblemArrays, region: RegionArrays, taught: Flags, counts: Ints
) -> tuple[Ints, Ints]:
    """Lists what is on offer, and counts it and what there is to meet.

    On offer are all activities that teach a forced concept which is not taught, or a member of an unmet group, and all
    these members.

    Returns:
        Subjects by offer, and offers by activity.
    """
    asked = np.zeros(len(graph.rank), dtype=np.uint8)
    by_activity = np.full(len(graph.activity_own), -1, dtype=np.int64)
    offered = np.zeros(len(graph.activity_own), dtype=np.uint8)
    for concept in region.learnable:
        if region.forced[concept] == 1 and taught[concept] == 0:
            counts[UNCOVERED] += 1
            _offer_teachers(graph, problem, offered, concept)
    unmet: Ints = np.flatnonzero(region.unmet)
    counts[UNMET] = len(unmet)
    for group in unmet:
        _flag_members(graph, region, asked, group)
    members = list_flagged(asked)
    for member in members:
        _offer_teachers(graph, problem, offered, member)
    activities = list_flagged(offered)
    counts[ACTIVITIES] = len(activities)
    for offer in range(len(activities)):
        by_activity[activities[offer]] = offer
    return np.concatenate((activities, members)), by_activity


@lean
def _flag_members(graph: GraphArrays, region: RegionArrays, asked: Flags, group: int) -> None:
    """Flags the members of a group that may be chosen."""
    for entry in range(graph.members_start[group], graph.members_start[group + 1]):
        member = graph.members[entry]
        if region.way[member] >= 0 and region.forced[member] == 0:
            asked[member] = 1


@lean
def _offer_teachers(graph: GraphArrays, problem: ProblemArrays, offered: Flags, concept: int) -> None:
    """Flags the activities that teach a concept."""
    for entry in range(graph.teachers_start[concept], graph.teachers_start[concept + 1]):
        activity = graph.teachers[entry]
        offered[activity] |= 1 - problem.unavailable[activity]
