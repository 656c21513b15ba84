import random

from hypothesis import given, settings
from hypothesis import strategies as st

from planner.constraints import Constraints
from planner.generation import generate_plan
from planner.graph import compile_graph
from planner.insight.explanation import Explanation, explain_plan
from planner.plan import Plan
from planner.problem import PlanSettings
from tests.planner_graphs import draw_curriculum, draw_mastery

SETTINGS = PlanSettings(escalate_above=float("inf"))


class Case:
    """A drawn curriculum, learner and goals, with their plan and its explanation."""

    def __init__(self, rng: random.Random, size: int) -> None:
        self.curriculum = draw_curriculum(rng, size)
        self.graph = compile_graph(self.curriculum)
        self.mastery = draw_mastery(rng, self.curriculum)
        self.names = [concept.id for concept in self.curriculum.concepts]
        self.goals = rng.sample(self.names, min(size, rng.choice([1, 2, 4])))
        subjects = [f"concepts/{name}" for name in self.names] + [
            f"resources/{each.id}" for each in self.curriculum.resources
        ]
        rng.shuffle(subjects)
        self.constraints = Constraints(
            pinned=tuple(subjects[: rng.choice([0, 0, 1])]),
            vetoed=tuple(subjects[1 : rng.choice([1, 1, 2, 3])]),
            soft_penalty_units=rng.choice([0, 0, 20_000]),
        )

    def __repr__(self) -> str:
        return f"{self.curriculum}, {self.mastery}, {self.goals}, {self.constraints}"

    def plan(self, *mastered: str) -> Plan:
        mastery = {**self.mastery, **dict.fromkeys(mastered, 1.0)}
        return generate_plan(self.graph, self.goals, mastery, SETTINGS, constraints=self.constraints)

    def explain(self, plan: Plan) -> Explanation:
        return explain_plan(self.curriculum, plan, self.mastery, graph=self.graph)


def draw_cases(largest: int) -> st.SearchStrategy[Case]:
    return st.builds(Case, st.integers(0, 2**32).map(random.Random), st.integers(1, largest))


@settings(max_examples=100, deadline=None)
@given(draw_cases(30))
def test_what_mastery_saves_lies_between_nothing_and_what_is_provable(case: Case) -> None:
    plan = case.plan()
    for step in case.explain(plan).steps:
        changed = case.plan(step.concept)
        assert step.saving_if_mastered_units >= 0
        left = plan.certificate.cost_units - step.saving_if_mastered_units
        assert changed.certificate.lower_bound_units <= left
        if plan.certificate.theorem == changed.certificate.theorem == "T1":
            assert left == changed.certificate.cost_units


@settings(max_examples=100, deadline=None)
@given(draw_cases(30))
def test_no_constraint_costs_less_than_nothing_and_no_alternative_is_the_activity_itself(case: Case) -> None:
    plan = case.plan()
    explanation = case.explain(plan)
    activities = {step.concept: step.activity for step in plan.steps}
    assert all(price.saving_units >= 0 for price in explanation.constraints)
    assert all(step.alternative != activities[step.concept] for step in explanation.steps)
    assert all(step.alternative_cost_units >= 0 for step in explanation.steps)


@settings(deadline=None)
@given(draw_cases(20))
def test_an_explanation_depends_on_content_only(case: Case) -> None:
    plan = case.plan()
    assert case.explain(plan) == explain_plan(case.curriculum, plan, dict(reversed(case.mastery.items())))
