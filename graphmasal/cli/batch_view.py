"""A batch of plans as a person watches it: a bar while it goes on, then what came of it."""

from typing import Any

from google.longrunning.operations_pb2 import Operation, WaitOperationRequest
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from graphmasal.cli.failures import describe
from graphmasal.cli.output import make_table, print_rest, short_id
from graphmasal.cli.session import Session
from graphmasal.v1.planning_service_pb2 import BatchGeneratePlansMetadata, BatchGeneratePlansResponse

_POLL_MILLISECONDS = 500
_SHOWN = 50


def watch(session: Session, operation: Operation) -> Operation:
    """Waits until a batch has ended, with its progress on standard error; returns it as it is then."""
    columns = (
        TextColumn("Planning"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("learners{task.fields[failed]}"),
        TimeRemainingColumn(),
    )
    request = WaitOperationRequest(name=operation.name)
    request.timeout.FromMilliseconds(_POLL_MILLISECONDS)
    with Progress(*columns, console=session.err, transient=True, disable=not session.err.is_terminal) as progress:
        task = progress.add_task("", total=None, failed="")
        while True:
            latest: Any = session.client.operations.WaitOperation(request)
            operation.CopyFrom(latest)
            known = _read_metadata(operation)
            failed = f", {known.learners_failed} failed" if known.learners_failed else ""
            progress.update(task, completed=known.learners_done, total=known.learners_total or None, failed=failed)
            if operation.done:
                return operation


def print_batch(console: Console, operation: Operation) -> None:
    """Prints what came of a batch; of one that goes on, how far it is and how to watch it."""
    known = _read_metadata(operation)
    if operation.HasField("error"):
        console.print(describe(operation.error), style="red")
    elif operation.done:
        _print_result(console, operation)
        return
    progress = f"{known.learners_done} of {known.learners_total} learners, {known.learners_failed} failed"
    console.print(f"{operation.name}: {progress}.", soft_wrap=True)
    if not operation.done:
        console.print(describe_rest(operation), soft_wrap=True)


def describe_rest(operation: Operation) -> str:
    """Says what becomes of a batch that nobody watches any more."""
    return f"It goes on while a server runs; watch it with: graphmasal batch --resume {operation.name}"


def _print_result(console: Console, operation: Operation) -> None:
    response = BatchGeneratePlansResponse()
    operation.response.Unpack(response)
    console.print(f"Plans made and stored: {response.learners_planned}; failed: {response.failure_count}.")
    if not response.failures:
        return
    table = make_table("id", "reason", "why")
    for failure in response.failures[:_SHOWN]:
        table.add_row(short_id(failure.learner), _find_reason(failure.status), failure.status.message)
    console.print(table)
    print_rest(console, response.failure_count - min(_SHOWN, len(response.failures)), "failures")


def _read_metadata(operation: Operation) -> BatchGeneratePlansMetadata:
    known = BatchGeneratePlansMetadata()
    operation.metadata.Unpack(known)
    return known


def _find_reason(status: Status) -> str:
    info = ErrorInfo()
    reasons = [info.reason for detail in status.details if detail.Unpack(info)]
    return reasons[0].lower().replace("_", " ") if reasons else "internal"
