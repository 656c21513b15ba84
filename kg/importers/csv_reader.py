"""Reads CSV tables with a header row into rows that know their line."""

import csv
import io
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from kg.archives import Files
from kg.importers.draft import Draft, Path, Place
from kg.importers.texts import decode
from kg.issues import IssueKind


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the format.

    Attributes:
        name: Of its file.
        columns: All columns there are; the value says whether the table must have it.
    """

    name: str
    columns: Mapping[str, bool]


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table.

    Attributes:
        file: Path of the file.
        line: Where it starts, from 1.
        cells: Text by column, without surrounding white space; empty cells are left out.
    """

    file: str
    line: int
    cells: Mapping[str, str]

    def locate(self, path: Path) -> Place:
        """Returns the place of the column that a path names first, or of the row."""
        column = next((part for part in path if part in self.cells), "")
        return Place(self.file, self.line, str(column))

    def pick(self, *columns: str, **renamed: str) -> dict[str, object]:
        """Returns cells that are not empty by column, or by another name: `pick("id", text="stem")`."""
        wanted = {**{column: column for column in columns}, **renamed}
        return {name: self.cells[column] for name, column in wanted.items() if column in self.cells}


def find_tables(files: Files, tables: Sequence[Table], draft: Draft) -> dict[str, str]:
    """Finds the path of each table that is there; CSV files that are none of them, or there twice, become issues."""
    known = {table.name for table in tables}
    found: dict[str, str] = {}
    for path in sorted(files):
        name = PurePosixPath(path).name
        if not name.endswith(".csv"):
            continue
        if name not in known:
            draft.add_error(IssueKind.MALFORMED, Place(path), f"it is none of the tables {', '.join(sorted(known))}")
        elif name in found:
            draft.add_error(IssueKind.MALFORMED, Place(path), f"table {name} is there twice, also as {found[name]}")
        else:
            found[name] = path
    return found


def read_table(path: str, content: bytes, table: Table, draft: Draft) -> Iterator[Row]:
    """Reads the rows of a table; what is wrong with its form becomes issues."""
    text = decode(path, content, draft)
    if text is None:
        return
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
        if not _check_header(path, header, table, draft):
            return
        line = reader.line_num + 1
        for cells in reader:
            if len(cells) > len(header):
                message = f"the row has {len(cells)} cells and the table {len(header)} columns"
                draft.add_error(IssueKind.MALFORMED, Place(path, line), message)
            texts = {name: text for name, cell in zip(header, cells, strict=False) if (text := cell.strip())}
            if texts:
                yield Row(path, line, texts)
            line = reader.line_num + 1
    except csv.Error as error:
        draft.add_unreadable(Place(path, reader.line_num), f"it is not CSV that can be read: {error}")


def _check_header(path: str, header: Sequence[str], table: Table, draft: Draft) -> bool:
    for name in sorted(name for name, count in Counter(header).items() if count > 1):
        draft.add_error(IssueKind.MALFORMED, Place(path, 1, name), f"column {name} is there twice")
    for name in sorted(set(header) - set(table.columns)):
        message = f"{name} is not a column of {table.name}, which has {', '.join(table.columns)}"
        draft.add_error(IssueKind.UNKNOWN_FIELD, Place(path, 1, name), message)
    missing = [name for name, required in table.columns.items() if required and name not in header]
    for name in missing:
        draft.add_unreadable(Place(path, 1), f"column {name} is missing")
    return not missing
