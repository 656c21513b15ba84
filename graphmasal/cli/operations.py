"""Waiting for a long-running operation, with its progress on standard error."""

# ruff: noqa: PLC0415 - what takes long to load is loaded by the command that needs it

import time
from typing import TYPE_CHECKING, Any

from graphmasal.cli.session import Session

if TYPE_CHECKING:
    from google.longrunning.operations_pb2 import Operation

PAUSE_SECONDS = 0.1


def wait(session: Session, name: str) -> "Operation":
    """Waits until an operation has ended and returns it.

    Args:
        session: The command's.
        name: Resource name of the operation.
    """
    from google.longrunning.operations_pb2 import GetOperationRequest
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    from graphmasal.v1.curriculum_service_pb2 import RegradeMetadata

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("learners"))
    with Progress(*columns, console=session.err, transient=True, disable=not session.err.is_terminal) as progress:
        task = progress.add_task("Folding anew", total=None)
        while True:
            operation: Any = session.client.operations.GetOperation(GetOperationRequest(name=name))
            metadata = RegradeMetadata()
            if operation.metadata.Unpack(metadata):
                progress.update(task, completed=metadata.learners_done, total=metadata.learners_total or None)
            if operation.done:
                return operation  # type: ignore[no-any-return]
            time.sleep(PAUSE_SECONDS)
