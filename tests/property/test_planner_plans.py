import random
from collections.abc import Iterable
from dataclasses import replace
from itertools import chain, combinations
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from kg.curriculum import Curriculum
from planner.checks.verification import verify_plan
from planner.content.closure import explore
from planner.generation import generate_plan
from planner.graph import PlanningGraph, compile_graph
from planner.plan import Plan
from planner.problem import PlanningProblem, PlanSettings, pose_problem
from planner.proof.exact import solve_exactly
from tests.planner_graphs import draw_curriculum, draw_mastery, shuffle_curriculum


class Case:
    """A drawn curriculum, learner and goals, with their plan."""

    def __init__(self, rng: random.Random, size: int, groups: float, resources: float) -> None:
        self.curriculum: Curriculum = draw_curriculum(rng, size, groups=groups, resources=resources)
        self.graph: PlanningGraph = compile_graph(self.curriculum)
        self.mastery: dict[str, float] = draw_mastery(rng, self.curriculum)
        names = [concept.id for concept in self.curriculum.concepts]
        self.goals: list[str] = rng.sample(names, min(size, rng.choice([1, 2, 4])))
        self.plan: Plan = generate_plan(self.graph, self.goals, self.mastery)

    def __repr__(self) -> str:
        return f"{self.curriculum}, {self.mastery}, {self.goals}"

    @property
    def problem(self) -> PlanningProblem:
        return pose_problem(self.graph, self.goals, self.mastery, PlanSettings())


def draw_cases(largest: int) -> st.SearchStrategy[Case]:
    return st.builds(
        Case,
        st.integers(0, 2**32).map(random.Random),
        st.integers(1, largest),
        st.sampled_from([0.0, 0.3, 0.7]),
        st.sampled_from([0.0, 0.3, 0.8]),
    )


@settings(max_examples=300)
@given(draw_cases(60))
def test_plans_are_sound(case: Case) -> None:
    assert verify_plan(case.graph, case.plan, case.mastery) == []
    assert verify_plan(case.graph, case.plan, None) == []


@given(draw_cases(40))
def test_goals_are_learned_mastered_or_named(case: Case) -> None:
    covered = {step.concept for step in case.plan.steps} | set(case.plan.mastered)
    named = {goal.concept for goal in case.plan.unreachable}
    assert covered & named == set()
    assert set(case.goals) <= covered | named
    assert all(goal.missing for goal in case.plan.unreachable)


@given(draw_cases(40), st.randoms(use_true_random=False))
def test_a_plan_depends_on_content_only(case: Case, rng: random.Random) -> None:
    graph = compile_graph(shuffle_curriculum(rng, case.curriculum))
    goals = rng.sample(case.goals, len(case.goals))
    mastery = dict(rng.sample(list(case.mastery.items()), len(case.mastery)))
    assert generate_plan(graph, goals, mastery) == case.plan
    assert generate_plan(case.graph, case.goals, case.mastery) == case.plan


@settings(max_examples=200)
@given(draw_cases(40), st.integers(0, 5))
def test_a_plan_cut_short_is_sound_and_marked(case: Case, polls: int) -> None:
    answers = iter([False] * polls)
    plan = generate_plan(case.graph, case.goals, case.mastery, stop=lambda: next(answers, True))
    assert verify_plan(case.graph, plan, case.mastery) == []
    assert plan.cut_short or plan == case.plan
    if polls == 0:
        assert plan.cut_short or plan.certificate.ratio == 1


@settings(max_examples=500)
@given(draw_cases(24))
def test_the_optimum_lies_between_bound_and_cost(case: Case) -> None:
    certificate = case.plan.certificate
    exact = solve_exactly(case.graph, case.goals, case.mastery)
    assert exact.proven
    assert certificate.lower_bound_units <= exact.cost_units <= certificate.cost_units
    if certificate.theorem:
        assert certificate.cost_units <= certificate.guarantee * exact.cost_units * (1 + 1e-9)
    else:
        assert certificate.guarantee == 0


def list_subsets(items: Iterable[int]) -> Iterable[tuple[int, ...]]:
    found = sorted(items)
    return chain.from_iterable(combinations(found, size) for size in range(len(found) + 1))


def is_closed(problem: PlanningProblem, concepts: Iterable[int], learned: set[int]) -> bool:
    """Whether concepts require nothing but what is learned or mastered."""
    graph, known = problem.graph, problem.mastered | learned
    return all(
        known.issuperset(graph.prerequisites[concept])
        and all(
            len(known.intersection(graph.groups[group].members)) >= graph.groups[group].need
            for group in graph.groups_of[concept]
        )
        for concept in concepts
    )


@given(draw_cases(9))
def test_under_t1_a_plan_is_the_unique_smallest(case: Case) -> None:
    assume(case.plan.certificate.theorem == "T1")
    problem = case.problem
    ways, wanted = explore(problem).ways, set(problem.goals) - problem.mastered
    subsets = map(set, list_subsets(ways))
    feasible = [subset for subset in subsets if wanted & ways.keys() <= subset and is_closed(problem, subset, subset)]
    learned = {case.graph.number[step.concept] for step in case.plan.steps}
    assert learned in feasible
    assert all(learned <= subset for subset in feasible)
    assert case.plan.certificate.ratio == 1


def find_learnable(problem: PlanningProblem, activities: tuple[int, ...]) -> set[int]:
    """The largest closed set of concepts that activities teach."""
    graph = problem.graph
    learnable = {concept for activity in activities for concept in graph.activities[activity].sections}
    while stuck := {concept for concept in learnable if not is_closed(problem, {concept}, learnable)}:
        learnable -= stuck
    return learnable


@settings(max_examples=50)
@given(draw_cases(6))
def test_the_exact_optimum_is_what_trying_everything_finds(case: Case) -> None:
    problem, exact = case.problem, solve_exactly(case.graph, case.goals, case.mastery)
    ways = explore(problem).ways
    wanted = {goal for goal in problem.goals if goal in ways}
    activities = {activity for concept in ways for activity in case.graph.teachers[concept]}
    cheapest = min(
        sum(map(problem.count_cost, subset))
        for subset in list_subsets(activities)
        if wanted <= find_learnable(problem, subset)
    )
    assert exact.cost_units == cheapest


@given(draw_cases(20), st.randoms(use_true_random=False))
def test_a_plan_without_one_of_its_steps_is_refused(case: Case, rng: random.Random) -> None:
    assume(case.plan.steps)
    position = rng.randrange(len(case.plan.steps))
    steps = case.plan.steps[:position] + case.plan.steps[position + 1 :]
    assert verify_plan(case.graph, replace(case.plan, steps=steps), case.mastery)


@given(draw_cases(20), st.randoms(use_true_random=False))
def test_a_step_before_what_it_requires_is_refused(case: Case, rng: random.Random) -> None:
    learned = {case.graph.number[step.concept] for step in case.plan.steps}
    dependent = [
        step
        for step in case.plan.steps
        if not learned.isdisjoint(case.graph.prerequisites[case.graph.number[step.concept]])
    ]
    assume(dependent)
    first = rng.choice(dependent)
    steps = (first, *(step for step in case.plan.steps if step is not first))
    kinds = {violation.kind for violation in verify_plan(case.graph, replace(case.plan, steps=steps), case.mastery)}
    assert "MISSING_PREREQUISITE" in kinds


@given(draw_cases(20), st.randoms(use_true_random=False), st.sampled_from(["minutes", "cost_units"]))
def test_a_step_with_another_amount_is_refused(case: Case, rng: random.Random, field: str) -> None:
    assume(case.plan.steps)
    steps = list(case.plan.steps)
    position = rng.randrange(len(steps))
    steps[position] = replace(steps[position], **{field: getattr(steps[position], field) + rng.choice([-1, 1])})
    kinds = {violation.kind for violation in verify_plan(case.graph, replace(case.plan, steps=tuple(steps)), None)}
    assert "WRONG_SUM" in kinds


@given(draw_cases(20), st.sampled_from([1, -1, 7]))
def test_a_certificate_with_another_bound_is_refused(case: Case, change: int) -> None:
    claimed = replace(case.plan.certificate, lower_bound_units=case.plan.certificate.lower_bound_units + change)
    violations = verify_plan(case.graph, replace(case.plan, certificate=claimed), case.mastery)
    assert "WRONG_CERTIFICATE" in {violation.kind for violation in violations}


numbers: st.SearchStrategy[Any] = st.integers() | st.floats()


@given(draw_cases(12), st.lists(st.tuples(numbers, numbers), max_size=5), st.lists(numbers, min_size=6, max_size=6))
def test_strange_plans_are_judged_without_an_exception(
    case: Case, amounts: list[tuple[Any, Any]], strange: list[Any]
) -> None:
    steps = [
        replace(step, minutes=minutes, cost_units=cost)
        for step, (minutes, cost) in zip(case.plan.steps * 2, amounts, strict=False)
    ]
    minutes, cost, bound, ratio, guarantee, threshold = strange
    certificate = replace(
        case.plan.certificate, cost_units=cost, lower_bound_units=bound, ratio=ratio, guarantee=guarantee
    )
    plan = replace(
        case.plan,
        steps=tuple(steps),
        goals=("", *case.plan.goals),
        minutes=minutes,
        certificate=certificate,
        mastery_threshold=threshold,
    )
    assert verify_plan(case.graph, plan, case.mastery)
