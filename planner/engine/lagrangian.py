"""Prices that need not be feasible: what activities are charged beyond their costs is taken off again."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from planner.engine.arrays import Ints
from planner.engine.compilation import inner
from planner.engine.cuts import Cuts
from planner.engine.prices import Rows

Floats = NDArray[np.float64]

_FIRST_STEP: Final = 1.0
_PATIENCE: Final = 8
"""Rounds without progress after which steps are halved."""

_LAST_STEP: Final = 1.0 / 64.0
"""Steps smaller than that gain nothing that counts."""


@inner
def join_rows(rows: Rows, cuts: Cuts) -> Rows:
    """Returns the rows, then the cuts as rows with demand 1."""
    shift = len(rows.activities)
    return Rows(
        np.concatenate((rows.start, cuts.start[1:] + shift)),
        np.concatenate((rows.activities, cuts.activities)),
        np.concatenate((rows.weights, np.ones(len(cuts.activities), dtype=np.int64))),
        np.concatenate((rows.demand, np.ones(len(cuts.prices), dtype=np.int64))),
    )


@inner
def ascend(rows: Rows, costs: Ints, prices: Ints, target: int, rounds: int) -> int:
    """Improves prices by subgradient steps (Held and Karp 1971), and returns the best bound exactly.

    For prices y >= 0, L(y) = sum over r of d_r y_r + sum over a of min(0, c_a - sum over r of n_ra y_r) is at most the
    cost of every plan: it is the least of c x + sum over r of y_r (d_r - sum over a of n_ra x_a) over x in [0, 1], and
    for a plan no term y_r (...) is positive. Steps are in floating point, in a fixed order of sums; the best prices are
    rounded to integers and L is reckoned from these exactly.

    Args:
        rows: Rows that hold for every plan.
        costs: By activity, in parts of a unit.
        prices: By row, >= 0, in the same: where to begin, and where it ended.
        target: A cost that can be had, in the same; steps are sized by how far L is from it.
        rounds: How many steps.

    Returns:
        The largest L(y) met, in parts of a unit; the one of the prices given if no step was better.

    Complexity is O(rounds * entries of the rows).
    """
    count = len(rows.demand)
    price, best = prices.astype(np.float64), prices.copy()
    value = evaluate(rows, costs, prices)
    best_value, best_float = value, float(value)
    residual, gradient = np.zeros(len(costs), dtype=np.float64), np.empty(count, dtype=np.float64)
    charged = _list_distinct(rows.activities, len(costs))
    step, idle = _FIRST_STEP, 0
    for _ in range(rounds):
        total = _relax(rows, costs, price, residual, charged)
        norm = 0.0
        for row in range(count):
            short = float(rows.demand[row])
            for entry in range(rows.start[row], rows.start[row + 1]):
                if residual[rows.activities[entry]] < 0.0:
                    short -= rows.weights[entry]
            if short < 0.0 and price[row] == 0.0:
                short = 0.0
            gradient[row] = short
            norm += short * short
        idle += 1
        if total > best_float:
            best_float, idle = total, 0
            for row in range(count):
                best[row] = int(price[row])
        if norm == 0.0:
            break
        if idle == _PATIENCE:
            step, idle = step / 2.0, 0
            if step < _LAST_STEP:
                break
        length = step * (target - total) / norm
        for row in range(count):
            price[row] = max(0.0, price[row] + length * gradient[row])
    rounded = evaluate(rows, costs, best)
    if rounded > best_value:
        best_value = rounded
        prices[:] = best
    return best_value


@inner
def _list_distinct(activities: Ints, size: int) -> Ints:
    met = np.zeros(size, dtype=np.uint8)
    met[activities] = 1
    return np.flatnonzero(met)


@inner
def _relax(rows: Rows, costs: Ints, price: Floats, residual: Floats, charged: Ints) -> float:
    """Sets what charged activities have left, which may be negative, and returns L."""
    total = 0.0
    for activity in charged:
        residual[activity] = float(costs[activity])
    for row in range(len(rows.demand)):
        total += rows.demand[row] * price[row]
        for entry in range(rows.start[row], rows.start[row + 1]):
            residual[rows.activities[entry]] -= rows.weights[entry] * price[row]
    for activity in charged:
        total += min(0.0, residual[activity])
    return total


@inner
def evaluate(rows: Rows, costs: Ints, prices: Ints) -> int:
    """Returns L of integer prices, exactly."""
    left = costs.copy()
    value = 0
    for row in range(len(rows.demand)):
        value += rows.demand[row] * prices[row]
        for entry in range(rows.start[row], rows.start[row + 1]):
            left[rows.activities[entry]] -= rows.weights[entry] * prices[row]
    for activity in range(len(left)):
        value += min(0, left[activity])
    return value
