"""How a command fails: one clear message, and an exit code that scripts can rely on."""

# ruff: noqa: PLC0415 - what takes long to load is loaded by the command that needs it

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import grpc
    from google.rpc.status_pb2 import Status

ANSWER_IS_NO = 1
WRONG_USE = 2


class CommandError(Exception):
    """Wrong use that the command line itself notices; the message says what to do instead."""


def status_of(error: "grpc.Call | CommandError") -> "Status":
    """The failure as a google.rpc.Status with all its details."""
    from google.rpc import code_pb2, status_pb2

    if isinstance(error, CommandError):
        return status_pb2.Status(code=code_pb2.INVALID_ARGUMENT, message=str(error))
    from grpc_status import rpc_status

    rich = rpc_status.from_call(error)
    return rich or status_pb2.Status(code=error.code().value[0], message=error.details() or "")


def exit_code_of(status: "Status") -> int:
    """2 where the call was wrong, 1 where it was right and the answer is no."""
    from google.rpc import code_pb2

    return WRONG_USE if status.code == code_pb2.INVALID_ARGUMENT else ANSWER_IS_NO


def describe(status: "Status", server: str | None = None) -> str:
    """The failure for a person: a message, and a line for each field that breaks a rule.

    Args:
        status: The failure.
        server: Address of the server asked, for the case that it cannot be reached.
    """
    from google.rpc import code_pb2, error_details_pb2

    lines = []
    for detail in status.details:
        bad = error_details_pb2.BadRequest()
        if detail.Unpack(bad):
            lines += [f"  {violation.field}: {violation.description}" for violation in bad.field_violations]
    name = code_pb2.Code.Name(status.code).replace("_", " ").lower()
    if status.code == code_pb2.UNAVAILABLE and server:
        return f"cannot reach the server at {server}: {status.message}"
    if lines:
        return "\n".join([f"{name}:", *lines])
    return f"{name}: {status.message}" if status.message else name
