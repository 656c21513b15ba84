import pytest

from planner.content.closure import explore
from planner.graph import PlanningGraph
from planner.problem import PlanSettings, pose_problem
from planner.proof.bounds import bound_cost
from planner.proof.theorems import find_theorem
from tests.planner_graphs import build_graph


def bound(graph: PlanningGraph, goals: str, *, thorough: bool = True, **mastery: float) -> float:
    """The lower bound in minutes."""
    problem = pose_problem(graph, goals.split(), mastery, PlanSettings())
    return bound_cost(problem, explore(problem), thorough=thorough).units / 10_000


def theorem(graph: PlanningGraph, goals: str, **mastery: float) -> tuple[str, float]:
    problem = pose_problem(graph, goals.split(), mastery, PlanSettings())
    return find_theorem(problem, explore(problem))


def test_nothing_to_learn_costs_nothing() -> None:
    assert bound(build_graph("a"), "a", a=1.0) == 0


def test_the_bound_is_the_cost_where_there_is_no_choice() -> None:
    graph = build_graph("a:5 b:7 c:11", hard="a>b b>c", untaught="c", resources={"r": {"c": 3, "a": 4}})
    assert bound(build_graph("a:5 b:7 c:11", hard="a>b b>c"), "c") == 23
    assert bound(graph, "b c", a=1.0) == 14


def test_a_concept_costs_at_least_its_cheapest_activity() -> None:
    assert bound(build_graph("a:9", resources={"r": {"a": 7}, "s": {"a": 8}}), "a") == 7


def test_a_shared_resource_is_counted_once() -> None:
    assert bound(build_graph("a:9 b:9", resources={"r": {"a": 6, "b": 6}}), "a b") == 12


def test_a_group_costs_its_cheapest_member_and_what_that_requires() -> None:
    graph = build_graph("a:5 b:6 c:9 d:1 x:20", hard="x>a x>b", groups="d/g=1:a,b,c")
    assert bound(graph, "d") == 10
    assert bound(graph, "d", c=1.0) == 1
    assert bound(build_graph("a:5 b:6 d:1 x:20", hard="x>a x>b", groups="d/g=1:a,b"), "d") == 26


def test_nested_groups_are_seen_through() -> None:
    graph = build_graph("a:5 b:6 c:7 d:8 e:3 f:4 g:1", groups="e/g=1:a,b f/g=1:c,d g/g=1:e,f")
    assert bound(graph, "g") == 9


@pytest.mark.parametrize(("need", "minutes"), [(1, 5), (2, 10), (3, 15), (4, 115)])
def test_a_group_that_needs_several_costs_the_cheapest_of_them(need: int, minutes: int) -> None:
    graph = build_graph("a:5 b:5 c:5 d:100 e:1", groups=f"e/g={need}:a,b,c,d")
    assert bound(graph, "e") == minutes + 1


def test_parts_without_an_activity_in_common_are_rounded_up_each_by_itself() -> None:
    triangles = {
        f"{name}{number}": {one: 5, other: 5}
        for name, corners in (("r", "abc"), ("s", "def"))
        for number, (one, other) in enumerate(zip(corners, corners[1:] + corners[0], strict=True))
    }
    graph = build_graph("a b c d e f", untaught="a b c d e f", resources=triangles)
    # of the three activities of a triangle each plan does two, though half of each would do in a linear programme
    assert bound(graph, "a b c") == 20
    assert bound(graph, "a b c d e f") == 40


def test_prices_that_one_sweep_leaves_too_low_are_improved() -> None:
    resources = {"r": {"a": 3, "b": 3}, "s": {"b": 2, "c": 2}, "t": {"c": 3, "d": 3}}
    graph = build_graph("a:4 b:4 c:4 d:4", resources=resources)
    assert bound(graph, "a b c d") == 12


def test_a_quick_bound_is_not_above_a_thorough_one() -> None:
    graph = build_graph("a:5 b:6 d:1", groups="d/g=1:a,b")
    assert bound(graph, "d", thorough=False) == 1
    assert bound(graph, "d") == 6


def test_refreshing_lowers_the_bound() -> None:
    assert bound(build_graph("a:10 b:10", hard="a>b"), "b", a=0.6) == 13


def test_t1_without_alternatives() -> None:
    graph = build_graph("a b c", hard="a>b", groups="b/g=1:a,c")
    assert theorem(graph, "b") == ("T1", 1.0)
    assert theorem(graph, "b", b=1.0) == ("T1", 1.0)


def test_t2_for_resources_promises_by_the_obligations_one_meets() -> None:
    graph = build_graph("a b c d", resources={"r": {"a": 1, "b": 1, "c": 1}, "s": {"a": 1, "d": 1}})
    assert theorem(graph, "a b c") == ("T2", 11 / 6)


def test_t2_for_groups_whose_members_require_nothing_new() -> None:
    graph = build_graph("a b c d e", hard="e>a e>d", groups="d/g=1:a,b d/h=2:a,b,c")
    assert theorem(graph, "d") == ("T2", 1.5)


def test_no_theorem_for_members_that_require_something() -> None:
    graph = build_graph("a b c d e", hard="c>a", groups="d/g=1:a,b e/g=1:d,b")
    assert theorem(graph, "d") == ("", 0.0)
    assert theorem(graph, "e") == ("", 0.0)
    assert theorem(graph, "d", c=1.0) == ("T2", 1.0)
