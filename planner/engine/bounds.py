"""A lower bound on what any plan costs: prices, then cuts, then a Lagrangian, as far as there is a gap to close."""

from typing import Final, NamedTuple

import numpy as np

from planner.engine.arrays import GraphArrays, ProblemArrays, RegionArrays
from planner.engine.compilation import inner, kernel
from planner.engine.cuts import price_cuts
from planner.engine.lagrangian import improve_prices, join_rows
from planner.engine.prices import list_rows, raise_prices, settle_costs
from planner.engine.units import find_scale, find_step

DUAL_PRICES: Final = 0
LANDMARKS: Final = 1
LAGRANGIAN: Final = 2

_MOST_HEIGHTS: Final = 200_000
"""Largest number of heights to reckon anew; a large problem gets fewer cuts and so a weaker bound."""


class BoundArrays(NamedTuple):
    """A lower bound.

    Attributes:
        units: In units of 0.0001.
        kind: DUAL_PRICES, LANDMARKS or LAGRANGIAN.
    """

    units: int
    kind: int


@inner
def bound_region(
    graph: GraphArrays, problem: ProblemArrays, region: RegionArrays, cost: int, thorough: bool
) -> BoundArrays:
    """Finds a lower bound, see `planner.proof.bounds.bound_cost`.

    Args:
        graph: The curriculum.
        problem: The problem.
        region: Its region.
        cost: A cost that can be had, in units of 0.0001: a bound that reaches it is as good as can be.
        thorough: False: prices only.
    """
    scale, step = find_scale(problem.costs), find_step(graph, problem, region)
    left, settled = problem.costs * scale, np.zeros(len(problem.costs), dtype=np.uint8)
    paid = settle_costs(graph, problem, region, left, settled)
    rows = list_rows(graph, problem, region, settled)
    prices = np.zeros(len(rows.demand), dtype=np.int64)
    value = paid + raise_prices(rows, left, prices)
    best = _keep_better(BoundArrays(0, DUAL_PRICES), value, scale, step, DUAL_PRICES)
    if best.units >= cost or not thorough:
        return best
    cuts = price_cuts(graph, problem, region, left, _MOST_HEIGHTS)
    best = _keep_better(best, value + cuts.value, scale, step, LANDMARKS)
    if best.units < cost:
        joined, joined_prices = join_rows(rows, cuts), np.concatenate((prices, cuts.prices))
        value = paid + improve_prices(problem, joined, left, joined_prices, scale)
        best = _keep_better(best, value, scale, step, LAGRANGIAN)
    return best


bound = kernel(bound_region)


@inner
def _keep_better(best: BoundArrays, value: int, scale: int, step: int, kind: int) -> BoundArrays:
    """Returns the better of two bounds; costs being integers, a value is rounded up, even to a multiple of `step`."""
    units = -(-value // (scale * step)) * step
    return BoundArrays(units, kind) if units > best.units else best
