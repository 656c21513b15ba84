from planner.content.closure import explore
from planner.content.cover import Cover, find_cover
from planner.content.trimming import Selection, trim
from planner.graph import PlanningGraph
from planner.problem import PlanSettings, pose_problem
from tests.planner_graphs import build_graph


def cover(graph: PlanningGraph, goals: str, *, stop: bool = False, **mastery: float) -> Cover:
    problem = pose_problem(graph, goals.split(), mastery, PlanSettings())
    return find_cover(problem, explore(problem), lambda: stop)


def tell(graph: PlanningGraph, found: Cover) -> str:
    """Such as "a:r b", a taught by resource r and b by its own study."""
    return " ".join(
        graph.concepts[concept].id + ("" if graph.activities[way].own else f":{graph.activities[way].id[10:]}")
        for concept, way in sorted(found.teachers.items())
    )


def test_prerequisites_are_learned_by_their_own_studies() -> None:
    graph = build_graph("a:5 b:7 c", hard="a>b")
    found = cover(graph, "b")
    assert (tell(graph, found), found.cost_units) == ("a b", 120_000)


def test_a_resource_is_paid_once() -> None:
    graph = build_graph("a:10 b:10", resources={"r": {"a": 6, "b": 6}})
    found = cover(graph, "a b")
    assert (tell(graph, found), found.cost_units) == ("a:r b:r", 120_000)


def test_a_resource_that_is_dearer_than_what_is_needed_of_it_is_left() -> None:
    graph = build_graph("a:10 b:10", resources={"r": {"a": 6, "b": 6}})
    assert tell(graph, cover(graph, "a")) == "a"


def test_of_a_group_the_cheapest_members_are_learned() -> None:
    graph = build_graph("a:9 b:5 c:7 d", groups="d/g=2:a,b,c")
    assert tell(graph, cover(graph, "d")) == "b c d"


def test_a_member_is_as_dear_as_all_that_it_requires() -> None:
    graph = build_graph("a:1 b:9 c:7 d x:8", hard="x>a", groups="d/g=1:a,c")
    assert tell(graph, cover(graph, "d")) == "c d"


def test_a_member_that_serves_two_groups_is_preferred() -> None:
    graph = build_graph("a:5 b:5 c:8 d", groups="d/g=1:a,c d/h=1:b,c")
    assert tell(graph, cover(graph, "d")) == "c d"


def test_a_resource_is_chosen_with_the_group_it_serves() -> None:
    graph = build_graph("a:10 b:10 d:10", groups="d/g=1:a,b", resources={"r": {"b": 6, "d": 6}})
    assert tell(graph, cover(graph, "d")) == "b:r d:r"


def test_members_mastered_count() -> None:
    graph = build_graph("a:9 b:5 d", groups="d/g=1:a,b")
    assert tell(graph, cover(graph, "d", a=0.9)) == "d"


def test_a_faded_member_is_cheap() -> None:
    graph = build_graph("a:9 b:5 d", groups="d/g=1:a,b")
    found = cover(graph, "d", a=0.6)
    assert (tell(graph, found), found.cost_units) == ("a d", 130_000)


def test_an_untaught_concept_is_learned_by_a_resource() -> None:
    graph = build_graph("a b", hard="a>b", untaught="a", resources={"r": {"a": 90}})
    assert tell(graph, cover(graph, "b")) == "a:r b"


def test_when_stopped_everything_takes_its_cheapest_way() -> None:
    graph = build_graph("a:10 b:10 c:9 d:1", groups="d/g=1:b,c", resources={"r": {"a": 6, "b": 6, "d": 1}})
    found = cover(graph, "a d", stop=True)
    assert (tell(graph, found), found.cut_short) == ("a:r b:r d:r", True)


def test_without_choices_nothing_is_cut_short() -> None:
    assert not cover(build_graph("a b", hard="a>b"), "b", stop=True).cut_short


def test_trimming_drops_what_nothing_needs_and_keeps_what_something_does() -> None:
    graph = build_graph("a:9 b:5 c x", hard="x>a", groups="c/g=1:a,b", resources={"r": {"b": 2, "c": 2}})
    problem = pose_problem(graph, ["c"], {}, PlanSettings())
    everything = Selection(set(range(4)), set(range(len(graph.activities))))
    found = trim(problem, explore(problem), everything)
    assert graph.name(found.concepts) == ("b", "c")
    assert [graph.activities[each].id for each in found.activities] == ["resources/r"]
