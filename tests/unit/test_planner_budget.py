from planner.demands.budget import Budgeting, fit_budget
from planner.graph import PlanningGraph
from planner.problem import PlanningProblem, PlanSettings, pose_problem
from tests.planner_graphs import build_graph


def pose(graph: PlanningGraph, goals: str) -> PlanningProblem:
    return pose_problem(graph, goals.split(), {}, PlanSettings())


def fit(graph: PlanningGraph, goals: str, minutes: int, fixed: str = "") -> Budgeting:
    return fit_budget(pose(graph, goals), minutes, [graph.number[goal] for goal in fixed.split()])


def test_all_goals_are_kept_where_they_fit() -> None:
    found = fit(build_graph("a:10 b:20"), "a b", 30)

    assert (found.goals, found.left_out, found.most) == ((0, 1), (), 2)


def test_the_goal_that_takes_least_is_kept() -> None:
    graph = build_graph("a:30 b:20 c:25")
    found = fit(graph, "a b c", 40)

    assert graph.name(found.goals) == ("b",)
    assert [(goal.concept, goal.minutes) for goal in found.left_out] == [("a", 30), ("c", 25)]
    assert found.left_out[0].text == "Reaching A would take 30 more minutes, and 20 are left."


def test_what_goals_share_is_counted_once() -> None:
    graph = build_graph("s:30 a:10 b:10 c:35", hard="s>a s>b")

    assert graph.name(fit(graph, "a b c", 50).goals) == ("a", "b")


def test_a_goal_may_come_with_another() -> None:
    graph = build_graph("a:10 b:10", hard="a>b")

    assert graph.name(fit(graph, "a b", 20).goals) == ("a", "b")
    assert graph.name(fit(graph, "a b", 15).goals) == ("a",)


def test_the_exact_search_finds_what_the_greedy_passes_by() -> None:
    # the greedy takes d first, and then nothing else fits
    graph = build_graph("d:39 s:40 a:1 b:1 c:1", hard="s>a s>b s>c")
    found = fit(graph, "a b c d", 43)

    assert graph.name(found.goals) == ("a", "b", "c")
    assert found.most == 3


def test_fixed_goals_stay() -> None:
    graph = build_graph("a:30 b:10")

    assert graph.name(fit(graph, "a b", 35, fixed="a").goals) == ("a",)


def test_goals_that_cost_nothing_are_kept() -> None:
    graph = build_graph("a b c:50", hard="a>b", untaught="a")
    found = fit(graph, "b c", 10)

    assert graph.name(found.goals) == ("b",)
    assert [goal.concept for goal in found.left_out] == ["c"]
    assert found.cover.teachers == {}


def test_a_search_that_is_stopped_says_so() -> None:
    found = fit_budget(pose(build_graph("a b"), "a b"), 10, (), lambda: True)

    assert (found.goals, found.interrupted) == ((), True)
