import pytest

from kg.errors import InvalidInputError
from planner.constraints import UNCONSTRAINED, Constraints
from planner.costs import CostKind, CostModel
from planner.generation import generate_plan
from planner.graph import PlanningGraph
from planner.plan import BoundKind, Certificate, LeftOutGoal, Plan, PlanOrder, SkippedPrerequisite, StepKind
from planner.problem import PlanSettings
from planner.steps import split
from tests.planner_graphs import build_graph


def plan(graph: PlanningGraph, goals: str, constraints: Constraints = UNCONSTRAINED, **mastery: float) -> Plan:
    return generate_plan(graph, goals.split(), mastery, constraints=constraints)


def list_steps(found: Plan) -> list[str]:
    return [f"{step.concept} {step.activity}" for step in found.steps]


def test_steps_say_what_to_do_and_how_long_it_takes() -> None:
    found = plan(build_graph("a:10 b:7", hard="a>b"), "b", a=0.5)
    assert [(step.concept, step.title, step.activity, step.kind, step.minutes) for step in found.steps] == [
        ("a", "A", "concepts/a", StepKind.REFRESH, 3),
        ("b", "B", "concepts/b", StepKind.LEARN, 7),
    ]
    assert [step.cost_units for step in found.steps] == [30_000, 70_000]
    assert found.minutes == 10


def test_a_certificate_without_choices() -> None:
    assert plan(build_graph("a:10 b:7", hard="a>b"), "b").certificate == Certificate(
        cost_units=170_000,
        lower_bound_units=170_000,
        ratio=1.0,
        bound=BoundKind.DUAL_PRICES,
        theorem="T1",
        guarantee=1.0,
    )


def test_a_resource_is_shared_out_by_its_sections() -> None:
    graph = build_graph("a b c", untaught="a b c", resources={"r": {"a": 1, "b": 2, "c": 4}})
    found = plan(graph, "a b")
    assert [step.minutes for step in found.steps] == [2, 5]
    assert [step.cost_units for step in found.steps] == [23_333, 46_667]
    assert found.certificate.cost_units == 70_000


def test_a_faded_concept_may_still_be_taught_by_a_resource() -> None:
    graph = build_graph("a:60 b:60", resources={"r": {"a": 25, "b": 25}})
    found = plan(graph, "a b", a=0.6)
    assert [(step.activity, step.kind) for step in found.steps] == [
        ("resources/r", StepKind.REFRESH),
        ("resources/r", StepKind.LEARN),
    ]


def test_mastered_is_what_the_plan_relies_on() -> None:
    graph = build_graph("a b c d e f", hard="a>b", groups="b/g=1:c,d")
    assert plan(graph, "b f", a=1.0, c=1.0, e=1.0, f=0.9).mastered == ("a", "c", "f")


def test_goals_are_sorted() -> None:
    assert plan(build_graph("a b"), "b a").goals == ("a", "b")


def test_a_mastered_goal_needs_nothing() -> None:
    found = plan(build_graph("a b", hard="a>b"), "b", b=0.8)
    assert (found.steps, found.minutes, found.certificate.ratio) == ((), 0, 1.0)


def test_unreachable_goals_are_named_and_the_rest_is_planned() -> None:
    found = plan(build_graph("a b c", hard="a>b", untaught="a"), "b c")
    (goal,) = found.unreachable
    assert (goal.concept, goal.missing, goal.text) == ("b", ("a",), "B cannot be reached: nothing teaches A.")
    assert [step.concept for step in found.steps] == ["c"]


def test_thresholds_are_kept() -> None:
    settings = PlanSettings(mastery_threshold=0.9, refresh_threshold=0.3)
    found = generate_plan(build_graph("a"), ["a"], {"a": 0.85}, settings)
    assert (found.mastery_threshold, found.refresh_threshold) == (0.9, 0.3)
    assert found.steps[0].kind is StepKind.REFRESH


def test_a_stop_marks_the_plan_and_takes_its_theorem() -> None:
    graph = build_graph("a b c", groups="c/g=1:a,b")
    found = generate_plan(graph, ["c"], {}, stop=lambda: True)
    assert (found.cut_short, found.certificate.theorem, found.certificate.guarantee) == (True, "", 0.0)
    assert plan(graph, "c").certificate.theorem == "T2"


def test_unknown_goals_are_refused() -> None:
    with pytest.raises(InvalidInputError, match=r"goals\[1\]"):
        plan(build_graph("a"), "a x")


def test_a_plan_says_how_it_was_made() -> None:
    settings = PlanSettings(cost_model=CostModel(custom_units={"concepts/a": 7}), order=PlanOrder.EARLY_WINS)
    constraints = Constraints(budget_minutes=100)
    found = generate_plan(build_graph("a"), ["a"], {}, settings, constraints=constraints)
    assert (found.cost_model, found.order, found.constraints) == (settings.cost_model, settings.order, constraints)
    assert found.certificate.cost_units == found.steps[0].cost_units == 7


def test_cognitive_costs_depend_on_mastery() -> None:
    settings = PlanSettings(cost_model=CostModel(kind=CostKind.COGNITIVE))
    costs = [
        generate_plan(build_graph("a"), ["a"], {"a": mastery}, settings).certificate.cost_units
        for mastery in (0.0, 0.4, 0.7)
    ]
    assert costs == sorted(costs, reverse=True)
    assert len(set(costs)) == 3


def test_steps_record_mastery() -> None:
    found = plan(build_graph("a b", hard="a>b"), "b", a=0.25)
    assert [step.mastery for step in found.steps] == [0.25, 0.0]


def test_changes_of_topic_are_counted() -> None:
    found = plan(build_graph("a b c", hard="a>b b>c", topics={"a": "x", "b": "y", "c": "x"}), "c")
    assert (found.switches, found.switches_lower_bound) == (2, 2)


def test_a_pinned_concept_is_learned_and_no_goal() -> None:
    found = plan(build_graph("a b c", hard="a>b"), "c", Constraints(pinned=("concepts/b",)))
    assert (found.goals, sorted(step.concept for step in found.steps)) == (("c",), ["a", "b", "c"])


def test_a_pinned_mastered_concept_is_refreshed() -> None:
    found = plan(build_graph("a b", hard="a>b"), "b", Constraints(pinned=("concepts/a",)), a=0.9)
    assert [(step.concept, step.kind, step.mastery) for step in found.steps] == [
        ("a", StepKind.REFRESH, 0.9),
        ("b", StepKind.LEARN, 0.0),
    ]
    assert found.mastered == ()


def test_a_pinned_resource_teaches_all_it_can() -> None:
    graph = build_graph("a b c", resources={"r": {"a": 50, "b": 50}})
    assert list_steps(plan(graph, "a", Constraints(pinned=("resources/r",)))) == ["a resources/r", "b resources/r"]
    found = plan(graph, "a", Constraints(pinned=("resources/r",)), b=1.0)
    assert (list_steps(found), found.mastered) == (["a resources/r"], ("b",))


def test_a_pinned_resource_for_what_is_mastered_asks_for_nothing() -> None:
    graph = build_graph("a b", resources={"r": {"a": 5}})
    found = plan(graph, "b", Constraints(pinned=("resources/r",)), a=1.0)
    assert (list_steps(found), found.mastered) == (["b concepts/b"], ("a",))


def test_vetoes_are_worked_around() -> None:
    graph = build_graph("a:5 b c", groups="c/g=1:a,b", resources={"r": {"b": 7}})
    assert list_steps(plan(graph, "c", Constraints(vetoed=("concepts/a",)))) == ["b resources/r", "c concepts/c"]
    found = plan(graph, "c", Constraints(vetoed=("concepts/a", "resources/r")))
    assert list_steps(found) == ["b concepts/b", "c concepts/c"]


def test_orders_hold_where_a_plan_has_both() -> None:
    graph = build_graph("a b c")
    found = plan(graph, "a b", Constraints(orders=(("b", "a"), ("c", "b"))))
    assert [step.concept for step in found.steps] == ["b", "a"]


def test_a_goal_with_a_deadline_comes_first() -> None:
    found = plan(build_graph("a b c"), "a b c", Constraints(deadlines={"c": 10, "b": 20}))
    assert [step.concept for step in found.steps] == ["c", "b", "a"]


def test_a_deadline_may_make_a_plan_dearer_and_takes_its_theorem() -> None:
    graph = build_graph("a:10 b:30", resources={"r": {"a": 20, "b": 5}})
    assert list_steps(plan(graph, "a b")) == ["a resources/r", "b resources/r"]
    found = plan(graph, "a b", Constraints(deadlines={"a": 10}))
    assert list_steps(found) == ["a concepts/a", "b resources/r"]
    certificate = found.certificate
    assert (certificate.cost_units, certificate.lower_bound_units) == (350_000, 250_000)
    assert (certificate.theorem, certificate.guarantee, certificate.ratio) == ("", 0.0, 1.4)


def test_steps_are_cut_into_sessions() -> None:
    found = plan(build_graph("a b c:25", hard="a>b b>c"), "c", Constraints(session_minutes=20))
    assert [(each.first_step, each.last_step, each.minutes) for each in found.sessions] == [
        (0, 1, 20),
        (2, 2, 20),
        (2, 2, 5),
    ]


def test_goals_that_do_not_fit_into_the_budget_are_left_out() -> None:
    found = plan(build_graph("a:10 b:20 c:40"), "a b c", Constraints(budget_minutes=35))
    assert [step.concept for step in found.steps] == ["a", "b"]
    assert found.goals == ("a", "b", "c")
    text = "Reaching C would take 40 more minutes, and 5 are left."
    assert found.left_out == (LeftOutGoal(concept="c", minutes=40, text=text),)


def test_a_budget_counts_minutes_whatever_activities_cost() -> None:
    graph = build_graph("a:10", resources={"r": {"a": 20}})
    settings = PlanSettings(cost_model=CostModel(custom_units={"resources/r": 1}))
    for budget, activity in ((20, "resources/r"), (10, "concepts/a")):
        found = generate_plan(graph, ["a"], {}, settings, constraints=Constraints(budget_minutes=budget))
        assert list_steps(found) == [f"a {activity}"]


def test_a_budget_that_deadlines_make_too_small_leaves_a_goal_out() -> None:
    graph = build_graph("a:10 b:30", resources={"r": {"a": 20, "b": 5}})
    found = plan(graph, "a b", Constraints(budget_minutes=30, deadlines={"b": 30}))
    assert list_steps(found) == ["b resources/r", "a resources/r"]
    found = plan(graph, "a b", Constraints(budget_minutes=30, deadlines={"a": 10}))
    assert list_steps(found) == ["b resources/r"]
    assert found.left_out[0].text == "A does not fit into the budget together with deadlines and orders."


def test_a_soft_prerequisite_is_learned_where_that_is_cheaper() -> None:
    graph = build_graph("a b", soft="a>b")
    learned = plan(graph, "b", Constraints(soft_penalty_units=110_000))
    assert ([step.concept for step in learned.steps], learned.skipped) == (["a", "b"], ())
    skipped = plan(graph, "b", Constraints(soft_penalty_units=90_000))
    assert skipped.skipped == (SkippedPrerequisite(before="a", after="b", penalty_units=90_000),)
    assert (skipped.certificate.cost_units, skipped.certificate.penalty_units) == (190_000, 90_000)


def test_a_soft_prerequisite_is_given_up_where_there_is_no_time_for_it() -> None:
    constraints = Constraints(soft_penalty_units=110_000, budget_minutes=15)
    found = plan(build_graph("a b", soft="a>b"), "b", constraints)
    assert [step.concept for step in found.steps] == ["b"]
    assert found.certificate.penalty_units == 110_000


def test_what_is_not_decided_is_cut_short_and_says_who_is_late(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("planner.demands.feasibility.MOST_VARIABLES", 0)
    graph = build_graph(
        "a b c",
        untaught="a b c",
        resources={"r": {"a": 5, "b": 5}, "s": {"b": 5, "c": 5}, "t": {"a": 5, "c": 6}},
    )
    found = plan(graph, "a b c", Constraints(deadlines={"a": 19, "b": 19, "c": 19}))
    assert (found.cut_short, found.conflict) == (True, None)
    late = [reason.text for step in found.steps for reason in step.reasons if "late" in reason.text]
    assert len(late) == 3
    assert late[0] == "A is one of the goals. It is late: no plan was found that reaches it in less than 20 minutes."


def test_orders_that_are_not_decided_are_cut_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("planner.demands.feasibility.MOST_VARIABLES", 0)
    found = plan(build_graph("a b c", hard="a>b"), "b c", Constraints(orders=(("b", "a"), ("c", "a"))))
    assert (found.cut_short, [step.concept for step in found.steps]) == (True, ["c", "a", "b"])


@pytest.mark.parametrize(
    ("total", "parts", "shares"),
    [(10, [1, 1, 1], [4, 3, 3]), (5, [3, 1, 1], [3, 1, 1]), (7, [1, 2], [2, 5]), (0, [1, 2], [0, 0])],
)
def test_a_split_is_by_largest_remainder(total: int, parts: list[int], shares: list[int]) -> None:
    assert list(split(total, dict(enumerate(parts))).values()) == shares
