"""Plans as messages of the public API, and back."""

import math
from collections.abc import Iterable, Sequence

from graphmasal.v1 import plan_pb2
from planner.plan import (
    BoundKind,
    Certificate,
    ChangeKind,
    Conflict,
    ConflictingConstraint,
    LeftOutGoal,
    Plan,
    PlanChange,
    PlanSession,
    PlanStep,
    PlanViolation,
    ReasonKind,
    Review,
    SkippedPrerequisite,
    StepKind,
    StepReason,
    UnreachableGoal,
)
from planner.problem import UNITS_PER_MINUTE
from server.fields import FieldChecks
from server.plan_terms import read_constraints, read_cost, read_enum, read_settings, to_constraints, to_cost_model

_MOST_MINUTES = 2**31 - 1


def cap_minutes(minutes: int) -> int:
    """Returns minutes as the messages can hold them."""
    return min(minutes, _MOST_MINUTES)


def to_plan(plan: Plan) -> plan_pb2.Plan:
    """Returns the message for a plan; whose it is, and for which curriculum, the caller fills in."""
    return plan_pb2.Plan(
        goals=plan.goals,
        mastered=plan.mastered,
        steps=[to_step(step) for step in plan.steps],
        certificate=to_certificate(plan.certificate),
        unreachable=to_unreachable(plan.unreachable),
        minutes=cap_minutes(plan.minutes),
        cut_short=plan.cut_short,
        mastery_threshold=plan.mastery_threshold,
        refresh_threshold=plan.refresh_threshold,
        order=plan.order.value,
        switches=plan.switches,
        switches_lower_bound=plan.switches_lower_bound,
        cost_model=to_cost_model(plan.cost_model),
        constraints=to_constraints(plan.constraints),
        conflict=to_conflict(plan.conflict),
        sessions=[
            plan_pb2.PlanSession(
                first_step=session.first_step, last_step=session.last_step, minutes=cap_minutes(session.minutes)
            )
            for session in plan.sessions
        ],
        left_out=[
            plan_pb2.LeftOutGoal(concept=goal.concept, minutes=cap_minutes(goal.minutes), text=goal.text)
            for goal in plan.left_out
        ],
        skipped=[
            plan_pb2.SkippedPrerequisite(before=edge.before, after=edge.after, penalty=to_cost(edge.penalty_units))
            for edge in plan.skipped
        ],
        reviews=[
            plan_pb2.Review(
                concept=review.concept,
                title=review.title,
                after_step=review.after_step,
                minutes=cap_minutes(review.minutes),
                mastery=review.mastery,
                text=review.text,
            )
            for review in plan.reviews
        ],
    )


def to_changes(changes: Sequence[PlanChange]) -> Sequence[plan_pb2.PlanChange]:
    """Returns the messages for the differences of two plans."""
    return [
        plan_pb2.PlanChange(
            kind=change.kind.value, concept=change.concept, before=change.before, after=change.after, text=change.text
        )
        for change in changes
    ]


def read_changes(messages: Iterable[plan_pb2.PlanChange]) -> tuple[PlanChange, ...]:
    """Reads differences that this server wrote."""
    return tuple(
        PlanChange(
            kind=ChangeKind(plan_pb2.PlanChange.Kind.Name(message.kind)),
            concept=message.concept,
            before=message.before,
            after=message.after,
            text=message.text,
        )
        for message in messages
    )


def to_conflict(conflict: Conflict | None) -> plan_pb2.Conflict | None:
    """Returns the message for constraints that cannot hold together; None where there are none."""
    if conflict is None:
        return None
    return plan_pb2.Conflict(
        constraints=[plan_pb2.ConflictingConstraint(field=each.field, text=each.text) for each in conflict.constraints],
        text=conflict.text,
    )


def to_step(step: PlanStep) -> plan_pb2.PlanStep:
    """Returns the message for a step."""
    return plan_pb2.PlanStep(
        concept=step.concept,
        title=step.title,
        activity=step.activity,
        kind=step.kind.value,
        minutes=cap_minutes(step.minutes),
        cost=to_cost(step.cost_units),
        reasons=to_reasons(step.reasons),
        mastery=step.mastery,
    )


def to_cost(units: int) -> float:
    """Returns a cost in units of 0.0001 as the messages have it."""
    return units / UNITS_PER_MINUTE


def to_reasons(reasons: Sequence[StepReason]) -> Sequence[plan_pb2.StepReason]:
    """Returns the messages for the reasons of a step."""
    return [
        plan_pb2.StepReason(kind=reason.kind.value, text=reason.text, concepts=reason.concepts, group=reason.group)
        for reason in reasons
    ]


def to_certificate(certificate: Certificate) -> plan_pb2.Certificate:
    """Returns the message for what shows how good a plan is."""
    return plan_pb2.Certificate(
        cost=to_cost(certificate.cost_units),
        lower_bound=to_cost(certificate.lower_bound_units),
        ratio=certificate.ratio,
        bound=certificate.bound.value,
        theorem=certificate.theorem,
        guarantee=certificate.guarantee,
        penalty=to_cost(certificate.penalty_units),
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
    settings = read_settings(message, checks, "plan.")
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
        mastery_threshold=settings.mastery_threshold,
        refresh_threshold=settings.refresh_threshold,
        order=settings.order,
        switches=message.switches,
        switches_lower_bound=message.switches_lower_bound,
        cost_model=settings.cost_model,
        constraints=read_constraints(message.constraints, checks, "plan."),
        conflict=_read_conflict(message.conflict) if message.HasField("conflict") else None,
        sessions=tuple(
            PlanSession(first_step=session.first_step, last_step=session.last_step, minutes=session.minutes)
            for session in message.sessions
        ),
        left_out=tuple(
            LeftOutGoal(concept=goal.concept, minutes=goal.minutes, text=goal.text) for goal in message.left_out
        ),
        skipped=tuple(
            SkippedPrerequisite(
                before=edge.before,
                after=edge.after,
                penalty_units=read_cost(edge.penalty, f"plan.skipped[{index}].penalty", checks),
            )
            for index, edge in enumerate(message.skipped)
        ),
        reviews=tuple(
            Review(
                concept=review.concept,
                title=review.title,
                after_step=review.after_step,
                minutes=review.minutes,
                mastery=review.mastery,
                text=review.text,
            )
            for review in message.reviews
        ),
    )
    checks.finish()
    return plan


def _read_conflict(message: plan_pb2.Conflict) -> Conflict:
    return Conflict(
        constraints=tuple(ConflictingConstraint(field=each.field, text=each.text) for each in message.constraints),
        text=message.text,
    )


def _read_step(message: plan_pb2.PlanStep, place: str, checks: FieldChecks) -> PlanStep:
    return PlanStep(
        concept=message.concept,
        title=message.title,
        activity=message.activity,
        kind=StepKind(
            read_enum(plan_pb2.PlanStep.Kind.items(), message.kind, f"{place}.kind", checks) or StepKind.UNSPECIFIED
        ),
        minutes=message.minutes,
        cost_units=read_cost(message.cost, f"{place}.cost", checks),
        reasons=tuple(
            StepReason(
                kind=ReasonKind(
                    read_enum(plan_pb2.StepReason.Kind.items(), reason.kind, f"{place}.reasons[{index}].kind", checks)
                    or ReasonKind.UNSPECIFIED
                ),
                text=reason.text,
                concepts=tuple(reason.concepts),
                group=reason.group,
            )
            for index, reason in enumerate(message.reasons)
        ),
        mastery=message.mastery,
    )


def _read_certificate(message: plan_pb2.Certificate, checks: FieldChecks) -> Certificate:
    for field, value in (("ratio", message.ratio), ("guarantee", message.guarantee)):
        if not math.isfinite(value):
            checks.note(f"plan.certificate.{field}", "must be a finite number")
    return Certificate(
        cost_units=read_cost(message.cost, "plan.certificate.cost", checks),
        lower_bound_units=read_cost(message.lower_bound, "plan.certificate.lower_bound", checks),
        ratio=message.ratio,
        bound=BoundKind(
            read_enum(plan_pb2.Certificate.Bound.items(), message.bound, "plan.certificate.bound", checks)
            or BoundKind.UNSPECIFIED
        ),
        theorem=message.theorem,
        guarantee=message.guarantee,
        penalty_units=read_cost(message.penalty, "plan.certificate.penalty", checks),
    )
