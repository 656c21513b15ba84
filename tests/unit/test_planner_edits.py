import pytest

from kg.curriculum import Curriculum
from kg.errors import InvalidInputError
from planner.constraints import UNCONSTRAINED, Constraints
from planner.insight.edits import (
    LiftConstraint,
    MasterConcept,
    PlanEdit,
    RemovePrerequisite,
    TeachConcept,
    apply_edits,
    tell_constraint,
    tell_edit,
)
from tests.planner_graphs import build_curriculum

CONSTRAINTS = Constraints(
    pinned=("concepts/a", "resources/r"),
    vetoed=("concepts/b", "resources/s"),
    orders=(("a", "b"),),
    deadlines={"c": 60, "d": 90},
    budget_minutes=100,
    session_minutes=20,
    soft_penalty_units=5,
)
TITLES = {"a": "A", "b": "B", "c": "C", "d": "D", "resources/s": "S"}


def edit_curriculum(curriculum: Curriculum, *edits: PlanEdit) -> Curriculum:
    return apply_edits(curriculum, {}, UNCONSTRAINED, edits)[0]


def edit_constraints(*fields: str) -> Constraints:
    edits = [LiftConstraint(field=field) for field in fields]
    return apply_edits(build_curriculum("a"), {}, CONSTRAINTS, edits)[2]


def find_fields(curriculum: Curriculum, *edits: PlanEdit) -> list[str]:
    with pytest.raises(InvalidInputError) as raised:
        apply_edits(curriculum, {}, CONSTRAINTS, edits)
    return [violation.field for violation in raised.value.violations]


def test_a_concept_is_mastered_and_the_rest_stays() -> None:
    curriculum, given = build_curriculum("a b"), {"a": 0.3, "b": 0.4}
    edited, mastery, constraints = apply_edits(curriculum, given, CONSTRAINTS, [MasterConcept(concept="a")])
    assert (mastery, given["a"]) == ({"a": 1.0, "b": 0.4}, 0.3)
    assert edited is curriculum
    assert constraints is CONSTRAINTS


def test_a_hard_or_soft_prerequisite_is_removed() -> None:
    curriculum = build_curriculum("a b c", hard="a>c", soft="b>c")
    edits = RemovePrerequisite(before="a", after="c"), RemovePrerequisite(before="b", after="c")
    assert edit_curriculum(curriculum, *edits[:1]) == build_curriculum("a b c", soft="b>c")
    assert edit_curriculum(curriculum, *edits) == build_curriculum("a b c")


def test_a_member_leaves_its_group_which_needs_no_more_than_are_left() -> None:
    edits = RemovePrerequisite(before="a", after="d"), RemovePrerequisite(before="b", after="d")
    curriculum = build_curriculum("a b c d", groups="d/g=2:a,b,c")
    assert edit_curriculum(curriculum, *edits[:1]) == build_curriculum("a b c d", groups="d/g=2:b,c")
    assert edit_curriculum(curriculum, *edits) == build_curriculum("a b c d", groups="d/g=1:c")


def test_a_group_without_members_is_gone() -> None:
    curriculum = build_curriculum("a b", groups="b/g=1:a")
    assert edit_curriculum(curriculum, RemovePrerequisite(before="a", after="b")) == build_curriculum("a b")


def test_a_concept_gets_a_study() -> None:
    curriculum = build_curriculum("a b", untaught="a b")
    assert edit_curriculum(curriculum, TeachConcept(concept="a")) == build_curriculum("a b", untaught="b")


def test_constraints_are_lifted_by_the_positions_they_had() -> None:
    constraints = edit_constraints(
        "constraints.pinned[0]", "constraints.vetoed[0]", "constraints.vetoed[1]", "constraints.deadlines[0]"
    )
    assert (constraints.pinned, constraints.vetoed, constraints.deadlines) == (("resources/r",), (), {"d": 90})
    assert (constraints.orders, constraints.budget_minutes) == ((("a", "b"),), 100)


def test_amounts_are_lifted() -> None:
    fields = ("constraints.budget_minutes", "constraints.session_minutes", "constraints.soft_penalty")
    constraints = edit_constraints("constraints.orders[0]", *fields)
    assert (constraints.orders, constraints.budget_minutes, constraints.session_minutes) == ((), None, None)
    assert constraints.soft_penalty_units == 0


def test_neither_order_nor_repetition_of_edits_matters() -> None:
    curriculum = build_curriculum("a b c", untaught="a", hard="a>b", groups="c/g=1:a,b")
    edits: list[PlanEdit] = [
        RemovePrerequisite(before="a", after="b"),
        RemovePrerequisite(before="a", after="c"),
        TeachConcept(concept="a"),
        MasterConcept(concept="b"),
    ]
    forwards = apply_edits(curriculum, {}, CONSTRAINTS, edits)
    assert apply_edits(curriculum, {}, CONSTRAINTS, [*reversed(edits), *edits]) == forwards


def test_what_is_not_there_is_refused_by_position() -> None:
    edits: list[PlanEdit] = [
        MasterConcept(concept="a"),
        MasterConcept(concept="x"),
        TeachConcept(concept="x"),
        RemovePrerequisite(before="b", after="a"),
        LiftConstraint(field="constraints.pinned[2]"),
        LiftConstraint(field="constraints.pinned[00]"),
        LiftConstraint(field="pinned[0]"),
    ]
    assert find_fields(build_curriculum("a b", hard="a>b"), *edits) == [
        "edits[1].master_concept",
        "edits[2].teach_concept",
        "edits[3].remove_prerequisite",
        "edits[4].lift_constraint",
        "edits[5].lift_constraint",
        "edits[6].lift_constraint",
    ]


def test_a_budget_that_is_not_set_cannot_be_lifted() -> None:
    with pytest.raises(InvalidInputError, match="edits"):
        apply_edits(build_curriculum("a"), {}, UNCONSTRAINED, [LiftConstraint(field="constraints.budget_minutes")])


@pytest.mark.parametrize("count", [0, 101])
def test_edits_are_from_1_to_100(count: int) -> None:
    assert find_fields(build_curriculum("a"), *[MasterConcept(concept="a")] * count) == ["edits"]


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (MasterConcept(concept="a"), "A is known"),
        (TeachConcept(concept="a"), "A has a study of its own"),
        (RemovePrerequisite(before="a", after="b"), "A is not required for B"),
        (LiftConstraint(field="constraints.vetoed[1]"), "the veto of the resource S is lifted"),
    ],
)
def test_edits_in_words(edit: PlanEdit, words: str) -> None:
    assert tell_edit(edit, TITLES, CONSTRAINTS) == words


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("constraints.pinned[0]", "the pin of A"),
        ("constraints.vetoed[0]", "the veto of B"),
        ("constraints.orders[0]", "the order of A before B"),
        ("constraints.deadlines[1]", "the deadline of D"),
        ("constraints.budget_minutes", "the budget"),
        ("constraints.soft_penalty", "the penalty for soft prerequisites"),
    ],
)
def test_constraints_in_words(field: str, words: str) -> None:
    assert tell_constraint(field, TITLES, CONSTRAINTS) == words
