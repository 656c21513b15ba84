"""What a training shows: a bar while it works, each figure as it is known, and the verdicts at the end."""

import json
import sys
from dataclasses import asdict
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

from graphmasal.cli.output import make_table
from graphmasal.cli.session import Session
from retrieval.rankers import Ranker


class TrainingView:
    """Shows a training on standard error, and its result on standard output.

    Args:
        session: The command's.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
        terminal = session.err.is_terminal
        self._bars = Progress(*columns, console=session.err, transient=True, disable=not terminal)
        self._task = self._bars.add_task("", total=None)
        self._stage = ""

    def __enter__(self) -> "TrainingView":
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def note(self, stage: str, done: int, total: int, message: str) -> None:
        """Takes progress of a stage; a message is printed, and stays."""
        if stage != self._stage:
            self._stage = stage
            self._bars.reset(self._task, description=stage, total=total)
        self._bars.update(self._task, completed=done, total=total)
        if message:
            self._session.err.print(f"{stage}: {message}", soft_wrap=True)

    def show(self, ranker: Ranker) -> None:
        """Prints the ranker: its figures and verdicts, or as one JSON document."""
        if self._session.options.json:
            sys.stdout.write(json.dumps(describe_ranker(ranker), ensure_ascii=False, indent=2) + "\n")
            return
        print_ranker(self._session.out, ranker)


def describe_ranker(ranker: Ranker) -> dict[str, object]:
    """The ranker as JSON values, without its weights, whose sizes are given instead."""
    described: dict[str, object] = asdict(ranker)
    for name in ("encoder_adapter", "reranker_adapter"):
        described[f"{name}_bytes"] = len(getattr(ranker, name))
        del described[name]
    return described


def print_ranker(console: Console, ranker: Ranker) -> None:
    """Prints verdicts and notes."""
    table = make_table("stage", "verdict", "without>", "with>", "95 % interval of the gain", "queries>")
    for verdict in ranker.verdicts:
        table.add_row(
            verdict.stage,
            Text("used", "green") if verdict.passed else Text("left out", "yellow"),
            f"{verdict.without:.3f}" if verdict.queries else "",
            f"{verdict.with_stage:.3f}" if verdict.queries else "",
            f"[{verdict.low:+.3f}, {verdict.high:+.3f}]" if verdict.queries else "",
            str(verdict.queries),
        )
    console.print(table)
    for name, value in ranker.notes.items():
        console.print(f"{name}: {value:g}" if isinstance(value, float) else f"{name}: {value}", soft_wrap=True)
    weights = len(ranker.encoder_adapter) + len(ranker.reranker_adapter)
    console.print(f"Stored ranker {ranker.id} ({weights / 1e6:.2f} MB of weights) and its index.", style="bold green")
