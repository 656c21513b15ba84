from collections.abc import Mapping
from dataclasses import replace
from math import inf, nan
from typing import Any

import pytest

from planner.generation import generate_plan
from planner.plan import BoundKind, Plan, PlanStep, StepKind, UnreachableGoal
from planner.verification import verify_plan
from tests.planner_graphs import build_graph

# d requires a, b, and one of e and f; r teaches a and b; u is out of reach.
GRAPH = build_graph(
    "a b d e:5 f g u",
    hard="a>b b>d g>d",
    groups="d/any=1:e,f",
    resources={"r": {"a": 4, "b": 4}},
    untaught="u",
)
MASTERY = {"g": 0.9}
PLAN = generate_plan(GRAPH, ["d"], MASTERY)
NAMES = [step.concept for step in PLAN.steps]


def judge(plan: Plan, mastery: Mapping[str, float] | None = MASTERY) -> list[tuple[str, int | None, str]]:
    return [(found.kind.value, found.step, found.concept) for found in verify_plan(GRAPH, plan, mastery)]


def kinds(plan: Plan, mastery: Mapping[str, float] | None = MASTERY) -> set[str]:
    return {kind for kind, _, _ in judge(plan, mastery)}


def change_step(position: int, **changes: Any) -> Plan:
    steps = list(PLAN.steps)
    steps[position] = replace(steps[position], **changes)
    return replace(PLAN, steps=tuple(steps))


def change_certificate(**changes: Any) -> Plan:
    return replace(PLAN, certificate=replace(PLAN.certificate, **changes))


def test_a_plan_of_ours_is_sound() -> None:
    assert NAMES == ["a", "b", "e", "d"]
    assert judge(PLAN) == judge(PLAN, None) == []


def test_unknown_concepts_are_named() -> None:
    assert judge(change_step(2, concept="x"))[0] == ("UNKNOWN_CONCEPT", 2, "x")
    plan = replace(PLAN, goals=("d", "x"), mastered=("g", "y"))
    assert [each for each in judge(plan) if each[0] == "UNKNOWN_CONCEPT"] == [
        ("UNKNOWN_CONCEPT", None, "x"),
        ("UNKNOWN_CONCEPT", None, "y"),
    ]


def test_a_repeated_step() -> None:
    assert ("REPEATED_STEP", 4, "a") in judge(replace(PLAN, steps=(*PLAN.steps, PLAN.steps[0])))


def test_a_missing_prerequisite() -> None:
    first, second, *rest = PLAN.steps
    assert judge(replace(PLAN, steps=(second, first, *rest))) == [("MISSING_PREREQUISITE", 0, "b")]
    assert ("MISSING_PREREQUISITE", 3, "d") in judge(replace(PLAN, mastered=()))


def test_an_unmet_group() -> None:
    *rest, third, last = PLAN.steps
    assert judge(replace(PLAN, steps=(*rest, last, third))) == [("UNMET_GROUP", 2, "d")]


@pytest.mark.parametrize("activity", ["", "concepts/a", "resources/r", "resources/x"])
def test_an_activity_that_does_not_teach_the_concept(activity: str) -> None:
    assert ("WRONG_ACTIVITY", 2, "e") in judge(change_step(2, activity=activity))


def test_a_step_that_says_nothing() -> None:
    assert ("WRONG_ACTIVITY", 2, "e") in judge(change_step(2, kind=StepKind.UNSPECIFIED))


def test_goals_left_out() -> None:
    assert ("GOAL_NOT_COVERED", None, "f") in judge(replace(PLAN, goals=("d", "f")))


def test_goals_named_unreachable_are_held_against_the_graph() -> None:
    named = tuple(UnreachableGoal(concept=concept, missing=(), text="") for concept in "fgu")
    plan = replace(PLAN, goals=("d", "f", "g", "u"), unreachable=named)
    assert [each for each in judge(plan) if each[0] != "WRONG_CERTIFICATE"] == [
        ("FALSELY_UNREACHABLE", None, "f"),
        ("FALSELY_UNREACHABLE", None, "g"),
    ]


@pytest.mark.parametrize("position", [0, 2])
@pytest.mark.parametrize("amount", [-1, 0, 10**30, nan, inf, 1.5])
@pytest.mark.parametrize("field", ["minutes", "cost_units"])
def test_wrong_amounts_of_steps(position: int, amount: float, field: str) -> None:
    assert "WRONG_SUM" in kinds(change_step(position, **{field: amount}), None)


def test_negative_shares_do_not_make_up_for_each_other() -> None:
    first, second, *rest = PLAN.steps
    steps = (replace(first, minutes=-2), replace(second, minutes=10), *rest)
    assert judge(replace(PLAN, steps=steps))[0] == ("WRONG_SUM", 0, "a")


def test_shares_may_be_split_otherwise() -> None:
    first, second, *rest = PLAN.steps
    steps = (replace(first, minutes=1), replace(second, minutes=7), *rest)
    assert judge(replace(PLAN, steps=steps)) == []


def test_wrong_sums_of_the_plan() -> None:
    assert kinds(replace(PLAN, minutes=PLAN.minutes + 1)) == {"WRONG_SUM"}
    assert "WRONG_SUM" in kinds(change_certificate(cost_units=PLAN.certificate.cost_units + 10_000))


def test_a_refresher_has_its_price_and_needs_its_mastery() -> None:
    assert ("WRONG_SUM", 2, "e") in judge(change_step(2, kind=StepKind.REFRESH))
    plan = generate_plan(GRAPH, ["d"], {"g": 0.9, "f": 0.6})
    assert judge(plan, {"g": 0.9, "f": 0.6}) == judge(plan, None) == []
    assert ("MASTERY_NOT_SHOWN", 2, "f") in judge(plan, {"g": 0.9, "f": 0.4})


@pytest.mark.parametrize(
    "changes",
    [
        {"lower_bound_units": PLAN.certificate.cost_units + 1},
        {"lower_bound_units": -1},
        {"lower_bound_units": nan},
        {"ratio": nan},
        {"ratio": inf},
        {"ratio": PLAN.certificate.ratio * (1 + 1e-8)},
        {"bound": BoundKind.UNSPECIFIED},
        {"theorem": "T1", "guarantee": 1.0},
        {"theorem": "T2", "guarantee": 1.0},
        {"theorem": "T3"},
        {"theorem": "", "guarantee": 1.0},
        {"guarantee": nan},
    ],
)
def test_a_wrong_certificate(changes: Mapping[str, Any]) -> None:
    assert kinds(change_certificate(**changes)) == {"WRONG_CERTIFICATE"}


def test_a_bound_above_a_cost_that_can_be_had() -> None:
    graph = build_graph("a:10", resources={"r": {"a": 7}})
    plan = generate_plan(build_graph("a:10"), ["a"], {})
    assert [found.kind.value for found in verify_plan(graph, plan, {})] == ["WRONG_CERTIFICATE"] * 2


def test_a_certificate_may_claim_nothing() -> None:
    nothing = {"bound": BoundKind.UNSPECIFIED, "lower_bound_units": 0, "ratio": 0.0, "theorem": "", "guarantee": 0.0}
    assert judge(change_certificate(**nothing)) == []


def test_t2_needs_what_its_alternatives_require_to_be_mastered() -> None:
    graph = build_graph("a b c:5 d", hard="a>b", groups="d/g=1:b,c")
    plan = generate_plan(graph, ["d"], {"a": 1.0})
    assert plan.certificate.theorem == "T2"
    assert verify_plan(graph, plan, {"a": 1.0}) == verify_plan(graph, plan, None) == []
    assert [found.kind.value for found in verify_plan(graph, plan, {})] == ["WRONG_CERTIFICATE"]


def test_mastery_that_is_not_shown() -> None:
    assert judge(PLAN, {"g": 0.79}) == [("MASTERY_NOT_SHOWN", None, "g")]
    assert judge(PLAN, {}) == [("MASTERY_NOT_SHOWN", None, "g")]


@pytest.mark.parametrize("threshold", [0.0, -1.0, 2.0, nan])
def test_a_strange_threshold_shows_nothing_but_certainty(threshold: float) -> None:
    plan = replace(PLAN, mastery_threshold=threshold)
    assert judge(plan, {"g": 0.9}) == [("MASTERY_NOT_SHOWN", None, "g")]
    assert judge(plan, {"g": 1.0}) == []


def test_an_empty_plan_for_nothing_is_sound() -> None:
    certificate = replace(PLAN.certificate, cost_units=0, lower_bound_units=0, ratio=1.0, theorem="T1", guarantee=1.0)
    assert judge(Plan(goals=(), mastered=(), steps=(), certificate=certificate)) == []


def test_violations_come_by_step_and_those_of_the_whole_last() -> None:
    plan = replace(change_step(2, concept="x", minutes=-1), minutes=0, mastered=())
    steps = [step for _, step, _ in judge(plan)]
    assert steps == sorted(steps, key=lambda step: 99 if step is None else step)


def test_thousands_of_steps() -> None:
    step = PlanStep(concept="a", title="", activity="concepts/a", kind=StepKind.LEARN, minutes=10, cost_units=100_000)
    assert len(judge(replace(PLAN, steps=(step,) * 5_000))) > 4_999
