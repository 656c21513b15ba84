"""Lower bounds on what any plan costs, from feasible prices of the dual linear programme."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import gcd
from typing import Final

from planner.closure import Region, count_missing
from planner.problem import PlanningProblem

_SCALE: Final = 1 << 20
"""Prices are integers in 1 / _SCALE of a cost unit."""

_MOST_VALUES: Final = 50_000
"""Largest number of values to reckon for cuts; a large problem gets fewer cuts and so a weaker bound."""


@dataclass(frozen=True, slots=True)
class _Row:
    """A sum that every plan has to reach: over activities done, contribution, >= demand.

    Attributes:
        demand: > 0.
        contributions: By activity, from 1 to `demand`.
    """

    demand: int
    contributions: Mapping[int, int]


def bound_cost(problem: PlanningProblem, region: Region) -> int:
    best = max(_sweep(problem, region, shared) for shared in MODE)
    step = gcd(*(problem.count_cost(activity) for each in region.ways for activity in problem.graph.teachers[each]))
    return -(-best // (_SCALE * step)) * step if best else 0

MODE=(True,False)
CUTS=True

def _sweep(problem, region, shared: bool) -> int:
    """Returns the value of prices that one sweep finds, in 1 / _SCALE of a unit; it starts at shares or at zero."""
    rows = sorted(_list_rows(problem, region), key=lambda row: (len(row.contributions), -row.demand))
    left = {activity: problem.count_cost(activity) * _SCALE for each in region.ways for activity in problem.graph.teachers[each]}
    value = 0
    if shared:
        weights: Counter[int] = Counter()
        for row in rows:
            weights.update(row.contributions)
        shares = [min(left[activity] // weights[activity] for activity in row.contributions) for row in rows]
        for row, share in zip(rows, shares, strict=True):
            value += _raise(row, share, left)
    for row in rows:
        value += _raise(row, min(left[activity] // each for activity, each in row.contributions.items()), left)
    if CUTS and region.unmet:
        value += _cut(problem, region, left)
    return value


def _raise(row: _Row, price: int, left: dict[int, int]) -> int:
    """Raises the price of a row, takes it off what its activities have left, and returns what that adds."""
    for activity, contribution in row.contributions.items():
        left[activity] -= contribution * price
    return row.demand * price


def _cut(problem, region, left):
    graph = problem.graph
    outside = [c for c in region.ways if c not in region.forced]
    value = 0
    known = problem.mastered | region.forced
    members = {}
    for group in {*region.unmet, *(g for c in outside for g in graph.groups_of[c])}:
        need = count_missing(graph, group, known)
        if need > 0:
            ms = [m for m in graph.groups[group].members if m in region.ways and m not in region.forced]
            members[group] = (len(ms) - need + 1, ms)
    for _ in range(_MOST_VALUES // max(1,len(outside))):
        height = {}
        def hard_of(group):
            n, ms = members[group]
            return sorted(ms, key=lambda m: (-height[m], m))[:n]
        support = {}
        for c in outside:
            base = min(left[a] for a in graph.teachers[c])
            best = 0; sup = ()
            for b in graph.prerequisites[c]:
                if height.get(b, 0) > best:
                    best = height[b]; sup = (b,)
            for g in graph.groups_of[c]:
                if g in members:
                    ms = hard_of(g)
                    if height[ms[-1]] > best:
                        best = height[ms[-1]]; sup = tuple(ms)
            height[c] = base + best
            support[c] = sup if not base else None
        top = max(((height[hard_of(g)[-1]], -g) for g in region.unmet))
        if top[0] == 0:
            break
        waiting = list(hard_of(-top[1])); row = set(); seen=set()
        while waiting:
            c = waiting.pop()
            if c in seen: continue
            seen.add(c)
            if support[c] is None:
                row.update(graph.teachers[c])
            else:
                waiting.extend(support[c])
        price = min(left[a] for a in row)
        assert price > 0
        for a in row: left[a] -= price
        value += price
    return value


def _list_rows(problem: PlanningProblem, region: Region) -> Iterator[_Row]:
    graph = problem.graph
    for concept in sorted(region.forced):
        yield _Row(1, dict.fromkeys(graph.teachers[concept], 1))
    known = problem.mastered | region.forced
    for group, need in region.unmet.items():
        members = sorted((m for m in graph.groups[group].members if m in region.ways and m not in known), key=lambda m: problem.count_cost(region.ways[m]))
        for left_out in range(need):
            yield _make_landmark(problem, need - left_out, members[left_out:])


def _make_landmark(problem: PlanningProblem, demand: int, concepts: Sequence[int]) -> _Row:
    contributions: defaultdict[int, int] = defaultdict(int)
    for concept in concepts:
        for activity in problem.graph.teachers[concept]:
            contributions[activity] += 1
    return _Row(demand, {activity: min(each, demand) for activity, each in contributions.items()})
