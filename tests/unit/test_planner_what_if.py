from collections.abc import Sequence

import pytest

from kg.curriculum import Curriculum
from kg.errors import InvalidInputError
from planner.constraints import UNCONSTRAINED, Constraints
from planner.graph import compile_graph
from planner.insight.edits import LiftConstraint, MasterConcept, PlanEdit, RemovePrerequisite, TeachConcept
from planner.insight.what_if import WhatIf, compare_what_if
from planner.plan import Plan
from tests.planner_graphs import build_curriculum

CHAIN = build_curriculum("a:10 b:20 c:30", hard="a>b b>c")


def compare(
    curriculum: Curriculum, goals: str, *edits: PlanEdit, constraints: Constraints = UNCONSTRAINED, **mastery: float
) -> WhatIf:
    return compare_what_if(curriculum, goals.split(), mastery, None, constraints, edits=edits)


def list_steps(plan: Plan) -> Sequence[str]:
    return [step.concept for step in plan.steps]


def test_a_concept_mastered_takes_what_only_it_needs_along() -> None:
    found = compare(CHAIN, "c", MasterConcept(concept="b"))
    assert (list_steps(found.base), list_steps(found.changed)) == (["a", "b", "c"], ["c"])
    assert [change.text for change in found.changes] == [
        "A is no step any more: nothing needs it any more.",
        "B is no step any more: it is mastered by now.",
        "The plan costs 30 minutes less: 30 instead of 60.",
    ]
    assert found.text == "If B is known, the plan costs 30 minutes less: 30 instead of 60; 2 steps are gone."


def test_a_prerequisite_removed() -> None:
    found = compare(CHAIN, "c", RemovePrerequisite(before="b", after="c"))
    assert list_steps(found.changed) == ["c"]
    assert found.text.startswith("If B is not required for C, the plan costs 30 minutes less")


def test_a_concept_taught_brings_a_goal_within_reach() -> None:
    curriculum = build_curriculum("a b c", hard="a>b", untaught="a")
    found = compare(curriculum, "b c", TeachConcept(concept="a"))
    assert found.text == (
        "If A has a study of its own, the plan costs 20 minutes more: 30 instead of 10; 2 steps are new. "
        "B is reached and could not be reached before."
    )


def test_a_veto_lifted_resolves_a_conflict() -> None:
    found = compare(
        CHAIN, "c", LiftConstraint(field="constraints.vetoed[0]"), constraints=Constraints(vetoed=("concepts/a",))
    )
    assert found.base.conflict is not None
    assert (found.changed.conflict, list_steps(found.changed)) == (None, ["a", "b", "c"])
    assert "C is reached and was held up by constraints that conflict before." in found.text


def test_what_makes_no_difference_is_said_to_make_none() -> None:
    curriculum = build_curriculum("a b", soft="a>b")
    found = compare(curriculum, "b", MasterConcept(concept="a"), MasterConcept(concept="a"))
    assert (found.changes, found.text) == ((), "If A is known, nothing changes.")


def test_several_changes_are_named_together() -> None:
    found = compare(CHAIN, "c", MasterConcept(concept="a"), RemovePrerequisite(before="b", after="c"))
    assert found.text.startswith("If A is known and B is not required for C, ")


def test_a_change_between_equals_is_none() -> None:
    curriculum = build_curriculum("a b z", groups="z/g=1:a,b", untaught="a")
    found = compare(curriculum, "z", TeachConcept(concept="a"))
    assert list_steps(found.changed) == list_steps(found.base) == ["b", "z"]
    assert found.changes == ()


def test_a_graph_that_is_there_is_used() -> None:
    edits = [MasterConcept(concept="a")]
    given = compare_what_if(CHAIN, ["c"], {}, edits=edits, graph=compile_graph(CHAIN))
    assert given == compare_what_if(CHAIN, ["c"], {}, edits=edits)


def test_what_cannot_be_changed_or_planned_is_refused() -> None:
    with pytest.raises(InvalidInputError, match=r"edits\[0\]"):
        compare(CHAIN, "c", MasterConcept(concept="x"))
    with pytest.raises(InvalidInputError, match="goals"):
        compare(CHAIN, "x", MasterConcept(concept="a"))
