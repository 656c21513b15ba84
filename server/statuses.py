"""The one place where errors of the domain become gRPC statuses with details (google.rpc, AIP-193)."""

from collections.abc import Iterable
from datetime import timedelta

from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.message import Message
from google.rpc import code_pb2
from google.rpc.error_details_pb2 import (
    BadRequest,
    ErrorInfo,
    PreconditionFailure,
    QuotaFailure,
    ResourceInfo,
    RetryInfo,
)
from google.rpc.status_pb2 import Status

from kg.errors import (
    AlreadyExistsError,
    FieldViolation,
    InvalidInputError,
    LimitExceededError,
    NotFoundError,
    OverloadedError,
    PreconditionError,
    RevisionConflictError,
    SessionBusyError,
    StoreUnavailableError,
)

DOMAIN = "graphmasal"
INTERNAL_TEXT = "internal error; the server's log tells more under the request id"

_RETRY_AT_ONCE = timedelta(milliseconds=50)
_RETRY_SOON = timedelta(milliseconds=500)
_RETRY_LATER = timedelta(seconds=1)

# A status travels in HTTP/2 trailers, which peers limit to 8 KiB, its text twice and percent-encoded once: what does
# not fit is left out, so that the call still ends with the right code.
_LONGEST_TEXT = 300
_MOST_DETAIL_BYTES = 2_400

_TYPES = {"curricula": "Curriculum", "evidence": "Evidence"}


def to_status(error: BaseException, tenant: str = "") -> Status:
    """Returns the status that tells a caller about an error.

    Args:
        error: Of the domain; any other is told as INTERNAL, without a word of what it says.
        tenant: What names within a tenant, which is all that stores know, are completed with; empty: nothing.
    """
    details: list[Message] = []
    metadata: dict[str, str] = {}
    match error:
        case InvalidInputError():
            code = code_pb2.INVALID_ARGUMENT
            details = [_list_violations(error.violations)]
        case NotFoundError() | AlreadyExistsError():
            code = code_pb2.NOT_FOUND if isinstance(error, NotFoundError) else code_pb2.ALREADY_EXISTS
            resource = _complete_name(error.resource, tenant)
            details = [ResourceInfo(resource_type=_type_of(resource), resource_name=resource)]
            metadata = {"resource": resource}
        case PreconditionError():
            code = code_pb2.FAILED_PRECONDITION
            details = [_list_preconditions(error)]
        case RevisionConflictError():
            code = code_pb2.ABORTED
            details = [_retry_after(_RETRY_AT_ONCE)]
        case SessionBusyError():
            code = code_pb2.ABORTED
            details = [_retry_after(_RETRY_SOON)]
        case LimitExceededError():
            code = code_pb2.RESOURCE_EXHAUSTED
            violation = QuotaFailure.Violation(subject=_cut(error.subject), description=_cut(str(error)))
            details = [QuotaFailure(violations=[violation])]
        case OverloadedError():
            code = code_pb2.RESOURCE_EXHAUSTED
            details = [_retry_after(_RETRY_SOON)]
        case StoreUnavailableError():
            code = code_pb2.UNAVAILABLE
            details = [_retry_after(_RETRY_LATER)]
        case NotImplementedError():
            info = ErrorInfo(reason="NOT_SUPPORTED", domain=DOMAIN)
            return Status(code=code_pb2.UNIMPLEMENTED, message="not supported by this server", details=[_pack(info)])
        case _:
            return Status(code=code_pb2.INTERNAL, message=INTERNAL_TEXT)
    info = ErrorInfo(reason=error.reason, domain=DOMAIN, metadata=metadata)
    return Status(code=code, message=_cut(str(error)), details=[_pack(info), *map(_pack, details)])


def _pack(message: Message) -> AnyMessage:
    packed = AnyMessage()
    packed.Pack(message)
    return packed


def _list_violations(violations: Iterable[FieldViolation]) -> BadRequest:
    listed = BadRequest()
    for violation in violations:
        told = BadRequest.FieldViolation(field=_cut(violation.field), description=_cut(violation.rule))
        if listed.ByteSize() + told.ByteSize() > _MOST_DETAIL_BYTES:
            break
        listed.field_violations.append(told)
    return listed


def _list_preconditions(error: PreconditionError) -> PreconditionFailure:
    listed = PreconditionFailure()
    for subject in error.subjects or ("",):
        told = PreconditionFailure.Violation(type=error.reason, subject=subject, description=_cut(str(error)))
        if listed.ByteSize() + told.ByteSize() > _MOST_DETAIL_BYTES:
            break
        listed.violations.append(told)
    return listed


def _retry_after(delay: timedelta) -> RetryInfo:
    info = RetryInfo()
    info.retry_delay.FromTimedelta(delay)
    return info


def _complete_name(resource: str, tenant: str) -> str:
    return resource if not tenant or resource.startswith("tenants/") else f"tenants/{tenant}/{resource}"


def _type_of(resource: str) -> str:
    """Returns the type of a resource by its name: `tenants/t/learners/l` is a `graphmasal/Learner`."""
    collection = resource.split("/")[-2] if "/" in resource else "resources"
    return f"graphmasal/{_TYPES.get(collection, collection.removesuffix('s').capitalize())}"


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_TEXT else text[: _LONGEST_TEXT - 3] + "..."
