from collections.abc import Iterator
from typing import TypeVar

import pytest
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

from graphmasal.v1.error_reason_pb2 import ErrorReason
from kg.errors import (
    ConceptNotFoundError,
    CurriculumInUseError,
    EvidenceConflictError,
    FieldViolation,
    GraphMasalError,
    InvalidInputError,
    LearnerNotFoundError,
    LimitExceededError,
    RevisionConflictError,
    StoreUnavailableError,
)
from server.statuses import INTERNAL_TEXT, to_status

DetailT = TypeVar("DetailT", bound=Message)


def find(status: Status, kind: type[DetailT]) -> DetailT:
    for packed in status.details:
        detail = kind()
        if packed.Unpack(detail):
            return detail
    raise AssertionError(f"no {kind.__name__}")


def list_errors(kind: type[GraphMasalError] = GraphMasalError) -> Iterator[type[GraphMasalError]]:
    yield kind
    for derived in kind.__subclasses__():
        yield from list_errors(derived)


def test_the_domains_reasons_are_the_apis() -> None:
    raised = {kind.reason for kind in list_errors()}
    # NOT_SUPPORTED is about the server, not the domain.
    assert raised | {"NOT_SUPPORTED"} == set(ErrorReason.keys())


def test_broken_fields_are_named() -> None:
    status = to_status(InvalidInputError(FieldViolation("name", "must be short"), FieldViolation("key", "must fit")))
    assert status.code == code_pb2.INVALID_ARGUMENT
    assert find(status, ErrorInfo).reason == "INVALID_INPUT"
    assert find(status, ErrorInfo).domain == "graphmasal"
    named = [(each.field, each.description) for each in find(status, BadRequest).field_violations]
    assert named == [("name", "must be short"), ("key", "must fit")]


def test_what_is_missing_is_named() -> None:
    status = to_status(ConceptNotFoundError("tenants/t/curricula/c/concepts/x"))
    assert status.code == code_pb2.NOT_FOUND
    assert find(status, ResourceInfo).resource_type == "graphmasal/Concept"
    assert find(status, ResourceInfo).resource_name == "tenants/t/curricula/c/concepts/x"
    assert dict(find(status, ErrorInfo).metadata) == {"resource": "tenants/t/curricula/c/concepts/x"}


def test_names_within_a_tenant_are_completed() -> None:
    status = to_status(LearnerNotFoundError("learners/l"), "t")
    assert find(status, ResourceInfo).resource_name == "tenants/t/learners/l"


@pytest.mark.parametrize(
    ("error", "code", "detail"),
    [
        (EvidenceConflictError("learners/l/evidence/e", "other content"), code_pb2.ALREADY_EXISTS, ResourceInfo),
        (CurriculumInUseError("in use", ["curricula/c"]), code_pb2.FAILED_PRECONDITION, PreconditionFailure),
        (RevisionConflictError("changed"), code_pb2.ABORTED, RetryInfo),
        (LimitExceededError("at most 3"), code_pb2.RESOURCE_EXHAUSTED, QuotaFailure),
        (StoreUnavailableError("no answer"), code_pb2.UNAVAILABLE, RetryInfo),
    ],
)
def test_every_kind_of_error_has_its_code(error: GraphMasalError, code: int, detail: type[Message]) -> None:
    status = to_status(error)
    assert status.code == code
    assert find(status, ErrorInfo).reason == error.reason
    assert find(status, detail).ByteSize() > 0


def test_unknown_errors_tell_nothing() -> None:
    status = to_status(ValueError("password=secret"))
    assert (status.code, status.message, len(status.details)) == (code_pb2.INTERNAL, INTERNAL_TEXT, 0)


def test_statuses_fit_into_trailers() -> None:
    status = to_status(InvalidInputError(*[FieldViolation("x" * 500, "é" * 900)] * 50))
    assert status.ByteSize() < 4_000
