import random
from collections.abc import Collection
from dataclasses import replace
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from kg.curriculum import Curriculum, PrerequisiteKind
from planner.constraints import Constraints
from planner.insight.edits import LiftConstraint, PlanEdit, TeachConcept, apply_edits
from planner.insight.repair import find_repairs
from tests.planner_graphs import draw_curriculum, draw_mastery, shuffle_curriculum


class Case:
    """A drawn curriculum of which much is neither taught nor allowed, with a learner and goals."""

    def __init__(self, rng: random.Random, size: int) -> None:
        drawn = draw_curriculum(rng, size, groups=0.8, resources=0.2)
        self.curriculum: Curriculum = replace(
            drawn, concepts=tuple(replace(each, taught=rng.random() < 0.6) for each in drawn.concepts)
        )
        self.mastery: dict[str, float] = draw_mastery(rng, drawn)
        self.names: list[str] = [each.id for each in drawn.concepts]
        subjects = [f"concepts/{each}" for each in self.names] + [f"resources/{each.id}" for each in drawn.resources]
        self.constraints = Constraints(vetoed=tuple(rng.sample(subjects, min(len(subjects), rng.choice([0, 1, 3])))))
        self.goals: list[str] = rng.sample(self.names, min(size, 3))

    def __repr__(self) -> str:
        return f"{self.curriculum}, {self.mastery}, {self.constraints}, {self.goals}"

    def list_edits(self) -> list[PlanEdit]:
        """All changes that a repair may consist of."""
        offered = {section.concept for resource in self.curriculum.resources for section in resource.sections}
        return [
            *(LiftConstraint(field=f"constraints.vetoed[{number}]") for number in range(len(self.constraints.vetoed))),
            *(
                TeachConcept(concept=each.id)
                for each in self.curriculum.concepts
                if not each.taught and each.id not in offered
            ),
        ]

    def find_known(self, edits: Collection[PlanEdit]) -> set[str]:
        """What can be learned or is mastered once all edits are made, by trying until nothing is new."""
        curriculum, mastery, constraints = self.curriculum, self.mastery, self.constraints
        if edits:
            curriculum, mastery, constraints = apply_edits(curriculum, mastery, constraints, list(edits))  # type: ignore[assignment]
        taught = {each.id for each in curriculum.concepts if each.taught} | {
            section.concept
            for resource in curriculum.resources
            if f"resources/{resource.id}" not in constraints.vetoed
            for section in resource.sections
        }
        open_ones = {each for each in taught if f"concepts/{each}" not in constraints.vetoed}
        known = {concept for concept, probability in mastery.items() if probability >= 0.8}
        hard = [edge for edge in curriculum.prerequisites if edge.kind is PrerequisiteKind.HARD]
        while new := {
            concept
            for concept in open_ones - known
            if all(edge.before in known for edge in hard if edge.after == concept)
            and all(
                len(known.intersection(group.members)) >= group.need
                for group in curriculum.groups
                if group.concept == concept
            )
        }:
            known |= new
        return known


def draw_cases(largest: int) -> st.SearchStrategy[Case]:
    return st.builds(Case, st.integers(0, 2**32).map(random.Random), st.integers(1, largest))


@settings(max_examples=200, deadline=None)
@given(draw_cases(30), st.booleans())
def test_each_goal_out_of_reach_has_a_repair_that_works_and_no_part_of_which_does(case: Case, stopped: bool) -> None:
    repairs = find_repairs(case.curriculum, case.goals, case.mastery, None, case.constraints, stop=lambda: stopped)
    assert [repair.goal for repair in repairs] == sorted(set(case.goals) - case.find_known(()))
    for repair in repairs:
        assert repair.goal in case.find_known(repair.edits)
        for left_out in repair.edits:
            assert repair.goal not in case.find_known(set(repair.edits) - {left_out})


@settings(max_examples=100, deadline=None)
@given(draw_cases(9))
def test_no_smaller_set_of_changes_than_a_proven_one_suffices(case: Case) -> None:
    edits = case.list_edits()
    for repair in find_repairs(case.curriculum, case.goals, case.mastery, None, case.constraints):
        assert repair.proven
        assert all(
            repair.goal not in case.find_known(smaller)
            for size in range(len(repair.edits))
            for smaller in combinations(edits, size)
        )


@settings(deadline=None)
@given(draw_cases(20), st.randoms(use_true_random=False))
def test_repairs_depend_on_content_only(case: Case, rng: random.Random) -> None:
    repairs = find_repairs(case.curriculum, case.goals, case.mastery, None, case.constraints)
    shuffled = shuffle_curriculum(rng, case.curriculum)
    assert find_repairs(shuffled, case.goals[::-1], case.mastery, None, case.constraints) == repairs
