"""What went wrong for single learners of an operation, as it is kept and as it is told."""

from google.protobuf.any_pb2 import Any as AnyMessage
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status

from kg.operations import OperationFailure
from server.statuses import DOMAIN, to_status


def note_failure(item: str, error: Exception) -> OperationFailure:
    """Returns an error as it is to be kept; of one that is not of the domain nothing is told but that it is internal.

    Args:
        item: Id of the learner concerned.
        error: What went wrong.
    """
    status, info = to_status(error), ErrorInfo()
    for detail in status.details:
        if detail.Unpack(info):
            break
    return OperationFailure(item=item, code=status.code, reason=info.reason, message=status.message)


def to_failure_status(failure: OperationFailure) -> Status:
    """Returns the status for a failure that was kept: code, message and reason."""
    status = Status(code=failure.code, message=failure.message)
    if failure.reason:
        packed = AnyMessage()
        packed.Pack(ErrorInfo(reason=failure.reason, domain=DOMAIN))
        status.details.append(packed)
    return status
