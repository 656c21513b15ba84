from dataclasses import replace

from planner.graph import PlanningGraph
from planner.problem import PlanSettings, pose_problem
from planner.sequence.order_keeping import keep_order
from tests.planner_graphs import build_graph


def keep(graph: PlanningGraph, order: str, *, concepts: str = "", orders: str = "", **mastery: float) -> str:
    """Keeps an order of a cover of all concepts, or of some."""
    problem = pose_problem(graph, [graph.concepts[-1].id], mastery, PlanSettings())
    pairs = tuple((graph.number[pair[0]], graph.number[pair[2]]) for pair in orders.split())
    learned = concepts or "".join(concept.id for concept in graph.concepts)
    teachers = {graph.number[concept]: graph.activity_number[f"concepts/{concept}"] for concept in learned}
    kept = keep_order(replace(problem, orders=pairs), teachers, [graph.number[concept] for concept in order])
    return "".join(graph.concepts[concept].id for concept in kept)


def test_a_sound_order_stays() -> None:
    assert keep(build_graph("a b c d", hard="a>d b>c"), "bcad") == "bcad"


def test_what_is_required_moves_before_what_requires_it_and_no_further() -> None:
    assert keep(build_graph("a b c d", hard="d>c c>b"), "abcd") == "adcb"


def test_what_is_new_comes_just_before_the_first_that_requires_it() -> None:
    assert keep(build_graph("a b c x y", hard="x>b y>x x>c"), "abc") == "ayxbc"


def test_what_nothing_requires_comes_last() -> None:
    assert keep(build_graph("a b c"), "b") == "bac"


def test_of_a_group_no_more_members_than_needed_move() -> None:
    graph = build_graph("a b c z", groups="z/g=2:a,b,c")
    assert keep(graph, "azbc") == "abzc"
    assert keep(graph, "azbc", a=1.0, concepts="bcz") == "bzc"


def test_members_that_are_mastered_count() -> None:
    graph = build_graph("a b z", groups="z/g=1:a,b")
    assert keep(graph, "zb", concepts="bz", a=1.0) == "zb"


def test_an_order_constraint_moves_what_comes_first() -> None:
    assert keep(build_graph("a b c"), "abc", orders="c>a") == "cab"


def test_orders_that_form_a_circle_still_give_every_concept_once() -> None:
    assert sorted(keep(build_graph("a b c"), "abc", orders="c>a a>c")) == ["a", "b", "c"]


def test_what_is_not_learned_is_passed_over() -> None:
    assert keep(build_graph("a b c", hard="a>b"), "cab", concepts="bc", a=1.0) == "cb"
