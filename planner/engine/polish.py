"""Another choice of activities for concepts that are to be learned anyway: a set cover, by Lagrangian prices."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from planner.engine.arrays import Flags, GraphArrays, Ints, ProblemArrays
from planner.engine.compilation import inner, kernel

Floats = NDArray[np.float64]

_FIRST_STEP: Final = 2.0
_PATIENCE: Final = 10
"""Rounds without progress after which steps are halved."""

_ROUNDS_BETWEEN_COVERS: Final = 2


class Table(NamedTuple):
    """A set cover in compressed rows.

    Attributes:
        columns: Activities, ascending; int64.
        row_start: Where the columns of each concept start; int64.
        row: Places in `columns`; int64.
        column_start: Where the concepts of each activity start; int64.
        column: Numbers of concepts; int64.
        costs: By column, in units of 0.0001; int64.
        pinned: By column, 1 if it is in every cover; uint8.
    """

    columns: Ints
    row_start: Ints
    row: Ints
    column_start: Ints
    column: Ints
    costs: Ints
    pinned: Flags


@inner
def improve_cover(
    graph: GraphArrays, problem: ProblemArrays, concepts: Ints, cost: int, rounds: int
) -> tuple[int, Ints]:
    """Looks for cheaper activities, see `planner.content.polish.polish_cover`.

    Args:
        graph: The curriculum.
        problem: The problem.
        concepts: Those to be taught, ascending.
        cost: Of the activities known, in units of 0.0001.
        rounds: How many subgradient steps.

    Returns:
        The lowest cost met and the activities that have it; `cost` and none where nothing is cheaper.
    """
    table = _tabulate(graph, problem, concepts)
    rows, columns = len(concepts), len(table.columns)
    price, reduced = _price_evenly(table, rows), np.empty(columns, dtype=np.float64)
    best_cost, best = cost, np.zeros(columns, dtype=np.uint8)
    best_bound, step, idle = -np.inf, _FIRST_STEP, 0
    short = np.empty(rows, dtype=np.float64)
    for number in range(rounds):
        bound = price.sum()
        short[:] = 1.0
        for column in range(columns):
            reduced[column] = float(table.costs[column])
            for place in range(table.column_start[column], table.column_start[column + 1]):
                reduced[column] -= price[table.column[place]]
            if reduced[column] < 0.0:
                bound += reduced[column]
                for place in range(table.column_start[column], table.column_start[column + 1]):
                    short[table.column[place]] -= 1.0
        if number % _ROUNDS_BETWEEN_COVERS == 0:
            chosen = _cover_by_price(table, reduced, price, rows)
            found = _drop_superfluous(table, chosen, rows)
            if found < best_cost:
                best_cost, best = found, chosen
        idle += 1
        if bound > best_bound:
            best_bound, idle = bound, 0
        if idle == _PATIENCE:
            step, idle = step / 2.0, 0
        norm = (short * short).sum()
        if norm == 0.0:
            break
        length = step * (best_cost - bound) / norm
        for row in range(rows):
            price[row] = max(0.0, price[row] + length * short[row])
    return best_cost, table.columns[np.flatnonzero(best)]


improve = kernel(improve_cover)


@inner
def _price_evenly(table: Table, rows: int) -> Floats:
    """Returns for each row the least share that it has in the cost of a column."""
    price = np.full(rows, np.inf, dtype=np.float64)
    for row in range(rows):
        for place in range(table.row_start[row], table.row_start[row + 1]):
            column = table.row[place]
            size = table.column_start[column + 1] - table.column_start[column]
            price[row] = min(price[row], table.costs[column] / size)
    return price


@inner
def _tabulate(graph: GraphArrays, problem: ProblemArrays, concepts: Ints) -> Table:
    number = np.full(len(graph.rank), -1, dtype=np.int64)
    offered = np.zeros(len(problem.costs), dtype=np.uint8)
    for row in range(len(concepts)):
        number[concepts[row]] = row
        for entry in range(graph.teachers_start[concepts[row]], graph.teachers_start[concepts[row] + 1]):
            offered[graph.teachers[entry]] = 1 - problem.unavailable[graph.teachers[entry]]
    columns = np.flatnonzero(offered)
    column_start = np.zeros(len(columns) + 1, dtype=np.int64)
    row_start = np.zeros(len(concepts) + 1, dtype=np.int64)
    for place in range(len(columns)):
        column_start[place + 1] = column_start[place]
        for entry in range(graph.sections_start[columns[place]], graph.sections_start[columns[place] + 1]):
            row = number[graph.sections[entry]]
            if row >= 0:
                column_start[place + 1] += 1
                row_start[row + 1] += 1
    for row in range(len(concepts)):
        row_start[row + 1] += row_start[row]
    end = row_start.copy()
    column = np.empty(column_start[-1], dtype=np.int64)
    row_entries = np.empty(column_start[-1], dtype=np.int64)
    last = 0
    for place in range(len(columns)):
        for entry in range(graph.sections_start[columns[place]], graph.sections_start[columns[place] + 1]):
            row = number[graph.sections[entry]]
            if row >= 0:
                column[last] = row
                last += 1
                row_entries[end[row]] = place
                end[row] += 1
    return Table(columns, row_start, row_entries, column_start, column, problem.costs[columns], problem.pinned[columns])


@inner
def _cover_by_price(table: Table, reduced: Floats, price: Floats, rows: int) -> Flags:
    """Covers all rows, by the reduced cost of a column for the rows it adds (Caprara, Fischetti and Toth 1999)."""
    columns = len(table.columns)
    chosen, covered = np.zeros(columns, dtype=np.uint8), np.zeros(rows, dtype=np.uint8)
    score, gain = reduced.copy(), table.column_start[1:] - table.column_start[:-1]
    left = rows
    for column in range(columns):
        if table.pinned[column] == 1:
            left -= _choose(table, column, chosen, covered, score, gain, price)
    while left > 0:
        best, best_rate = -1, np.inf
        for column in range(columns):
            if chosen[column] == 0 and gain[column] > 0:
                rate = score[column] / gain[column] if score[column] > 0.0 else score[column] * gain[column]
                if rate < best_rate:
                    best, best_rate = column, rate
        left -= _choose(table, best, chosen, covered, score, gain, price)
    return chosen


@inner
def _choose(table: Table, column: int, chosen: Flags, covered: Flags, score: Floats, gain: Ints, price: Floats) -> int:
    """Adds a column, and returns how many rows it covers that were not."""
    chosen[column] = 1
    count = 0
    for place in range(table.column_start[column], table.column_start[column + 1]):
        row = table.column[place]
        if covered[row] == 0:
            covered[row] = 1
            count += 1
            for entry in range(table.row_start[row], table.row_start[row + 1]):
                score[table.row[entry]] += price[row]
                gain[table.row[entry]] -= 1
    return count


@inner
def _drop_superfluous(table: Table, chosen: Flags, rows: int) -> int:
    """Drops columns all of whose rows are covered by others, the dearest first, and returns what is left costs."""
    times = np.zeros(rows, dtype=np.int64)
    for column in np.flatnonzero(chosen):
        for place in range(table.column_start[column], table.column_start[column + 1]):
            times[table.column[place]] += 1
    kept = np.flatnonzero(chosen)
    cost = 0
    for position in np.argsort(-table.costs[kept], kind="mergesort"):
        column = kept[position]
        needed = table.pinned[column] == 1
        for place in range(table.column_start[column], table.column_start[column + 1]):
            if times[table.column[place]] == 1:
                needed = True
        if needed:
            cost += table.costs[column]
            continue
        chosen[column] = 0
        for place in range(table.column_start[column], table.column_start[column + 1]):
            times[table.column[place]] -= 1
    return cost
