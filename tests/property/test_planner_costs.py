import random
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from planner.costs import CostKind, CostModel, CostWeights, price_activities
from planner.graph import PlanningGraph, compile_graph
from tests.planner_graphs import draw_curriculum, draw_mastery

seeds = st.integers(0, 2**32 - 1)
weights = st.tuples(*[st.integers(0, 20)] * 3).filter(any)


def draw(seed: int, numbers: tuple[int, int, int]) -> tuple[PlanningGraph, dict[str, float], CostModel]:
    rng = random.Random(seed)
    curriculum = draw_curriculum(rng, rng.randint(1, 40))
    gap, difficulty, fan_out = numbers
    model = CostModel(
        kind=CostKind.COGNITIVE, weights=CostWeights(mastery_gap=gap, difficulty=difficulty, fan_out=fan_out)
    )
    return compile_graph(curriculum), draw_mastery(rng, curriculum), model


@given(seeds, weights)
def test_a_cognitive_cost_is_the_formula_in_fractions(seed: int, numbers: tuple[int, int, int]) -> None:
    graph, mastery, model = draw(seed, numbers)
    mastered = [graph.number[name] for name, probability in mastery.items() if probability >= 0.8]
    costs = price_activities(graph, [], mastery, model, mastered=mastered)

    most = max(1, *map(len, graph.unlocks))
    loads = []
    for concept, unlocked in zip(graph.concepts, graph.unlocks, strict=True):
        known = Fraction(str(mastery.get(concept.id, 0.0)))
        parts = 1 - known, Fraction(str(concept.difficulty)), 1 - Fraction(len(unlocked), most)
        loads.append(sum(weight * part for weight, part in zip(numbers, parts, strict=True)) / sum(numbers))
    for activity, cost in zip(graph.activities, costs.tolist(), strict=True):
        exact = sum(
            loads[concept] * minutes / graph.concepts[concept].minutes
            for concept, minutes in activity.sections.items()
            if activity.own or concept not in mastered
        )
        assert abs(cost - max(1, exact * 10_000)) <= 0.6 + 1.1 * float(exact)  # rounding, fan-out in steps of 0.0001


@given(seeds, weights)
def test_knowing_more_never_costs_more(seed: int, numbers: tuple[int, int, int]) -> None:
    graph, mastery, model = draw(seed, numbers)
    more = {concept: min(1.0, probability + 0.1) for concept, probability in mastery.items()}

    assert (price_activities(graph, [], more, model) <= price_activities(graph, [], mastery, model)).all()


@given(seeds, weights)
def test_every_cost_is_at_least_a_unit_and_own_study_at_most_a_load_of_one(
    seed: int, numbers: tuple[int, int, int]
) -> None:
    graph, mastery, model = draw(seed, numbers)
    costs = price_activities(graph, [], mastery, model, mastered=range(len(graph.concepts)))

    assert costs.min(initial=1) >= 1
    assert costs[graph.arrays.activity_own == 1].max(initial=0) <= 10_000
