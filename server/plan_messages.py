"""Plans as messages of the public API, and back."""

import math
from collections.abc import Sequence

from google.protobuf.internal.enum_type_wrapper import EnumTypeWrapper

from graphmasal.v1 import plan_pb2
from planner.plan import (
    BoundKind,
    Certificate,
    Plan,
    PlanStep,
    PlanViolation,
    ReasonKind,
    StepKind,
    StepReason,
    UnreachableGoal,
)
from planner.problem import UNITS_PER_MINUTE
from server.fields import FieldChecks

DEFAULT_MASTERY_THRESHOLD = 0.8
DEFAULT_REFRESH_THRESHOLD = 0.5

_MOST_MINUTES = 2**31 - 1
_MOST_COST = 1e11
"""Costs up to this, far above any curriculum's, are whole numbers of units without rounding in a double."""


def read_thresholds(mastery: float, refresh: float, checks: FieldChecks, place: str = "") -> tuple[float, float]:
    """Reads the two thresholds of a request or plan, 0 standing for the defaults.

    Args:
        mastery: Mastery from which on a concept counts as mastered.
        refresh: Mastery from which on it needs refreshing only.
        checks: Receives the violations.
        place: What stands before the fields' names, such as `plan.`.
    """
    high = mastery or DEFAULT_MASTERY_THRESHOLD
    low = refresh or min(DEFAULT_REFRESH_THRESHOLD, high)
    if not 0.0 < high <= 1.0:
        checks.note(f"{place}mastery_threshold", f"must be in (0, 1], or 0 for {DEFAULT_MASTERY_THRESHOLD}")
    elif not 0.0 < low <= high:
        checks.note(f"{place}refresh_threshold", "must be above 0 and at most mastery_threshold, or 0 for the default")
    return high, low


def cap_minutes(minutes: int) -> int:
    """Returns minutes as the messages can hold them."""
    return min(minutes, _MOST_MINUTES)


def to_plan(plan: Plan) -> plan_pb2.Plan:
    """Returns the message for a plan; whose it is, and for which curriculum, the caller fills in."""
    return plan_pb2.Plan(
        goals=plan.goals,
        mastered=plan.mastered,
        steps=[to_step(step) for step in plan.steps],
        certificate=_to_certificate(plan.certificate),
        unreachable=to_unreachable(plan.unreachable),
        minutes=cap_minutes(plan.minutes),
        cut_short=plan.cut_short,
        mastery_threshold=plan.mastery_threshold,
        refresh_threshold=plan.refresh_threshold,
    )


def to_step(step: PlanStep) -> plan_pb2.PlanStep:
    """Returns the message for a step."""
    return plan_pb2.PlanStep(
        concept=step.concept,
        title=step.title,
        activity=step.activity,
        kind=step.kind.value,
        minutes=cap_minutes(step.minutes),
        cost=step.cost_units / UNITS_PER_MINUTE,
        reasons=[
            plan_pb2.StepReason(
                kind=reason.kind.value,
                text=reason.text,
                concepts=reason.concepts,
                group=reason.group,
            )
            for reason in step.reasons
        ],
    )


def _to_certificate(certificate: Certificate) -> plan_pb2.Certificate:
    return plan_pb2.Certificate(
        cost=certificate.cost_units / UNITS_PER_MINUTE,
        lower_bound=certificate.lower_bound_units / UNITS_PER_MINUTE,
        ratio=certificate.ratio,
        bound=certificate.bound.value,
        theorem=certificate.theorem,
        guarantee=certificate.guarantee,
    )


def to_unreachable(goals: Sequence[UnreachableGoal]) -> Sequence[plan_pb2.UnreachableGoal]:
    """Returns the messages for goals that cannot be reached."""
    return [plan_pb2.UnreachableGoal(concept=goal.concept, missing=goal.missing, text=goal.text) for goal in goals]


def to_violation(violation: PlanViolation) -> plan_pb2.PlanViolation:
    """Returns the message for one way in which a plan is not sound."""
    return plan_pb2.PlanViolation(
        kind=violation.kind.value,
        step=violation.step,
        concept=violation.concept,
        message=violation.message,
    )


def read_plan(message: plan_pb2.Plan) -> Plan:
    """Reads a plan that anybody may have made up, sound or not.

    Raises:
        InvalidInputError: Numbers are not finite or out of range, or an enum has a value that is not known.
    """
    checks = FieldChecks()
    high, low = read_thresholds(message.mastery_threshold, message.refresh_threshold, checks, "plan.")
    plan = Plan(
        goals=tuple(message.goals),
        mastered=tuple(message.mastered),
        steps=tuple(_read_step(step, f"plan.steps[{index}]", checks) for index, step in enumerate(message.steps)),
        certificate=_read_certificate(message.certificate, checks),
        unreachable=tuple(
            UnreachableGoal(concept=goal.concept, missing=tuple(goal.missing), text=goal.text)
            for goal in message.unreachable
        ),
        minutes=message.minutes,
        cut_short=message.cut_short,
        mastery_threshold=high,
        refresh_threshold=low,
    )
    checks.finish()
    return plan


def _read_step(message: plan_pb2.PlanStep, place: str, checks: FieldChecks) -> PlanStep:
    return PlanStep(
        concept=message.concept,
        title=message.title,
        activity=message.activity,
        kind=StepKind(_read_enum(plan_pb2.PlanStep.Kind, message.kind, f"{place}.kind", checks)),
        minutes=message.minutes,
        cost_units=_read_cost(message.cost, f"{place}.cost", checks),
        reasons=tuple(
            StepReason(
                kind=ReasonKind(
                    _read_enum(plan_pb2.StepReason.Kind, reason.kind, f"{place}.reasons[{index}].kind", checks)
                ),
                text=reason.text,
                concepts=tuple(reason.concepts),
                group=reason.group,
            )
            for index, reason in enumerate(message.reasons)
        ),
    )


def _read_certificate(message: plan_pb2.Certificate, checks: FieldChecks) -> Certificate:
    for field, value in (("ratio", message.ratio), ("guarantee", message.guarantee)):
        if not math.isfinite(value):
            checks.note(f"plan.certificate.{field}", "must be a finite number")
    return Certificate(
        cost_units=_read_cost(message.cost, "plan.certificate.cost", checks),
        lower_bound_units=_read_cost(message.lower_bound, "plan.certificate.lower_bound", checks),
        ratio=message.ratio,
        bound=BoundKind(_read_enum(plan_pb2.Certificate.Bound, message.bound, "plan.certificate.bound", checks)),
        theorem=message.theorem,
        guarantee=message.guarantee,
    )


def _read_cost(cost: float, field: str, checks: FieldChecks) -> int:
    """Returns a cost in units of 0.0001."""
    if not abs(cost) <= _MOST_COST:  # written so that a value that is no number is refused too
        checks.note(field, f"must be a finite number of at most {_MOST_COST:.0e}")
        return 0
    return round(cost * UNITS_PER_MINUTE)


def _read_enum(enum: EnumTypeWrapper, value: int, field: str, checks: FieldChecks) -> str:
    """Returns the name of an enum's value; proto3 passes numbers on that no value has."""
    if value not in enum.values():
        checks.note(field, f"must be one of {', '.join(enum.keys())}")
        value = 0
    return enum.Name(value)
