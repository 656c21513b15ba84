import random
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from kg.curriculum import Curriculum
from planner.checks.verification import verify_plan
from planner.constraints import UNCONSTRAINED, Constraints
from planner.generation import generate_plan
from planner.graph import compile_graph
from planner.plan import ChangeKind, Plan
from planner.problem import PlanSettings, sort_by_mastery
from planner.revisions.revision import Revision, revise_plan
from tests.planner_graphs import draw_curriculum, draw_mastery

SETTINGS = PlanSettings(escalate_above=float("inf"))


class Case:
    """A plan, and a later day: another state of the learner, and perhaps another version of the curriculum."""

    def __init__(self, rng: random.Random, size: int, share_changed: float) -> None:
        self.curriculum: Curriculum = draw_curriculum(rng, size)
        self.later: Curriculum = change(rng, self.curriculum, share_changed)
        self.graph, self.later_graph = compile_graph(self.curriculum), compile_graph(self.later)
        names = [concept.id for concept in self.curriculum.concepts]
        goals = rng.sample(names, min(size, rng.choice([1, 2, 4])))
        penalty = Constraints(soft_penalty_units=rng.choice([10_000, 100_000]))
        self.constraints = rng.choice([UNCONSTRAINED, UNCONSTRAINED, penalty])
        self.mastery = draw_mastery(rng, self.curriculum)
        self.old: Plan = generate_plan(self.graph, goals, self.mastery, SETTINGS, constraints=self.constraints)
        self.now = {**self.mastery, **{name: rng.choice([0.2, 0.6, 0.9]) for name in names if rng.random() < 0.2}}
        self.started = [step.concept for step in self.old.steps if rng.random() < 0.2]
        self.least_gain = rng.choice([0.0, 0.1, 0.5])

    def __repr__(self) -> str:
        return f"{self.curriculum}, {self.later}, {self.old.goals}, {self.now}, {self.started}, {self.least_gain}"

    def revise(self) -> Revision:
        return revise_plan(self.old, self.later_graph, self.now, SETTINGS, self.started, least_gain=self.least_gain)


def change(rng: random.Random, curriculum: Curriculum, share: float) -> Curriculum:
    """A later version: some prerequisites and resources are gone, and some concepts take another time."""
    return replace(
        curriculum,
        concepts=tuple(
            replace(each, minutes=rng.choice([3, 30])) if rng.random() < share else each for each in curriculum.concepts
        ),
        prerequisites=tuple(each for each in curriculum.prerequisites if rng.random() >= share),
        resources=tuple(each for each in curriculum.resources if rng.random() >= share),
    )


def draw_cases(largest: int, changed: st.SearchStrategy[float]) -> st.SearchStrategy[Case]:
    return st.builds(Case, st.integers(0, 2**32).map(random.Random), st.integers(1, largest), changed)


ANY = st.sampled_from([0.0, 0.2])


@settings(max_examples=200, deadline=None)
@given(draw_cases(40, ANY))
def test_revised_plans_are_sound(case: Case) -> None:
    assert verify_plan(case.later_graph, case.revise().plan, case.now) == []


def draw_constraints(rng: random.Random, case: Case) -> Constraints:
    """Constraints of every kind, most of which can hold."""
    names = [concept.id for concept in case.later.concepts]
    pairs = [tuple(rng.sample(names, 2)) for _ in range(rng.choice([0, 1, 2])) if len(names) > 1]
    return Constraints(
        pinned=tuple(f"concepts/{name}" for name in rng.sample(names, rng.choice([0, 0, 1]))),
        vetoed=tuple(f"resources/{each.id}" for each in case.later.resources[: rng.choice([0, 1])]),
        orders=tuple(dict.fromkeys((before, after) for before, after in pairs)),
        deadlines={goal: rng.choice([60, 120, 1_000]) for goal in case.old.goals if rng.random() < 0.4},
        budget_minutes=rng.choice([None, None, 80, 200]),
        session_minutes=rng.choice([None, 25]),
    )


@settings(deadline=None)
@given(draw_cases(15, ANY), st.randoms(use_true_random=False))
def test_plans_revised_under_constraints_are_sound(case: Case, rng: random.Random) -> None:
    constraints = draw_constraints(rng, case)
    plan = revise_plan(
        case.old, case.later_graph, case.now, SETTINGS, case.started, constraints=constraints, least_gain=0.5
    ).plan
    assert plan.cut_short or verify_plan(case.later_graph, plan, case.now) == []


@settings(deadline=None)
@given(draw_cases(40, st.just(0.0)))
def test_revising_with_nothing_changed_changes_nothing(case: Case) -> None:
    revision = revise_plan(case.old, case.graph, case.mastery, SETTINGS)
    assert revision.plan == case.old
    assert revision.changes == ()


@settings(deadline=None)
@given(draw_cases(40, ANY))
def test_a_revised_plan_is_not_revised_again(case: Case) -> None:
    revision = case.revise()
    kept = {(step.concept, step.activity) for step in case.old.steps}
    started = [step.concept for step in revision.plan.steps if (step.concept, step.activity) in kept]
    started = [concept for concept in started if concept in case.started]
    again = revise_plan(revision.plan, case.later_graph, case.now, SETTINGS, started, least_gain=case.least_gain)
    assert again.plan.steps == revision.plan.steps
    assert [each.kind for each in again.changes] == [
        each.kind for each in revision.changes if each.kind is ChangeKind.KEPT
    ]


@settings(max_examples=200, deadline=None)
@given(draw_cases(40, st.just(0.0)))
def test_started_steps_stay_and_come_before_all_that_they_do_not_need(case: Case) -> None:
    plan = case.revise().plan
    mastered, _ = sort_by_mastery(case.graph, case.now, SETTINGS)
    old, new = ({step.concept: step.activity for step in each.steps} for each in (case.old, plan))
    left = [concept for concept in case.started if case.graph.number[concept] not in mastered]
    assert all(new[concept] == old[concept] for concept in left)
    waiting = set(left)
    for step in plan.steps:
        if not waiting:
            break
        waiting.discard(step.concept)
        assert step.concept in left or any(is_before(case, step.concept, concept) for concept in waiting)


def is_before(case: Case, concept: str, after: str) -> bool:
    """Whether one concept comes before another by prerequisites or members of groups, over any number of steps."""
    graph = case.graph
    found, waiting = set(), [graph.number[concept]]
    while waiting:
        for each in graph.unlocks[waiting.pop()]:
            if each not in found:
                found.add(each)
                waiting.append(each)
    return graph.number[after] in found


@settings(max_examples=200, deadline=None)
@given(draw_cases(40, ANY))
def test_a_revised_plan_costs_little_more_than_the_best_from_scratch(case: Case) -> None:
    revision = revise_plan(case.old, case.later_graph, case.now, SETTINGS, least_gain=case.least_gain)
    scratch = generate_plan(
        case.later_graph, case.old.goals, case.now, SETTINGS, constraints=case.constraints
    ).certificate.cost_units
    cost = revision.plan.certificate.cost_units
    assert cost == scratch or (1 - case.least_gain) * cost <= scratch * (1 + 1e-12)
    assert any(each.kind is ChangeKind.KEPT for each in revision.changes) == (cost > scratch)


@settings(deadline=None)
@given(draw_cases(40, st.just(0.0)))
def test_a_plan_of_which_something_was_learned_costs_no_more_than_before(case: Case) -> None:
    learned = {**case.mastery, **dict.fromkeys(case.started, 1.0)}
    revision = revise_plan(case.old, case.graph, learned, SETTINGS, case.started, least_gain=case.least_gain)
    done = sum(
        step.cost_units
        for step in case.old.steps
        if step.activity == f"concepts/{step.concept}" and step.concept in case.started
    )
    assert revision.plan.certificate.cost_units <= case.old.certificate.cost_units - done


@settings(deadline=None)
@given(draw_cases(30, ANY))
def test_kept_steps_keep_their_order_where_it_is_sound(case: Case) -> None:
    learned = {**case.mastery, **dict.fromkeys(case.started, 1.0)}
    revision = revise_plan(case.old, case.graph, learned, SETTINGS, least_gain=0.99)
    assert all(each.kind is not ChangeKind.MOVED_EARLIER for each in revision.changes)
