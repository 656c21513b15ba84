from dataclasses import replace

import pytest

from planner.costs import CostModel
from planner.difference import compare_plans, costs_minutes, find_longest_rise, tell_cost, write_cost
from planner.generation import generate_plan
from planner.plan import (
    ChangeKind,
    Conflict,
    ConflictingConstraint,
    LeftOutGoal,
    Plan,
    PlanChange,
    PlanStep,
    StepKind,
    UnreachableGoal,
)
from tests.planner_graphs import build_graph

EMPTY = generate_plan(build_graph("z"), ["z"], {"z": 1.0})


def make_step(concept: str, activity: str) -> PlanStep:
    return PlanStep(
        concept=concept, title=concept.upper(), activity=activity, kind=StepKind.LEARN, minutes=1, cost_units=0
    )


def make_plan(concepts: str, **activities: str) -> Plan:
    """A plan with a step for each letter and no cost."""
    steps = tuple(make_step(each, activities.get(each, f"concepts/{each}")) for each in concepts)
    return replace(EMPTY, goals=(), mastered=(), steps=steps)


def list_texts(before: str, after: str) -> list[str]:
    return [change.text for change in compare_plans(make_plan(before), make_plan(after))]


def test_equal_plans_have_no_differences() -> None:
    plan = generate_plan(build_graph("a b c", hard="a>b", groups="c/g=1:a,b"), ["b", "c"], {})
    assert compare_plans(plan, plan) == ()


def test_steps_that_are_new_and_gone() -> None:
    assert compare_plans(make_plan("ab"), make_plan("bc")) == (
        PlanChange(kind=ChangeKind.STEP_REMOVED, concept="a", before="concepts/a", text="A is no step any more."),
        PlanChange(kind=ChangeKind.STEP_ADDED, concept="c", after="concepts/c", text="C is a new step."),
    )


def test_the_plans_show_what_was_and_is_mastered() -> None:
    graph = build_graph("a b", hard="a>b")
    whole, rest = generate_plan(graph, ["b"], {}), generate_plan(graph, ["b"], {"a": 1.0})
    assert compare_plans(whole, rest)[0].text == "A is no step any more: A is mastered."
    assert compare_plans(rest, whole)[0].text == "A is a new step: A is not mastered any more."


def test_a_cause_that_is_given_is_told() -> None:
    causes = {(ChangeKind.STEP_ADDED, "b"): "the curriculum asks for it", (ChangeKind.STEP_REMOVED, "b"): "no"}
    (change,) = compare_plans(make_plan("a"), make_plan("ab"), causes)
    assert change.text == "B is a new step: the curriculum asks for it."


def test_an_activity_that_changed() -> None:
    (change,) = compare_plans(make_plan("a"), make_plan("a", a="resources/r"))
    assert (change.kind, change.before, change.after) == (ChangeKind.ACTIVITY_CHANGED, "concepts/a", "resources/r")
    assert change.text == "A is learned by the resource r instead of its own study."


def test_a_new_step_in_between_moves_nothing() -> None:
    assert list_texts("abc", "axbc") == ["X is a new step."]


@pytest.mark.parametrize(
    ("before", "after", "moves"),
    [
        ("abc", "cab", ["C comes before A now."]),
        ("abc", "bca", ["C comes before A now, which moved back."]),
        ("abcd", "badc", ["B comes before A now.", "D comes before C now."]),
        ("abcde", "ebcda", ["E comes before B now.", "D comes before A now, which moved back."]),
    ],
)
def test_as_few_concepts_moved_as_can_have(before: str, after: str, moves: list[str]) -> None:
    assert list_texts(before, after) == moves


def test_a_cost_that_changed() -> None:
    graph = build_graph("a:10 b:30", hard="a>b")
    change = compare_plans(generate_plan(graph, ["b"], {}), generate_plan(graph, ["b"], {"a": 0.6}))[-1]
    assert (change.kind, change.before, change.after) == (ChangeKind.COST_CHANGED, "40", "33")
    assert change.text == "The plan costs 7 minutes less: 33 instead of 40."


def test_goals_that_came_within_reach_and_fell_out_of_it() -> None:
    reached = generate_plan(build_graph("a b", hard="a>b"), ["b"], {})
    lost = generate_plan(build_graph("a b", hard="a>b", untaught="a"), ["b"], {})
    assert compare_plans(reached, lost)[0].text == "B cannot be reached and was reached before."
    assert compare_plans(lost, reached)[0].kind is ChangeKind.GOAL_CHANGED


def test_each_standing_of_a_goal_has_its_words() -> None:
    base = replace(make_plan("g"), goals=("g",))
    conflict = Conflict(constraints=(ConflictingConstraint(field="goals[0]", text=""),), text="")
    plans = {
        "G cannot be reached": replace(base, unreachable=(UnreachableGoal(concept="g", missing=(), text=""),)),
        "G does not fit into the budget": replace(base, left_out=(LeftOutGoal(concept="g", minutes=1, text=""),)),
        "G is held up by constraints that conflict": replace(base, conflict=conflict),
        "G is no goal": replace(base, goals=()),
    }
    assert all(compare_plans(base, plan)[0].text.startswith(text) for text, plan in plans.items())
    assert all(len(compare_plans(base, plan)) == 1 for plan in plans.values())


@pytest.mark.parametrize(
    ("units", "number"), [(0, "0"), (10_000, "1"), (125_000, "12.5"), (1, "0.0001"), (-5_000, "-0.5"), (100_000, "10")]
)
def test_costs_as_decimal_numbers(units: int, number: str) -> None:
    assert write_cost(units) == number


def test_costs_in_words() -> None:
    assert tell_cost(10_000, minutes=True) == "1 minute"
    assert tell_cost(25_000, minutes=True) == "2.5 minutes"
    assert tell_cost(25_000, minutes=False) == "2.5"


def test_costs_are_minutes_unless_priced_otherwise_or_with_penalties() -> None:
    penalised = replace(EMPTY.certificate, penalty_units=1)
    assert costs_minutes(EMPTY)
    assert not costs_minutes(replace(EMPTY, cost_model=CostModel(custom_units={"concepts/z": 1})))
    assert not costs_minutes(replace(EMPTY, certificate=penalised))


@pytest.mark.parametrize(
    ("values", "rise"), [([], []), ([3], [0]), ([3, 1, 2], [1, 2]), ([1, 5, 2, 3, 4], [0, 2, 3, 4]), ([3, 2, 1], [2])]
)
def test_a_longest_rise(values: list[int], rise: list[int]) -> None:
    assert find_longest_rise(values) == rise
