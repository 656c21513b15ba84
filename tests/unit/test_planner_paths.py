from planner.paths import PathPlan, plan_by_paths
from tests.planner_graphs import build_graph


def plan(concepts: str, goals: str, mastered: str = "", **parts: str) -> PathPlan:
    return plan_by_paths(build_graph(concepts, **parts), goals.split(), dict.fromkeys(mastered.split(), 1.0))


def test_a_path_leads_from_what_is_mastered_to_the_goal() -> None:
    found = plan("a b c", "c", "a", hard="a>b b>c")

    assert (found.concepts, found.dropped, found.violations) == (("b", "c"), (), ())


def test_a_goal_without_a_mastered_ancestor_is_dropped() -> None:
    found = plan("a b c", "b c", "a", hard="a>b")

    assert (found.concepts, found.dropped) == (("b",), ("c",))
    assert plan("a b", "b", hard="a>b").dropped == ("b",)


def test_a_path_passes_one_prerequisite_and_ignores_the_others() -> None:
    found = plan("a b:5 x:20 c", "c", "a", hard="a>b a>x b>c x>c")

    assert (found.concepts, found.violations) == (("b", "c"), ("c",))


def test_what_paths_share_is_paid_by_each() -> None:
    found = plan("a s:30 b:10 c:10", "b c", "a", hard="a>s s>b s>c")

    assert (found.cost_units, found.path_cost_units) == (500_000, 800_000)


def test_a_goal_on_the_way_needs_no_path_of_its_own() -> None:
    found = plan("a b c:5", "b c", "a", hard="a>b b>c")

    assert found.path_cost_units == found.cost_units == 150_000
