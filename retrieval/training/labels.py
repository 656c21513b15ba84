"""Labelled queries: what people asked in truth, and the concept that they meant, as a CSV table."""

import csv
import io
from collections.abc import Collection, Iterator
from pathlib import Path

from kg.errors import FieldViolation, InvalidInputError, refuse
from retrieval.training.queries import QuerySource, TrainingQuery

_COLUMNS = ("query", "concept")


def read_labels(path: Path, concepts: Collection[str] | None = None) -> tuple[TrainingQuery, ...]:
    """Reads labelled queries.

    Args:
        path: A CSV table in UTF-8 with a header row and the columns `query` and `concept` (an id); further columns
            are left alone, as are rows that say the same twice.
        concepts: Ids that there are; None: whatever the table names is taken.

    Returns:
        Queries in the order of the table.

    Raises:
        FileNotFoundError: There is no such file.
        InvalidInputError: It is no such table; all its faults are named with their lines.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise refuse(path.name, f"must be encoded in UTF-8; byte {error.start} is not") from error
    faults: list[FieldViolation] = []
    queries: dict[tuple[str, str], TrainingQuery] = {}
    for line, row in _read_rows(path.name, text):
        query, concept = (row.get(column, "") for column in _COLUMNS)
        fault = _find_fault(query, concept, concepts)
        if fault:
            faults.append(FieldViolation(f"{path.name}:{line}", fault))
        else:
            queries[query, concept] = TrainingQuery(text=query, concept=concept, source=QuerySource.LABEL)
    if faults:
        raise InvalidInputError(*faults)
    return tuple(queries.values())


def _read_rows(name: str, text: str) -> Iterator[tuple[int, dict[str, str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [cell.strip() for cell in next(reader, [])]
        absent = [column for column in _COLUMNS if column not in header]
        if absent:
            raise refuse(f"{name}:1", f"must name the columns query and concept; {', '.join(absent)} is not there")
        line = reader.line_num + 1
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield line, {column: cell.strip() for column, cell in zip(header, cells, strict=False)}
            # A cell may hold line breaks, so that a row starts behind the end of the one before.
            line = reader.line_num + 1
    except csv.Error as error:
        raise refuse(f"{name}:{reader.line_num}", f"must be CSV: {error}") from error


def _find_fault(query: str, concept: str, concepts: Collection[str] | None) -> str:
    if not query:
        return "the query must not be empty"
    if not concept:
        return "the concept must not be empty"
    if concepts is not None and concept not in concepts:
        return f"there is no concept {concept}"
    return ""
