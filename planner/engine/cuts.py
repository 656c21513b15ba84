"""Sets of activities of which every plan does at least one, found where groups leave a choice, and their prices."""

from typing import Final, NamedTuple

import numpy as np

from planner.engine.arrays import Flags, GraphArrays, Ints, ProblemArrays, RegionArrays
from planner.engine.closure import count_missing
from planner.engine.compilation import inner
from planner.engine.heaps import make_heaps, pop, push
from planner.engine.tournament import make_tree, replay

_NOTHING: Final = -1


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


class Cuts(NamedTuple):
    """Cuts that were priced.

    Attributes:
        start: Where they start in `activities`, one entry more than there are cuts; int64.
        activities: Those of each cut; int64.
        prices: By cut, > 0; int64.
        value: Sum of the prices.
        reckoned: How many heights were reckoned anew.
    """

    start: Ints
    activities: Ints
    prices: Ints
    value: int
    reckoned: int


@inner
def price_cuts(graph: GraphArrays, problem: ProblemArrays, region: RegionArrays, left: Ints, most_heights: int) -> Cuts:
    """Prices cuts until the unmet groups come free, the hardest first: LM-cut, for choices instead of operators.

    A group that needs k of its n members that can be learned has one learned of every n - k + 1. Take the hardest of
    these, and go on from each member: an activity teaches it, or it is replaced by the hardest of what it requires.
    Every plan does one of the activities met in this way: a row with demand 1, which may be priced at the least that
    they have left. Heights lead to cuts in which all have something left. Source: Helmert and Domshlak, "Landmarks,
    critical paths and abstractions", ICAPS 2009. Forced concepts count as learned.

    Args:
        graph: The curriculum.
        problem: The problem.
        region: Its region.
        left: By activity, what it has left of its cost, >= 0; the prices are taken off.
        most_heights: Cuts end when so many heights have been reckoned anew.

    Complexity is O(cuts * heights that a cut changes).
    """
    heights = _measure_all(graph, problem, region, left)
    groups = np.flatnonzero(region.unmet)
    believed = np.zeros(len(groups), dtype=np.int64)
    alike = np.ones(len(groups), dtype=np.int64)
    tree = make_tree(len(groups))
    for place in range(len(groups)):
        believed[place] = _measure_group(graph, heights, groups[place])
        replay(tree, believed, alike, place)
    start, activities = np.zeros(17, dtype=np.int64), np.empty(64, dtype=np.int64)
    prices = np.zeros(len(start), dtype=np.int64)
    seen, stack = np.full(len(region.way), -1, dtype=np.int64), np.empty(len(region.way), dtype=np.int64)
    taken = np.full(len(left), -1, dtype=np.int64)
    count, value, reckoned = 0, 0, 0
    while len(groups) > 0 and reckoned < most_heights:
        place = tree[1]
        if believed[place] == 0:
            break
        height = _measure_group(graph, heights, groups[place])
        if height == believed[place]:
            if count + 1 == len(start):
                start, prices = _grow(start), _grow(prices)
            activities = _find_cut(
                graph, problem, heights, groups[place], left, count, start, activities, seen, stack, taken
            )
            cut = activities[start[count] : start[count + 1]]
            prices[count] = left[cut].min()
            left[cut] -= prices[count]
            value += prices[count]
            reckoned += _update(graph, problem, heights, cut, left)
            count += 1
        # heights only fall, so one that is up to date when it comes up is the hardest
        believed[place] = _measure_group(graph, heights, groups[place])
        replay(tree, believed, alike, place)
    return Cuts(start[: count + 1], activities[: start[count]], prices[:count], value, reckoned)


@inner
def _measure_all(graph: GraphArrays, problem: ProblemArrays, region: RegionArrays, left: Ints) -> Heights:
    size = len(region.way)
    heights = Heights(
        np.zeros(size, dtype=np.int64),
        np.full(size, _NOTHING, dtype=np.int64),
        np.zeros(len(graph.group_owner), dtype=np.int64),
        np.zeros(size, dtype=np.uint8),
        make_heaps(1, len(region.learnable)),
        np.zeros(size, dtype=np.uint8),
    )
    for concept in region.learnable:
        heights.open[concept] = 1 - region.forced[concept]
    for concept in region.learnable:
        for entry in range(graph.groups_of_start[concept], graph.groups_of_start[concept + 1]):
            group = graph.groups_of[entry]
            missing = count_missing(graph, group, problem.mastered, region.forced)
            if missing > 0:
                members = 0
                for place in range(graph.members_start[group], graph.members_start[group + 1]):
                    members += heights.open[graph.members[place]]
                heights.width[group] = members - missing + 1
        if heights.open[concept] == 1:
            _reckon(graph, problem, heights, concept, left)
    return heights


@inner
def _measure_group(graph: GraphArrays, heights: Heights, group: int) -> int:
    """Returns the height that the hardest members of a group have at least."""
    return int(heights.height[_find_member(graph, heights, group, heights.width[group] - 1)])


@inner
def _find_member(graph: GraphArrays, heights: Heights, group: int, place: int) -> int:
    """Returns the open member that so many others are harder than, ties by position."""
    first, last = graph.members_start[group], graph.members_start[group + 1]
    for entry in range(first, last):
        member = graph.members[entry]
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
            return int(member)
    return _NOTHING


@inner
def _reckon(graph: GraphArrays, problem: ProblemArrays, heights: Heights, concept: int, left: Ints) -> bool:
    """Reckons the height of a concept; True: it is another than before."""
    below, rest = _NOTHING, 0
    for entry in range(graph.prerequisites_start[concept], graph.prerequisites_start[concept + 1]):
        before = graph.prerequisites[entry]
        if heights.open[before] == 1 and heights.height[before] > rest:
            below, rest = int(before), heights.height[before]
    for entry in range(graph.groups_of_start[concept], graph.groups_of_start[concept + 1]):
        group = graph.groups_of[entry]
        if heights.width[group] > 0:
            height = _measure_group(graph, heights, group)
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


@inner
def _find_cut(
    graph: GraphArrays,
    problem: ProblemArrays,
    heights: Heights,
    group: int,
    left: Ints,
    cut: int,
    start: Ints,
    activities: Ints,
    seen: Ints,
    stack: Ints,
    taken: Ints,
) -> Ints:
    """Finds a cut for a group of height above 0, adds it to `activities`, and returns these, grown if need be."""
    end, size = start[cut], 0
    size = _push_members(graph, heights, group, cut, seen, stack, size)
    while size > 0:
        size -= 1
        concept = stack[size]
        first, last = graph.teachers_start[concept], graph.teachers_start[concept + 1]
        closed = True
        for entry in range(first, last):
            activity = graph.teachers[entry]
            if problem.unavailable[activity] == 0 and left[activity] == 0:
                closed = False
        if closed:
            for entry in range(first, last):
                activity = graph.teachers[entry]
                if problem.unavailable[activity] == 0 and taken[activity] != cut:
                    taken[activity] = cut
                    if end == len(activities):
                        activities = _grow(activities)
                    activities[end] = activity
                    end += 1
        elif heights.below[concept] >= 0:
            size = _push(heights.below[concept], cut, seen, stack, size)
        elif heights.below[concept] < _NOTHING:
            size = _push_members(graph, heights, -2 - heights.below[concept], cut, seen, stack, size)
    start[cut + 1] = end
    return activities


@inner
def _push_members(
    graph: GraphArrays, heights: Heights, group: int, cut: int, seen: Ints, stack: Ints, size: int
) -> int:
    """Puts the hardest members of a group on the stack."""
    for place in range(heights.width[group]):
        size = _push(_find_member(graph, heights, group, place), cut, seen, stack, size)
    return size


@inner
def _push(concept: int, cut: int, seen: Ints, stack: Ints, size: int) -> int:
    if seen[concept] == cut:
        return size
    seen[concept] = cut
    stack[size] = concept
    return size + 1


@inner
def _update(graph: GraphArrays, problem: ProblemArrays, heights: Heights, cut: Ints, left: Ints) -> int:
    """Reckons anew what depends on what activities have left, from the bottom up, and returns how many heights."""
    reckoned = 0
    for activity in cut:
        for entry in range(graph.sections_start[activity], graph.sections_start[activity + 1]):
            _wait(graph, heights, graph.sections[entry])
    while heights.waiting[0, 0] > 0:
        concept = graph.by_rank[heights.waiting[0, 1]]
        pop(heights.waiting, 0)
        heights.queued[concept] = 0
        reckoned += 1
        if _reckon(graph, problem, heights, concept, left):
            for entry in range(graph.unlocks_start[concept], graph.unlocks_start[concept + 1]):
                _wait(graph, heights, graph.unlocks[entry])
    return reckoned


@inner
def _wait(graph: GraphArrays, heights: Heights, concept: int) -> None:
    if heights.open[concept] == 1 and heights.queued[concept] == 0:
        heights.queued[concept] = 1
        push(heights.waiting, 0, graph.rank[concept])


@inner
def _grow(values: Ints) -> Ints:
    grown = np.zeros(2 * len(values), dtype=np.int64)
    grown[: len(values)] = values
    return grown
