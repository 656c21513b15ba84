"""Long-running operations as kept in a store, so that any server can go on with them after a crash."""

from dataclasses import dataclass
from enum import StrEnum


class OperationKind(StrEnum):
    """What an operation does."""

    REGRADE = "regrade"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation.

    Attributes:
        id: Unique in the tenant.
        kind: What it does.
        curriculum: Id of the curriculum concerned.
        questions: REGRADE: ids of the questions whose grading changed, ascending.
        grading_revision: REGRADE: the revision it brings learners to.
        created_at: Microseconds since 1970 UTC.
        items_done: Learners finished.
        items_total: Learners found so far.
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
    created_at: int
    items_done: int = 0
    items_total: int = 0
    done: bool = False
    cancelled: bool = False
    error: str = ""
    lease_owner: str = ""
    lease_until: int = 0
