"""Plans as they are answered and stored, made from all that they follow from: one way for single calls and batches."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from graphmasal.v1 import plan_pb2
from kg.learner import StoredPlan
from planner.constraints import UNCONSTRAINED, Constraints
from planner.generation import generate_plan
from planner.graph import PlanningGraph
from planner.plan import Plan
from planner.problem import PlanSettings
from planner.sequence.reviews import find_due
from server.names import CURRICULUM, make_name
from server.plan_archive import pack_plan
from server.plan_messages import to_plan
from server.times import to_timestamp


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanTask:
    """All that a plan follows from, but for the curriculum's graph.

    Attributes:
        tenant: Id.
        curriculum: Id.
        curriculum_version: From 1.
        learner: Id; empty: it is for a mastered set given inline, and is not stored.
        goals: Ids of concepts.
        mastery: Probability by concept id, in [0, 1].
        as_of: Moment at which mastery was reckoned, microseconds since 1970 UTC; None: there is no evidence.
        settings: How to plan.
        constraints: What the plan is to keep to.
        include_reviews: Lay reviews that are due over the steps.
    """

    tenant: str
    curriculum: str
    curriculum_version: int
    learner: str = ""
    goals: Collection[str]
    mastery: Mapping[str, float]
    as_of: int | None = None
    settings: PlanSettings
    constraints: Constraints = UNCONSTRAINED
    include_reviews: bool = False


def make_plan(
    graph: PlanningGraph, task: PlanTask, stop: Callable[[], bool]
) -> tuple[plan_pb2.Plan, StoredPlan | None]:
    """Plans.

    Args:
        graph: Of the task's curriculum in the task's version.
        task: What to plan.
        stop: See `planner.generation.generate_plan`.

    Returns:
        The plan, and as it is to be stored, its time of storing not set; None where it is not to be stored: it is for
        no learner, or its constraints conflict.

    Raises:
        InvalidInputError: Goals, constraints or costs are not for this curriculum.
    """
    reviews = find_due(task.mastery, task.settings) if task.include_reviews else None
    plan = generate_plan(
        graph, task.goals, task.mastery, task.settings, stop, constraints=task.constraints, reviews=reviews
    )
    message = to_message(plan, task)
    if not task.learner or plan.conflict is not None:
        return message, None
    return message, pack_plan(task.tenant, task.learner, message)


def to_message(plan: Plan, task: PlanTask) -> plan_pb2.Plan:
    """Returns the message for a plan with what the task says of its curriculum and learner, as a first revision."""
    message = to_plan(plan)
    message.curriculum = make_name(CURRICULUM, task.tenant, task.curriculum)
    message.curriculum_version = task.curriculum_version
    message.revision = 1
    if task.as_of is not None:
        message.as_of.CopyFrom(to_timestamp(task.as_of))
    return message
