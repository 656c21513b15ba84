"""A lower bound on what any plan costs: prices, then cuts, then a Lagrangian, as far as there is a gap to close."""

from typing import Final, NamedTuple

import numpy as np

from planner.engine.arrays import GraphArrays, ProblemArrays, RegionArrays
from planner.engine.compilation import inner, kernel
from planner.engine.cuts import price_cuts
from planner.engine.lagrangian import ascend, join_rows
from planner.engine.prices import find_scale, find_step, list_rows, price_rows

DUAL_PRICES: Final = 0
LANDMARKS: Final = 1
LAGRANGIAN: Final = 2

_MOST_HEIGHTS: Final = 100_000
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
    """Finds a lower bound, see `planner.bounds.bound_cost`.

    Args:
        graph: The curriculum.
        problem: The problem.
        region: Its region.
        cost: A cost that can be had, in units of 0.0001: a bound that reaches it is as good as can be.
        thorough: False: prices only.
    """
    scale = find_scale(problem.costs)
    costs = problem.costs * scale
    rows = list_rows(graph, problem, region)
    if len(rows.demand) == 0:
        return BoundArrays(0, DUAL_PRICES)
    step = find_step(problem.costs, rows, region, graph, problem)
    best = BoundArrays(0, DUAL_PRICES)
    for shares in (True, False):
        left, prices = costs.copy(), np.zeros(len(rows.demand), dtype=np.int64)
        value = price_rows(rows, left, prices, shares)
        best = _keep_better(best, value, scale, step, DUAL_PRICES)
        if not thorough or best.units >= cost:
            continue
        cuts = price_cuts(graph, problem, region, left, _MOST_HEIGHTS)
        best = _keep_better(best, value + cuts.value, scale, step, LANDMARKS)
        if best.units >= cost:
            break
        joined = join_rows(rows, cuts)
        rounds = min(_MOST_ROUNDS, _MOST_ENTRIES // max(1, len(joined.activities)))
        value = ascend(joined, costs, np.concatenate((prices, cuts.prices)), cost * scale, rounds)
        best = _keep_better(best, value, scale, step, LAGRANGIAN)
        if best.units >= cost:
            break
    return best


bound = kernel(bound_region)


@inner
def _keep_better(best: BoundArrays, value: int, scale: int, step: int, kind: int) -> BoundArrays:
    """Returns the better of two bounds; costs being integers, a value is rounded up, even to a multiple of `step`."""
    units = -(-value // (scale * step)) * step
    return BoundArrays(units, kind) if units > best.units else best
