"""The columns of a batch: who is planned for, and what came of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import pyarrow as pa

from kg.errors import FieldViolation, GraphMasalError, InvalidInputError
from planner.constraints import UNCONSTRAINED, Constraints
from planner.generation import generate_plan
from planner.graph import PlanningGraph
from planner.plan import Plan
from planner.problem import PlanSettings

LEARNERS: Final = pa.schema(
    [
        pa.field("learner", pa.string(), nullable=False),
        # empty or null: the goals of the batch
        pa.field("goals", pa.list_(pa.string())),
        # probability by concept, in [0, 1]
        pa.field("mastery", pa.map_(pa.string(), pa.float64())),
    ]
)

_STEP: Final = pa.struct(
    [
        pa.field("concept", pa.string(), nullable=False),
        pa.field("activity", pa.string(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("minutes", pa.int64(), nullable=False),
        pa.field("cost_units", pa.int64(), nullable=False),
    ]
)

PLANS: Final = pa.schema(
    [
        pa.field("learner", pa.string(), nullable=False),
        # why there is no plan; null: there is one
        pa.field("error", pa.string()),
        pa.field("goals", pa.list_(pa.string())),
        pa.field("mastered", pa.list_(pa.string())),
        pa.field("steps", pa.list_(_STEP)),
        pa.field("minutes", pa.int64()),
        pa.field("cost_units", pa.int64()),
        pa.field("lower_bound_units", pa.int64()),
        pa.field("bound", pa.string()),
        pa.field("unreachable", pa.list_(pa.string())),
        pa.field("left_out", pa.list_(pa.string())),
    ]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchTerms:
    """What holds for all learners of a batch.

    Attributes:
        goals: Ids of concepts, for learners who bring none of their own.
        settings: How to plan.
        constraints: What each plan is to keep to.
    """

    goals: tuple[str, ...] = ()
    settings: PlanSettings = field(default_factory=PlanSettings)
    constraints: Constraints = UNCONSTRAINED


def plan_row(graph: PlanningGraph, row: Mapping[str, Any], terms: BatchTerms) -> dict[str, Any]:
    """Plans for one learner; what is wrong with the row or keeps a plan from being made is its error.

    Args:
        graph: The curriculum.
        row: By the columns of `LEARNERS`.
        terms: What holds for all.

    Returns:
        By the columns of `PLANS`.
    """
    try:
        goals = tuple(row["goals"] or terms.goals)
        plan = generate_plan(graph, goals, read_mastery(row["mastery"]), terms.settings, constraints=terms.constraints)
    except GraphMasalError as error:
        return {"learner": row["learner"], "error": str(error)}
    if plan.conflict is not None:
        return {"learner": row["learner"], "error": plan.conflict.text}
    return to_row(row["learner"], plan)


def to_row(learner: str, plan: Plan) -> dict[str, Any]:
    """Returns a plan by the columns of `PLANS`."""
    certificate = plan.certificate
    return {
        "learner": learner,
        "error": None,
        "goals": plan.goals,
        "mastered": plan.mastered,
        "steps": [{name: getattr(step, name) for name in _STEP.names} for step in plan.steps],
        "minutes": plan.minutes,
        "cost_units": certificate.cost_units,
        "lower_bound_units": certificate.lower_bound_units,
        "bound": certificate.bound.value,
        "unreachable": [goal.concept for goal in plan.unreachable],
        "left_out": [goal.concept for goal in plan.left_out],
    }


def read_mastery(pairs: Sequence[tuple[str, float]] | None) -> dict[str, float]:
    """Reads a learner's mastery, by concept id.

    Raises:
        InvalidInputError: A value is none in [0, 1].
    """
    mastery = dict(pairs or ())
    wrong = [concept for concept, value in mastery.items() if value is None or not 0 <= value <= 1]
    if wrong:
        raise InvalidInputError(*(FieldViolation(f'mastery["{each}"]', "must be in [0, 1]") for each in wrong))
    return mastery
