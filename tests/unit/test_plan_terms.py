import math
from typing import Any

import pytest

from graphmasal.v1 import plan_pb2
from graphmasal.v1.planning_service_pb2 import GeneratePlanRequest
from planner.constraints import UNCONSTRAINED
from planner.costs import BY_MINUTES, CostWeights
from planner.plan import PlanOrder
from server.fields import FieldChecks
from server.plan_terms import read_constraints, read_settings, to_constraints, to_cost_model


def find_wrong_settings(**fields: Any) -> list[str]:
    checks = FieldChecks()
    read_settings(GeneratePlanRequest(**fields), checks)
    return [violation.field for violation in checks.violations]


def find_wrong_constraints(**fields: Any) -> list[str]:
    checks = FieldChecks()
    read_constraints(plan_pb2.PlanConstraints(**fields), checks, "plan.")
    return [violation.field for violation in checks.violations]


def test_an_empty_request_asks_for_the_defaults() -> None:
    settings = read_settings(GeneratePlanRequest(), FieldChecks())

    assert (settings.cost_model, settings.order, settings.escalate_above) == (BY_MINUTES, PlanOrder.FOCUSED, 1.05)
    assert read_constraints(plan_pb2.PlanConstraints(), FieldChecks()) == UNCONSTRAINED


def test_defaults_need_no_message() -> None:
    assert to_cost_model(BY_MINUTES) is None
    assert to_constraints(UNCONSTRAINED) is None


def test_weights_that_are_unset_are_the_usual_ones() -> None:
    request = GeneratePlanRequest(cost_model=plan_pb2.CostModel(kind=plan_pb2.CostModel.COGNITIVE))

    assert read_settings(request, FieldChecks()).cost_model.weights == CostWeights()


@pytest.mark.parametrize("weights", [(0, 0, 0), (-1, 1, 1), (math.nan, 1, 1), (math.inf, 0, 0)])
def test_weights_that_weigh_nothing_are_named(weights: tuple[float, float, float]) -> None:
    gap, difficulty, fan_out = weights
    given = plan_pb2.CostWeights(mastery_gap=gap, difficulty=difficulty, fan_out=fan_out)

    assert find_wrong_settings(cost_model=plan_pb2.CostModel(weights=given)) == ["cost_model.weights"]


def test_what_no_enum_has_is_named() -> None:
    assert find_wrong_settings(order=9, cost_model=plan_pb2.CostModel(kind=7)) == [  # type: ignore[arg-type]
        "cost_model.kind",
        "order",
    ]


@pytest.mark.parametrize("cost", [math.nan, -math.inf, 1e300])
def test_a_custom_cost_that_is_none_is_named_by_its_activity(cost: float) -> None:
    given = plan_pb2.CostModel(custom={"concepts/a": 1.0, "resources/r": cost})

    assert find_wrong_settings(cost_model=given) == ['cost_model.custom["resources/r"]']


@pytest.mark.parametrize("ratio", [0.99, -1.0, math.nan])
def test_a_ratio_below_one_is_named(ratio: float) -> None:
    checks = FieldChecks()
    read_settings(GeneratePlanRequest(), checks, escalate_above=ratio)

    assert [violation.field for violation in checks.violations] == ["escalate_above"]


def test_wrong_numbers_of_constraints_are_named() -> None:
    twice = [plan_pb2.GoalDeadline(goal="a", minutes=5), plan_pb2.GoalDeadline(goal="a", minutes=9)]

    assert find_wrong_constraints(budget_minutes=-1, session_minutes=-2, soft_penalty=math.nan, deadlines=twice) == [
        "plan.constraints.budget_minutes",
        "plan.constraints.session_minutes",
        "plan.constraints.deadlines[1].goal",
        "plan.constraints.soft_penalty",
    ]
