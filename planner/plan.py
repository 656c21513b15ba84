"""Values of a plan; each mirrors the message of its name in `graphmasal.v1`, with costs as integers."""

from dataclasses import dataclass
from enum import StrEnum


class StepKind(StrEnum):
    """What is to be done with a concept."""

    UNSPECIFIED = "KIND_UNSPECIFIED"
    LEARN = "LEARN"
    REFRESH = "REFRESH"


class ReasonKind(StrEnum):
    """Why a step is there."""

    UNSPECIFIED = "KIND_UNSPECIFIED"
    IS_GOAL = "IS_GOAL"
    SERVES_GOALS = "SERVES_GOALS"
    UNLOCKS = "UNLOCKS"
    CHOSEN_ALTERNATIVE = "CHOSEN_ALTERNATIVE"
    SHARED_ACTIVITY = "SHARED_ACTIVITY"
    FADED = "FADED"


class BoundKind(StrEnum):
    """How a lower bound was found."""

    UNSPECIFIED = "BOUND_UNSPECIFIED"
    DUAL_PRICES = "DUAL_PRICES"


class ViolationKind(StrEnum):
    """What is wrong with a plan."""

    UNSPECIFIED = "KIND_UNSPECIFIED"
    UNKNOWN_CONCEPT = "UNKNOWN_CONCEPT"
    REPEATED_STEP = "REPEATED_STEP"
    MISSING_PREREQUISITE = "MISSING_PREREQUISITE"
    UNMET_GROUP = "UNMET_GROUP"
    WRONG_ACTIVITY = "WRONG_ACTIVITY"
    GOAL_NOT_COVERED = "GOAL_NOT_COVERED"
    FALSELY_UNREACHABLE = "FALSELY_UNREACHABLE"
    WRONG_SUM = "WRONG_SUM"
    WRONG_CERTIFICATE = "WRONG_CERTIFICATE"
    MASTERY_NOT_SHOWN = "MASTERY_NOT_SHOWN"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepReason:
    """One reason for a step, as a sentence and as facts.

    Attributes:
        kind: What the reason is.
        text: The reason as a sentence.
        concepts: Ids of the concepts concerned, in ascending order.
        group: CHOSEN_ALTERNATIVE: `concept/group`.
    """

    kind: ReasonKind
    text: str
    concepts: tuple[str, ...] = ()
    group: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanStep:
    """Learning or refreshing one concept by one activity.

    Attributes:
        concept: Its id.
        title: Its title.
        activity: `resources/{id}`, or `concepts/{id}` for the concept's own study.
        kind: What is to be done.
        minutes: For this step; the shares of an activity's steps sum to the activity's minutes.
        cost_units: In units of 0.0001; the steps' costs sum to the certificate's.
        reasons: Why the step is there.
    """

    concept: str
    title: str
    activity: str
    kind: StepKind
    minutes: int
    cost_units: int
    reasons: tuple[StepReason, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A proven statement about a plan's cost.

    Attributes:
        cost_units: Cost of the plan in units of 0.0001.
        lower_bound_units: No plan for these goals costs less; in the same units.
        ratio: cost / lower bound, >= 1; 1 where both are 0.
        bound: How the bound was found.
        theorem: "T1" (the unique cheapest plan), "T2" (within `guarantee` of the optimum), or "".
        guarantee: T1 and T2: the factor of the optimum that the theorem promises; 0 otherwise.
    """

    cost_units: int
    lower_bound_units: int
    ratio: float
    bound: BoundKind
    theorem: str = ""
    guarantee: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreachableGoal:
    """A goal that cannot be reached, and why.

    Attributes:
        concept: Id of the goal.
        missing: Ids of the concepts at bottom that nothing teaches, in ascending order.
        text: The same as a sentence.
    """

    concept: str
    missing: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A learning path with its proof. Whose it is and for which version of which curriculum its keeper knows.

    Attributes:
        goals: Ids of the goals, in ascending order.
        mastered: Ids of the concepts taken as mastered that the plan relies on, in ascending order.
        steps: In an order in which every prerequisite comes first.
        certificate: What is proven about the cost.
        unreachable: Goals that cannot be reached, in ascending order.
        minutes: Sum of the steps' minutes.
        cut_short: Planning was stopped early; the plan is sound and may be dearer than it need be.
        mastery_threshold: Mastery from which on a concept counts as mastered, in (0, 1].
        refresh_threshold: Mastery from which on a concept needs refreshing only, in (0, mastery_threshold].
    """

    goals: tuple[str, ...]
    mastered: tuple[str, ...]
    steps: tuple[PlanStep, ...]
    certificate: Certificate
    unreachable: tuple[UnreachableGoal, ...] = ()
    minutes: int = 0
    cut_short: bool = False
    mastery_threshold: float = 0.8
    refresh_threshold: float = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanViolation:
    """One way in which a plan is not sound.

    Attributes:
        kind: What is wrong.
        step: Position of the step concerned, from 0; None where it is about the whole plan.
        concept: Id of the concept concerned; may be empty.
        message: The violation as a sentence.
    """

    kind: ViolationKind
    message: str
    step: int | None = None
    concept: str = ""
