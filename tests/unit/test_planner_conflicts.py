from collections.abc import Mapping

import pytest

from planner.checks.verification import verify_plan
from planner.constraints import Constraints
from planner.generation import generate_plan
from planner.graph import PlanningGraph
from planner.plan import BoundKind, Certificate, Plan
from tests.planner_graphs import build_graph

# c requires a and one of b and d; r teaches a and d.
GRAPH = build_graph("a b c d", hard="a>c", groups="c/g=1:b,d", resources={"r": {"a": 9, "d": 9}})


def plan(
    graph: PlanningGraph, goals: str, constraints: Constraints, mastery: Mapping[str, float] | None = None
) -> Plan:
    found = generate_plan(graph, goals.split(), mastery or {}, constraints=constraints)
    assert verify_plan(graph, found, mastery or {}) == verify_plan(graph, found) == []
    return found


def explain(graph: PlanningGraph, goals: str, constraints: Constraints, **mastery: float) -> dict[str, str]:
    conflict = plan(graph, goals, constraints, mastery).conflict
    assert conflict
    return {each.field: each.text for each in conflict.constraints}


def test_a_conflict_makes_a_plan_without_steps() -> None:
    found = plan(GRAPH, "c", Constraints(vetoed=("concepts/c",)))
    assert (found.goals, found.steps, found.minutes) == (("c",), (), 0)
    assert found.certificate == Certificate(cost_units=0, lower_bound_units=0, ratio=0.0, bound=BoundKind.UNSPECIFIED)


def test_a_goal_that_is_vetoed() -> None:
    conflict = plan(GRAPH, "a c", Constraints(vetoed=("concepts/b", "concepts/c"))).conflict
    assert conflict
    assert [each.field for each in conflict.constraints] == ["goals[1]", "constraints.vetoed[1]"]
    assert conflict.text == "These cannot all hold: C is reached; C is not learned."


def test_a_concept_that_is_pinned_and_vetoed() -> None:
    subjects = ("concepts/b",)
    assert explain(GRAPH, "a", Constraints(pinned=subjects, vetoed=subjects)) == {
        "constraints.pinned[0]": "B is learned",
        "constraints.vetoed[0]": "B is not learned",
    }


def test_a_resource_that_is_pinned_and_vetoed() -> None:
    subjects = ("resources/r",)
    assert explain(GRAPH, "b", Constraints(pinned=subjects, vetoed=subjects)) == {
        "constraints.pinned[0]": "the resource R is worked through",
        "constraints.vetoed[0]": "the resource R is not used",
    }


def test_a_pinned_resource_that_teaches_a_vetoed_concept() -> None:
    constraints = Constraints(pinned=("resources/r",), vetoed=("concepts/b", "concepts/d"))
    assert list(explain(GRAPH, "a", constraints)) == ["constraints.pinned[0]", "constraints.vetoed[1]"]


def test_a_goal_whose_only_way_is_vetoed() -> None:
    graph = build_graph("a b", hard="a>b", untaught="a", resources={"r": {"a": 5}, "s": {"a": 5}})
    assert plan(graph, "b", Constraints(vetoed=("resources/r",))).conflict is None
    assert list(explain(graph, "b", Constraints(vetoed=("resources/s", "resources/r")))) == [
        "goals[0]",
        "constraints.vetoed[0]",
        "constraints.vetoed[1]",
    ]


def test_a_group_all_of_whose_members_are_vetoed() -> None:
    constraints = Constraints(vetoed=("concepts/b", "resources/r", "concepts/d"))
    assert list(explain(GRAPH, "c", constraints)) == ["goals[0]", "constraints.vetoed[0]", "constraints.vetoed[2]"]


def test_a_mastered_concept_may_be_vetoed() -> None:
    assert plan(GRAPH, "c", Constraints(vetoed=("concepts/a",)), {"a": 1.0}).conflict is None


def test_a_goal_that_nothing_leads_to_is_no_conflict() -> None:
    graph = build_graph("a b", untaught="b")
    found = plan(graph, "a b", Constraints(vetoed=("concepts/b",)))
    assert found.conflict is None
    assert [goal.concept for goal in found.unreachable] == ["b"]


def test_a_pin_that_nothing_leads_to_conflicts_alone() -> None:
    graph = build_graph("a b", untaught="b")
    conflict = plan(graph, "a", Constraints(pinned=("concepts/b",))).conflict
    assert conflict
    assert conflict.text == "This cannot hold: B is learned."


def test_pinned_resources_that_teach_the_same_only() -> None:
    graph = build_graph("a b", resources={"r": {"a": 5}, "s": {"a": 5}, "t": {"a": 5, "b": 5}})
    assert plan(graph, "a", Constraints(pinned=("resources/r", "resources/t"))).conflict is None
    fields = list(explain(graph, "a", Constraints(pinned=("resources/r", "resources/s", "resources/t"))))
    assert fields == ["constraints.pinned[0]", "constraints.pinned[1]"]


def test_an_order_against_a_hard_prerequisite() -> None:
    constraints = Constraints(orders=(("a", "b"), ("c", "a")))
    assert explain(GRAPH, "c", constraints) == {"goals[0]": "C is reached", "constraints.orders[1]": "C comes before A"}


def test_orders_that_run_in_a_circle() -> None:
    graph = build_graph("a b c d")
    constraints = Constraints(orders=(("a", "b"), ("b", "c"), ("c", "d"), ("c", "a")))
    assert list(explain(graph, "d c b a", constraints)) == [
        "goals[1]",
        "goals[2]",
        "goals[3]",
        "constraints.orders[0]",
        "constraints.orders[1]",
        "constraints.orders[3]",
    ]


def test_an_order_may_rule_an_alternative_out() -> None:
    graph = build_graph("a:5 b c", groups="c/g=1:a,b")
    found = plan(graph, "c", Constraints(orders=(("c", "a"),)))
    assert [step.concept for step in found.steps] == ["b", "c"]
    assert list(explain(graph, "c", Constraints(orders=(("c", "a"), ("c", "b"))))) == [
        "goals[0]",
        "constraints.orders[0]",
        "constraints.orders[1]",
    ]


def test_a_member_that_is_not_needed_may_come_later() -> None:
    graph = build_graph("a b c", groups="c/g=1:a,b")
    found = plan(graph, "a b c", Constraints(orders=(("c", "a"),)))
    assert [step.concept for step in found.steps] == ["b", "c", "a"]


def test_a_deadline_that_is_too_short() -> None:
    constraints = Constraints(deadlines={"b": 10, "c": 27})
    assert explain(GRAPH, "b c", constraints) == {
        "goals[1]": "C is reached",
        "constraints.deadlines[1]": "C is reached within 27 minutes",
    }
    assert plan(GRAPH, "c", Constraints(deadlines={"c": 28})).conflict is None


def test_deadlines_that_are_too_short_together() -> None:
    graph = build_graph("a b c")
    fields = list(explain(graph, "a b c", Constraints(deadlines={"a": 15, "b": 15, "c": 30})))
    assert fields == ["goals[0]", "goals[1]", "constraints.deadlines[0]", "constraints.deadlines[1]"]


def test_pins_that_exceed_the_budget() -> None:
    constraints = Constraints(pinned=("concepts/b", "resources/r"), budget_minutes=17)
    assert explain(GRAPH, "c", constraints) == {
        "constraints.pinned[1]": "the resource R is worked through",
        "constraints.budget_minutes": "the plan takes at most 17 minutes",
    }


def test_goals_that_exceed_the_budget_are_no_conflict() -> None:
    assert plan(GRAPH, "c", Constraints(budget_minutes=5)).conflict is None


@pytest.mark.parametrize("count", [1, 7, 40])
def test_many_harmless_constraints_are_left_out(count: int) -> None:
    names = [f"c{number:02}" for number in range(count)]
    graph = build_graph(" ".join([*names, "x", "y"]), hard="x>y")
    constraints = Constraints(
        pinned=tuple(f"concepts/{name}" for name in names[::2]),
        vetoed=(*(f"concepts/{name}" for name in names[1::2]), "concepts/x"),
    )
    assert list(explain(graph, "y", constraints)) == ["goals[0]", f"constraints.vetoed[{count // 2}]"]
