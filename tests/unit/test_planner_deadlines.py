from collections.abc import Mapping
from dataclasses import replace

import pytest

from planner.constraints import UNCONSTRAINED, Constraints
from planner.content.closure import explore
from planner.content.cover import find_cover
from planner.demands.deadlines import hurry, is_hopeless, keeps_to, meet_demands
from planner.demands.feasibility import Answer, Demands, Finding, find_feasible, find_knot
from planner.graph import PlanningGraph
from planner.problem import PlanningProblem, PlanSettings, pose_problem
from tests.planner_graphs import build_graph

# r is the cheapest for both goals, and too long for the deadline of a.
GRAPH = build_graph("a:10 b:30", resources={"r": {"a": 20, "b": 5}})


def pose(graph: PlanningGraph, goals: str, constraints: Constraints = UNCONSTRAINED) -> PlanningProblem:
    return pose_problem(graph, goals.split(), {}, PlanSettings(), constraints)


def meet(problem: PlanningProblem, demands: Demands, *, cheapest: bool = True) -> Finding:
    region = explore(problem)
    return meet_demands(problem, region, find_cover(problem, region).teachers, demands, cheapest=cheapest)


def name(problem: PlanningProblem, teachers: Mapping[int, int]) -> dict[str, str]:
    graph = problem.graph
    return {graph.concepts[concept].id: graph.activities[activity].id for concept, activity in teachers.items()}


def test_a_plan_in_time_is_kept() -> None:
    problem = pose(GRAPH, "a b")
    found = meet(problem, Demands(due={0: 25}))
    assert found.answer is Answer.YES
    assert name(problem, found.teachers) == {"a": "resources/r", "b": "resources/r"}


def test_a_dearer_plan_is_taken_where_the_cheapest_is_late() -> None:
    problem = pose(GRAPH, "a b")
    found = meet(problem, Demands(due={0: 10}))
    assert found.answer is Answer.YES
    assert name(problem, found.teachers) == {"a": "concepts/a", "b": "resources/r"}
    assert keeps_to(problem, found.teachers, Demands(due={0: 10}))


def test_no_plan_is_in_time() -> None:
    demands = Demands(due={0: 9})
    assert is_hopeless(pose(GRAPH, "a b"), demands)
    assert meet(pose(GRAPH, "a b"), demands).answer is Answer.NO


def test_a_bound_on_minutes_need_not_show_that_there_is_no_plan() -> None:
    # each resource teaches two of three concepts: the relaxation takes half of each, a plan two of them
    graph = build_graph(
        "a b c",
        untaught="a b c",
        resources={"r": {"a": 5, "b": 5}, "s": {"b": 5, "c": 5}, "t": {"a": 5, "c": 6}},
    )
    problem, demands = pose(graph, "a b c"), Demands(due={0: 19, 1: 19, 2: 19})
    assert not is_hopeless(problem, demands)
    assert find_feasible(problem, explore(problem), demands).answer is Answer.NO


def test_hurrying_reaches_early_goals_first_and_keeps_what_it_chose() -> None:
    problem = pose(GRAPH, "a b")
    assert name(problem, hurry(problem, Demands(due={0: 10}))) == {"a": "concepts/a", "b": "resources/r"}
    assert name(problem, hurry(problem, Demands(due={}))) == {"a": "resources/r", "b": "resources/r"}


def test_a_limit_of_minutes_counts_minutes_and_not_costs() -> None:
    graph = build_graph("a:10", resources={"r": {"a": 20}})
    problem = pose(graph, "a")
    costs = problem.costs.copy()
    costs[graph.activity_number["resources/r"]] = 1
    cheap = replace(problem, costs=costs)
    assert name(cheap, meet(cheap, Demands(due={})).teachers) == {"a": "resources/r"}
    assert name(cheap, meet(cheap, Demands(due={}, most_minutes=10)).teachers) == {"a": "concepts/a"}
    assert meet(cheap, Demands(due={}, most_minutes=9)).answer is Answer.NO


def test_a_stop_leaves_out_the_exact_search() -> None:
    graph = build_graph("a b c d", groups="d/g=1:a,b", hard="c>a")
    problem = pose(graph, "d c", Constraints(orders=(("d", "a"), ("d", "b"))))
    region = explore(problem)
    teachers = find_cover(problem, region).teachers
    stopped = meet_demands(problem, region, teachers, Demands(due={}), stop=lambda: True)
    assert (stopped.answer, stopped.cut_short) == (Answer.UNDECIDED, True)
    assert meet_demands(problem, region, teachers, Demands(due={})).answer is Answer.NO


def test_the_exact_search_finds_the_cheapest_in_time() -> None:
    problem = pose(GRAPH, "a b")
    found = find_feasible(problem, explore(problem), Demands(due={0: 10}))
    assert (found.answer, found.cheapest) == (Answer.YES, True)
    assert name(problem, found.teachers) == {"a": "concepts/a", "b": "resources/r"}
    assert list(found.order) == [0, 1]


def test_the_exact_search_has_each_pinned_resource_teach_something() -> None:
    graph = build_graph("a b", resources={"r": {"a": 5}, "s": {"a": 5, "b": 5}})
    problem = pose(graph, "a b", Constraints(pinned=("resources/r", "resources/s")))
    found = find_feasible(problem, explore(problem), Demands(due={}))
    assert name(problem, found.teachers) == {"a": "resources/r", "b": "resources/s"}


def test_what_is_too_large_is_left_undecided(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("planner.demands.feasibility.MOST_VARIABLES", 3)
    problem = pose(GRAPH, "a b")
    assert find_feasible(problem, explore(problem), Demands(due={0: 9})).answer is Answer.UNDECIDED


def test_a_knot_is_what_lies_on_or_between_circles() -> None:
    graph = build_graph("a b c d e f g", hard="a>b b>c c>d d>e e>f")
    problem = pose(graph, "f g", Constraints(orders=(("c", "b"), ("e", "d"), ("g", "a"))))
    assert graph.name(find_knot(problem, explore(problem))) == ("b", "c", "d", "e")
    assert find_knot(pose(graph, "f"), explore(pose(graph, "f"))) == set()
