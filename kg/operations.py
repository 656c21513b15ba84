"""Long-running operations as kept in a store, so that any server can go on with them after a crash."""

from dataclasses import dataclass
from enum import StrEnum


class OperationKind(StrEnum):
    """What an operation does."""

    REGRADE = "regrade"
    PLAN = "plan"
    INDEX = "index"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation.

    Attributes:
        id: Unique in the tenant.
        kind: What it does.
        curriculum: Id of the curriculum concerned.
        questions: REGRADE: ids of the questions whose grading changed, ascending.
        grading_revision: REGRADE: the revision it brings learners to.
        request: What was asked for, as JSON that only its worker reads; empty where the fields above say all.
        progress: Where it is, as JSON that only its worker reads; empty before its first page and after its end.
        created_at: Microseconds since 1970 UTC.
        items_done: Learners finished, failed ones included.
        items_total: Learners found so far.
        items_failed: Learners for whom it could not be done.
        done: It has ended, one way or another.
        cancelled: Its end was asked for.
        error: Why it failed; empty: it did not.
        lease_owner: Server process at work on it; empty: none.
        lease_until: Microseconds since 1970 UTC after which another may take it.
    """

    id: str
    kind: OperationKind
    curriculum: str
    questions: tuple[str, ...] = ()
    grading_revision: int = 0
    request: str = ""
    progress: str = ""
    created_at: int
    items_done: int = 0
    items_total: int = 0
    items_failed: int = 0
    done: bool = False
    cancelled: bool = False
    error: str = ""
    lease_owner: str = ""
    lease_until: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationFailure:
    """A learner for whom an operation could not be done.

    Attributes:
        item: Id of the learner, who need not exist.
        code: Canonical code, as of google.rpc.Code.
        reason: Value of the public `ErrorReason` enum.
        message: Why, as a sentence.
    """

    item: str
    code: int
    reason: str
    message: str
