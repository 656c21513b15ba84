from planner.graph import PlanningGraph
from planner.plan import PlanStep, Review, StepKind
from planner.problem import PlanSettings
from planner.sequence.reviews import find_due, overlay_reviews
from tests.planner_graphs import build_graph


def overlay(graph: PlanningGraph, steps: str, due: str, mastery: float = 0.81) -> list[tuple[str, int]]:
    """Concepts of reviews and the steps they come after."""
    reviews = make_reviews(graph, steps, dict.fromkeys(due.split(), mastery))
    return [(review.concept, review.after_step) for review in reviews]


def make_reviews(graph: PlanningGraph, steps: str, due: dict[str, float]) -> tuple[Review, ...]:
    made = [
        PlanStep(
            concept=name,
            title=name.upper(),
            activity=f"concepts/{name}",
            kind=StepKind.LEARN,
            minutes=10,
            cost_units=100_000,
        )
        for name in steps.split()
    ]
    return overlay_reviews(graph, made, due)


def test_what_is_mastered_barely_is_due() -> None:
    mastery = {"e": 0.851, "d": 0.85, "c": 0.8, "b": 0.7999, "a": 0.1}
    assert find_due(mastery, PlanSettings()) == {"c": 0.8, "d": 0.85}


def test_what_is_due_depends_on_the_threshold() -> None:
    assert find_due({"a": 0.8, "b": 0.95, "c": 1.0}, PlanSettings(mastery_threshold=0.95)) == {"b": 0.95, "c": 1.0}


def test_a_review_comes_right_before_the_first_step_that_builds_on_it() -> None:
    graph = build_graph("a b c d", hard="d>c d>b")
    assert overlay(graph, "a b c", "d") == [("d", 0)]


def test_a_review_may_come_before_the_first_step() -> None:
    assert overlay(build_graph("a b", hard="b>a"), "a", "b") == [("b", -1)]


def test_a_step_builds_on_what_its_groups_name() -> None:
    assert overlay(build_graph("a b c d", groups="b/g=1:c,d"), "a b", "d") == [("d", 0)]


def test_a_step_builds_on_what_stands_behind_its_prerequisites() -> None:
    graph = build_graph("a b m d", hard="m>b d>m")
    assert overlay(graph, "a b", "d") == [("d", 0)]


def test_reviews_before_the_same_step_go_by_mastery_then_id() -> None:
    graph = build_graph("a b c d", hard="b>a c>a d>a")
    assert [each.concept for each in make_reviews(graph, "a", {"d": 0.81, "c": 0.8, "b": 0.81})] == ["c", "b", "d"]


def test_reviews_that_no_step_waits_for_are_spread_evenly() -> None:
    graph = build_graph("a b c d e f x y")
    assert overlay(graph, "a b c d e f", "x y") == [("x", 1), ("y", 3)]


def test_there_is_one_such_review_for_three_steps_the_least_mastered_first() -> None:
    graph = build_graph("a b c x y")
    reviews = make_reviews(graph, "a b c", {"x": 0.84, "y": 0.8})
    assert [review.concept for review in reviews] == ["y"]
    assert make_reviews(graph, "a b", {"x": 0.84, "y": 0.8}) == ()


def test_two_reviews_do_not_come_one_after_another_where_there_is_room() -> None:
    graph = build_graph("a b c x y", hard="x>c")
    assert overlay(graph, "a b c", "x y") == [("y", 0), ("x", 1)]


def test_the_last_gap_is_after_the_last_step() -> None:
    graph = build_graph("a b c v w x y", hard="v>a w>b x>c")
    assert overlay(graph, "a b c", "v w x y") == [("v", -1), ("w", 0), ("x", 1), ("y", 2)]


def test_where_there_are_more_reviews_than_steps_some_come_one_after_another() -> None:
    graph = build_graph("a b c d e f p q u v w x y z", hard="u>a v>b w>c x>d y>e z>f")
    gaps = [gap for _, gap in overlay(graph, "a b c d e f", "p q u v w x y z")]
    assert gaps == [-1, 0, 1, 1, 2, 3, 3, 4]


def test_steps_strangers_and_what_nothing_teaches_are_not_reviewed() -> None:
    assert overlay(build_graph("a b c d", untaught="d"), "a b c", "a d stranger") == []


def test_a_review_takes_the_minutes_of_refreshing() -> None:
    reviews = make_reviews(build_graph("a b:45", hard="b>a"), "a", {"b": 0.8})
    assert [review.minutes for review in reviews] == [14]


def test_without_a_study_of_its_own_a_review_takes_the_shortest_section() -> None:
    graph = build_graph("a b", hard="b>a", untaught="b", resources={"r": {"b": 9}, "s": {"b": 7, "a": 1}})
    assert [review.minutes for review in make_reviews(graph, "a", {"b": 0.8})] == [7]


def test_a_review_says_why_now() -> None:
    graph = build_graph("a b c d x", hard="x>a")
    texts = [review.text for review in make_reviews(graph, "a b c", {"x": 0.81, "d": 0.8})]
    assert texts == [
        "X is known with probability 0.81 and about to fade: A, the next step, builds on it.",
        "D is known with probability 0.80 and about to fade: no step needs it, but it should last.",
    ]
