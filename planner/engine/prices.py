"""Feasible prices of the dual linear programme, for rows that hold for every plan."""

from typing import Final, NamedTuple

import numpy as np

from planner.engine.arrays import GraphArrays, Ints, ProblemArrays, RegionArrays
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
def list_rows(graph: GraphArrays, problem: ProblemArrays, region: RegionArrays) -> Rows:
    """Lists rows that hold for every plan.

    A pinned activity is done. A forced concept needs an activity. Of a group that needs several of its members,
    activities teach that many; groups that need one are left to the cuts, which see deeper.
    """
    pinned, forced = np.flatnonzero(problem.pinned), np.flatnonzero(region.forced)
    groups = np.flatnonzero(region.unmet > 1)
    entries = len(pinned)
    for concept in forced:
        entries += graph.teachers_start[concept + 1] - graph.teachers_start[concept]
    for group in groups:
        for place in range(graph.members_start[group], graph.members_start[group + 1]):
            member = graph.members[place]
            entries += graph.teachers_start[member + 1] - graph.teachers_start[member]
    count = len(pinned) + len(forced) + len(groups)
    start = np.zeros(count + 1, dtype=np.int64)
    activities = np.empty(entries, dtype=np.int64)
    weights = np.ones(entries, dtype=np.int64)
    demand = np.ones(count, dtype=np.int64)
    row, end = 0, 0
    for activity in pinned:
        activities[end] = activity
        end += 1
        row += 1
        start[row] = end
    for concept in forced:
        for place in range(graph.teachers_start[concept], graph.teachers_start[concept + 1]):
            if problem.unavailable[graph.teachers[place]] == 0:
                activities[end] = graph.teachers[place]
                end += 1
        row += 1
        start[row] = end
    slot = np.full(len(problem.costs) if len(groups) else 0, -1, dtype=np.int64)
    for group in groups:
        demand[row] = region.unmet[group]
        end = _add_group(graph, problem, region, int(group), activities, weights, slot, end)
        row += 1
        start[row] = end
    return _sort_rows(Rows(start, activities[:end], weights[:end], demand))


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
def find_step(costs: Ints, rows: Rows, region: RegionArrays, graph: GraphArrays, problem: ProblemArrays) -> int:
    """Returns the greatest common divisor of what activities of the region cost: the cost of a plan is a multiple."""
    step = 0
    for activity in rows.activities:
        step = _find_divisor(step, costs[activity])
    for concept in region.learnable:
        for place in range(graph.teachers_start[concept], graph.teachers_start[concept + 1]):
            if problem.unavailable[graph.teachers[place]] == 0:
                step = _find_divisor(step, costs[graph.teachers[place]])
    return max(step, 1)


@inner
def _find_divisor(one: int, other: int) -> int:
    while other:
        one, other = other, one % other
    return one
