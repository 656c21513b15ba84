"""A lower bound on what any plan costs, from feasible prices of the dual linear programme."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import gcd
from typing import Final

from planner.closure import Region
from planner.cuts import price_cuts
from planner.problem import PlanningProblem

_SCALE: Final = 1 << 20
"""Prices are integers in 1 / _SCALE of a cost unit."""


@dataclass(frozen=True, slots=True)
class _Row:
    """A sum that every plan has to reach: over activities done, contribution, >= demand.

    Attributes:
        demand: > 0.
        contributions: By activity, from 1 to `demand`.
    """

    demand: int
    contributions: Mapping[int, int]


def bound_cost(problem: PlanningProblem, region: Region, *, thorough: bool = True) -> int:
    """Returns a lower bound on the cost of every plan, in units of 0.0001.

    Let x_a be 1 for the activities a of a plan and 0 for others, c_a their costs. Each row r says that the sum over a
    of n_ra x_a is at least d_r, and holds for every plan. Prices y_r >= 0 such that, for each a, the sum over r of
    n_ra y_r is at most c_a are feasible in the dual of min c x, so by weak duality no plan costs less than the sum of
    d_r y_r: that is at most sum_r y_r sum_a n_ra x_a = sum_a x_a sum_r n_ra y_r <= sum_a x_a c_a.

    Prices start at shares, y_r = min over a in r of c_a / sum_s n_sa, which are feasible, and one sweep raises each to
    what its activities have left, which keeps them so; a sweep from zero is tried too. Then rows that are found as
    they are priced, `planner.cuts`, use up what activities have left. All arithmetic is in integers, rounded down, so
    feasibility is exact. Costs being integers, the sum may be rounded up, even to a multiple of the costs' greatest
    common divisor. Where groups are met and each forced concept has one activity, an activity's own rows use it up:
    the bound is the cost.

    Args:
        problem: The problem.
        region: Its region.
        thorough: False: without cuts, in time linear in the entries of the rows.
    """
    if not region.forced:
        return 0
    activities = {each for concept in region.ways for each in problem.graph.teachers[concept]}
    costs = {activity: problem.count_cost(activity) for activity in activities}
    rows = sorted(_list_rows(problem, region), key=lambda row: len(row.contributions))
    values = []
    for start_at_shares in (True, False):
        left = {activity: cost * _SCALE for activity, cost in costs.items()}
        value = _price_shares(rows, left) if start_at_shares else 0
        for row in rows:
            value += _raise(row, min(left[activity] // each for activity, each in row.contributions.items()), left)
        values.append(value + (price_cuts(problem, region, left) if thorough else 0))
    step = gcd(*costs.values())
    return -(-max(values) // (_SCALE * step)) * step


def _list_rows(problem: PlanningProblem, region: Region) -> Iterator[_Row]:
    """Lists rows that hold for every plan.

    A forced concept needs an activity. Of a group that needs several of its members, activities teach that many;
    groups that need one are left to the cuts, which see deeper.
    """
    graph = problem.graph
    for concept in sorted(region.forced):
        yield _Row(1, dict.fromkeys(graph.teachers[concept], 1))
    for group, need in region.unmet.items():
        if need > 1:
            members = (each for each in graph.groups[group].members if each in region.ways)
            free = [member for member in members if member not in region.forced]
            counts = Counter(activity for member in free for activity in graph.teachers[member])
            yield _Row(need, {activity: min(count, need) for activity, count in counts.items()})


def _price_shares(rows: Sequence[_Row], left: dict[int, int]) -> int:
    weights: Counter[int] = Counter()
    for row in rows:
        weights.update(row.contributions)
    shares = [min(left[activity] // weights[activity] for activity in row.contributions) for row in rows]
    return sum(_raise(row, share, left) for row, share in zip(rows, shares, strict=True))


def _raise(row: _Row, price: int, left: dict[int, int]) -> int:
    """Raises the price of a row, takes it off what its activities have left, and returns what that adds."""
    for activity, contribution in row.contributions.items():
        left[activity] -= contribution * price
    return row.demand * price
