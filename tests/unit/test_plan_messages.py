import math
from typing import Any

import pytest

from graphmasal.v1 import plan_pb2
from kg.errors import InvalidInputError
from planner.constraints import Constraints
from planner.costs import CostKind, CostModel, CostWeights
from planner.plan import (
    BoundKind,
    Certificate,
    Conflict,
    ConflictingConstraint,
    LeftOutGoal,
    Plan,
    PlanOrder,
    PlanSession,
    PlanStep,
    PlanViolation,
    ReasonKind,
    Review,
    SkippedPrerequisite,
    StepKind,
    StepReason,
    UnreachableGoal,
    ViolationKind,
)
from server.fields import FieldChecks
from server.plan_archive import pack_plan, unpack_plan
from server.plan_messages import read_plan, to_plan, to_violation
from server.plan_terms import read_settings

PLAN = Plan(
    goals=("maps", "rings"),
    mastered=("sets",),
    steps=(
        PlanStep(
            concept="maps",
            title="Maps",
            activity="concepts/maps",
            kind=StepKind.REFRESH,
            minutes=6,
            cost_units=60_001,
            mastery=0.55,
            reasons=(
                StepReason(kind=ReasonKind.IS_GOAL, text="It is a goal."),
                StepReason(kind=ReasonKind.PINNED, text="…", concepts=("maps",)),
                StepReason(
                    kind=ReasonKind.CHOSEN_ALTERNATIVE, text="…", concepts=("groups", "maps"), group="rings/base"
                ),
            ),
        ),
    ),
    certificate=Certificate(
        cost_units=60_001,
        lower_bound_units=60_000,
        ratio=60_001 / 60_000,
        bound=BoundKind.EXACT_SOLVER,
        theorem="T2",
        guarantee=1.5,
        penalty_units=5_000,
    ),
    unreachable=(UnreachableGoal(concept="rings", missing=("axioms",), text="Nothing teaches axioms."),),
    minutes=6,
    cut_short=True,
    mastery_threshold=0.9,
    refresh_threshold=0.6,
    order=PlanOrder.EARLY_WINS,
    switches=3,
    switches_lower_bound=2,
    cost_model=CostModel(
        kind=CostKind.COGNITIVE,
        weights=CostWeights(mastery_gap=1.0, difficulty=0.0, fan_out=0.25),
        custom_units={"concepts/maps": 60_001},
    ),
    constraints=Constraints(
        pinned=("concepts/maps",),
        vetoed=("resources/book", "concepts/proofs"),
        orders=(("sets", "maps"),),
        deadlines={"maps": 30},
        budget_minutes=60,
        session_minutes=25,
        soft_penalty_units=15_000,
    ),
    conflict=Conflict(constraints=(ConflictingConstraint(field="goals[0]", text="Maps is reached"),), text="…"),
    sessions=(PlanSession(first_step=0, last_step=0, minutes=6),),
    left_out=(LeftOutGoal(concept="rings", minutes=90, text="…"),),
    skipped=(SkippedPrerequisite(before="logic", after="maps", penalty_units=5_000),),
    reviews=(Review(concept="sets", title="Sets", after_step=-1, minutes=3, mastery=0.82, text="…"),),
)


def read_violations(message: plan_pb2.Plan) -> list[str]:
    with pytest.raises(InvalidInputError) as caught:
        read_plan(message)
    return [violation.field for violation in caught.value.violations]


def test_a_plan_survives_the_way_there_and_back() -> None:
    assert read_plan(to_plan(PLAN)) == PLAN


def test_costs_are_in_minutes() -> None:
    message = to_plan(PLAN)

    assert (message.steps[0].cost, message.certificate.cost, message.certificate.lower_bound) == (6.0001, 6.0001, 6.0)


def test_an_empty_plan_is_a_plan() -> None:
    read = read_plan(plan_pb2.Plan())

    assert (read.steps, read.mastery_threshold, read.refresh_threshold) == ((), 0.8, 0.5)


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, 1e300])
def test_numbers_that_are_no_costs_are_named(number: float) -> None:
    message = plan_pb2.Plan(
        steps=[plan_pb2.PlanStep(), plan_pb2.PlanStep(cost=number)],
        certificate=plan_pb2.Certificate(cost=number, lower_bound=number),
    )

    assert read_violations(message) == ["plan.steps[1].cost", "plan.certificate.cost", "plan.certificate.lower_bound"]


def test_every_other_wrong_field_is_named() -> None:
    message = plan_pb2.Plan(
        mastery_threshold=math.nan,
        steps=[plan_pb2.PlanStep(kind=7, reasons=[plan_pb2.StepReason(kind=-1)])],  # type: ignore[arg-type]
        certificate=plan_pb2.Certificate(ratio=math.nan, guarantee=math.inf, bound=9),  # type: ignore[arg-type]
    )

    assert read_violations(message) == [
        "plan.mastery_threshold",
        "plan.steps[0].kind",
        "plan.steps[0].reasons[0].kind",
        "plan.certificate.ratio",
        "plan.certificate.guarantee",
        "plan.certificate.bound",
    ]


@pytest.mark.parametrize(
    ("given", "read"), [((0, 0), (0.8, 0.5)), ((0.3, 0), (0.3, 0.3)), ((1.0, 1.0), (1.0, 1.0)), ((0, 0.7), (0.8, 0.7))]
)
def test_zero_stands_for_the_default_threshold(given: tuple[float, float], read: tuple[float, float]) -> None:
    checks = FieldChecks()
    settings = read_settings(plan_pb2.Plan(mastery_threshold=given[0], refresh_threshold=given[1]), checks)

    assert (settings.mastery_threshold, settings.refresh_threshold) == read
    assert not checks.violations


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ((1.1, 0), "mastery_threshold"),
        ((-0.1, 0), "mastery_threshold"),
        ((math.inf, 0), "mastery_threshold"),
        ((0.5, 0.6), "refresh_threshold"),
        ((0, math.nan), "refresh_threshold"),
        ((0, -1), "refresh_threshold"),
    ],
)
def test_thresholds_out_of_range_are_named(given: tuple[float, float], field: str) -> None:
    checks = FieldChecks()
    read_settings(plan_pb2.Plan(mastery_threshold=given[0], refresh_threshold=given[1]), checks)

    assert [violation.field for violation in checks.violations] == [field]


def test_a_violation_of_the_whole_plan_has_no_step() -> None:
    whole = to_violation(PlanViolation(kind=ViolationKind.WRONG_SUM, message="…"))
    first = to_violation(PlanViolation(kind=ViolationKind.REPEATED_STEP, message="…", step=0, concept="maps"))

    assert (whole.kind, whole.HasField("step")) == (plan_pb2.PlanViolation.WRONG_SUM, False)
    assert (first.kind, first.HasField("step"), first.concept) == (plan_pb2.PlanViolation.REPEATED_STEP, True, "maps")


def _make_message(**changes: Any) -> plan_pb2.Plan:
    message = to_plan(PLAN)
    message.curriculum = "tenants/t/curricula/algebra"
    message.MergeFrom(plan_pb2.Plan(**changes))
    return message


def test_a_stored_plan_is_named_after_its_content() -> None:
    message = _make_message()
    stored = pack_plan("t", "ada", message)

    assert message.name == f"tenants/t/learners/ada/plans/{stored.id}"
    assert (len(stored.id), stored.curriculum, stored.concepts) == (24, "algebra", ("maps",))
    assert unpack_plan(stored) == message
    assert pack_plan("t", "ada", _make_message()) == stored
    assert pack_plan("t", "ada", _make_message(minutes=7)).id != stored.id
