"""What a benchmark prints: sections of figures, each beside its target."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a figure is to reach.

    Attributes:
        value: In the figure's unit.
        at_least: True: more is better.
    """

    value: float
    at_least: bool = False

    def judge(self, figure: float) -> str:
        """Returns "met" or "short"."""
        return "met" if (figure >= self.value if self.at_least else figure <= self.value) else "short"

    def __str__(self) -> str:
        return f"{'>=' if self.at_least else '<='} {write_number(self.value)}"


def aim_below(value: float | None) -> Target | None:
    """Returns the target of at most a value; None for none."""
    return None if value is None else Target(value=value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A row: one measure for all that it was taken of.

    Attributes:
        name: What it measures, with its unit.
        values: By the columns of the section, the planner's own first; None, or left out at the end: not measured.
        target: For the first value; None: none is set.
    """

    name: str
    values: Sequence[float | str | None]
    target: Target | None = None

    @property
    def verdict(self) -> str:
        """Says whether the target is reached; empty without one."""
        first = self.values[0]
        return self.target.judge(first) if self.target and isinstance(first, int | float) else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The figures of one section.

    Attributes:
        title: What was measured.
        columns: Names of the values.
        figures: The rows.
        faults: What the planner got wrong; empty: all that was checked is sound.
        notes: What one has to know to read the figures.
    """

    title: str
    columns: Sequence[str]
    figures: Sequence[Figure]
    faults: Sequence[str] = ()
    notes: Sequence[str] = field(default_factory=tuple)


def write_number(value: float | str | None) -> str:
    """Returns a number as it is read best: three or four digits, thousands separated."""
    if value is None:
        return "-"
    if isinstance(value, str):
        return value
    if value == int(value) or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 100 else f"{value:.3f}"


def print_report(report: Report) -> None:
    """Prints a section to standard output."""
    console = Console(width=max(120, Console().width) if sys.stdout.isatty() else 140, highlight=False, markup=False)
    table = Table(title=report.title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    table.add_column("")
    for column in (*report.columns, "target"):
        table.add_column(column, justify="right")
    table.add_column("")
    for figure in report.figures:
        missing = len(report.columns) - len(figure.values)
        cells = [write_number(value) for value in (*figure.values, *[None] * missing)]
        table.add_row(figure.name, *cells, str(figure.target or ""), figure.verdict)
    console.print(table)
    for line in (*report.notes, *(f"UNSOUND: {fault}" for fault in report.faults)):
        console.print(f"  {line}")
    console.print()


@contextmanager
def show_progress(what: str) -> Iterator[None]:
    """Says on standard error what is being done, and how long it took."""
    sys.stderr.write(f"{what} ...")
    sys.stderr.flush()
    began = perf_counter()
    try:
        yield
    finally:
        sys.stderr.write(f" {perf_counter() - began:.1f} s\n")
