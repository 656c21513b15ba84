"""Prices that need not be feasible: what activities are charged beyond their costs is taken off again."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from planner.engine.arrays import Flags, Ints, ProblemArrays
from planner.engine.compilation import inner, lean
from planner.engine.cuts import Cuts
from planner.engine.parts import Parts, cover_part, split_rows
from planner.engine.prices import Rows
from planner.engine.units import find_divisor

Floats = NDArray[np.float64]

_FIRST_STEP: Final = 1.0
_PATIENCE: Final = 4
"""Rounds without progress after which steps are halved."""

_LAST_STEP: Final = 1.0 / 8.0
"""Steps smaller than that gain nothing that counts."""

_MOST_ENTRIES: Final = 4_000_000
"""Entries of rows that all ascents together go through at most."""

_MOST_ROUNDS: Final = 300


class _Scratch(NamedTuple):
    """What an ascent changes.

    Attributes:
        cost: By column, in parts of a unit; int64.
        left: By column, the same less what it is charged; int64.
        residual: The same while prices are improved; float64.
        price: By row; float64.
        best: By row, the best prices met; float64.
        gradient: By row; float64.
        supply: By row, room; int64.
        kept: By column, room; uint8.
    """

    cost: Ints
    left: Ints
    residual: Floats
    price: Floats
    best: Floats
    gradient: Floats
    supply: Ints
    kept: Flags


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
def improve_prices(problem: ProblemArrays, rows: Rows, left: Ints, prices: Ints, scale: int) -> int:
    """Improves the prices of each part of the rows, and returns the sum of what the parts cost at least.

    A part's least cost is a sum of costs of activities, and so a multiple of their greatest common divisor: its bound
    is rounded up to one. Where a cover costs as much as that, nothing is left to be gained, and mostly it does.

    Args:
        problem: The problem.
        rows: Rows that hold for every plan; no settled activity is in them.
        left: By activity, what the prices leave of its cost; no price can be raised.
        prices: By row, >= 0, in parts of a unit.
        scale: Parts of a unit.
    """
    parts = split_rows(rows, len(left))
    columns, count = len(parts.activity), len(rows.demand)
    scratch = _Scratch(
        problem.costs[parts.activity] * scale,
        left[parts.activity],
        np.empty(columns, dtype=np.float64),
        np.empty(count, dtype=np.float64),
        np.empty(count, dtype=np.float64),
        np.empty(count, dtype=np.float64),
        np.empty(count, dtype=np.int64),
        np.empty(columns, dtype=np.uint8),
    )
    return _improve_parts(rows, parts, prices, scratch)


@lean
def _improve_parts(rows: Rows, parts: Parts, prices: Ints, scratch: _Scratch) -> int:
    total, entries = 0, _MOST_ENTRIES
    for part in range(len(parts.row_end) - 1):
        value = 0
        for place in range(parts.row_end[part], parts.row_end[part + 1]):
            value += rows.demand[parts.row_line[place]] * prices[parts.row_line[place]]
        step = 0
        for place in range(parts.column_end[part], parts.column_end[part + 1]):
            step = find_divisor(step, scratch.cost[parts.column_line[place]])
        cover = cover_part(rows, parts, part, scratch.cost, scratch.left, scratch.supply, scratch.kept)
        if value + step <= cover and entries > 0:
            ascended, gone = _ascend(rows, parts, part, prices, scratch, cover, step, entries)
            value, entries = max(value, ascended), entries - gone
        total += -(-value // step) * step
    return int(total)


@lean
def _ascend(
    rows: Rows, parts: Parts, part: int, prices: Ints, scratch: _Scratch, cover: int, step: int, most: int
) -> tuple[int, int]:
    """Improves the prices of a part by subgradient steps (Held and Karp 1971).

    For prices y >= 0, L(y) = sum over r of d_r y_r + sum over a of min(0, c_a - sum over r of n_ra y_r) is at most the
    cost of every plan: it is the least of c x + sum over r of y_r (d_r - sum over a of n_ra x_a) over x in [0, 1], and
    for a plan no term y_r (...) is positive. Steps are in floating point, in a fixed order of sums; the best prices are
    rounded to integers and L is reckoned from these exactly.

    Args:
        rows: The rows.
        parts: Their parts.
        part: Which.
        prices: By row, where to begin.
        scratch: What is changed.
        cover: What a cover costs; steps are sized by how far L is from it.
        step: What its cost is a multiple of.
        most: Entries of rows to go through at most.

    Returns:
        The largest L met, exactly, in parts of a unit, and how many entries were gone through.
    """
    first, last = parts.row_end[part], parts.row_end[part + 1]
    size = 0
    for place in range(first, last):
        row = parts.row_line[place]
        size += rows.start[row + 1] - rows.start[row]
        scratch.price[row] = scratch.best[row] = float(prices[row])
    highest, length, idle, gone = 0.0, _FIRST_STEP, 0, 0
    for _ in range(_MOST_ROUNDS):
        gone += size
        total = _relax(rows, parts, part, scratch)
        idle += 1
        if total > highest:
            highest, idle = total, 0
            for place in range(first, last):
                scratch.best[parts.row_line[place]] = scratch.price[parts.row_line[place]]
        norm = _measure_gradient(rows, parts, part, scratch)
        # the next multiple is that of the cover, so this is as good as it gets
        if norm == 0.0 or highest > cover - step or gone > most:
            break
        if idle == _PATIENCE:
            length, idle = length / 2.0, 0
            if length < _LAST_STEP:
                break
        stride = length * (cover - total) / norm
        for place in range(first, last):
            row = parts.row_line[place]
            scratch.price[row] = max(0.0, scratch.price[row] + stride * scratch.gradient[row])
    return _evaluate(rows, parts, part, scratch), gone


@lean
def _relax(rows: Rows, parts: Parts, part: int, scratch: _Scratch) -> float:
    """Sets what columns have left, which may be negative, and returns L."""
    total = 0.0
    for place in range(parts.column_end[part], parts.column_end[part + 1]):
        scratch.residual[parts.column_line[place]] = float(scratch.cost[parts.column_line[place]])
    for place in range(parts.row_end[part], parts.row_end[part + 1]):
        row = parts.row_line[place]
        total += rows.demand[row] * scratch.price[row]
        for entry in range(rows.start[row], rows.start[row + 1]):
            scratch.residual[parts.entry[entry]] -= rows.weights[entry] * scratch.price[row]
    for place in range(parts.column_end[part], parts.column_end[part + 1]):
        total += min(0.0, scratch.residual[parts.column_line[place]])
    return total


@lean
def _measure_gradient(rows: Rows, parts: Parts, part: int, scratch: _Scratch) -> float:
    """Sets by how much activities that are charged too much fall short of each row, and returns the sum of squares."""
    norm = 0.0
    for place in range(parts.row_end[part], parts.row_end[part + 1]):
        row = parts.row_line[place]
        short = float(rows.demand[row])
        for entry in range(rows.start[row], rows.start[row + 1]):
            if scratch.residual[parts.entry[entry]] < 0.0:
                short -= rows.weights[entry]
        if short < 0.0 and scratch.price[row] == 0.0:
            short = 0.0
        scratch.gradient[row] = short
        norm += short * short
    return norm


@lean
def _evaluate(rows: Rows, parts: Parts, part: int, scratch: _Scratch) -> int:
    """Returns L of the best prices, rounded down to integers, exactly."""
    value = 0
    for place in range(parts.column_end[part], parts.column_end[part + 1]):
        scratch.left[parts.column_line[place]] = scratch.cost[parts.column_line[place]]
    for place in range(parts.row_end[part], parts.row_end[part + 1]):
        row = parts.row_line[place]
        price = int(scratch.best[row])
        value += rows.demand[row] * price
        for entry in range(rows.start[row], rows.start[row + 1]):
            scratch.left[parts.entry[entry]] -= rows.weights[entry] * price
    for place in range(parts.column_end[part], parts.column_end[part + 1]):
        value += min(0, scratch.left[parts.column_line[place]])
    return int(value)
