"""Feasible prices of the dual linear programme, for rows that hold for every plan."""

from typing import NamedTuple

import numpy as np

from planner.engine.arrays import Flags, GraphArrays, Ints, ProblemArrays, RegionArrays
from planner.engine.compilation import inner, lean


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


@lean
def settle_costs(graph: GraphArrays, problem: ProblemArrays, region: RegionArrays, left: Ints, settled: Flags) -> int:
    """Flags the activities that every plan does: those pinned, and the only ones that teach a forced concept.

    Returns:
        The sum of what they have left, which is 0 from then on.
    """
    paid = 0
    for activity in range(len(left)):
        if problem.pinned[activity] == 1:
            settled[activity] = 1
            paid += left[activity]
            left[activity] = 0
    for concept in region.learnable:
        if region.forced[concept] == 1:
            count, only = 0, -1
            for place in range(graph.teachers_start[concept], graph.teachers_start[concept + 1]):
                if problem.unavailable[graph.teachers[place]] == 0:
                    count, only = count + 1, graph.teachers[place]
            if count == 1 and settled[only] == 0:
                settled[only] = 1
                paid += left[only]
                left[only] = 0
    return int(paid)


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
    row = _add_concepts(graph, problem, region, settled, start, activities)
    end = start[row]
    slot = np.full(len(problem.costs) if len(groups) > 0 else 0, -1, dtype=np.int64)
    for group in groups:
        last = _add_group(graph, problem, region, int(group), activities, weights, slot, end)
        last, demand[row] = _take_settled(activities, weights, settled, end, last, region.unmet[group])
        if last > end:
            row += 1
            start[row] = end = last
    return _sort_rows(Rows(start[: row + 1], activities[:end], weights[:end], demand[:row]))


@lean
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


@lean
def _add_concepts(
    graph: GraphArrays, problem: ProblemArrays, region: RegionArrays, settled: Flags, start: Ints, activities: Ints
) -> int:
    """Adds a row for each forced concept that no settled activity teaches, and returns how many there are."""
    row, end = 0, 0
    for concept in region.learnable:
        if region.forced[concept] == 0:
            continue
        last = end
        for place in range(graph.teachers_start[concept], graph.teachers_start[concept + 1]):
            activity = graph.teachers[place]
            if settled[activity] == 1:
                last = end
                break
            if problem.unavailable[activity] == 0:
                activities[last] = activity
                last += 1
        if last > end:
            row += 1
            start[row] = end = last
    return row


@lean
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


@lean
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
    start, demand = np.zeros(count + 1, dtype=np.int64), np.empty_like(rows.demand)
    activities, weights = np.empty_like(rows.activities), np.empty_like(rows.weights)
    longest = 0
    for row in range(count):
        longest = max(longest, rows.start[row + 1] - rows.start[row])
    _fill_by_length(rows, np.zeros(longest + 2, dtype=np.int64), Rows(start, activities, weights, demand))
    return Rows(start, activities, weights, demand)


@lean
def _fill_by_length(rows: Rows, places: Ints, to: Rows) -> None:
    """Copies rows by ascending length, stably; `places` has a 0 for each length and one more."""
    count = len(rows.demand)
    for row in range(count):
        places[rows.start[row + 1] - rows.start[row] + 1] += 1
    end = 0
    for length in range(1, len(places)):
        places[length] += places[length - 1]
    for row in range(count):
        length = rows.start[row + 1] - rows.start[row]
        place = places[length]
        places[length] += 1
        to.start[place + 1] = length
        to.demand[place] = row
    for place in range(count):
        row = to.demand[place]
        to.demand[place] = rows.demand[row]
        to.start[place + 1] += to.start[place]
        for entry in range(rows.start[row], rows.start[row + 1]):
            to.activities[end], to.weights[end] = rows.activities[entry], rows.weights[entry]
            end += 1


@lean
def raise_prices(rows: Rows, left: Ints, prices: Ints) -> int:
    """Raises prices, row by row, to what their activities have left.

    Args:
        rows: The rows.
        left: By activity, what it has left of its cost; changed.
        prices: By row, 0; changed.

    Returns:
        The sum of demand * price.
    """
    value = 0
    for row in range(len(rows.demand)):
        first, last = rows.start[row], rows.start[row + 1]
        price = int(left[rows.activities[first]] // rows.weights[first])
        for entry in range(first + 1, last):
            price = min(price, int(left[rows.activities[entry]] // rows.weights[entry]))
        if price > 0:
            prices[row] = price
            value += rows.demand[row] * price
            for entry in range(first, last):
                left[rows.activities[entry]] -= rows.weights[entry] * price
    return int(value)
