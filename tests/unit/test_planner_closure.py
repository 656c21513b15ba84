from planner.content.closure import Region, explore, find_missing
from planner.graph import PlanningGraph
from planner.problem import PlanningProblem, PlanSettings, pose_problem
from tests.planner_graphs import build_graph


def pose(graph: PlanningGraph, goals: str, mastered: str = "") -> tuple[PlanningProblem, Region]:
    problem = pose_problem(graph, goals.split(), dict.fromkeys(mastered.split(), 1.0), PlanSettings())
    return problem, explore(problem)


def name(problem: PlanningProblem, concepts: object) -> str:
    return " ".join(problem.graph.name(concepts))  # type: ignore[arg-type]


def find_culprits(graph: PlanningGraph, goal: str, mastered: str = "") -> str:
    problem, region = pose(graph, goal, mastered)
    return name(problem, find_missing(problem, region, graph.number[goal]))


def test_forced_concepts_are_the_closure_of_the_goals() -> None:
    problem, region = pose(build_graph("a b c d", hard="a>b b>c"), "c")
    assert name(problem, region.forced) == "a b c"


def test_nothing_below_a_mastered_concept_is_forced() -> None:
    problem, region = pose(build_graph("a b c", hard="a>b b>c"), "c", "b")
    assert name(problem, region.forced) == "c"


def test_unmet_groups_count_mastered_and_forced_members() -> None:
    graph = build_graph("a b c d e", hard="a>e", groups="e/one=1:a,b e/two=2:b,c e/three=2:b,d")
    _, region = pose(graph, "e", "b")
    assert {graph.groups[group].id: need for group, need in region.unmet.items()} == {"e/three": 1, "e/two": 1}


def test_a_concept_is_reached_through_enough_members() -> None:
    graph = build_graph("a b c d", groups="d/g=2:a,b,c", untaught="a")
    problem, region = pose(graph, "d")
    assert name(problem, region.ways) == "b c d"


def test_the_cheapest_activity_is_a_concepts_way() -> None:
    graph = build_graph("a:10 b:10", resources={"r": {"a": 4}, "s": {"a": 5, "b": 6}})
    _, region = pose(graph, "a b")
    assert [graph.activities[way].id for way in region.ways.values()] == ["resources/r", "concepts/b"]


def test_missing_is_what_nothing_teaches_at_bottom() -> None:
    graph = build_graph("a b c d", hard="a>b b>c d>c", untaught="a d")
    assert find_culprits(graph, "c") == "a d"
    assert find_culprits(graph, "c", "d") == "a"
    assert find_culprits(graph, "d") == "d"


def test_missing_of_a_group_is_below_members_that_cannot_be_reached() -> None:
    graph = build_graph("a b c d x", hard="a>b", groups="d/g=2:b,c d/met=1:c,x", untaught="a x")
    assert find_culprits(graph, "d") == "a"
