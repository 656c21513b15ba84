import random

from hypothesis import given, settings
from hypothesis import strategies as st

from planner.checks.verification import verify_plan
from planner.graph import compile_graph
from planner.insight.edits import MasterConcept, PlanEdit, RemovePrerequisite, TeachConcept, apply_edits
from planner.insight.what_if import WhatIf, compare_what_if
from planner.plan import ChangeKind
from planner.problem import PlanSettings
from tests.planner_graphs import draw_curriculum, draw_mastery

SETTINGS = PlanSettings(escalate_above=float("inf"))


class Case:
    """A drawn curriculum, learner, goals, and edits; on request only such as take no alternative away."""

    def __init__(self, rng: random.Random, size: int, relaxing: bool) -> None:
        self.curriculum = draw_curriculum(rng, size)
        self.mastery = draw_mastery(rng, self.curriculum)
        names = [concept.id for concept in self.curriculum.concepts]
        self.goals = rng.sample(names, min(size, rng.choice([1, 2, 4])))
        members = {(member, group.concept) for group in self.curriculum.groups for member in group.members}
        edges = {(each.before, each.after) for each in self.curriculum.prerequisites}
        edges = edges - members if relaxing else edges | members
        possible: list[PlanEdit] = [
            *(MasterConcept(concept=name) for name in names),
            *(TeachConcept(concept=name) for name in names),
            *(RemovePrerequisite(before=before, after=after) for before, after in sorted(edges)),
        ]
        self.edits = rng.sample(possible, min(len(possible), rng.choice([1, 1, 2, 5])))

    def __repr__(self) -> str:
        return f"{self.curriculum}, {self.mastery}, {self.goals}, {self.edits}"

    def compare(self) -> WhatIf:
        return compare_what_if(self.curriculum, self.goals, self.mastery, SETTINGS, edits=self.edits)


def draw_cases(*, relaxing: bool = False) -> st.SearchStrategy[Case]:
    return st.builds(Case, st.integers(0, 2**32).map(random.Random), st.integers(1, 40), st.just(relaxing))


@settings(max_examples=200, deadline=None)
@given(draw_cases())
def test_both_plans_are_sound(case: Case) -> None:
    found = case.compare()
    curriculum, mastery, _ = apply_edits(case.curriculum, case.mastery, found.base.constraints, case.edits)
    assert verify_plan(compile_graph(case.curriculum), found.base, case.mastery) == []
    assert verify_plan(compile_graph(curriculum), found.changed, mastery) == []


@settings(max_examples=200, deadline=None)
@given(draw_cases(relaxing=True))
def test_what_allows_for_more_never_costs_more(case: Case) -> None:
    found = case.compare()
    if len(found.changed.unreachable) == len(found.base.unreachable):
        assert found.changed.certificate.cost_units <= found.base.certificate.cost_units


@settings(deadline=None)
@given(draw_cases())
def test_changes_and_sentence_agree_with_the_plans(case: Case) -> None:
    found = case.compare()
    same = found.base.steps == found.changed.steps and found.base.unreachable == found.changed.unreachable
    assert not (found.changes and same)
    old, new = found.base.certificate.cost_units, found.changed.certificate.cost_units
    assert any(change.kind is ChangeKind.COST_CHANGED for change in found.changes) == (old != new)
    assert found.text.endswith("nothing changes.") == (not found.changes)
    assert all(change.kind is not ChangeKind.KEPT for change in found.changes)
