from planner.constraints import UNCONSTRAINED, Constraints
from planner.graph import PlanningGraph
from planner.problem import PlanSettings, pose_problem
from planner.revisions.continuation import Aim, complete, find_fresh, find_nearby
from tests.planner_graphs import build_graph


def aim_at(graph: PlanningGraph, goals: str, constraints: Constraints = UNCONSTRAINED, **mastery: float) -> Aim:
    problem = pose_problem(graph, goals.split(), mastery, PlanSettings(), constraints)
    return Aim(problem=problem, penalty_units=constraints.soft_penalty_units)


def read(aim: Aim, activities: str) -> dict[int, int]:
    """Reads a cover such as "a b=r": a by its own study, b by the resource r."""
    graph = aim.problem.graph
    pairs = [each.partition("=")[::2] for each in activities.split()]
    return {
        graph.number[concept]: graph.activity_number[f"resources/{resource}" if resource else f"concepts/{concept}"]
        for concept, resource in pairs
    }


def write(aim: Aim, teachers: dict[int, int]) -> str:
    graph = aim.problem.graph
    parts = []
    for concept, activity in sorted(teachers.items()):
        kind, _, name = graph.activities[activity].id.partition("/")
        parts.append(graph.concepts[concept].id + (f"={name}" if kind == "resources" else ""))
    return " ".join(parts)


def complete_words(aim: Aim, start: str, locked: str = "") -> str:
    number = aim.problem.graph.number
    return write(aim, complete(aim, read(aim, start), [number[concept] for concept in locked.split()]))


SHARED = build_graph("a:10 b:10 c:10", hard="a>c b>c", resources={"r": {"a": 7, "b": 7}})


def test_a_cover_is_completed_around_what_it_has() -> None:
    aim = aim_at(SHARED, "c")
    assert write(aim, find_fresh(aim, {})) == "a=r b=r c"
    assert complete_words(aim, "a") == "a b c"
    assert complete_words(aim, "a=r") == "a=r b=r c"


def test_what_nothing_needs_is_dropped_unless_locked() -> None:
    aim = aim_at(build_graph("a b c", hard="a>b"), "b", a=1.0)
    assert complete_words(aim, "b c") == "b"
    assert complete_words(aim, "b c", locked="c") == "b c"


def test_what_costs_nothing_stays() -> None:
    aim = aim_at(build_graph("a b", resources={"r": {"a": 3, "b": 3}}), "b")
    assert complete_words(aim, "a=r b=r") == "a=r b=r"


def test_a_concept_goes_over_to_an_activity_that_is_done_anyway() -> None:
    assert complete_words(aim_at(SHARED, "c"), "a b=r") == "a=r b=r c"
    assert complete_words(aim_at(SHARED, "c"), "a b=r", locked="a") == "a b=r c"


def test_what_cannot_be_done_any_more_is_not_kept() -> None:
    aim = aim_at(SHARED, "c", Constraints(vetoed=("resources/r",)), b=1.0)
    assert write(aim, aim.keep_possible(read(aim, "a=r b c"))) == "c"


def test_the_nearest_of_equals_is_taken_and_the_cheaper_of_others() -> None:
    aim = aim_at(build_graph("a b z", groups="z/g=1:a,b"), "z")
    assert write(aim, find_nearby(aim, read(aim, "b z"))) == "b z"
    dearer = aim_at(build_graph("a b:11 z", groups="z/g=1:a,b"), "z")
    assert write(dearer, find_nearby(dearer, read(dearer, "b z"))) == "a z"


def test_soft_prerequisites_stay_where_skipping_them_costs_something() -> None:
    graph = build_graph("a:5 b", soft="a>b")
    assert complete_words(aim_at(graph, "b", Constraints(soft_penalty_units=200_000)), "a b") == "a b"
    assert complete_words(aim_at(graph, "b"), "a b") == "b"


def test_a_price_counts_each_activity_once_and_penalties() -> None:
    aim = aim_at(SHARED, "c")
    assert aim.price(read(aim, "a=r b=r c")) == 240_000
    penalised = aim_at(build_graph("a b", soft="a>b"), "b", Constraints(soft_penalty_units=30_000))
    assert penalised.price(read(penalised, "b")) == 130_000


def test_pinned_resources_keep_what_they_teach() -> None:
    aim = aim_at(SHARED, "c", Constraints(pinned=("resources/r",)))
    assert complete_words(aim, "a b c") == "a=r b=r c"
