"""How hard it is at least to learn what groups leave open, kept up to date while activities are charged."""

from typing import Final, NamedTuple

import numpy as np

from planner.engine.arrays import Flags, GraphArrays, Ints, ProblemArrays, RegionArrays
from planner.engine.closure import count_missing
from planner.engine.compilation import inner, lean
from planner.engine.heaps import make_heaps, pop, push

NOTHING: Final = -1


class Heights(NamedTuple):
    """How hard it is at least to learn each concept outside the forced ones (h_max: Bonet and Geffner 2001).

    A concept is open if it can be learned and is not forced. A group leaves a choice: of its open members, every
    `width` include one that is learned.

    Attributes:
        height: By concept, what its activities have left at least, plus the height of its hardest requirement; int64.
        below: By concept, that requirement: an open prerequisite, or -2 - group, or -1; int64.
        width: By group of an open or forced concept that is unmet, from 1 to the number of open members, else 0; int64.
        open: By concept, 1 if it is open; uint8.
        waiting: Ranks of concepts to reckon anew, as the one row of `planner.engine.heaps`.
        queued: By concept, 1 if it is waiting; uint8.
    """

    height: Ints
    below: Ints
    width: Ints
    open: Flags
    waiting: Ints
    queued: Flags


@inner
def measure_all(graph: GraphArrays, problem: ProblemArrays, region: RegionArrays, left: Ints) -> Heights:
    """Returns how high concepts are, by what activities have left."""
    size = len(region.way)
    # Only open concepts and their groups are ever looked at: nothing else needs a value.
    heights = Heights(
        np.empty(size, dtype=np.int64),
        np.empty(size, dtype=np.int64),
        np.empty(len(graph.group_owner), dtype=np.int64),
        np.zeros(size, dtype=np.uint8),
        make_heaps(1, len(region.learnable)),
        np.zeros(size, dtype=np.uint8),
    )
    _open_heights(graph, problem, region, heights, left)
    return heights


@lean
def _open_heights(
    graph: GraphArrays, problem: ProblemArrays, region: RegionArrays, heights: Heights, left: Ints
) -> None:
    """Finds what is open, how wide groups are, and how high concepts, from the bottom up."""
    for concept in region.learnable:
        heights.open[concept] = 1 - region.forced[concept]
    for concept in region.learnable:
        for entry in range(graph.groups_of_start[concept], graph.groups_of_start[concept + 1]):
            group = graph.groups_of[entry]
            missing = count_missing(graph, group, problem.mastered, region.forced)
            heights.width[group] = 0
            if missing > 0:
                members = 0
                for place in range(graph.members_start[group], graph.members_start[group + 1]):
                    members += heights.open[graph.members[place]]
                heights.width[group] = members - missing + 1
        if heights.open[concept] == 1:
            heights.height[concept] = 0
            _reckon(graph, problem, heights, concept, left)


@lean
def measure_group(graph: GraphArrays, heights: Heights, group: int) -> int:
    """Returns the height that the hardest members of a group have at least."""
    return int(heights.height[find_member(graph, heights, group, heights.width[group] - 1)])


@lean
def find_member(graph: GraphArrays, heights: Heights, group: int, place: int) -> int:
    """Returns the open member that so many others are harder than, ties by position."""
    first, last = graph.members_start[group], graph.members_start[group + 1]
    members, lowest = 0, NOTHING
    for entry in range(first, last):
        member = int(graph.members[entry])
        if heights.open[member] == 1:
            members += 1
            if lowest < 0 or heights.height[member] <= heights.height[lowest]:
                lowest = member
    if members == place + 1:
        return lowest
    for entry in range(first, last):
        member = int(graph.members[entry])
        if heights.open[member] == 0:
            continue
        harder = 0
        for other_entry in range(first, last):
            other = graph.members[other_entry]
            if heights.open[other] == 1 and (
                heights.height[other] > heights.height[member]
                or (heights.height[other] == heights.height[member] and other < member)
            ):
                harder += 1
        if harder == place:
            return member
    return NOTHING


@lean
def _reckon(graph: GraphArrays, problem: ProblemArrays, heights: Heights, concept: int, left: Ints) -> bool:
    """Reckons the height of a concept; True: it is another than before."""
    below, rest = NOTHING, 0
    for entry in range(graph.prerequisites_start[concept], graph.prerequisites_start[concept + 1]):
        before = graph.prerequisites[entry]
        if heights.open[before] == 1 and heights.height[before] > rest:
            below, rest = int(before), heights.height[before]
    for entry in range(graph.groups_of_start[concept], graph.groups_of_start[concept + 1]):
        group = graph.groups_of[entry]
        if heights.width[group] > 0:
            height = measure_group(graph, heights, group)
            if height > rest:
                below, rest = -2 - int(group), height
    least = -1
    for entry in range(graph.teachers_start[concept], graph.teachers_start[concept + 1]):
        activity = graph.teachers[entry]
        if problem.unavailable[activity] == 0 and (least < 0 or left[activity] < least):
            least = left[activity]
    before_now = heights.height[concept]
    heights.below[concept] = below
    heights.height[concept] = rest + least
    return bool(heights.height[concept] != before_now)


@lean
def update_heights(
    graph: GraphArrays, problem: ProblemArrays, heights: Heights, cuts: Ints, first: int, last: int, left: Ints
) -> int:
    """Reckons anew what depends on what activities of a cut have left, from the bottom up, and returns how many."""
    reckoned = 0
    for place in range(first, last):
        activity = cuts[place]
        for entry in range(graph.sections_start[activity], graph.sections_start[activity + 1]):
            _wait(graph, heights, graph.sections[entry])
    while heights.waiting[0, 0] > 0:
        concept = graph.by_rank[heights.waiting[0, 1]]
        pop(heights.waiting, 0)
        heights.queued[concept] = 0
        reckoned += 1
        if _reckon(graph, problem, heights, concept, left):
            _await_above(graph, heights, concept)
    return reckoned


@lean
def _await_above(graph: GraphArrays, heights: Heights, concept: int) -> None:
    """Has reckoned anew what rests on a concept: as heights only fall, what rests on something else stays as it is."""
    for entry in range(graph.dependents_start[concept], graph.dependents_start[concept + 1]):
        after = graph.dependents[entry]
        if heights.open[after] == 1 and heights.below[after] == concept:
            _wait(graph, heights, after)
    for entry in range(graph.groups_with_start[concept], graph.groups_with_start[concept + 1]):
        group = graph.groups_with[entry]
        owner = graph.group_owner[group]
        if heights.open[owner] == 1 and heights.below[owner] == -2 - group:
            _wait(graph, heights, owner)


@lean
def _wait(graph: GraphArrays, heights: Heights, concept: int) -> None:
    if heights.open[concept] == 1 and heights.queued[concept] == 0:
        heights.queued[concept] = 1
        push(heights.waiting, 0, graph.rank[concept])
