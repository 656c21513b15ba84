from planner.generation import generate_plan
from planner.graph import PlanningGraph
from tests.planner_graphs import build_graph


def order(graph: PlanningGraph, goals: str) -> str:
    return " ".join(step.concept for step in generate_plan(graph, goals.split(), {}).steps)


def test_prerequisites_and_members_come_first() -> None:
    assert order(build_graph("a b c d", hard="d>b", groups="a/g=2:b,c"), "a") == "c d b a"


def test_ties_go_by_id() -> None:
    assert order(build_graph("c a b"), "a b c") == "a b c"


def test_soft_prerequisites_come_first_where_they_can() -> None:
    assert order(build_graph("a b c", soft="c>a"), "a b c") == "b c a"


def test_soft_prerequisites_do_not_stand_in_the_way() -> None:
    assert order(build_graph("a b", hard="a>b", soft="b>a"), "b") == "a b"


def test_a_circle_of_soft_prerequisites_is_no_obstacle() -> None:
    assert order(build_graph("a b", soft="a>b b>a"), "a b") == "a b"


def test_a_resource_is_finished_before_another_begins() -> None:
    graph = build_graph("a b c d", untaught="a b c d", resources={"r": {"a": 1, "c": 1}, "s": {"b": 1, "d": 1}})
    assert order(graph, "a b c d") == "a c b d"


def test_a_topic_is_kept_together() -> None:
    graph = build_graph("a b c d", topics={"a": "x", "b": "y", "c": "x", "d": "y"})
    assert order(graph, "a b c d") == "a c b d"


def test_a_resource_counts_more_than_a_topic() -> None:
    graph = build_graph("a b c", untaught="a c", resources={"r": {"a": 1, "c": 1}}, topics={"a": "x", "b": "x"})
    assert order(graph, "a b c") == "a c b"


def test_what_serves_the_first_goal_comes_before_what_serves_the_next() -> None:
    assert order(build_graph("x y a b", hard="y>a x>b"), "a b") == "y a x b"
