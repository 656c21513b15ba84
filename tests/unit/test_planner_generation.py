import pytest

from kg.errors import InvalidInputError
from planner.generation import generate_plan, split
from planner.graph import PlanningGraph
from planner.plan import BoundKind, Certificate, Plan, StepKind
from planner.problem import PlanSettings
from tests.planner_graphs import build_graph


def plan(graph: PlanningGraph, goals: str, **mastery: float) -> Plan:
    return generate_plan(graph, goals.split(), mastery)


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


@pytest.mark.parametrize(
    ("total", "parts", "shares"),
    [(10, [1, 1, 1], [4, 3, 3]), (5, [3, 1, 1], [3, 1, 1]), (7, [1, 2], [2, 5]), (0, [1, 2], [0, 0])],
)
def test_a_split_is_by_largest_remainder(total: int, parts: list[int], shares: list[int]) -> None:
    assert list(split(total, dict(enumerate(parts))).values()) == shares
