"""The engine against the readable reference, and compiled kernels against the same functions in the interpreter."""

import random
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from planner import reference
from planner.content.closure import explore
from planner.content.cover import find_cover
from planner.content.polish import polish_cover
from planner.engine.compilation import run_compiled, run_plain
from planner.graph import compile_graph
from planner.problem import PlanningProblem, PlanSettings, pose_problem
from planner.proof.bounds import bound_cost
from tests.planner_graphs import draw_curriculum, draw_mastery


def draw_problem(rng: random.Random, size: int, groups: float, resources: float) -> PlanningProblem:
    """Draws a problem, sometimes with things that are not to be learned, used or left out."""
    curriculum = draw_curriculum(rng, size, groups=groups, resources=resources)
    graph = compile_graph(curriculum)
    names = [concept.id for concept in curriculum.concepts]
    goals = rng.sample(names, min(size, rng.choice([1, 2, 4])))
    problem = pose_problem(graph, goals, draw_mastery(rng, curriculum), PlanSettings())
    if rng.random() < 0.4:
        barred = frozenset(rng.sample(range(size), min(size, 2)))
        unavailable = frozenset(rng.sample(range(len(graph.activities)), min(len(graph.activities), 3)))
        problem = replace(problem, barred=barred, unavailable=unavailable)
    return problem


problems = st.builds(
    draw_problem,
    st.integers(0, 2**32).map(random.Random),
    st.integers(1, 40),
    st.sampled_from([0.0, 0.3, 0.7]),
    st.sampled_from([0.0, 0.3, 0.8]),
)


@settings(max_examples=300, deadline=None)
@given(problems)
def test_the_region_is_the_reference_s(problem: PlanningProblem) -> None:
    region, plain = explore(problem), reference.explore(problem)

    assert (dict(region.ways), region.forced, dict(region.unmet)) == (plain.ways, plain.forced, plain.unmet)


@settings(max_examples=300, deadline=None)
@given(problems)
def test_a_cover_costs_no_more_than_the_reference_s_greedy(problem: PlanningProblem) -> None:
    found, plain = find_cover(problem, explore(problem)), reference.find_cover(problem)

    assert found.cost_units <= plain.cost_units
    assert explore(problem).forced <= found.teachers.keys()


@settings(max_examples=200, deadline=None)
@given(problems)
def test_compiled_kernels_find_what_the_interpreter_finds(problem: PlanningProblem) -> None:
    found = []
    for run in (run_plain, run_compiled):
        with run():
            region = explore(problem)
            cover = find_cover(problem, region)
            found.append((cover, polish_cover(problem, cover, 20), bound_cost(problem, region, cost_units=1)))
            found[-1] += (bound_cost(problem, region),)  # type: ignore[assignment]

    assert found[0] == found[1]
