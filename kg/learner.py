"""Who learns, and what is kept for them besides their evidence."""

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Learner:
    """A person who learns.

    Attributes:
        id: Unique in the tenant.
        external_id: Id in the LMS, unique in the tenant; may be empty.
        display_name: May be empty.
        goals: (curriculum, concept) ids, in the order given.
        created_at: Microseconds since 1970 UTC.
        revision: Grows with every item of evidence and every change of mastery.
    """

    id: str
    external_id: str = ""
    display_name: str = ""
    goals: tuple[tuple[str, str], ...] = ()
    created_at: int = 0
    revision: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPlan:
    """A plan as kept: opaque to the store but for what it is found by.

    Attributes:
        id: Unique in its learner; derived from the content.
        series: Id of the first plan of its line of revisions, its own where it is the first.
        revision: Number in that line, from 1; a learner has one plan with each.
        learner: Id.
        curriculum: Id.
        created_at: Microseconds since 1970 UTC; saving a plan again renews it.
        concepts: Concept ids of its steps, in order.
        body: The plan as JSON.
    """

    id: str
    series: str
    revision: int
    learner: str
    curriculum: str
    created_at: int
    concepts: tuple[str, ...]
    body: str


def hash_learner(tenant: str, learner: str) -> str:
    """What stays of an erased learner: SHA-256 of `tenant/learner`, hexadecimal."""
    return hashlib.sha256(f"{tenant}/{learner}".encode()).hexdigest()
