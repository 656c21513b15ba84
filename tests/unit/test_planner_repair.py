import pytest

from kg.curriculum import Curriculum
from kg.errors import InvalidInputError
from planner.constraints import UNCONSTRAINED, Constraints
from planner.costs import CostModel
from planner.insight.edits import LiftConstraint, PlanEdit, TeachConcept
from planner.insight.repair import Repair, find_repairs
from planner.problem import PlanSettings
from tests.planner_graphs import build_curriculum

NEVER_AGAIN = LiftConstraint(field="constraints.vetoed[0]")


def repair(
    curriculum: Curriculum, goals: str, constraints: Constraints = UNCONSTRAINED, **mastery: float
) -> tuple[Repair, ...]:
    return find_repairs(curriculum, goals.split(), mastery, constraints=constraints)


def teach(*concepts: str) -> tuple[PlanEdit, ...]:
    return tuple(TeachConcept(concept=concept) for concept in concepts)


def test_goals_within_reach_need_no_repair() -> None:
    assert repair(build_curriculum("a b c", hard="a>b", untaught="c"), "b c", c=1.0) == ()


def test_what_nothing_teaches_gets_a_study() -> None:
    assert repair(build_curriculum("a:5 b:7 c", hard="a>b b>c", untaught="a"), "b c") == (
        Repair(
            goal="b",
            edits=teach("a"),
            cost_units=120_000,
            proven=True,
            text="B can be reached if A has a study of its own; a plan for it costs 12 minutes then.",
        ),
        Repair(
            goal="c",
            edits=teach("a"),
            cost_units=220_000,
            proven=True,
            text="C can be reached if A has a study of its own; a plan for it costs 22 minutes then.",
        ),
    )


def test_fewer_changes_come_before_a_cheaper_plan() -> None:
    curriculum = build_curriculum("a:1 b:1 c:90 d", hard="a>b", groups="d/g=1:b,c", untaught="a b c")
    (found,) = repair(curriculum, "d")
    assert (found.edits, found.cost_units, found.proven) == (teach("c"), 1_000_000, True)


def test_of_as_few_changes_the_cheapest_plan_is_taken() -> None:
    curriculum = build_curriculum("a:5 b:5 x:80 c", hard="x>a", groups="c/g=1:a,b", untaught="a b")
    (found,) = repair(curriculum, "c")
    assert (found.edits, found.cost_units) == (teach("b"), 150_000)


def test_what_a_change_shares_is_counted_once() -> None:
    curriculum = build_curriculum("s a b c d e", hard="s>a s>b", groups="e/g=2:a,b,c,d", untaught="s c d")
    (found,) = repair(curriculum, "e")
    assert (found.edits, found.proven) == (teach("s"), True)


def test_vetoes_in_the_way_are_lifted() -> None:
    curriculum = build_curriculum("a b", hard="a>b", untaught="a", resources={"r": {"a": 3}})
    constraints = Constraints(vetoed=("resources/r", "concepts/b"))
    (found,) = repair(curriculum, "b", constraints)
    assert found.edits == (NEVER_AGAIN, LiftConstraint(field="constraints.vetoed[1]"))
    assert found.text.startswith(
        "B can be reached if the veto of the resource R is lifted and the veto of B is lifted;"
    )


def test_a_veto_out_of_the_way_stays() -> None:
    curriculum = build_curriculum("a b", hard="a>b", untaught="a", resources={"r": {"b": 3}})
    (found,) = repair(curriculum, "b", Constraints(vetoed=("resources/r",)))
    assert found.edits == teach("a")


def test_a_concept_that_is_vetoed_and_taught_by_nothing_needs_both() -> None:
    curriculum = build_curriculum("a b", hard="a>b", untaught="a")
    (found,) = repair(curriculum, "b", Constraints(vetoed=("concepts/a",)))
    assert found.edits == (NEVER_AGAIN, *teach("a"))


def test_one_of_two_vetoed_resources_suffices() -> None:
    resources = {"r": {"a": 30}, "s": {"a": 3}}
    curriculum = build_curriculum("a", untaught="a", resources=resources)
    (found,) = repair(curriculum, "a", Constraints(vetoed=("resources/r", "resources/s")))
    assert (found.edits, found.cost_units) == ((LiftConstraint(field="constraints.vetoed[1]"),), 30_000)


def test_costs_are_those_of_the_model() -> None:
    settings = PlanSettings(cost_model=CostModel(custom_units={"concepts/b": 15_000}))
    (found,) = find_repairs(build_curriculum("a b", hard="a>b", untaught="a"), ["b"], {}, settings)
    assert found.cost_units == 115_000
    assert found.text.endswith("a plan for it costs 11.5 then.")


def test_what_is_stopped_suffices_and_is_not_called_proven() -> None:
    curriculum = build_curriculum(
        "s a b c d e", hard="s>a s>b", groups="e/g=2:a,b,c,d", untaught="a b c d s", resources={"r": {"c": 1}}
    )
    constraints = Constraints(vetoed=("resources/r",))
    (found,) = find_repairs(curriculum, ["e"], {}, None, constraints, stop=lambda: True)
    assert len(found.edits) > 1
    assert not found.proven
    assert repair(curriculum, "e", constraints)[0].proven


def test_goals_are_checked() -> None:
    with pytest.raises(InvalidInputError, match="goals"):
        repair(build_curriculum("a"), "x")
