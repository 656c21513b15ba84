from planner.constraints import Constraints
from planner.content.closure import explore
from planner.content.cover import find_cover
from planner.content.pins import assign_pinned, list_pinned_teachers, share_pinned
from planner.problem import PlanningProblem, PlanSettings, pose_problem
from tests.planner_graphs import build_graph


def pose(resources: dict[str, str], mastered: str = "") -> PlanningProblem:
    """All of the resources are pinned; each teaches the concepts of a word."""
    graph = build_graph("a b c x", resources={name: dict.fromkeys(word, 4) for name, word in resources.items()})
    constraints = Constraints(pinned=tuple(f"resources/{name}" for name in resources))
    return pose_problem(graph, ["x"], dict.fromkeys(mastered, 1.0), PlanSettings(), constraints)


def share(problem: PlanningProblem) -> dict[str, str] | None:
    shared, graph = share_pinned(problem), problem.graph
    if shared is None:
        return None
    return {graph.concepts[concept].id: graph.activities[each].title for concept, each in shared.items()}


def test_each_resource_has_a_concept_and_the_first_the_rest() -> None:
    assert share(pose({"r": "abc", "s": "abc"})) == {"a": "R", "b": "S", "c": "R"}


def test_a_resource_gives_up_what_another_needs() -> None:
    assert share(pose({"r": "abc", "s": "a", "t": "ab"})) == {"a": "S", "b": "T", "c": "R"}


def test_too_many_resources_for_their_concepts() -> None:
    assert share(pose({"r": "ab", "s": "ab", "t": "ab"})) is None


def test_what_is_mastered_is_not_taught() -> None:
    problem = pose({"r": "ab", "s": "a"}, mastered="b")
    assert list_pinned_teachers(problem) == {0: sorted(problem.pinned)}
    assert share(problem) is None
    assert share(pose({"r": "ab", "s": "b"}, mastered="b")) == {"a": "R"}


def test_a_cover_pays_for_every_pinned_resource() -> None:
    problem = pose({"r": "ab", "s": "b"})
    cover = assign_pinned(problem, find_cover(problem, explore(problem)))
    assert cover.cost_units == (8 + 4 + 10) * 10_000
    assert [problem.graph.activities[cover.teachers[concept]].title for concept in (0, 1)] == ["R", "S"]


def test_without_pins_a_cover_stays_as_it_is() -> None:
    problem = pose({})
    cover = find_cover(problem, explore(problem))
    assert assign_pinned(problem, cover) is cover
