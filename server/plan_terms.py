"""The terms of a plan, settings and constraints, as messages of the public API, and back."""

import math
from collections.abc import Iterable, Mapping
from typing import Protocol

from graphmasal.v1 import plan_pb2
from graphmasal.v1.plan_pb2 import PlanOrder as OrderMessage
from planner.constraints import UNCONSTRAINED, Constraints
from planner.costs import BY_MINUTES, CostKind, CostModel, CostWeights
from planner.plan import PlanOrder
from planner.problem import UNITS_PER_MINUTE, PlanSettings
from server.fields import FieldChecks

DEFAULT_MASTERY_THRESHOLD = 0.8
DEFAULT_REFRESH_THRESHOLD = 0.5
DEFAULT_ESCALATION = 1.05

MOST_COST = 1e11
"""Costs up to this, far above any curriculum's, are whole numbers of units without rounding in a double."""


class _Terms(Protocol):
    """A message with the terms of a plan: a plan, or a request for one or for many."""

    @property
    def mastery_threshold(self) -> float: ...
    @property
    def refresh_threshold(self) -> float: ...
    @property
    def cost_model(self) -> plan_pb2.CostModel: ...
    @property
    def order(self) -> OrderMessage: ...


def read_settings(message: _Terms, checks: FieldChecks, place: str = "", escalate_above: float = 0.0) -> PlanSettings:
    """Reads how to plan, 0 and what is unset standing for the defaults.

    Args:
        message: A plan or a request.
        checks: Receives the violations.
        place: What stands before the fields' names, such as `plan.`.
        escalate_above: Ratio of cost to lower bound above which an exact solver is asked, >= 1; 0: the default.
    """
    high = message.mastery_threshold or DEFAULT_MASTERY_THRESHOLD
    low = message.refresh_threshold or min(DEFAULT_REFRESH_THRESHOLD, high)
    if not 0.0 < high <= 1.0:
        checks.note(f"{place}mastery_threshold", f"must be in (0, 1], or 0 for {DEFAULT_MASTERY_THRESHOLD}")
        high, low = DEFAULT_MASTERY_THRESHOLD, DEFAULT_REFRESH_THRESHOLD
    elif not 0.0 < low <= high:
        checks.note(f"{place}refresh_threshold", "must be above 0 and at most mastery_threshold, or 0 for the default")
        low = high
    ratio = escalate_above or DEFAULT_ESCALATION
    if not ratio >= 1.0:  # written so that a value that is no number is refused too
        checks.note(f"{place}escalate_above", f"must be at least 1, or 0 for {DEFAULT_ESCALATION}")
        ratio = DEFAULT_ESCALATION
    return PlanSettings(
        mastery_threshold=high,
        refresh_threshold=low,
        cost_model=_read_cost_model(message.cost_model, checks, f"{place}cost_model"),
        order=_read_order(message.order, checks, f"{place}order"),
        escalate_above=ratio,
    )


def read_constraints(message: plan_pb2.PlanConstraints, checks: FieldChecks, place: str = "") -> Constraints:
    """Reads what a plan is to keep to; whether the ids are of the curriculum, the planner says.

    Args:
        message: As asked for.
        checks: Receives the violations.
        place: What stands before `constraints.`, such as `plan.`.
    """
    name = f"{place}constraints"
    for field in ("budget_minutes", "session_minutes"):
        if getattr(message, field) < 0:
            checks.note(f"{name}.{field}", "must be at least 1, or 0 for none")
    deadlines: dict[str, int] = {}
    for position, deadline in enumerate(message.deadlines):
        if deadline.goal in deadlines:
            checks.note(f"{name}.deadlines[{position}].goal", "must not have another deadline")
        deadlines[deadline.goal] = deadline.minutes
    return Constraints(
        pinned=tuple(message.pinned),
        vetoed=tuple(message.vetoed),
        orders=tuple((order.before, order.after) for order in message.orders),
        deadlines=deadlines,
        budget_minutes=message.budget_minutes or None,
        session_minutes=message.session_minutes or None,
        soft_penalty_units=read_cost(message.soft_penalty, f"{name}.soft_penalty", checks),
    )


def to_cost_model(model: CostModel) -> plan_pb2.CostModel | None:
    """Returns the message for a cost model; None for minutes alone, which need none."""
    if model == BY_MINUTES:
        return None
    message = plan_pb2.CostModel(kind=model.kind.value, custom=_to_costs(model.custom_units))
    if model.kind is CostKind.COGNITIVE:
        weights = model.weights
        message.weights.CopyFrom(
            plan_pb2.CostWeights(
                mastery_gap=weights.mastery_gap, difficulty=weights.difficulty, fan_out=weights.fan_out
            )
        )
    return message


def to_constraints(constraints: Constraints) -> plan_pb2.PlanConstraints | None:
    """Returns the message for constraints; None where there are none."""
    if constraints == UNCONSTRAINED:
        return None
    return plan_pb2.PlanConstraints(
        pinned=constraints.pinned,
        vetoed=constraints.vetoed,
        orders=[plan_pb2.OrderConstraint(before=before, after=after) for before, after in constraints.orders],
        deadlines=[plan_pb2.GoalDeadline(goal=goal, minutes=due) for goal, due in constraints.deadlines.items()],
        budget_minutes=constraints.budget_minutes or 0,
        session_minutes=constraints.session_minutes or 0,
        soft_penalty=constraints.soft_penalty_units / UNITS_PER_MINUTE,
    )


def read_cost(cost: float, field: str, checks: FieldChecks) -> int:
    """Returns a cost in units of 0.0001."""
    if not abs(cost) <= MOST_COST:  # written so that a value that is no number is refused too
        checks.note(field, f"must be a finite number of at most {MOST_COST:.0e}")
        return 0
    return round(cost * UNITS_PER_MINUTE)


def read_enum(names: Iterable[tuple[str, int]], value: int, field: str, checks: FieldChecks) -> str:
    """Returns the name of an enum's value, empty for one that no name has: proto3 passes such numbers on.

    Args:
        names: The enum's names and values, as its `items()` gives them.
        value: Any number.
        field: Where it stands.
        checks: Receives the violation.
    """
    found = {number: name for name, number in names}
    if value not in found:
        checks.note(field, f"must be one of {', '.join(found.values())}")
    return found.get(value, "")


def _read_order(value: int, checks: FieldChecks, field: str) -> PlanOrder:
    name = read_enum(OrderMessage.items(), value, field, checks)
    return PlanOrder(name) if name in {order.value for order in PlanOrder} else PlanOrder.FOCUSED


def _read_cost_model(message: plan_pb2.CostModel, checks: FieldChecks, place: str) -> CostModel:
    name = read_enum(plan_pb2.CostModel.Kind.items(), message.kind, f"{place}.kind", checks)
    weights = CostWeights()
    if message.HasField("weights"):
        given = message.weights
        weights = CostWeights(mastery_gap=given.mastery_gap, difficulty=given.difficulty, fan_out=given.fan_out)
        values = (weights.mastery_gap, weights.difficulty, weights.fan_out)
        if not all(math.isfinite(value) and value >= 0 for value in values) or not any(values):
            checks.note(f"{place}.weights", "must be finite numbers >= 0, not all 0")
            weights = CostWeights()
    return CostModel(
        kind=CostKind(name) if name in {kind.value for kind in CostKind} else CostKind.MINUTES,
        weights=weights,
        custom_units={
            activity: read_cost(cost, f'{place}.custom["{activity}"]', checks)
            for activity, cost in sorted(message.custom.items())
        },
    )


def _to_costs(units: Mapping[str, int]) -> Mapping[str, float]:
    return {name: cost / UNITS_PER_MINUTE for name, cost in units.items()}
