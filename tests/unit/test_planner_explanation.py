from collections.abc import Callable
from dataclasses import replace

import pytest

from kg.curriculum import Curriculum
from kg.errors import InvalidInputError
from planner.constraints import UNCONSTRAINED, Constraints
from planner.content.cover import never
from planner.costs import CostKind, CostModel
from planner.generation import generate_plan
from planner.graph import compile_graph
from planner.insight.edits import TeachConcept
from planner.insight.explanation import Explanation, StepExplanation, explain_plan
from planner.problem import PlanSettings
from tests.planner_graphs import build_curriculum

CHAIN = build_curriculum("a:10 b:20 c:30", hard="a>b b>c")


def explain(
    curriculum: Curriculum,
    goals: str,
    constraints: Constraints = UNCONSTRAINED,
    concepts: str = "",
    stop: Callable[[], bool] = never,
    **mastery: float,
) -> Explanation:
    graph = compile_graph(curriculum)
    plan = generate_plan(graph, goals.split(), mastery, constraints=constraints)
    return explain_plan(curriculum, plan, mastery, concepts.split(), graph=graph, stop=stop)


def explain_step(curriculum: Curriculum, goals: str, concept: str, **mastery: float) -> StepExplanation:
    (step,) = explain(curriculum, goals, UNCONSTRAINED, concept, never, **mastery).steps
    return step


def test_mastering_a_concept_saves_what_only_it_needs_too() -> None:
    step = explain_step(CHAIN, "c", "b")
    assert (step.saving_if_mastered_units, step.alternative, step.alternative_cost_units) == (300_000, "", 0)
    assert step.text == (
        "Learning B costs 20 minutes. Were it known already, the plan would cost 30 minutes less, since A would not be "
        "needed either. Nothing can take the place of its own study."
    )


def test_what_is_needed_elsewhere_is_not_saved() -> None:
    curriculum = build_curriculum("a:10 b:20 c:30", hard="a>b b>c a>c")
    assert explain_step(curriculum, "c", "b").saving_if_mastered_units == 200_000


def test_reasons_are_those_of_the_plan() -> None:
    plan = generate_plan(compile_graph(CHAIN), ["c"], {})
    assert [step.reasons for step in explain(CHAIN, "c").steps] == [step.reasons for step in plan.steps]


def test_a_resource_that_is_needed_anyway_saves_nothing() -> None:
    curriculum = build_curriculum("a:50 b:50", resources={"r": {"a": 10, "b": 10}})
    step = explain_step(curriculum, "a b", "a")
    assert (step.saving_if_mastered_units, step.alternative, step.alternative_cost_units) == (0, "concepts/a", 800_000)
    assert step.text == (
        "Learning A costs 10 minutes. Were it known already, the plan would cost as much. "
        "Were the resource R not to be had, its own study would take its place and the plan would cost 80 minutes more."
    )


def test_another_member_of_the_group_would_be_learned_instead() -> None:
    curriculum = build_curriculum("x:5 a:10 b:25 z", hard="x>a", groups="z/g=1:a,b")
    step = explain_step(curriculum, "z", "a")
    assert (step.saving_if_mastered_units, step.alternative, step.alternative_cost_units) == (
        150_000,
        "concepts/b",
        100_000,
    )
    assert step.text.endswith(
        "Were its own study not to be had, B would be learned instead, by its own study and the plan would cost "
        "10 minutes more."
    )


def test_mastering_a_member_may_change_the_choice() -> None:
    resources = {"r": {"a": 6, "c": 6}}
    curriculum = build_curriculum("a:10 b:5 c:10 z", hard="c>z", groups="z/g=1:a,b", resources=resources)
    step = explain_step(curriculum, "z", "c")
    assert step.saving_if_mastered_units == 70_000
    assert "since A would not be needed either and B would be learned instead." in step.text


def test_a_refresher_is_called_one() -> None:
    assert explain_step(CHAIN, "c", "a", a=0.6).text.startswith("Refreshing A costs 3 minutes. ")


def test_the_dearest_steps_are_explained_in_the_order_of_the_plan() -> None:
    names = [f"c{number:02}" for number in range(60)]
    curriculum = build_curriculum(" ".join(f"{name}:{60 - place}" for place, name in enumerate(names)))
    found = explain(curriculum, " ".join(names))
    assert sorted(step.concept for step in found.steps) == names[:50]
    assert [step.concept for step in explain(curriculum, " ".join(names), concepts="c55 c01").steps] == ["c01", "c55"]


def test_what_constraints_cost() -> None:
    curriculum = build_curriculum("a:10 b:20 x:7 y", groups="y/g=1:a,b")
    constraints = Constraints(pinned=("concepts/x",), vetoed=("concepts/a", "resources/r"))
    curriculum = replace(curriculum, resources=build_curriculum("a", resources={"r": {"a": 99}}).resources)
    found = explain(curriculum, "y", constraints)
    assert [(price.field, price.saving_units, price.text) for price in found.constraints] == [
        ("constraints.pinned[0]", 70_000, "Without the pin of X the plan would cost 7 minutes less."),
        ("constraints.vetoed[0]", 100_000, "Without the veto of A the plan would cost 10 minutes less."),
        ("constraints.vetoed[1]", 0, "The veto of the resource R costs nothing."),
    ]


def test_what_a_penalty_costs() -> None:
    curriculum = build_curriculum("a:5 b:50 c:10", soft="a>c b>c")
    (price,) = explain(curriculum, "c", Constraints(soft_penalty_units=100_000)).constraints
    assert (price.field, price.saving_units) == ("constraints.soft_penalty", 150_000)
    assert price.text == "Without the penalty for soft prerequisites the plan would cost 15 less."


def test_costs_that_are_no_minutes_are_bare_numbers() -> None:
    settings = PlanSettings(cost_model=CostModel(kind=CostKind.COGNITIVE))
    plan = generate_plan(compile_graph(CHAIN), ["c"], {}, settings)
    found = explain_plan(CHAIN, plan, {})
    assert all("minute" not in text for text in (found.text, *(step.text for step in found.steps)))
    assert sum(step.saving_if_mastered_units > 0 for step in found.steps) == 3


def test_unreachable_goals_come_with_their_repairs() -> None:
    curriculum = build_curriculum("a b c", hard="a>b", untaught="a")
    found = explain(curriculum, "b c")
    assert [(repair.goal, repair.edits) for repair in found.repairs] == [("b", (TeachConcept(concept="a"),))]
    assert found.text == (
        "The goal is reached in 1 step, at a cost of 10 minutes. One goal cannot be reached. No plan costs less. "
        "There was nothing to choose: every plan learns all of it, by these activities."
    )


def test_the_sentence_on_a_plan_says_what_its_bound_proves() -> None:
    plan = generate_plan(compile_graph(CHAIN), ["c"], {})
    certificate = replace(plan.certificate, lower_bound_units=480_000, ratio=1.25, theorem="", guarantee=0.0)
    assert explain_plan(CHAIN, replace(plan, certificate=certificate), {}).text == (
        "The goal is reached in 3 steps, at a cost of 60 minutes. No plan costs less than 48 minutes, so this one is "
        "at most 25 % dearer than the cheapest."
    )


def test_the_guarantee_of_t2_in_words() -> None:
    curriculum = build_curriculum("a b:5 c d", groups="c/g=1:a,b d/g=1:a,b")
    text = explain(curriculum, "c d").text
    assert text.endswith("the way it is chosen never costs more than 1.5 times the least there is.")


def test_a_plan_without_steps_is_summed_up() -> None:
    assert explain(CHAIN, "c", c=1.0).text == "The goal is reached without a step."


def test_a_conflict_explains_itself() -> None:
    found = explain(CHAIN, "c", Constraints(vetoed=("concepts/a",)))
    assert (found.steps, found.constraints) == ((), ())
    assert "A is not learned" in found.text


def test_what_the_curriculum_has_dropped_is_said_to_be_superfluous() -> None:
    plan = generate_plan(compile_graph(CHAIN), ["c"], {}, constraints=Constraints(pinned=("concepts/a",)))
    found = explain_plan(build_curriculum("b:20 c:30", hard="b>c"), plan, {})
    assert [step.saving_if_mastered_units for step in found.steps] == [0, 200_000, 500_000]
    assert found.steps[0].text == "As the curriculum is now, nothing needs A any more."
    assert found.constraints == ()


def test_what_there_was_no_time_for_is_left_out() -> None:
    answers = iter([False, True, True])
    found = explain(CHAIN, "c", Constraints(pinned=("concepts/a",)), stop=lambda: next(answers))
    assert ([step.concept for step in found.steps], found.constraints) == (["a"], ())
    assert found.text.endswith("Time ran out before 2 of the steps asked for.")


def test_concepts_without_a_step_are_refused() -> None:
    with pytest.raises(InvalidInputError, match=r"concepts\[1\]"):
        explain(CHAIN, "c", concepts="a x")
    with pytest.raises(InvalidInputError, match="at most 50"):
        explain(CHAIN, "c", concepts="a " * 51)
