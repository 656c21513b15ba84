"""Evidence: what was observed about a learner, and the order in which it is folded."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class Source(StrEnum):
    """Who or what says so."""

    ANSWER = "answer"
    OBSERVATION = "observation"
    TEACHER_OVERRIDE = "teacher_override"
    SELF_REPORT = "self_report"


class Position(NamedTuple):
    """Place of an item in a learner's log; the fold goes through them in ascending order.

    Attributes:
        occurred_at: Microseconds since 1970 UTC.
        id: Id of the evidence, which decides between items of one moment.
    """

    occurred_at: int
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One observation. Exactly one of `question` and `concept` is not empty.

    Attributes:
        id: Unique in the tenant.
        learner: Id of the learner.
        curriculum: Id of the curriculum; empty where evidence to be stored leaves it to the store to find it.
        question: Id of the question answered, or empty.
        concept: Id of the concept concerned, or empty.
        response: The raw response, or None.
        score: Degree of success in [0, 1] given by the sender, or None.
        occurred_at: Microseconds since 1970 UTC.
        source: Who or what says so.
        voided: Withdrawn; kept, without effect.
    """

    id: str
    learner: str
    curriculum: str = ""
    question: str = ""
    concept: str = ""
    response: str | None = None
    score: float | None = None
    occurred_at: int
    source: Source
    voided: bool = False

    @property
    def position(self) -> Position:
        """Its place in the learner's log."""
        return Position(self.occurred_at, self.id)
