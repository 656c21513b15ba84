from dataclasses import replace

from planner.generation import generate_plan
from planner.next_step import find_next_step
from planner.problem import PlanSettings
from tests.planner_graphs import build_graph

GRAPH = build_graph("a b c d", hard="a>b b>d", groups="d/g=1:c")
PLAN = generate_plan(GRAPH, ["d"], {})  # a, b, c, d


def find(**mastery: float) -> int | None:
    return find_next_step(GRAPH, PLAN, mastery)


def test_the_first_step_not_yet_mastered() -> None:
    assert [step.concept for step in PLAN.steps] == ["a", "b", "c", "d"]
    assert find() == 0
    assert find(a=0.8, b=0.7) == 1
    assert find(a=0.8, b=0.8, c=0.8) == 3


def test_steps_whose_requirements_have_faded_are_passed_over() -> None:
    assert find(a=0.9, b=0.2, c=0.9) == 1
    assert find(b=0.9, c=0.1, a=0.9) == 2
    assert find_next_step(GRAPH, replace(PLAN, steps=PLAN.steps[3:]), {"c": 0.9}) is None


def test_nothing_is_left() -> None:
    assert find(a=1.0, b=1.0, c=1.0, d=1.0) is None


def test_concepts_that_are_gone_are_passed_over() -> None:
    assert find_next_step(build_graph("c d"), PLAN, {}) == 2


def test_thresholds_count() -> None:
    settings = PlanSettings(mastery_threshold=0.5)
    assert find_next_step(GRAPH, PLAN, {"a": 0.6}, settings) == 1
