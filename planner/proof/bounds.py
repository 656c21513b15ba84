"""A lower bound on what any plan costs."""

from dataclasses import dataclass
from typing import Final

from planner.content.closure import Region
from planner.engine import bounds as engine
from planner.plan import BoundKind
from planner.problem import PlanningProblem

KINDS: Final = {
    engine.DUAL_PRICES: BoundKind.DUAL_PRICES,
    engine.LANDMARKS: BoundKind.LANDMARKS,
    engine.LAGRANGIAN: BoundKind.LAGRANGIAN,
}

_UNKNOWN: Final = 1 << 40
"""Stands for a cost that nobody has told: above it nothing is looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """What no plan costs less than.

    Attributes:
        units: In units of 0.0001, >= 0.
        kind: How it was found.
    """

    units: int
    kind: BoundKind


def bound_cost(
    problem: PlanningProblem, region: Region, *, thorough: bool = True, cost_units: int | None = None
) -> Bound:
    """Returns a lower bound on the cost of every plan.

    Let x_a be 1 for the activities a of a plan and 0 for others, c_a their costs. Each row r says that the sum over a
    of n_ra x_a is at least d_r, and holds for every plan. Prices y_r >= 0 such that, for each a, the sum over r of
    n_ra y_r is at most c_a are feasible in the dual of min c x, so by weak duality no plan costs less than the sum of
    d_r y_r: that is at most sum_r y_r sum_a n_ra x_a = sum_a x_a sum_r n_ra y_r <= sum_a x_a c_a.

    Prices start at 0, and one sweep raises each to what its activities have left, shorter rows first. Then rows that
    are found as they are priced, `planner.engine.cuts`, use up what activities have left. Where that leaves a gap, the
    rows are split into parts without an activity in common, `planner.engine.parts`, and where no cover of a part costs
    just what its prices prove, these are improved by a Lagrangian, `planner.engine.lagrangian`. The bound is reckoned
    in integers, rounded down, so it is exact. Costs being integers, it may be rounded up, part by part, even to a
    multiple of the costs' greatest common divisor.
    Where groups are met and each forced concept has one activity, an activity's own rows use it up: the bound is the
    cost.

    Args:
        problem: The problem.
        region: Its region.
        thorough: False: without cuts and Lagrangian, in time linear in the entries of the rows.
        cost_units: What a plan costs that is known; a bound that reaches it is not improved. None: none is known.
    """
    cost = _UNKNOWN if cost_units is None else cost_units
    found = engine.bound(problem.graph.arrays, problem.to_arrays(), region.arrays, cost, thorough)
    return Bound(units=int(found.units), kind=KINDS[int(found.kind)])
