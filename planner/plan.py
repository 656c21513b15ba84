"""Values of a plan; each mirrors the message of its name in `graphmasal.v1`, with costs as integers."""

from dataclasses import dataclass
from enum import StrEnum

from planner.constraints import UNCONSTRAINED, Constraints
from planner.costs import BY_MINUTES, CostModel


class PlanOrder(StrEnum):
    """How steps are ordered."""

    FOCUSED = "PLAN_ORDER_FOCUSED"
    EARLY_WINS = "PLAN_ORDER_EARLY_WINS"


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
    PINNED = "PINNED"
    SOFT_PREREQUISITE = "SOFT_PREREQUISITE"


class BoundKind(StrEnum):
    """How a lower bound was found."""

    UNSPECIFIED = "BOUND_UNSPECIFIED"
    DUAL_PRICES = "DUAL_PRICES"
    LAGRANGIAN = "LAGRANGIAN"
    LANDMARKS = "LANDMARKS"
    EXACT_SOLVER = "EXACT_SOLVER"


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
    CONSTRAINT_BROKEN = "CONSTRAINT_BROKEN"


class ChangeKind(StrEnum):
    """How two plans differ."""

    STEP_ADDED = "STEP_ADDED"
    STEP_REMOVED = "STEP_REMOVED"
    ACTIVITY_CHANGED = "ACTIVITY_CHANGED"
    MOVED_EARLIER = "MOVED_EARLIER"
    COST_CHANGED = "COST_CHANGED"
    GOAL_CHANGED = "GOAL_CHANGED"
    KEPT = "KEPT"


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
        mastery: Probability of mastery when the plan was made, in [0, 1]; 0 where nothing is known.
    """

    concept: str
    title: str
    activity: str
    kind: StepKind
    minutes: int
    cost_units: int
    reasons: tuple[StepReason, ...] = ()
    mastery: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A proven statement about a plan's cost.

    Attributes:
        cost_units: Cost of the plan's activities and penalties, in units of 0.0001.
        lower_bound_units: No plan for these goals under these constraints costs less; in the same units. Deadlines,
            orders and sessions are not counted on.
        ratio: cost / lower bound, >= 1; 1 where both are 0.
        bound: How the bound was found.
        theorem: "T1" (the unique cheapest plan), "T2" (within `guarantee` of the optimum), or "".
        guarantee: T1 and T2: the factor of the optimum that the theorem promises; 0 otherwise.
        penalty_units: Share of the cost that is penalties; the steps' costs are the rest.
    """

    cost_units: int
    lower_bound_units: int
    ratio: float
    bound: BoundKind
    theorem: str = ""
    guarantee: float = 0.0
    penalty_units: int = 0


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
class ConflictingConstraint:
    """One of the constraints that conflict.

    Attributes:
        field: Its field in the request, such as `constraints.vetoed[1]` or `goals[0]`.
        text: What it asks for, such as "resources/r1 is not used".
    """

    field: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """Constraints that cannot all hold; without any one of them the others can.

    Attributes:
        constraints: At least one.
        text: The same as a sentence.
    """

    constraints: tuple[ConflictingConstraint, ...]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanSession:
    """Steps done in one sitting.

    Attributes:
        first_step: Position of its first step; a step longer than a session goes on through the sessions after it.
        last_step: Position of its last step.
        minutes: > 0.
    """

    first_step: int
    last_step: int
    minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOutGoal:
    """A goal that did not fit into the budget.

    Attributes:
        concept: Id of the goal.
        minutes: That it would add to the plan.
        text: The same as a sentence.
    """

    concept: str
    minutes: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SkippedPrerequisite:
    """A soft prerequisite that the plan skips at a penalty.

    Attributes:
        before: Id of the concept that is skipped.
        after: Id of the concept that it would help.
        penalty_units: In units of 0.0001, > 0.
    """

    before: str
    after: str
    penalty_units: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """A mastered concept that is about to fade, to be looked at again.

    Attributes:
        concept: Its id.
        title: Its title.
        after_step: Position of the step it comes after; -1: before the first.
        minutes: > 0; not part of the plan's.
        mastery: Probability of mastery, in [0, 1].
        text: Why now, as a sentence.
    """

    concept: str
    title: str
    after_step: int
    minutes: int
    mastery: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanChange:
    """One difference between two plans.

    Attributes:
        kind: What differs.
        concept: Id of the concept concerned; empty where it is about the whole plan.
        before: The earlier activity, or cost as a decimal number; may be empty.
        after: The later one.
        text: The difference and its cause, as a sentence.
    """

    kind: ChangeKind
    concept: str = ""
    before: str = ""
    after: str = ""
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
        order: How the steps are ordered.
        switches: Changes of topic from one step to the next.
        switches_lower_bound: No order of these steps has fewer.
        cost_model: How activities are priced.
        constraints: What the plan keeps to.
        conflict: The constraints that cannot all hold; there are no steps then. None: they hold.
        sessions: The steps in sessions, where they are asked for.
        left_out: Goals left out for the budget, in ascending order.
        skipped: Soft prerequisites skipped at a penalty, in ascending order of `after`, then `before`.
        reviews: Laid over the steps, by the step they come after; they change neither steps nor cost.
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
    order: PlanOrder = PlanOrder.FOCUSED
    switches: int = 0
    switches_lower_bound: int = 0
    cost_model: CostModel = BY_MINUTES
    constraints: Constraints = UNCONSTRAINED
    conflict: Conflict | None = None
    sessions: tuple[PlanSession, ...] = ()
    left_out: tuple[LeftOutGoal, ...] = ()
    skipped: tuple[SkippedPrerequisite, ...] = ()
    reviews: tuple[Review, ...] = ()


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
