"""`graphmasal batch`: plans for many learners at once, watched until they are made."""

# ruff: noqa: PLC0415 - what takes long to load is loaded by the command that needs it

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from graphmasal.cli.commands import AsOfOption, CurriculumOption, command, split_ids
from graphmasal.cli.failures import CommandError
from graphmasal.cli.session import Session

if TYPE_CHECKING:
    from google.longrunning.operations_pb2 import Operation

app = typer.Typer()

INTERRUPTED = 130
"""Exit code of a command that Ctrl-C ended, as shells have it."""


@command(app, "batch")
def batch(
    session: Session,
    *,
    curriculum: CurriculumOption = None,
    learner: Annotated[
        list[str] | None, typer.Option("--learner", "-l", metavar="ID", help="For this learner; may be repeated.")
    ] = None,
    learners_file: Annotated[
        str | None,
        typer.Option(
            "--learners-file", metavar="FILE", help="For the learners with these ids, one a line; - is stdin."
        ),
    ] = None,
    goals: Annotated[
        str | None,
        typer.Option("--goals", "-g", metavar="CONCEPTS", help="Goals of all of them; by default each one's own."),
    ] = None,
    as_of: AsOfOption = None,
    no_wait: Annotated[bool, typer.Option("--no-wait", help="Start it, print its name and do not wait.")] = False,
    resume: Annotated[
        str | None, typer.Option("--resume", metavar="OPERATION", help="Watch one that was started before.")
    ] = None,
) -> None:
    """Plan for many learners; by default for all who have goals in the curriculum.

    The plans are made and stored by the server, which goes on with them after a restart. Exits with 1 if there is a
    learner for whom no plan could be made; all are listed. Ctrl-C asks whether to cancel or to leave it running.

    Example: graphmasal batch --curriculum algebra --learners-file class-7b.txt
    """
    from graphmasal.cli.batch_view import print_batch

    if resume:
        if curriculum or learner or learners_file or goals or as_of:
            raise CommandError("--resume watches a batch as it was started: give nothing but --no-wait with it")
        operation = _find(session, resume)
    else:
        chosen = [*(learner or ()), *(_read_ids(learners_file) if learners_file else ())]
        if learners_file and not chosen:
            raise CommandError(f"{learners_file} names no learner")
        operation = _start(session, curriculum, chosen, split_ids(goals), as_of)
    if not (no_wait or operation.done):
        operation = _watch(session, operation)
    session.show(operation, lambda console: print_batch(console, operation))
    if operation.done:
        _answer(session, operation)


def _start(
    session: Session, curriculum: str | None, learners: list[str], goals: list[str], as_of: str | None
) -> "Operation":
    from graphmasal.cli.moments import as_of_option
    from graphmasal.v1.planning_service_pb2 import BatchGeneratePlansRequest

    client = session.client
    request = BatchGeneratePlansRequest(
        parent=client.parent,
        curriculum=session.the_curriculum(curriculum),
        learners=learners,
        goals=goals,
        as_of=as_of_option(as_of),
    )
    return client.planning.BatchGeneratePlans(request)


def _find(session: Session, given: str) -> "Operation":
    from google.longrunning.operations_pb2 import GetOperationRequest

    from graphmasal.v1.planning_service_pb2 import BatchGeneratePlansMetadata

    name = given if "/" in given else f"{session.client.parent}/operations/{given}"
    operation: Operation = session.client.operations.GetOperation(GetOperationRequest(name=name))
    if not operation.metadata.Is(BatchGeneratePlansMetadata.DESCRIPTOR):
        raise CommandError(f"{name} is no batch of plans")
    return operation


def _read_ids(file: str) -> list[str]:
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"cannot read {file}: {error}") from error
    return [line.strip() for line in text.splitlines() if line.strip()]


def _watch(session: Session, operation: "Operation") -> "Operation":
    """Waits until a batch has ended; Ctrl-C cancels it or leaves it, as the person says."""
    from grpc import RpcError

    from graphmasal.cli.batch_view import describe_rest, watch

    while True:
        try:
            return watch(session, operation)
        except RpcError:
            session.err.print(describe_rest(operation), soft_wrap=True)
            raise
        except KeyboardInterrupt:
            if not _wants_to_cancel(session):
                _leave(session, operation)
            _cancel(session, operation)


def _wants_to_cancel(session: Session) -> bool:
    """Asks; where nobody can answer, and for another Ctrl-C, the answer is no."""
    if not (sys.stdin.isatty() and session.err.is_terminal):
        return False
    try:
        return typer.confirm("\nCancel the batch? Otherwise it goes on.", default=False, err=True)
    except typer.Abort:
        return False


def _cancel(session: Session, operation: "Operation") -> None:
    from google.longrunning.operations_pb2 import CancelOperationRequest
    from google.rpc import code_pb2
    from grpc import RpcError

    from graphmasal.cli.failures import status_of

    try:
        session.client.operations.CancelOperation(CancelOperationRequest(name=operation.name))
    except RpcError as error:
        # It may have ended while the question was asked.
        if status_of(error).code != code_pb2.FAILED_PRECONDITION:  # type: ignore[arg-type]
            raise


def _leave(session: Session, operation: "Operation") -> None:
    from graphmasal.cli.batch_view import print_batch

    session.show(operation, lambda console: print_batch(console, operation))
    raise typer.Exit(INTERRUPTED)


def _answer(session: Session, operation: "Operation") -> None:
    from graphmasal.v1.planning_service_pb2 import BatchGeneratePlansResponse

    response = BatchGeneratePlansResponse()
    if operation.HasField("error") or (operation.response.Unpack(response) and response.failure_count):
        session.answer_no()
