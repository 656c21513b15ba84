from collections.abc import Mapping
from dataclasses import replace

import pytest

from kg.curriculum import Curriculum
from kg.errors import InvalidInputError
from planner.costs import (
    BY_MINUTES,
    CostKind,
    CostModel,
    CostWeights,
    check_cost_model,
    count_steps,
    price_activities,
)
from planner.graph import PlanningGraph, compile_graph
from planner.problem import PlanSettings, pose_problem
from tests.planner_graphs import build_curriculum, build_graph

COGNITIVE = CostModel(kind=CostKind.COGNITIVE)


def rate(curriculum: Curriculum, **difficulties: float) -> PlanningGraph:
    concepts = (replace(each, difficulty=difficulties.get(each.id, each.difficulty)) for each in curriculum.concepts)
    return compile_graph(replace(curriculum, concepts=tuple(concepts)))


def price(
    graph: PlanningGraph, cost_model: CostModel, mastery: Mapping[str, float] | None = None, **parts: str
) -> dict[str, int]:
    faded, mastered = ([graph.number[each] for each in parts.get(name, "").split()] for name in ("faded", "mastered"))
    costs = price_activities(graph, faded, mastery or {}, cost_model, mastered=mastered)
    return {activity.id: cost for activity, cost in zip(graph.activities, costs.tolist(), strict=True)}


def refuse(graph: PlanningGraph, cost_model: CostModel) -> list[tuple[str, str]]:
    with pytest.raises(InvalidInputError) as caught:
        check_cost_model(graph, cost_model)
    return [(violation.field, violation.rule) for violation in caught.value.violations]


def test_minutes_cost_a_unit_each_and_refreshing_three_tenths() -> None:
    graph = build_graph("a:10 b:20", resources={"r": {"a": 4, "b": 5}})

    assert price(graph, BY_MINUTES, faded="b") == {"concepts/a": 100_000, "concepts/b": 60_000, "resources/r": 90_000}


def test_a_load_is_the_weighted_mean_of_gap_difficulty_and_fan_out() -> None:
    # a unlocks b and c, b unlocks c: shares of the largest fan-out are 1, 1/2 and 0
    graph = rate(build_curriculum("a b c", hard="a>b a>c b>c"), a=0.2, b=0.4, c=1.0)

    assert price(graph, COGNITIVE, {"b": 0.6}) == {
        "concepts/a": 5_600,  # 0.5 * 1 + 0.3 * 0.2 + 0.2 * 0
        "concepts/b": 4_200,  # 0.5 * 0.4 + 0.3 * 0.4 + 0.2 * 0.5
        "concepts/c": 10_000,  # 0.5 * 1 + 0.3 * 1 + 0.2 * 1
    }


def test_only_the_ratios_of_weights_matter() -> None:
    graph = rate(build_curriculum("a b", hard="a>b"), a=0.1, b=0.9)
    small, large = (
        CostModel(kind=CostKind.COGNITIVE, weights=CostWeights(mastery_gap=by, difficulty=2 * by, fan_out=by))
        for by in (1e-300, 1e300)
    )

    # (1 + 2 * 0.1 + 0) / 4 and (1 + 2 * 0.9 + 1) / 4
    assert price(graph, small) == price(graph, large) == {"concepts/a": 3_000, "concepts/b": 9_500}


def test_membership_of_a_group_is_fan_out() -> None:
    graph = build_graph("a b c", groups="c/g=1:a,b")
    by_fan_out = CostModel(kind=CostKind.COGNITIVE, weights=CostWeights(mastery_gap=0, difficulty=0, fan_out=1))

    assert price(graph, by_fan_out) == {"concepts/a": 1, "concepts/b": 1, "concepts/c": 10_000}


def test_a_resource_costs_the_loads_of_its_sections_by_their_share_of_minutes() -> None:
    graph = rate(build_curriculum("a:10 b:20", resources={"r": {"a": 5, "b": 30}}), a=0.0, b=1.0)
    by_difficulty = CostModel(kind=CostKind.COGNITIVE, weights=CostWeights(mastery_gap=0, difficulty=1, fan_out=0))
    by_gap = CostModel(kind=CostKind.COGNITIVE, weights=CostWeights(mastery_gap=1, difficulty=0, fan_out=0))

    assert price(graph, by_difficulty)["resources/r"] == 15_000  # 0 * 5/10 + 1 * 30/20
    assert price(graph, by_gap, {"a": 0.4})["resources/r"] == 18_000  # 0.6 * 5/10 + 1 * 30/20


def test_mastered_sections_are_no_load_and_the_least_cost_is_one_unit() -> None:
    graph = build_graph("a b", resources={"r": {"a": 10, "b": 10}})

    assert price(graph, COGNITIVE, {"a": 0.9}, mastered="a")["resources/r"] == price(graph, COGNITIVE)["concepts/b"]
    assert price(graph, COGNITIVE, {"a": 0.9, "b": 0.9}, mastered="a b")["resources/r"] == 1


def test_what_has_faded_costs_by_its_gap_alone() -> None:
    graph = build_graph("a")

    assert price(graph, COGNITIVE, {"a": 0.6}, faded="a") == price(graph, COGNITIVE, {"a": 0.6})
    assert price(graph, COGNITIVE, {"a": 0.6})["concepts/a"] < price(graph, COGNITIVE)["concepts/a"]


@pytest.mark.parametrize("kind", CostKind)
def test_custom_costs_replace_others(kind: CostKind) -> None:
    graph = build_graph("a b", resources={"r": {"a": 5}})
    model = CostModel(kind=kind, custom_units={"concepts/a": 7, "resources/r": 10**12, "concepts/elsewhere": 3})

    plain, found = price(graph, CostModel(kind=kind)), price(graph, model)
    assert found == {**plain, "concepts/a": 7, "resources/r": 10**12}


def test_a_plan_is_priced_by_the_model_of_its_settings() -> None:
    graph = build_graph("a b", hard="a>b", resources={"r": {"a": 4, "b": 4}})
    problem = pose_problem(graph, ["b"], {"a": 0.85}, PlanSettings(cost_model=COGNITIVE))

    assert problem.costs.tolist() == list(price(graph, COGNITIVE, {"a": 0.85}, mastered="a").values())
    assert problem.count_minutes(graph.activity_number["resources/r"]) == 8


def test_mastery_counts_in_steps_and_elsewhere_not_at_all() -> None:
    graph = build_graph("a b c")

    assert count_steps(graph, {"a": 0.12345, "z": 1.0, "c": 0.79996}).tolist() == [1_234, 0, 8_000]


def test_weights_that_make_no_sense_are_refused() -> None:
    graph = build_graph("a")
    weights = CostWeights(mastery_gap=-1, difficulty=float("nan"), fan_out=float("inf"))

    assert [field for field, _ in refuse(graph, CostModel(weights=weights))] == [
        "cost_model.weights.mastery_gap",
        "cost_model.weights.difficulty",
        "cost_model.weights.fan_out",
    ]
    nothing = CostModel(weights=CostWeights(mastery_gap=0, difficulty=0, fan_out=0))
    assert refuse(graph, nothing) == [("cost_model.weights", "must not all be 0")]


def test_custom_costs_that_make_no_sense_are_refused() -> None:
    graph = build_graph("a b c")
    custom = {"concepts/a": 0, "concepts/b": 10**12 + 1, "concepts/c": 10**12, "resources/none": 5}

    assert refuse(graph, CostModel(custom_units=custom)) == [
        ('cost_model.custom["concepts/a"]', "must be from 0.0001 to 100000000"),
        ('cost_model.custom["concepts/b"]', "must be from 0.0001 to 100000000"),
        ('cost_model.custom["resources/none"]', "must be for an activity of the curriculum"),
    ]
