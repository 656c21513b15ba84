import pytest

from kg.errors import InvalidInputError
from planner.constraints import Constraints
from planner.costs import CostKind, CostModel
from planner.problem import PlanningProblem, PlanSettings, pose_problem
from tests.planner_graphs import build_graph

GRAPH = build_graph("a b c:9", resources={"r": {"c": 4}})
SHARED = build_graph("a b c d", resources={"r": {"a": 4, "b": 4}, "s": {"a": 1}})


def hold(constraints: Constraints, **mastery: float) -> PlanningProblem:
    return pose_problem(SHARED, ["d"], mastery, PlanSettings(), constraints)


def pose(*goals: str, settings: PlanSettings | None = None, **mastery: float) -> PlanningProblem:
    return pose_problem(GRAPH, goals, mastery, settings or PlanSettings())


def list_fields(*goals: str) -> list[str]:
    with pytest.raises(InvalidInputError) as raised:
        pose(*goals)
    return [violation.field for violation in raised.value.violations]


def test_concepts_are_sorted_by_mastery() -> None:
    problem = pose("c", a=0.8, b=0.5, c=0.49)
    assert problem.goals == (2,)
    assert (problem.mastered, problem.faded) == (frozenset({0}), frozenset({1}))


def test_probabilities_are_compared_in_steps() -> None:
    assert pose("c", a=0.79996, b=0.79994).mastered == {0}


def test_other_thresholds() -> None:
    settings = PlanSettings(mastery_threshold=0.6, refresh_threshold=0.6)
    assert pose("c", a=0.6, b=0.59, settings=settings).mastered == {0}
    assert pose("c", a=0.6, b=0.59, settings=settings).faded == frozenset()


def test_unknown_concepts_of_the_learner_are_ignored() -> None:
    assert pose("c", x=1.0).mastered == frozenset()


def test_refreshing_takes_three_tenths_rounded_up() -> None:
    own, resource = GRAPH.activity_number["concepts/c"], GRAPH.activity_number["resources/r"]
    fresh, faded = pose("c"), pose("c", c=0.6)
    assert (fresh.count_minutes(own), faded.count_minutes(own)) == (9, 3)
    assert (fresh.count_cost(resource), faded.count_cost(resource)) == (40_000, 40_000)


def test_goals_must_be_there() -> None:
    assert list_fields() == ["goals"]


def test_too_many_goals_are_refused() -> None:
    assert list_fields(*(["a"] * 501)) == ["goals"]


def test_each_unknown_or_repeated_goal_is_named() -> None:
    assert list_fields("a", "x", "b", "a", "") == ["goals[1]", "goals[3]", "goals[4]"]


@pytest.mark.parametrize(("mastery", "refresh"), [(0, 0), (1.1, 0.5), (0.8, 0.9), (0.8, 0), (float("nan"), 0.5)])
def test_thresholds_out_of_range_are_refused(mastery: float, refresh: float) -> None:
    with pytest.raises(InvalidInputError):
        PlanSettings(mastery_threshold=mastery, refresh_threshold=refresh)


def test_a_pinned_concept_is_among_the_goals() -> None:
    assert hold(Constraints(pinned=("concepts/b",))).goals == (1, 3)


def test_a_pinned_concept_that_is_mastered_is_refreshed() -> None:
    problem = hold(Constraints(pinned=("concepts/b",)), a=1.0, b=1.0)
    assert (problem.goals, problem.mastered, problem.faded) == ((1, 3), frozenset({0}), frozenset({1}))
    assert problem.count_minutes(SHARED.activity_number["concepts/b"]) == 3


def test_a_pinned_resource_makes_goals_of_what_is_not_mastered() -> None:
    problem = hold(Constraints(pinned=("resources/r", "resources/s")), a=1.0)
    assert problem.goals == (1, 3)
    assert [SHARED.activities[each].id for each in problem.pinned] == ["resources/r"]


def test_vetoes_bar_concepts_and_take_resources_away() -> None:
    problem = hold(Constraints(vetoed=("concepts/b", "resources/s")))
    assert problem.barred == {1}
    assert problem.unavailable == {SHARED.activity_number["resources/s"]}
    assert problem.goals == (3,)


def test_orders_are_sorted_positions() -> None:
    assert hold(Constraints(orders=(("d", "a"), ("b", "c")))).orders == ((1, 2), (3, 0))


def test_constraints_and_costs_are_checked() -> None:
    with pytest.raises(InvalidInputError, match=r"constraints.pinned\[0\]"):
        hold(Constraints(pinned=("concepts/x",)))
    settings = PlanSettings(cost_model=CostModel(kind=CostKind.MINUTES, custom_units={"concepts/x": 1}))
    with pytest.raises(InvalidInputError, match=r"cost_model\.custom"):
        pose("a", settings=settings)
