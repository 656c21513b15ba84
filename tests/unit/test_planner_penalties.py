from dataclasses import replace

from planner.constraints import UNCONSTRAINED
from planner.content.closure import explore
from planner.content.cover import find_cover
from planner.content.penalties import SoftChoice, learn_besides, list_skipped, weigh_soft_prerequisites
from planner.graph import PlanningGraph
from planner.problem import UNITS_PER_MINUTE, PlanningProblem, PlanSettings, pose_problem
from tests.planner_graphs import build_graph

MINUTE = UNITS_PER_MINUTE


def pose(graph: PlanningGraph, goals: str) -> PlanningProblem:
    return pose_problem(graph, goals.split(), {}, PlanSettings())


def weigh(problem: PlanningProblem, minutes: int) -> SoftChoice:
    return weigh_soft_prerequisites(problem, explore(problem), minutes * MINUTE)


def name_extra(problem: PlanningProblem, minutes: int) -> tuple[str, ...]:
    return problem.graph.name(weigh(problem, minutes).extra)


def test_what_costs_less_than_its_penalty_is_learned() -> None:
    problem = pose(build_graph("a:5 b:10", soft="a>b"), "b")

    assert name_extra(problem, 6) == ("a",)
    assert name_extra(problem, 5) == ()
    assert name_extra(problem, 4) == ()


def test_penalties_of_several_add_up() -> None:
    problem = pose(build_graph("a:10 b c d", soft="a>b a>c a>d"), "b c d")

    assert name_extra(problem, 4) == ("a",)
    assert name_extra(problem, 3) == ()


def test_what_it_requires_itself_is_paid_too() -> None:
    problem = pose(build_graph("z:5 a:5 b", hard="z>a", soft="a>b"), "b")

    assert name_extra(problem, 9) == ()
    assert name_extra(problem, 11) == ("a", "z")


def test_the_least_there_can_be_is_known_without_choices() -> None:
    problem = pose(build_graph("a:5 b:10", soft="a>b"), "b")

    assert weigh(problem, 3).least_units == 13 * MINUTE
    assert weigh(problem, 30).least_units == 15 * MINUTE


def test_what_cannot_be_learned_is_skipped_by_every_plan() -> None:
    choice = weigh(pose(build_graph("a b", soft="a>b", untaught="a"), "b"), 7)

    assert (choice.extra, choice.unavoidable_units, choice.least_units) == (frozenset(), 7 * MINUTE, 17 * MINUTE)


def test_circles_of_soft_and_hard_prerequisites_do_no_harm() -> None:
    problem = pose(build_graph("a b", hard="a>b", soft="b>a"), "a")

    assert name_extra(problem, 11) == ("b",)
    assert name_extra(problem, 9) == ()


def test_with_choices_nothing_is_learned_that_does_not_pay() -> None:
    graph = build_graph("a:8 b c:20 d:30 e", groups="e/g=1:c,d", soft="a>c a>e", resources={"r": {"a": 3, "b": 3}})
    problem = pose(graph, "e")
    for minutes in (1, 3, 5, 9, 50):
        choice = weigh(problem, minutes)
        wide = learn_besides(problem, choice.extra)
        learned = find_cover(wide, explore(wide))
        plain = find_cover(problem, explore(problem))

        def total(cover_cost: int, teachers: dict[int, int], penalty: int = minutes * MINUTE) -> int:
            return cover_cost + sum(edge.penalty_units for edge in list_skipped(problem, teachers, penalty))

        assert total(learned.cost_units, learned.teachers) <= total(plain.cost_units, plain.teachers)


def test_skipped_ones_are_listed_with_their_strength() -> None:
    graph = build_graph("a b c", soft="a>b a>c")
    graph = replace(graph, strengths=dict.fromkeys(graph.strengths, 0.25))
    problem = pose(graph, "b c")

    skipped = list_skipped(problem, [graph.number["b"], graph.number["c"]], 2 * MINUTE)

    assert [(edge.before, edge.after, edge.penalty_units) for edge in skipped] == [("a", "b", 5_000), ("a", "c", 5_000)]
    assert list_skipped(problem, [1], UNCONSTRAINED.soft_penalty_units) == ()
