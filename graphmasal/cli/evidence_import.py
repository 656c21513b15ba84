"""Lines of evidence on their way in: what became of each."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import grpc
from google.rpc import code_pb2
from google.rpc.status_pb2 import Status
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from graphmasal.cli.evidence_lines import LineError, parse_line
from graphmasal.cli.failures import describe
from graphmasal.cli.output import make_table, print_rest
from graphmasal.cli.session import Session
from graphmasal.v1.evidence_pb2 import Evidence
from graphmasal.v1.learner_service_pb2 import AppendEvidenceResponse, AppendResult

_SHOWN = 50


@dataclass(slots=True)
class ImportReport:
    """What became of the lines of a file.

    Attributes:
        stored: Lines that are new and durable.
        duplicate: Lines that were there already, with the same content.
        refused: Line number, from 1, and result of each line that was not taken.
        results: Line number and result of every line, where all are to be reported.
    """

    stored: int = 0
    duplicate: int = 0
    refused: list[tuple[int, AppendResult]] = field(default_factory=list)
    results: list[tuple[int, AppendResult]] | None = None

    def add(self, line: int, result: AppendResult) -> None:
        """Counts the result of one line."""
        if result.status.code != code_pb2.OK:
            self.refused.append((line, result))
        elif result.duplicate:
            self.duplicate += 1
        else:
            self.stored += 1
        if self.results is not None:
            self.results.append((line, result))

    @property
    def summary(self) -> str:
        """The counts, in words."""
        return f"{self.stored} stored, {self.duplicate} duplicate, {len(self.refused)} refused"

    def response(self) -> AppendEvidenceResponse:
        """The results of all lines, in their order; of the refused ones where the others were not kept."""
        kept = self.refused if self.results is None else self.results
        return AppendEvidenceResponse(results=[result for _, result in sorted(kept, key=lambda entry: entry[0])])

    def print_to(self, console: Console) -> None:
        """Prints the refused lines and the counts."""
        if self.refused:
            table = make_table("line>", "id", "rule")
            for line, result in sorted(self.refused, key=lambda entry: entry[0])[:_SHOWN]:
                table.add_row(str(line), result.id, describe(result.status).removeprefix("invalid argument:").strip())
            console.print(table)
            print_rest(console, len(self.refused) - _SHOWN, "refused lines")
        console.print(self.summary)


def import_lines(session: Session, lines: Iterable[bytes], total: int | None, curriculum: str) -> ImportReport:
    """Streams lines to the server.

    Args:
        session: The command's.
        lines: JSON lines in UTF-8; blank ones are skipped.
        total: Number of lines that are not blank, if known.
        curriculum: Curriculum of lines that name none; may be empty.

    Raises:
        grpc.RpcError: The stream broke; what had been answered is told on standard error first.
    """
    report = ImportReport(results=[] if session.options.json else None)
    sent: deque[int] = deque()
    bad: deque[tuple[int, AppendResult]] = deque()
    columns = (TextColumn("Evidence"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=session.err, transient=True, disable=not session.err.is_terminal) as progress:
        task = progress.add_task("", total=total)
        evidence = _parse_lines(lines, curriculum, sent, bad)
        try:
            for result in session.client.append_evidence(evidence, allow_missing=True):
                report.add(sent.popleft(), result)
                progress.update(task, completed=report.stored + report.duplicate + len(report.refused) + len(bad))
        except grpc.RpcError:
            session.err.print(f"Interrupted: {report.summary}. Import the file again; that is harmless.")
            raise
    for line, result in bad:
        report.add(line, result)
    return report


def _parse_lines(
    lines: Iterable[bytes], curriculum: str, sent: deque[int], bad: deque[tuple[int, AppendResult]]
) -> Iterator[Evidence]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            evidence = parse_line(line.decode("utf-8-sig" if number == 1 else "utf-8"), curriculum)
        except UnicodeDecodeError:
            bad.append((number, _refuse("must be UTF-8", number)))
        except LineError as error:
            bad.append((number, _refuse(str(error), number, error.id)))
        else:
            sent.append(number)
            yield evidence


def _refuse(rule: str, line: int, item: str = "") -> AppendResult:
    return AppendResult(id=item, status=Status(code=code_pb2.INVALID_ARGUMENT, message=f"line {line}: {rule}"))
