"""Sets of activities of which every plan does at least one, found where groups leave a choice, and their prices."""

from typing import NamedTuple

import numpy as np

from planner.engine.arrays import GraphArrays, Ints, ProblemArrays, RegionArrays
from planner.engine.compilation import inner, lean
from planner.engine.heights import NOTHING, Heights, find_member, measure_all, measure_group, update_heights
from planner.engine.tournament import make_tree, replay


class _Walk(NamedTuple):
    """Room to walk from a group down to activities.

    Attributes:
        seen: By open concept, the last cut in which it was met, -1 before the first; int64.
        stack: Open concepts to go on from; int64.
        taken: By activity that teaches an open concept, the last cut that it is in, -1 before the first; int64.
    """

    seen: Ints
    stack: Ints
    taken: Ints


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
    groups = np.flatnonzero(region.unmet)
    start, prices = np.zeros(17, dtype=np.int64), np.zeros(17, dtype=np.int64)
    activities = np.empty(64, dtype=np.int64)
    if len(groups) == 0:
        return Cuts(start[:1], activities[:0], prices[:0], 0, 0)
    heights = measure_all(graph, problem, region, left)
    walk = _Walk(
        np.empty(len(region.way), dtype=np.int64),
        np.empty(len(region.learnable), dtype=np.int64),
        np.empty(len(left), dtype=np.int64),
    )
    widest = _clear_walk(graph, region, walk)
    believed, alike = np.zeros(len(groups), dtype=np.int64), np.ones(len(groups), dtype=np.int64)
    tree = make_tree(len(groups))
    for place in range(len(groups)):
        believed[place] = measure_group(graph, heights, groups[place])
        replay(tree, believed, alike, place)
    count, value, reckoned = 0, 0, 0
    while reckoned < most_heights:
        place = tree[1]
        if believed[place] == 0:
            break
        height = measure_group(graph, heights, groups[place])
        if height == believed[place]:
            if count + 1 == len(start):
                start, prices = _grow(start, len(start)), _grow(prices, len(prices))
            if start[count] + widest > len(activities):
                activities = _grow(activities, len(activities) + widest)
            _find_cut(graph, problem, heights, groups[place], left, count, start, activities, walk)
            prices[count] = _charge_cut(left, activities, start[count], start[count + 1])
            value += prices[count]
            reckoned += update_heights(graph, problem, heights, activities, start[count], start[count + 1], left)
            count += 1
        # heights only fall, so one that is up to date when it comes up is the hardest
        believed[place] = measure_group(graph, heights, groups[place])
        replay(tree, believed, alike, place)
    return Cuts(start[: count + 1], activities[: start[count]], prices[:count], value, reckoned)


@lean
def _clear_walk(graph: GraphArrays, region: RegionArrays, walk: _Walk) -> int:
    """Clears the room where walks may lead, and returns how many activities a cut has at most."""
    widest = 0
    for concept in region.learnable:
        if region.forced[concept] == 0:
            walk.seen[concept] = -1
            for entry in range(graph.teachers_start[concept], graph.teachers_start[concept + 1]):
                walk.taken[graph.teachers[entry]] = -1
                widest += 1
    return widest


@lean
def _charge_cut(left: Ints, activities: Ints, first: int, last: int) -> int:
    """Returns the least that activities of a cut have left, and takes it off them all."""
    price = int(left[activities[first]])
    for entry in range(first + 1, last):
        price = min(price, int(left[activities[entry]]))
    for entry in range(first, last):
        left[activities[entry]] -= price
    return price


@lean
def _find_cut(
    graph: GraphArrays,
    problem: ProblemArrays,
    heights: Heights,
    group: int,
    left: Ints,
    cut: int,
    start: Ints,
    activities: Ints,
    walk: _Walk,
) -> None:
    """Finds a cut for a group of height above 0, and adds it to `activities`, which have room for it."""
    end = start[cut]
    size = _push_members(graph, heights, group, cut, walk, 0)
    while size > 0:
        size -= 1
        concept = walk.stack[size]
        first, last = graph.teachers_start[concept], graph.teachers_start[concept + 1]
        closed = True
        for entry in range(first, last):
            activity = graph.teachers[entry]
            if problem.unavailable[activity] == 0 and left[activity] == 0:
                closed = False
        if closed:
            for entry in range(first, last):
                activity = graph.teachers[entry]
                if problem.unavailable[activity] == 0 and walk.taken[activity] != cut:
                    walk.taken[activity] = cut
                    activities[end] = activity
                    end += 1
        elif heights.below[concept] >= 0:
            size = _push(heights.below[concept], cut, walk, size)
        elif heights.below[concept] < NOTHING:
            size = _push_members(graph, heights, -2 - heights.below[concept], cut, walk, size)
    start[cut + 1] = end


@lean
def _push_members(graph: GraphArrays, heights: Heights, group: int, cut: int, walk: _Walk, size: int) -> int:
    """Puts the hardest members of a group on the stack."""
    for place in range(heights.width[group]):
        size = _push(find_member(graph, heights, group, place), cut, walk, size)
    return size


@lean
def _push(concept: int, cut: int, walk: _Walk, size: int) -> int:
    if walk.seen[concept] == cut:
        return size
    walk.seen[concept] = cut
    walk.stack[size] = concept
    return size + 1


@inner
def _grow(values: Ints, more: int) -> Ints:
    """Returns the values with room for so many more, which are 0."""
    grown = np.zeros(len(values) + more, dtype=np.int64)
    grown[: len(values)] = values
    return grown
