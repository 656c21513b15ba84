"""A lower bound on what any plan costs: prices, then cuts, then a Lagrangian, as far as there is a gap to close."""

from typing import Final, NamedTuple

import numpy as np

from planner.engine.arrays import GraphArrays, ProblemArrays, RegionArrays
from planner.engine.compilation import inner, kernel
from planner.engine.cuts import price_cuts
from planner.engine.lagrangian import ascend, join_rows
from planner.engine.prices import find_scale, find_settled, find_step, list_rows, price_rows

DUAL_PRICES: Final = 0
LANDMARKS: Final = 1
LAGRANGIAN: Final = 2

_MOST_HEIGHTS: Final = 200_000
"""Largest number of heights to reckon anew; a large problem gets fewer cuts and so a weaker bound."""

_MOST_ENTRIES: Final = 4_000_000
"""Entries of rows that the Lagrangian goes through at most."""

_MOST_ROUNDS: Final = 300


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
    settled = find_settled(graph, problem, region)
    rows = list_rows(graph, problem, region, settled)
    costs = problem.costs * scale
    paid = 0
    for activity in np.flatnonzero(settled):
        paid += costs[activity]
        costs[activity] = 0
    best = BoundArrays(0, DUAL_PRICES)
    heights = _MOST_HEIGHTS
    joined, joined_prices, joined_value = rows, np.zeros(0, dtype=np.int64), -1
    for shares in (True, False):
        left, prices = costs.copy(), np.zeros(len(rows.demand), dtype=np.int64)
        value = paid + price_rows(rows, left, prices, shares)
        best = _keep_better(best, value, scale, step, DUAL_PRICES)
        if best.units >= cost or not thorough:
            continue
        cuts = price_cuts(graph, problem, region, left, heights)
        heights -= cuts.reckoned
        best = _keep_better(best, value + cuts.value, scale, step, LANDMARKS)
        if value + cuts.value > joined_value:
            joined, joined_prices = join_rows(rows, cuts), np.concatenate((prices, cuts.prices))
            joined_value = value + cuts.value
    if thorough and best.units < cost and len(joined.demand) > 0:
        rounds = min(_MOST_ROUNDS, _MOST_ENTRIES // max(1, len(joined.activities)))
        value = paid + ascend(joined, costs, joined_prices, cost * scale - paid, rounds)
        best = _keep_better(best, value, scale, step, LAGRANGIAN)
    return best


bound = kernel(bound_region)


@inner
def _keep_better(best: BoundArrays, value: int, scale: int, step: int, kind: int) -> BoundArrays:
    """Returns the better of two bounds; costs being integers, a value is rounded up, even to a multiple of `step`."""
    units = -(-value // (scale * step)) * step
    return BoundArrays(units, kind) if units > best.units else best
