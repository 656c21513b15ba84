import random
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import permutations, product

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from kg.curriculum import Curriculum
from planner.checks.verification import verify_plan
from planner.constraints import Constraints
from planner.demands.conflicts import Request, can_hold
from planner.demands.feasibility import Answer
from planner.generation import generate_plan
from planner.graph import PlanningGraph, compile_graph
from planner.insight.edits import lift_constraints
from planner.plan import Plan
from planner.problem import PlanningProblem, PlanSettings, build_problem
from tests.planner_graphs import draw_curriculum, draw_mastery, shuffle_curriculum


class Case:
    """A drawn curriculum, learner, goals and constraints, with their plan."""

    def __init__(self, rng: random.Random, size: int, groups: float, resources: float) -> None:
        self.curriculum: Curriculum = draw_curriculum(rng, size, groups=groups, resources=resources)
        self.graph: PlanningGraph = compile_graph(self.curriculum)
        self.mastery: dict[str, float] = draw_mastery(rng, self.curriculum)
        self.names = [concept.id for concept in self.curriculum.concepts]
        self.goals: list[str] = rng.sample(self.names, min(size, rng.choice([1, 2, 4])))
        self.constraints = self._draw_constraints(rng)
        self.plan: Plan = generate_plan(self.graph, self.goals, self.mastery, constraints=self.constraints)

    def _draw_constraints(self, rng: random.Random) -> Constraints:
        subjects = [*(f"concepts/{name}" for name in self.names), *self.list_resources()]
        pairs = [
            tuple(rng.sample(self.names, 2)) for _ in range(rng.choice([0, 0, 2, 4]) if len(self.names) > 1 else 0)
        ]
        due = rng.sample(self.goals, rng.choice([0, 0, 1, len(self.goals)]))
        return Constraints(
            pinned=tuple(rng.sample(subjects, min(len(subjects), rng.choice([0, 0, 1, 2])))),
            vetoed=tuple(rng.sample(subjects, min(len(subjects), rng.choice([0, 0, 1, 3])))),
            orders=tuple(dict.fromkeys((first, second) for first, second in pairs)),
            deadlines={goal: rng.choice([5, 20, 40, 80]) for goal in due},
            budget_minutes=rng.choice([None, None, 10, 40, 100]),
            session_minutes=rng.choice([None, 8, 30]),
            soft_penalty_units=rng.choice([0, 0, 30_000, 200_000]),
        )

    def list_resources(self) -> list[str]:
        return [activity.id for activity in self.graph.activities if not activity.own]

    def __repr__(self) -> str:
        return f"{self.curriculum}, {self.mastery}, {self.goals}, {self.constraints}"

    @property
    def request(self) -> Request:
        return Request(
            graph=self.graph,
            goals=self.goals,
            mastery=self.mastery,
            settings=PlanSettings(),
            constraints=self.constraints,
            unreachable={goal.concept for goal in self.plan.unreachable},
        )


def draw_cases(largest: int) -> st.SearchStrategy[Case]:
    return st.builds(
        Case,
        st.integers(0, 2**32).map(random.Random),
        st.integers(1, largest),
        st.sampled_from([0.0, 0.3, 0.7]),
        st.sampled_from([0.0, 0.3, 0.8]),
    )


@settings(max_examples=400, deadline=None)
@given(draw_cases(30))
def test_a_plan_keeps_to_all_constraints_or_names_a_conflict(case: Case) -> None:
    assert not case.plan.cut_short
    assert verify_plan(case.graph, case.plan, case.mastery) == []
    assert verify_plan(case.graph, case.plan, None) == []


def keep(case: Case, fields: set[str]) -> Request:
    """The request with the constraints and goals at some fields only."""
    constraints = case.constraints
    every = {
        f"constraints.{name}[{position}]"
        for name in ("pinned", "vetoed", "orders", "deadlines")
        for position in range(len(getattr(constraints, name)))
    }
    if constraints.budget_minutes is not None:
        every.add("constraints.budget_minutes")
    goals = [goal for position, goal in enumerate(case.goals) if f"goals[{position}]" in fields]
    return replace(case.request, goals=goals, constraints=lift_constraints(constraints, every - fields))


@settings(max_examples=400, deadline=None)
@given(draw_cases(14))
def test_a_conflict_is_one_and_without_any_of_its_constraints_there_is_none(case: Case) -> None:
    assume(case.plan.conflict)
    assert case.plan.conflict
    fields = {each.field for each in case.plan.conflict.constraints}
    assert can_hold(keep(case, fields)) is Answer.NO
    assert {can_hold(keep(case, fields - {field})) for field in fields} == {Answer.YES}


def list_plans(case: Case) -> Iterable[list[tuple[int, int]]]:
    """Every order of concepts, each with an activity, that keeps to prerequisites, groups, pins, vetoes and orders."""
    problem = build_problem(case.graph, [], case.mastery, PlanSettings(), case.constraints)
    graph, mastered = problem.graph, problem.mastered
    learnable = set(range(len(graph.concepts))) - mastered - problem.barred
    for size in range(len(learnable) + 1):
        for order in permutations(sorted(learnable), size):
            place = {concept: position for position, concept in enumerate(order)}
            in_order = all(
                place[before] < place[after] for before, after in problem.orders if {before, after} <= place.keys()
            )
            if not (in_order and set(problem.goals) <= place.keys() and comes_after_what_it_requires(problem, order)):
                continue
            for teachers in product(*(graph.teachers[concept] for concept in order)):
                by = dict(zip(order, teachers, strict=True))
                pinned = {
                    concept for each in problem.pinned for concept in graph.activities[each].sections.keys() - mastered
                }
                if (
                    problem.unavailable.isdisjoint(teachers)
                    and problem.pinned <= set(teachers)
                    and all(by[concept] in problem.pinned for concept in pinned)
                ):
                    yield list(by.items())


def comes_after_what_it_requires(problem: PlanningProblem, order: Sequence[int]) -> bool:
    graph, done = problem.graph, set(problem.mastered)
    for concept in order:
        if not done.issuperset(graph.prerequisites[concept]):
            return False
        groups = (graph.groups[group] for group in graph.groups_of[concept])
        if any(len(done.intersection(group.members)) < group.need for group in groups):
            return False
        done.add(concept)
    return True


def is_in_time(case: Case, plan: list[tuple[int, int]]) -> bool:
    """Whether a plan reaches all goals, each in time."""
    problem = build_problem(case.graph, case.goals, case.mastery, PlanSettings(), case.constraints)
    begun: set[int] = set()
    missing = set(problem.goals) - problem.mastered
    missing -= {case.graph.number[goal.concept] for goal in case.plan.unreachable}
    for concept, activity in plan:
        begun.add(activity)
        due = case.constraints.deadlines.get(case.graph.concepts[concept].id)
        if due is not None and sum(map(problem.count_minutes, begun)) > due:
            return False
        missing.discard(concept)
    return not missing


@settings(max_examples=150, deadline=None)
@given(draw_cases(5))
def test_there_is_a_conflict_where_trying_everything_finds_no_plan(case: Case) -> None:
    plans = list(list_plans(case))
    budget = case.constraints.budget_minutes
    problem = build_problem(case.graph, [], case.mastery, PlanSettings(), case.constraints)
    fits = budget is None or any(
        sum(map(problem.count_minutes, {activity for _, activity in plan})) <= budget for plan in plans
    )
    assert (case.plan.conflict is None) is (fits and any(is_in_time(case, plan) for plan in plans))


@settings(max_examples=60, deadline=None)
@given(draw_cases(30), st.randoms(use_true_random=False))
def test_a_plan_under_constraints_depends_on_content_only(case: Case, rng: random.Random) -> None:
    graph = compile_graph(shuffle_curriculum(rng, case.curriculum))
    mastery = dict(rng.sample(list(case.mastery.items()), len(case.mastery)))
    assert generate_plan(graph, case.goals, mastery, constraints=case.constraints) == case.plan
