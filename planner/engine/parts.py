"""Rows that fall into parts without an activity in common: what is proven of each part adds up."""

from typing import NamedTuple

import numpy as np

from planner.engine.arrays import Flags, Ints
from planner.engine.compilation import inner, lean
from planner.engine.prices import Rows


class Parts(NamedTuple):
    """Rows by part, and the activities in them by number, which is a column; arrays of int64.

    Attributes:
        entry: By entry of the rows, its column.
        activity: By column.
        column_start: By column, where its rows start; one entry more than there are columns.
        rows: Those of each column.
        weights: Of each of `rows`.
        row_line: Rows by part.
        column_line: Columns by part.
        row_end: By part, where its rows start in `row_line`; one entry more than there are parts.
        column_end: By part, the same for `column_line`.
    """

    entry: Ints
    activity: Ints
    column_start: Ints
    rows: Ints
    weights: Ints
    row_line: Ints
    column_line: Ints
    row_end: Ints
    column_end: Ints


@inner
def split_rows(rows: Rows, activities: int) -> Parts:
    """Splits rows into parts, in time linear in their entries but for filling an array of so many activities."""
    count, entries = len(rows.demand), len(rows.activities)
    number, activity = np.full(activities, -1, dtype=np.int64), np.empty(entries, dtype=np.int64)
    entry = np.empty(entries, dtype=np.int64)
    columns = _number_columns(rows, number, activity, entry)
    parts = Parts(
        entry,
        activity[:columns],
        np.zeros(columns + 2, dtype=np.int64),
        np.empty(entries, dtype=np.int64),
        np.empty(entries, dtype=np.int64),
        np.empty(count, dtype=np.int64),
        np.empty(columns, dtype=np.int64),
        np.zeros(count + 1, dtype=np.int64),
        np.zeros(count + 1, dtype=np.int64),
    )
    _turn(rows, parts)
    size = _gather(rows, parts, np.zeros(count, dtype=np.uint8), np.zeros(columns, dtype=np.uint8))
    return Parts(
        parts.entry,
        parts.activity,
        parts.column_start[: columns + 1],
        parts.rows,
        parts.weights,
        parts.row_line,
        parts.column_line,
        parts.row_end[: size + 1],
        parts.column_end[: size + 1],
    )


@lean
def _number_columns(rows: Rows, number: Ints, activity: Ints, entry: Ints) -> int:
    columns = 0
    for place in range(len(rows.activities)):
        if number[rows.activities[place]] < 0:
            number[rows.activities[place]] = columns
            activity[columns] = rows.activities[place]
            columns += 1
        entry[place] = number[rows.activities[place]]
    return columns


@lean
def _turn(rows: Rows, parts: Parts) -> None:
    """Lists rows by column."""
    for place in range(len(parts.entry)):
        parts.column_start[parts.entry[place] + 2] += 1
    for column in range(2, len(parts.column_start)):
        parts.column_start[column] += parts.column_start[column - 1]
    for row in range(len(rows.demand)):
        for place in range(rows.start[row], rows.start[row + 1]):
            column = parts.entry[place]
            to = parts.column_start[column + 1]
            parts.column_start[column + 1] += 1
            parts.rows[to], parts.weights[to] = row, rows.weights[place]


@lean
def _gather(rows: Rows, parts: Parts, row_met: Flags, column_met: Flags) -> int:
    """Goes from row to row by what they have in common, and returns how many parts there are."""
    size, place, row_end, column_end = 0, 0, 0, 0
    for first in range(len(rows.demand)):
        if row_met[first] == 1:
            continue
        row_met[first] = 1
        parts.row_line[row_end] = first
        row_end += 1
        while place < row_end:
            row = parts.row_line[place]
            place += 1
            for entry in range(rows.start[row], rows.start[row + 1]):
                column = parts.entry[entry]
                if column_met[column] == 1:
                    continue
                column_met[column] = 1
                parts.column_line[column_end] = column
                column_end += 1
                for turned in range(parts.column_start[column], parts.column_start[column + 1]):
                    other = parts.rows[turned]
                    if row_met[other] == 0:
                        row_met[other] = 1
                        parts.row_line[row_end] = other
                        row_end += 1
        size += 1
        parts.row_end[size], parts.column_end[size] = row_end, column_end
    return size


@lean
def cover_part(rows: Rows, parts: Parts, part: int, cost: Ints, left: Ints, supply: Ints, kept: Flags) -> int:
    """Finds a cover of a part and returns its cost: what has nothing left, less what can be done without.

    Args:
        rows: The rows.
        parts: Their parts.
        part: Which.
        cost: By column.
        left: By column, what it has left of its cost under prices that cannot be raised.
        supply: By row, room.
        kept: By column, room: 1 where it is in the cover.
    """
    first, last = parts.column_end[part], parts.column_end[part + 1]
    for place in range(parts.row_end[part], parts.row_end[part + 1]):
        supply[parts.row_line[place]] = -rows.demand[parts.row_line[place]]
    for place in range(first, last):
        column = parts.column_line[place]
        kept[column] = left[column] == 0
        if kept[column] == 1:
            _supply(parts, column, supply, 1)
    for place in range(parts.row_end[part], parts.row_end[part + 1]):
        _meet(rows, parts, parts.row_line[place], left, supply, kept)
    total = 0
    for place in range(last - 1, first - 1, -1):
        column = parts.column_line[place]
        if kept[column] == 1:
            if _is_spare(parts, column, supply):
                kept[column] = 0
                _supply(parts, column, supply, -1)
            else:
                total += cost[column]
    return int(total)


@lean
def _supply(parts: Parts, column: int, supply: Ints, sign: int) -> None:
    for turned in range(parts.column_start[column], parts.column_start[column + 1]):
        supply[parts.rows[turned]] += sign * parts.weights[turned]


@lean
def _meet(rows: Rows, parts: Parts, row: int, left: Ints, supply: Ints, kept: Flags) -> None:
    """Adds to the cover what has least left, until a row that asks for several activities has them."""
    while supply[row] < 0:
        best = -1
        for entry in range(rows.start[row], rows.start[row + 1]):
            column = parts.entry[entry]
            if kept[column] == 0 and (best < 0 or left[column] < left[best]):
                best = column
        kept[best] = 1
        _supply(parts, best, supply, 1)


@lean
def _is_spare(parts: Parts, column: int, supply: Ints) -> bool:
    """Says whether a cover does without a column."""
    for turned in range(parts.column_start[column], parts.column_start[column + 1]):
        if supply[parts.rows[turned]] < parts.weights[turned]:
            return False
    return True
