"""Lower bounds on what any plan costs, from feasible prices of the dual linear programme."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import gcd
from typing import Final

from planner.closure import Region, close_over_prerequisites
from planner.problem import PlanningProblem

_SCALE: Final = 1 << 20
"""Prices are integers in 1 / _SCALE of a cost unit."""

_MOST_LANDMARKS: Final = 32
"""Largest number of landmark rows for each need of a group; more add little and the sweep is linear in them."""


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
    """Returns a lower bound on the cost of every plan, in units of 0.0001.

    Let x_a be 1 for the activities a of a plan and 0 for others, c_a their costs. Each row r says that the sum over a
    of n_ra x_a is at least d_r, and holds for every plan (see `_list_rows`). Prices y_r >= 0 such that, for each a,
    the sum over r of n_ra y_r is at most c_a are feasible in the dual of min c x, so by weak duality no plan costs
    less than the sum of d_r y_r: that is at most sum_r y_r sum_a n_ra x_a = sum_a x_a sum_r n_ra y_r <= sum_a x_a c_a.

    Prices start at shares, y_r = min over a in r of c_a / sum_s n_sa, which are feasible, and one sweep raises each to
    what its activities have left, which keeps them so. All arithmetic is in integers, rounded down, so feasibility is
    exact. Costs being integers, the sum may be rounded up, even to a multiple of the costs' greatest common divisor.
    Where every forced concept has one activity and groups are met, each activity's own rows sell it out: the bound is
    the cost.

    Complexity is O(entries of the rows).
    """
    rows = sorted(_list_rows(problem, region), key=lambda row: (len(row.contributions), -row.demand))
    costs = {activity: problem.count_cost(activity) for row in rows for activity in row.contributions}
    if not rows:
        return 0
    best = max(_sweep(rows, costs, shared) for shared in (True, False))
    step = gcd(*(problem.count_cost(activity) for each in region.ways for activity in problem.graph.teachers[each]))
    return -(-best // (_SCALE * step)) * step


def _sweep(rows: Sequence[_Row], costs: Mapping[int, int], shared: bool) -> int:
    """Returns the value of prices that one sweep finds, in 1 / _SCALE of a unit; it starts at shares or at zero."""
    left = {activity: cost * _SCALE for activity, cost in costs.items()}
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
    return value


def _raise(row: _Row, price: int, left: dict[int, int]) -> int:
    """Raises the price of a row, takes it off what its activities have left, and returns what that adds."""
    for activity, contribution in row.contributions.items():
        left[activity] -= contribution * price
    return row.demand * price


def _list_rows(problem: PlanningProblem, region: Region) -> Iterator[_Row]:
    """Lists rows that hold for every plan: one per forced concept, and landmarks of each unmet group.

    A group that still needs d of its members that can be reached has at least d of them learned. Of any subset of the
    members that leaves out d - j of them, at least j are learned: leaving out the cheapest gives the strongest such
    rows. A member learned has all its hard prerequisites learned: so the row also holds with each member replaced by
    any one concept of its closure outside mastered and forced concepts, counting for each member it stands for.
    """
    graph = problem.graph
    for concept in sorted(region.forced):
        yield _Row(1, dict.fromkeys(graph.teachers[concept], 1))
    known = problem.mastered | region.forced
    for group, need in region.unmet.items():
        closures = [
            close_over_prerequisites(graph, [member], known)
            for member in graph.groups[group].members
            if member in region.ways and member not in known
        ]
        shares = Counter(concept for closure in closures for concept in closure)
        price = {concept: problem.count_cost(region.ways[concept]) for concept in shares}
        ranked = [
            sorted(closure, key=lambda concept: (-shares[concept], -price[concept], concept)) for closure in closures
        ]
        for place in range(_MOST_LANDMARKS):
            chosen = sorted((each[place] for each in ranked if len(each) > place), key=lambda each: price[each])
            demand = need - (len(ranked) - len(chosen))
            for left_out in range(demand):
                yield _make_landmark(problem, demand - left_out, chosen[left_out:])


def _make_landmark(problem: PlanningProblem, demand: int, concepts: Sequence[int]) -> _Row:
    contributions: defaultdict[int, int] = defaultdict(int)
    for concept in concepts:
        for activity in problem.graph.teachers[concept]:
            contributions[activity] += 1
    return _Row(demand, {activity: min(each, demand) for activity, each in contributions.items()})
