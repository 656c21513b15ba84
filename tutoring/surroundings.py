"""What the agents of a turn can see and do. The server offers it; nothing else of the world is theirs."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from kg.curriculum import Curriculum
from kg.evidence import Evidence
from kg.ledger import MasteryChange
from kg.states import LearnerState
from planner.constraints import Constraints
from planner.plan import Plan, PlanChange
from retrieval.results import Results
from retrieval.scope import Scope
from tutoring.events import Event
from tutoring.models.chat_model import ChatModel


class Activity(StrEnum):
    """What a session is for."""

    EXERCISE = "exercise"
    """Socratic: hints before answers."""
    READING = "reading"
    """Questions are answered plainly."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a session was started with.

    Attributes:
        tenant: Id.
        session: Id.
        learner: Id.
        curriculum: Id.
        activity: What it is for.
    """

    tenant: str
    session: str
    learner: str
    curriculum: str
    activity: Activity = Activity.EXERCISE


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanStanding:
    """A learner's plan, and where they stand in it.

    Attributes:
        id: Of the stored plan; empty: it is not stored.
        revision: From 1.
        plan: The plan.
        changes: Against the one before; none: it is as it was, or the first.
        done: Ids of concepts of its steps that are mastered by now.
        next: Position of the step to do now, from 0; None: none is left, or what is left requires what has faded.
    """

    id: str
    revision: int
    plan: Plan
    changes: tuple[PlanChange, ...] = ()
    done: tuple[str, ...] = ()
    next: int | None = None


@dataclass(kw_only=True, eq=False)
class Surroundings(ABC):
    """Of one turn; all methods are safe to repeat with the same arguments, for a resumed turn repeats its last step.

    Attributes:
        terms: Of the session.
        now: The turn's moment, microseconds since 1970 UTC; the same where the turn is resumed.
        model: What writes and judges; None: the turn runs without a model.
        told: Sequence number of the last event that was kept, 0 before the first.
    """

    terms: Terms
    now: int
    model: ChatModel | None = None
    told: int = 0

    @abstractmethod
    def make_effect_id(self, step: str, ordinal: int = 0) -> str:
        """Returns an id that follows from session, request, step and ordinal alone: 32 hexadecimal digits."""

    @abstractmethod
    async def emit(self, *events: Event, by_model: bool = False) -> None:
        """Keeps events in their order, and then sends them to whoever listens.

        What no model waits for may be kept together with what follows, at the latest when the agent has ended.

        Args:
            events: At least one.
            by_model: The model had a part in them.
        """

    @abstractmethod
    async def flush(self) -> None:
        """Keeps and sends what was emitted so far."""

    @abstractmethod
    async def read_curriculum(self) -> Curriculum:
        """Returns the version that was current when the turn began, archived parts included; from memory."""

    @abstractmethod
    async def read_state(self) -> LearnerState:
        """Reads the learner's state as of `now`: as it was when the turn first read it, with what the turn appended."""

    @abstractmethod
    async def list_evidence(self, concepts: Sequence[str], limit: int) -> list[Evidence]:
        """The learner's latest evidence about concepts or questions that assess them, voided items left out."""

    @abstractmethod
    async def search(self, query: str, scope: Scope) -> Results:
        """Searches the curriculum; the query is cut at 2,000 characters, the learner's readiness filled in."""

    @abstractmethod
    async def append_evidence(self, evidence: Evidence) -> tuple[MasteryChange, ...]:
        """Appends one item durably; one that is there already changes nothing.

        Returns:
            What it changed, by concept, ascending; after a repetition: nothing, or what it had changed.

        Raises:
            EvidenceConflictError: The id has another content.
        """

    @abstractmethod
    async def find_plan(self) -> PlanStanding | None:
        """Returns the learner's latest plan in the curriculum; None: there is none."""

    @abstractmethod
    async def make_plan(self, goals: Sequence[str], constraints: Constraints) -> PlanStanding:
        """Plans and stores the plan, unless its constraints conflict.

        Args:
            goals: Ids of concepts; none: the learner's own goals.
            constraints: What to keep to.

        Raises:
            NoGoalsError: There are no goals.
            InvalidInputError: Goals or constraints are not for this curriculum.
        """

    @abstractmethod
    async def revise_plan(self, plan: str) -> PlanStanding:
        """Revises a stored plan for what is known by now; where nothing changes, it is returned as it is."""

    @abstractmethod
    async def list_open_questions(self, concept: str) -> list[str]:
        """Ids of questions about a concept that can be asked, those that the learner has not answered first."""
