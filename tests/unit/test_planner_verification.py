from collections.abc import Mapping
from dataclasses import replace
from math import inf, nan
from typing import Any

import pytest

from planner.checks.verification import verify_plan
from planner.constraints import UNCONSTRAINED, Constraints
from planner.costs import CostKind, CostModel, CostWeights
from planner.generation import generate_plan
from planner.plan import (
    BoundKind,
    Conflict,
    ConflictingConstraint,
    LeftOutGoal,
    Plan,
    PlanSession,
    PlanStep,
    Review,
    SkippedPrerequisite,
    StepKind,
    UnreachableGoal,
)
from planner.problem import PlanSettings
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


def breaches(constraints: Constraints, plan: Plan = PLAN) -> list[str]:
    """What is wrong with a plan for another set of constraints than it was made for."""
    found = verify_plan(GRAPH, replace(plan, constraints=constraints), MASTERY)
    return [violation.message for violation in found if violation.kind.value == "CONSTRAINT_BROKEN"]


@pytest.mark.parametrize(
    ("constraints", "messages"),
    [
        ({"pinned": ("concepts/f",)}, ["f is pinned and not learned"]),
        ({"pinned": ("concepts/a",)}, []),
        ({"pinned": ("resources/r",)}, []),
        ({"pinned": ("concepts/x",)}, ["constraints.pinned[0] names concepts/x, which the curriculum does not have"]),
        ({"vetoed": ("concepts/e",)}, ["step 2, e: e is vetoed"]),
        ({"vetoed": ("resources/r",)}, ["step 0, a: resources/r is vetoed", "step 1, b: resources/r is vetoed"]),
        ({"vetoed": ("concepts/f", "concepts/x", "resources/x")}, []),
        ({"orders": (("e", "a"),)}, ["step 0, a: e is to come before a"]),
        ({"orders": (("a", "e"), ("f", "a"), ("x", "y"))}, []),
        ({"deadlines": {"d": 22}}, ["step 3, d: it is reached after 23 minutes and due after 22"]),
        ({"deadlines": {"d": 23, "x": 1}}, []),
        ({"budget_minutes": 22}, ["the plan takes 23 minutes of a budget of 22"]),
        ({"budget_minutes": 23}, []),
        ({"session_minutes": 30}, ["step 0 is in no session"]),
    ],
)
def test_constraints_that_do_not_hold(constraints: Mapping[str, Any], messages: list[str]) -> None:
    assert breaches(Constraints(**constraints)) == messages


def test_deadlines_count_activities_as_a_whole_once_they_are_begun() -> None:
    assert breaches(Constraints(deadlines={"a": 8, "b": 8})) == []
    assert len(breaches(Constraints(deadlines={"a": 7, "b": 7}))) == 2


def test_a_pinned_resource_that_is_not_used_for_all_it_teaches() -> None:
    plan = change_step(1, activity="concepts/b", minutes=10, cost_units=100_000)
    assert breaches(Constraints(pinned=("resources/r",)), plan) == [
        "step 1, b: resources/r is pinned and b not learned by it"
    ]


def test_a_pinned_resource_that_is_not_used() -> None:
    graph = build_graph("a b", resources={"r": {"a": 50}})
    plan = replace(generate_plan(graph, ["a"], {}), constraints=Constraints(pinned=("resources/r",)))
    messages = {found.message for found in verify_plan(graph, plan)}
    assert "resources/r is pinned and not used" in messages


def test_a_mastered_concept_that_is_pinned_needs_a_step() -> None:
    assert breaches(Constraints(pinned=("concepts/g",))) == ["g is pinned and not learned"]


def test_sessions_are_held_against_the_steps() -> None:
    first, second = (
        PlanSession(first_step=0, last_step=1, minutes=8),
        PlanSession(first_step=2, last_step=3, minutes=15),
    )
    constraints = Constraints(session_minutes=20)
    assert breaches(constraints, replace(PLAN, sessions=(first, second))) == []
    assert breaches(constraints, replace(PLAN, sessions=(first,))) == ["step 2 is in no session"]
    assert breaches(UNCONSTRAINED, replace(PLAN, sessions=(first, second))) != []
    nowhere: Any = 0.0
    strange = replace(first, first_step=nowhere)
    assert breaches(constraints, replace(PLAN, sessions=(strange, second))) == ["sessions begin or end at no step"]


def test_goals_are_left_out_of_a_budget_only() -> None:
    left_out = (LeftOutGoal(concept="f", minutes=10, text=""),)
    plan = replace(PLAN, goals=("d", "f"), left_out=left_out)
    assert breaches(UNCONSTRAINED, plan) == ["f is left out without a budget"]
    assert judge(replace(plan, constraints=Constraints(budget_minutes=25))) == []


@pytest.mark.parametrize(("concept", "told"), [("e", "no goal"), ("d", "learned")])
def test_what_is_left_out_is_a_goal_and_not_learned(concept: str, told: str) -> None:
    plan = replace(PLAN, left_out=(LeftOutGoal(concept=concept, minutes=1, text=""),))
    assert any(told in message for message in breaches(Constraints(budget_minutes=25), plan))


def test_penalties_are_those_of_what_is_skipped() -> None:
    graph = build_graph("a b", soft="a>b")
    plan = generate_plan(graph, ["b"], {}, constraints=Constraints(soft_penalty_units=5))
    assert plan.skipped == (SkippedPrerequisite(before="a", after="b", penalty_units=5),)
    assert verify_plan(graph, plan) == []
    certificate = replace(plan.certificate, penalty_units=4)
    for wrong in (replace(plan, skipped=()), replace(plan, certificate=certificate)):
        assert "CONSTRAINT_BROKEN" in {found.kind.value for found in verify_plan(graph, wrong)}


def test_costs_follow_the_cost_model() -> None:
    settings = PlanSettings(cost_model=CostModel(custom_units={"concepts/d": 9}))
    plan = generate_plan(GRAPH, ["d"], MASTERY, settings)
    assert judge(plan) == judge(plan, None) == []
    assert "WRONG_SUM" in kinds(replace(plan, cost_model=CostModel()))


COGNITIVE = PlanSettings(cost_model=CostModel(kind=CostKind.COGNITIVE))


def test_cognitive_costs_are_reckoned_with_what_steps_record() -> None:
    mastery = {"g": 0.9, "a": 0.3, "b": 0.1, "f": 0.2}
    plan = generate_plan(GRAPH, ["d"], mastery, COGNITIVE)
    assert judge(plan, mastery) == judge(plan, None) == []
    steps = (replace(plan.steps[-1], mastery=0.4), *plan.steps[:-1])
    assert "WRONG_SUM" in kinds(replace(plan, steps=steps), None)
    assert "WRONG_SUM" in kinds(plan, {**mastery, "a": 0.0})


def test_cognitive_costs_of_sections_outside_the_plan_are_held_between_bounds() -> None:
    graph = build_graph("a b c", untaught="a", resources={"r": {"a": 5, "c": 5}})
    plan = generate_plan(graph, ["a"], {"c": 0.6}, COGNITIVE)
    assert verify_plan(graph, plan, {"c": 0.6}) == verify_plan(graph, plan) == []
    (step,) = plan.steps
    for units, sound in ((step.cost_units + 1, True), (step.cost_units * 3, False), (step.cost_units // 3, False)):
        certificate = replace(plan.certificate, cost_units=units, lower_bound_units=units, theorem="", guarantee=0.0)
        changed = replace(plan, steps=(replace(step, cost_units=units),), certificate=certificate)
        assert (verify_plan(graph, changed) == []) is sound


@pytest.mark.parametrize("weight", [nan, inf, -1.0])
def test_strange_costs_are_taken_for_minutes(weight: float) -> None:
    model = CostModel(kind=CostKind.COGNITIVE, weights=CostWeights(mastery_gap=weight), custom_units={"x": -1})
    assert judge(replace(PLAN, cost_model=model)) == []


@pytest.mark.parametrize("mastery", [nan, inf, -1.0, 2.0])
def test_strange_mastery_is_none(mastery: float) -> None:
    settings = PlanSettings(cost_model=CostModel(kind=CostKind.COGNITIVE))
    plan = generate_plan(GRAPH, ["d"], MASTERY, settings)
    steps = tuple(replace(step, mastery=mastery) for step in plan.steps)
    assert judge(replace(plan, steps=steps), None) == []


@pytest.mark.parametrize(("switches", "bound"), [(1, 0), (0, 1), (nan, 0), (2, 3), (2, -1)])
def test_changes_of_topic_are_counted(switches: int, bound: int) -> None:
    assert kinds(replace(PLAN, switches=switches, switches_lower_bound=bound)) == {"WRONG_SUM"}


def test_reviews_are_of_the_curriculum() -> None:
    review = Review(concept="x", title="", after_step=0, minutes=1, mastery=0.8, text="")
    assert judge(replace(PLAN, reviews=(review,))) == [("UNKNOWN_CONCEPT", None, "x")]


CONFLICT = generate_plan(GRAPH, ["d"], MASTERY, constraints=Constraints(vetoed=("concepts/a", "concepts/b")))


def conflict_with(*fields: str) -> Plan:
    listed = tuple(ConflictingConstraint(field=field, text="") for field in fields)
    return replace(CONFLICT, conflict=Conflict(constraints=listed, text=""))


def test_a_conflict_is_sound_where_the_constraints_cannot_hold() -> None:
    assert judge(CONFLICT) == judge(CONFLICT, None) == []


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ((), "a conflict names at least one constraint"),
        (("goals[0]",), "the constraints that are said to conflict can all hold"),
        (("constraints.vetoed[0]",), "the constraints that are said to conflict can all hold"),
        (("goals[0]", "constraints.vetoed[2]"), "the conflict names a constraint that the plan does not have"),
        (("goals[0]", "constraints.budget_minutes"), "the conflict names a constraint that the plan does not have"),
        (("nonsense",), "the conflict names a constraint that the plan does not have"),
    ],
)
def test_a_conflict_that_is_none(fields: tuple[str, ...], told: str) -> None:
    assert [found.message for found in verify_plan(GRAPH, conflict_with(*fields), MASTERY)] == [told]


def test_a_conflict_is_said_of_a_plan_without_steps() -> None:
    plan = replace(CONFLICT, steps=PLAN.steps)
    assert judge(plan) == [("CONSTRAINT_BROKEN", None, "")]


def test_goals_are_not_named_unreachable_for_a_conflict() -> None:
    named = (UnreachableGoal(concept="d", missing=(), text=""),)
    assert ("FALSELY_UNREACHABLE", None, "d") in judge(replace(CONFLICT, unreachable=named))


def test_thousands_of_steps() -> None:
    step = PlanStep(concept="a", title="", activity="concepts/a", kind=StepKind.LEARN, minutes=10, cost_units=100_000)
    assert len(judge(replace(PLAN, steps=(step,) * 5_000))) > 4_999
