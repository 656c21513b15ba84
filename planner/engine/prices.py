"""Feasible prices of the dual linear programme, for rows that hold for every plan."""

from typing import Final, NamedTuple

import numpy as np

from planner.engine.arrays import Flags, GraphArrays, Ints, ProblemArrays, RegionArrays
from planner.engine.compilation import inner

_FINEST: Final = 1 << 20
_LARGEST: Final = 1 << 61


class Rows(NamedTuple):
    """Sums that every plan reaches: over activities done, weight, >= demand; in compressed rows, shorter ones first.

    Attributes:
        start: Where the rows start, one entry more than there are rows; int64.
        activities: Those of each row; int64.
        weights: Of each of `activities`, from 1 to the row's demand; int64.
        demand: By row, > 0; int64.
    """

    start: Ints
    activities: Ints
    weights: Ints
    demand: Ints


@inner
def find_scale(costs: Ints) -> int:
    """Returns the parts of a unit that prices are counted in: a power of two, so that all costs fit into 61 bits."""
    total = max(1, costs.sum())
    scale = _FINEST
    while scale > 1 and total > _LARGEST // scale:
        scale >>= 1
    return scale


@inner
def find_settled(graph: GraphArrays, problem: ProblemArrays, region: RegionArrays) -> Flags:
    """Flags the activities that every plan does: those pinned, and the only ones that teach a forced concept."""
    settled = problem.pinned.copy()
    for concept in region.learnable:
        if region.forced[concept] == 1:
            count, only = 0, -1
            for place in range(graph.teachers_start[concept], graph.teachers_start[concept + 1]):
                if problem.unavailable[graph.teachers[place]] == 0:
                    count, only = count + 1, graph.teachers[place]
            if count == 1:
                settled[only] = 1
    return settled


@inner
def list_rows(graph: GraphArrays, problem: ProblemArrays, region: RegionArrays, settled: Flags) -> Rows:
    """Lists rows that hold for every plan, but for those that settled activities fulfil.

    A forced concept needs an activity. Of a group that needs several of its members, activities teach that many;
    groups that need one are left to the cuts, which see deeper.
    """
    groups = np.flatnonzero(region.unmet > 1)
    room = _count_room(graph, region, groups)
    start = np.zeros(len(region.learnable) + len(groups) + 1, dtype=np.int64)
    demand = np.ones(len(region.learnable) + len(groups), dtype=np.int64)
    activities, weights = np.empty(room, dtype=np.int64), np.ones(room, dtype=np.int64)
    row, end = 0, 0
    for concept in region.learnable:
        last = _add_concept(graph, problem, concept, settled, activities, end) if region.forced[concept] == 1 else end
        if last > end:
            row += 1
            start[row] = end = last
    slot = np.full(len(problem.costs) if len(groups) > 0 else 0, -1, dtype=np.int64)
    for group in groups:
        last = _add_group(graph, problem, region, int(group), activities, weights, slot, end)
        last, demand[row] = _take_settled(activities, weights, settled, end, last, region.unmet[group])
        if last > end:
            row += 1
            start[row] = end = last
    return _sort_rows(Rows(start[: row + 1], activities[:end], weights[:end], demand[:row]))


@inner
def _count_room(graph: GraphArrays, region: RegionArrays, groups: Ints) -> int:
    """Returns how many entries rows have at most, with room for a whole group before its settled activities go."""
    room = 0
    for concept in region.learnable:
        if region.forced[concept] == 1:
            room += graph.teachers_start[concept + 1] - graph.teachers_start[concept]
    for group in groups:
        for place in range(graph.members_start[group], graph.members_start[group + 1]):
            member = graph.members[place]
            room += graph.teachers_start[member + 1] - graph.teachers_start[member]
    return int(room)


@inner
def _add_concept(
    graph: GraphArrays, problem: ProblemArrays, concept: int, settled: Flags, activities: Ints, end: int
) -> int:
    """Adds the activities that teach a concept, and returns the new end; the old one if a settled one does."""
    last = end
    for place in range(graph.teachers_start[concept], graph.teachers_start[concept + 1]):
        activity = graph.teachers[place]
        if settled[activity] == 1:
            return end
        if problem.unavailable[activity] == 0:
            activities[last] = activity
            last += 1
    return last


@inner
def _take_settled(activities: Ints, weights: Ints, settled: Flags, end: int, last: int, need: int) -> tuple[int, int]:
    """Takes settled activities out of a row and what they contribute off its demand; returns its end and its demand."""
    for entry in range(end, last):
        if settled[activities[entry]] == 1:
            need -= weights[entry]
    kept = end
    for entry in range(end, last):
        if settled[activities[entry]] == 0 and need > 0:
            activities[kept], weights[kept] = activities[entry], min(weights[entry], need)
            kept += 1
    return kept, max(need, 1)


@inner
def _add_group(
    graph: GraphArrays,
    problem: ProblemArrays,
    region: RegionArrays,
    group: int,
    activities: Ints,
    weights: Ints,
    slot: Ints,
    end: int,
) -> int:
    """Adds the activities that teach a group's members, each with how many it teaches, and returns the new end."""
    first = end
    for entry in range(graph.members_start[group], graph.members_start[group + 1]):
        member = graph.members[entry]
        if region.way[member] < 0 or region.forced[member] == 1:
            continue
        for place in range(graph.teachers_start[member], graph.teachers_start[member + 1]):
            activity = graph.teachers[place]
            if problem.unavailable[activity] == 1:
                continue
            if slot[activity] < first:
                slot[activity] = end
                activities[end] = activity
                weights[end] = 0
                end += 1
            if weights[slot[activity]] < region.unmet[group]:
                weights[slot[activity]] += 1
    return end


@inner
def _sort_rows(rows: Rows) -> Rows:
    """Puts shorter rows first: what has no alternative is charged before others may."""
    count = len(rows.demand)
    order = np.argsort(rows.start[1:] - rows.start[:-1], kind="mergesort")
    start = np.zeros(count + 1, dtype=np.int64)
    activities, weights = np.empty_like(rows.activities), np.empty_like(rows.weights)
    demand = rows.demand[order]
    end = 0
    for place in range(count):
        row = order[place]
        for entry in range(rows.start[row], rows.start[row + 1]):
            activities[end] = rows.activities[entry]
            weights[end] = rows.weights[entry]
            end += 1
        start[place + 1] = end
    return Rows(start, activities, weights, demand)


@inner
def price_rows(rows: Rows, left: Ints, price: Ints, shares: bool) -> int:
    """Prices rows by even shares, if asked to, and then raises each price to what its activities have left.

    Args:
        rows: The rows.
        left: By activity, what it has left of its cost; changed.
        price: By row, 0; changed.
        shares: Begin with y_r = min over a in r of c_a / sum over s of n_sa, which are feasible.

    Returns:
        The sum of demand * price.
    """
    count = len(rows.demand)
    if shares:
        weight = np.zeros(len(left), dtype=np.int64)
        for entry in range(len(rows.activities)):
            weight[rows.activities[entry]] += rows.weights[entry]
        for row in range(count):
            least = -1
            for entry in range(rows.start[row], rows.start[row + 1]):
                share = left[rows.activities[entry]] // weight[rows.activities[entry]]
                if least < 0 or share < least:
                    least = share
            price[row] = max(0, least)
        for row in range(count):
            _charge(rows, left, row, price[row])
    value = 0
    for row in range(count):
        least = -1
        for entry in range(rows.start[row], rows.start[row + 1]):
            room = left[rows.activities[entry]] // rows.weights[entry]
            if least < 0 or room < least:
                least = room
        if least > 0:
            _charge(rows, left, row, least)
            price[row] += least
        value += rows.demand[row] * price[row]
    return value


@inner
def _charge(rows: Rows, left: Ints, row: int, price: int) -> None:
    for entry in range(rows.start[row], rows.start[row + 1]):
        left[rows.activities[entry]] -= rows.weights[entry] * price


@inner
def find_step(graph: GraphArrays, problem: ProblemArrays, region: RegionArrays) -> int:
    """Returns the greatest common divisor of what activities of a plan cost: the cost of a plan is a multiple."""
    step = 0
    for activity in np.flatnonzero(problem.pinned):
        step = _find_divisor(step, problem.costs[activity])
    for concept in region.learnable:
        for place in range(graph.teachers_start[concept], graph.teachers_start[concept + 1]):
            if problem.unavailable[graph.teachers[place]] == 0:
                step = _find_divisor(step, problem.costs[graph.teachers[place]])
    return max(step, 1)


@inner
def _find_divisor(one: int, other: int) -> int:
    while other:
        one, other = other, one % other
    return one
