"""What the benchmark prints: a table of stages for each data set, and what their probabilities are worth."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from time import perf_counter

from rich.console import Console
from rich.table import Table

from retrieval.benchmark.datasets import DataSet, describe_queries
from retrieval.benchmark.outcomes import DEPTH, Outcome, average, compare
from retrieval.benchmark.stages import RESULTS
from retrieval.metrics import Interval, ReliabilityBin

_WIDTH = 170
_COLUMNS = (f"nDCG@{DEPTH}", f"MRR@{DEPTH}", f"Recall@{RESULTS}", "gain in nDCG", "p50 ms", "p99", "cold p50", "time")


def print_outcomes(data: DataSet, outcomes: Sequence[Outcome], baseline: Outcome, *, training: str, seed: int) -> None:
    """Prints a data set's table.

    Args:
        data: What was asked.
        outcomes: Of each stage.
        baseline: Which of them quality and time are compared with.
        training: What models are trained on.
        seed: Of split, training and intervals.
    """
    table = _make_table(data.name, ("stage", *_COLUMNS))
    for outcome in outcomes:
        means = [average(values, data, seed) for values in (outcome.ndcg, outcome.reciprocal_rank, outcome.recall)]
        table.add_row(
            outcome.stage.name,
            *(write_interval(mean) for mean in means),
            "-" if outcome is baseline else write_interval(compare(outcome, baseline, data, seed), signed=True),
            _write_time(outcome.warm.middle),
            _write_time(outcome.warm.worst),
            _write_time(outcome.cold.middle) if outcome.cold else "-",
            f"{outcome.warm.middle / baseline.warm.middle:.3f}",
        )
    lines = [
        f"{describe_queries(data)}; {training}; seed {seed}",
        *data.notes,
        f"gain and time: beside {baseline.stage.name} in this run; one thread, one query at a time",
        *(f"{outcome.stage.name}: {outcome.stage.note}" for outcome in outcomes if outcome.stage.note),
    ]
    print_section(table, lines)


def print_figures(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], notes: Iterable[str] = ()) -> None:
    """Prints a table of words and figures that are written already.

    Args:
        title: What it is about.
        columns: The first names the rows.
        rows: Of as many cells as there are columns.
        notes: What one has to know to read it.
    """
    table = _make_table(title, columns)
    for row in rows:
        table.add_row(*row)
    print_section(table, notes)


def write_interval(interval: Interval, *, signed: bool = False) -> str:
    """Writes a mean with its 95 % interval, such as ".704 [.680, .731]"; a difference with its sign."""
    mean, low, high = (_write_share(value, signed=signed) for value in (interval.mean, interval.low, interval.high))
    return f"{mean} [{low}, {high}]"


def write_curve(curve: Iterable[ReliabilityBin]) -> str:
    """Writes a reliability curve: promised, come true, and how many answers, for each bin."""
    return ", ".join(
        f"{_write_share(entry.confidence)} > {_write_share(entry.accuracy)} ({entry.count})" for entry in curve
    )


def print_section(table: Table, notes: Iterable[str]) -> None:
    """Prints a table and the lines under it to standard output."""
    console = Console(width=_WIDTH, highlight=False, markup=False)
    console.print(table)
    for line in notes:
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
        sys.stderr.flush()


def _make_table(title: str, columns: Sequence[str]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    first, *others = columns
    table.add_column(first)
    for column in others:
        table.add_column(column, justify="right")
    return table


def _write_share(value: float, *, signed: bool = False) -> str:
    text = f"{value:+.3f}" if signed else f"{value:.3f}"
    return text.replace("0.", ".", 1) if abs(value) < 1.0 else text


def _write_time(milliseconds: float) -> str:
    return f"{milliseconds:.2f}" if milliseconds < 100 else f"{milliseconds:.0f}"
