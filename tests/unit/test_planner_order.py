from dataclasses import replace

import pytest

from planner.generation import generate_plan
from planner.graph import PlanningGraph
from planner.plan import PlanOrder
from planner.problem import PlanningProblem, PlanSettings, pose_problem
from planner.sequence.order import (
    OrderCircleError,
    arrange,
    bound_switches,
    count_switches,
    find_late,
    has_circle,
    measure_goal_time,
    trace_goals,
)
from tests.planner_graphs import build_graph


def order(graph: PlanningGraph, goals: str) -> str:
    return " ".join(step.concept for step in generate_plan(graph, goals.split(), {}).steps)


def pose(graph: PlanningGraph, goals: str, *, mastered: str = "", orders: str = "") -> PlanningProblem:
    problem = pose_problem(graph, goals.split(), dict.fromkeys(mastered.split(), 1.0), PlanSettings())
    pairs = (pair.split(">") for pair in orders.split())
    return replace(problem, orders=tuple((graph.number[before], graph.number[after]) for before, after in pairs))


def learn_all(problem: PlanningProblem) -> dict[int, int]:
    """The first activity of each concept that is not mastered."""
    teachers = enumerate(problem.graph.teachers)
    return {concept: activities[0] for concept, activities in teachers if concept not in problem.mastered}


def arrange_all(
    problem: PlanningProblem, mode: PlanOrder = PlanOrder.FOCUSED, due: dict[str, int] | None = None
) -> str:
    graph, teachers = problem.graph, learn_all(problem)
    limits = {graph.number[goal]: minutes for goal, minutes in (due or {}).items()}
    served = trace_goals(graph, teachers, problem.goals)
    return " ".join(graph.concepts[concept].id for concept in arrange(problem, teachers, served, mode, limits))


def number(graph: PlanningGraph, names: str) -> list[int]:
    return [graph.number[name] for name in names.split()]


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


def test_a_resource_counts_more_than_soft_prerequisites() -> None:
    graph = build_graph("a b c", untaught="a c", resources={"r": {"a": 1, "c": 1}}, soft="b>c")
    assert order(graph, "a b c") == "a c b"


def test_a_topic_is_kept_together() -> None:
    graph = build_graph("a b c d", topics={"a": "x", "b": "y", "c": "x", "d": "y"})
    assert order(graph, "a b c d") == "a c b d"


def test_a_resource_counts_more_than_a_topic() -> None:
    graph = build_graph("a b c", untaught="a c", resources={"r": {"a": 1, "c": 1}}, topics={"a": "x", "b": "x"})
    assert order(graph, "a b c") == "a c b"


def test_what_serves_the_first_goal_comes_before_what_serves_the_next() -> None:
    assert order(build_graph("x y a b", hard="y>a x>b"), "a b") == "y a x b"


def test_a_topic_that_can_be_finished_comes_before_one_that_cannot() -> None:
    graph = build_graph("a b c d", hard="c>d d>b", topics={"a": "x", "b": "x", "c": "y", "d": "y"})
    assert arrange_all(pose(graph, "a b")) == "c d a b"


def test_the_topic_from_which_the_longest_chain_of_changes_leads_on_comes_first() -> None:
    topics = {"a": "x", "b": "y", "c": "x", "d": "y", "e": "x"}
    assert arrange_all(pose(build_graph("a b c d e", hard="b>c c>d a>e d>e", topics=topics), "e")) == "b a c d e"


def test_the_longer_run_comes_first_where_chains_are_as_long() -> None:
    topics = {"a": "x", "b": "y", "c": "y", "d": "x", "e": "y"}
    graph = build_graph("a b c d e", hard="b>c c>d a>e", topics=topics)
    assert arrange_all(pose(graph, "d e")) == "b c d a e"


def test_steps_that_become_ready_within_a_topic_belong_to_its_run() -> None:
    topics = {"a": "x", "b": "y", "c": "y", "d": "x"}
    assert arrange_all(pose(build_graph("a b c d", hard="b>c c>d", topics=topics), "a d")) == "b c a d"


def test_a_step_without_topic_goes_along_and_counts_as_no_change() -> None:
    graph = build_graph("a b c d", hard="a>b b>c", topics={"a": "x", "c": "x", "d": "y"})
    assert arrange_all(pose(graph, "c d")) == "d a b c"
    assert count_switches(graph, number(graph, "d a b c")) == 1
    assert count_switches(graph, number(graph, "a b d c")) == 2


def test_there_are_no_changes_without_topics() -> None:
    graph = build_graph("a b")
    assert count_switches(graph, number(graph, "a b")) == 0
    assert bound_switches(pose(graph, "a b"), number(graph, "a b")) == 0


def test_the_bound_counts_topics() -> None:
    graph = build_graph("a b c", topics={"a": "x", "b": "y", "c": "z"})
    assert bound_switches(pose(graph, "a"), number(graph, "a b c")) == 2


def test_the_bound_counts_changes_along_a_chain() -> None:
    graph = build_graph("a b c", hard="a>b b>c", topics={"a": "x", "b": "y", "c": "x"})
    assert bound_switches(pose(graph, "c"), number(graph, "a b c")) == 2


def test_the_bound_adds_up_runs_of_different_chains() -> None:
    topics = {"a": "x", "b": "z", "c": "x", "d": "y", "e": "z", "f": "y"}
    graph = build_graph("a b c d e f", hard="a>b b>c d>e e>f", topics=topics)
    assert bound_switches(pose(graph, "c f"), number(graph, "a b c d e f")) == 4
    assert arrange_all(pose(graph, "c f")) == "a d b e c f"


def test_the_bound_does_not_count_on_members_that_a_group_can_do_without() -> None:
    graph = build_graph("a b c", groups="c/g=1:a,b", hard="a>b", topics={"a": "x", "b": "y", "c": "x"})
    assert bound_switches(pose(graph, "b c"), number(graph, "a b c")) == 1


def test_the_bound_counts_on_as_many_members_as_a_group_needs() -> None:
    graph = build_graph("a b c", groups="c/g=2:a,b", hard="a>b", topics={"a": "x", "b": "y", "c": "x"})
    assert bound_switches(pose(graph, "b c"), number(graph, "a b c")) == 2


def test_early_wins_take_the_goal_with_the_least_left_first() -> None:
    graph = build_graph("a:50 b:10 c:20 d:5", hard="c>d")
    assert arrange_all(pose(graph, "a b d"), PlanOrder.EARLY_WINS) == "b c d a"
    assert arrange_all(pose(graph, "a b d")) == "a b c d"


def test_early_wins_see_that_goals_share_what_they_require() -> None:
    graph = build_graph("a:10 b:1 c:1 s:12", hard="s>b s>c")
    assert arrange_all(pose(graph, "a b c"), PlanOrder.EARLY_WINS) == "s b c a"


def test_early_wins_keep_topics_together_on_the_way_to_a_goal() -> None:
    graph = build_graph("a b c d g", hard="a>g b>g c>g d>g", topics={"a": "x", "b": "y", "c": "x", "d": "y"})
    assert arrange_all(pose(graph, "g"), PlanOrder.EARLY_WINS) == "a c b d g"


def test_early_wins_end_with_what_serves_no_goal() -> None:
    assert arrange_all(pose(build_graph("a:1 b:90"), "b"), PlanOrder.EARLY_WINS) == "b a"


def test_goal_time_is_the_mean_share_of_minutes_until_goals_are_reached() -> None:
    assert measure_goal_time([3, 1, 2], [10, 20, 70], [1, 3, 9]) == pytest.approx(0.2)


def test_goal_time_is_nothing_without_goals_or_minutes() -> None:
    assert measure_goal_time([1], [10], []) == 0
    assert measure_goal_time([1], [0], [1]) == 0


def test_an_extra_order_holds() -> None:
    assert arrange_all(pose(build_graph("a b c"), "a b c", orders="c>a")) == "b c a"


def test_an_extra_order_with_a_concept_that_is_not_learned_is_no_matter() -> None:
    assert arrange_all(pose(build_graph("a b c"), "a b", mastered="c", orders="b>c c>a")) == "a b"


def test_an_extra_order_lets_a_group_do_without_a_member_it_does_not_need() -> None:
    graph = build_graph("a b c", groups="c/g=1:a,b")
    assert arrange_all(pose(graph, "b c", orders="c>b")) == "a c b"
    assert arrange_all(pose(graph, "b c", mastered="a", orders="c>b")) == "c b"


def test_extra_orders_against_prerequisites_form_a_circle() -> None:
    graph = build_graph("a b c", hard="a>b", groups="c/g=2:a,b")
    assert has_circle(pose(graph, "b", orders="b>a"), number(graph, "a b"))
    assert has_circle(pose(graph, "c", orders="c>b"), number(graph, "a b c"))
    assert not has_circle(pose(graph, "b", orders="a>b"), number(graph, "a b"))


def test_what_has_a_circle_is_not_ordered() -> None:
    problem = pose(build_graph("a b", topics={"a": "x"}), "a b", orders="a>b b>a")
    with pytest.raises(OrderCircleError):
        arrange_all(problem)
    with pytest.raises(OrderCircleError):
        find_late(problem, learn_all(problem), {})
    with pytest.raises(OrderCircleError):
        bound_switches(problem, learn_all(problem))


def test_a_goal_that_is_due_comes_first_with_all_that_it_requires() -> None:
    graph = build_graph("a b c d", hard="c>d", topics={"a": "x", "b": "x", "c": "y", "d": "x"})
    assert arrange_all(pose(graph, "a b d")) == "c a b d"
    assert arrange_all(pose(graph, "a b d"), due={"d": 20}) == "c d a b"


def test_deadlines_are_met_in_their_order() -> None:
    assert arrange_all(pose(build_graph("a b c"), "a b c"), due={"b": 20, "c": 10}) == "c b a"


def test_early_wins_heed_deadlines_first() -> None:
    graph = build_graph("a:50 b:10 c:5")
    assert arrange_all(pose(graph, "a b c"), PlanOrder.EARLY_WINS, due={"a": 50}) == "a c b"


def test_late_goals_are_named_with_the_minutes_they_take_together() -> None:
    graph = build_graph("a b c d", hard="a>b")
    problem = pose(graph, "b c d")
    a, b, c, d = number(graph, "a b c d")
    assert find_late(problem, learn_all(problem), {b: 20, c: 25, d: 40}) == {c: 30}
    assert find_late(problem, learn_all(problem), {b: 20, c: 30, a: 1}) == {a: 10}


def test_a_resource_that_is_begun_counts_whole() -> None:
    graph = build_graph("a b", untaught="a b", resources={"r": {"a": 10, "b": 30}})
    problem = pose(graph, "a b")
    assert find_late(problem, learn_all(problem), {0: 39}) == {0: 40}
    assert find_late(problem, learn_all(problem), {0: 40, 1: 40}) == {}


def test_deadlines_of_what_is_not_learned_are_passed_over() -> None:
    problem = pose(build_graph("a b"), "a b", mastered="a")
    assert find_late(problem, learn_all(problem), {0: 1}) == {}
    assert arrange_all(problem, due={"a": 1}) == "b"


def test_goals_served_are_bits_also_where_there_are_many() -> None:
    names = [f"g{place:03}" for place in range(130)]
    graph = build_graph(" ".join([*names, "z"]), hard=f"z>{names[0]} z>{names[64]} z>{names[129]}")
    served = trace_goals(graph, range(131), range(130))
    assert served[130] == 1 << 0 | 1 << 64 | 1 << 129
    assert served[65] == 1 << 65


def test_nothing_to_learn_is_in_order() -> None:
    problem = pose(build_graph("a"), "a", mastered="a")
    assert arrange(problem, {}, {}) == []
    assert bound_switches(problem, ()) == 0
