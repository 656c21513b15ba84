import pytest

from planner.constraints import UNCONSTRAINED, Constraints
from planner.generation import generate_plan
from planner.graph import PlanningGraph
from planner.plan import ReasonKind, StepReason
from planner.reasons import list_in_words
from tests.planner_graphs import build_graph


def explain(
    graph: PlanningGraph, goals: str, concept: str, constraints: Constraints = UNCONSTRAINED, **mastery: float
) -> dict[ReasonKind, StepReason]:
    steps = generate_plan(graph, goals.split(), mastery, constraints=constraints).steps
    reasons = next(step.reasons for step in steps if step.concept == concept)
    return {reason.kind: reason for reason in reasons}


def test_a_goal_serves_itself_and_others() -> None:
    reasons = explain(build_graph("a b c", hard="a>b b>c"), "a b c", "a")
    assert reasons == {
        ReasonKind.IS_GOAL: StepReason(kind=ReasonKind.IS_GOAL, text="A is one of the goals.", concepts=("a",)),
        ReasonKind.SERVES_GOALS: StepReason(
            kind=ReasonKind.SERVES_GOALS, text="It is needed for the goals B and C.", concepts=("b", "c")
        ),
        ReasonKind.UNLOCKS: StepReason(kind=ReasonKind.UNLOCKS, text="It opens the way to B.", concepts=("b",)),
    }


def test_a_chosen_alternative_names_its_group() -> None:
    reason = explain(build_graph("a b:5 c", groups="c/g=1:a,b"), "c", "b")[ReasonKind.CHOSEN_ALTERNATIVE]
    assert (reason.group, reason.concepts) == ("c/g", ("a", "b"))
    assert reason.text == "C asks for at least 1 of A and B, and B was chosen."


def test_a_concept_that_is_needed_anyway_is_no_alternative() -> None:
    graph = build_graph("a b c", hard="a>c", groups="c/g=1:a,b")
    assert ReasonKind.CHOSEN_ALTERNATIVE not in explain(graph, "c", "a")


def test_a_resource_for_several_concepts() -> None:
    graph = build_graph("a b c", resources={"r": {"a": 2, "b": 2, "c": 2}})
    reason = explain(graph, "a b", "a")[ReasonKind.SHARED_ACTIVITY]
    assert (reason.text, reason.concepts) == ("R teaches A and B in one go.", ("a", "b"))


def test_a_faded_concept() -> None:
    graph = build_graph("a b", hard="a>b")
    assert explain(graph, "b", "a", a=0.6)[ReasonKind.FADED].text == "A was known before and has faded."


def test_a_pinned_concept_is_no_goal() -> None:
    reasons = explain(build_graph("a b c", hard="a>b"), "c", "b", Constraints(pinned=("concepts/b",)))
    assert list(reasons) == [ReasonKind.PINNED]
    assert (reasons[ReasonKind.PINNED].text, reasons[ReasonKind.PINNED].concepts) == ("B is pinned.", ("b",))


def test_what_a_pinned_concept_requires_opens_the_way_to_it() -> None:
    reasons = explain(build_graph("a b c", hard="a>b"), "c", "a", Constraints(pinned=("concepts/b",)))
    assert list(reasons) == [ReasonKind.UNLOCKS]


def test_a_pinned_resource() -> None:
    graph = build_graph("a b c", resources={"r": {"a": 50, "b": 50}})
    reasons = explain(graph, "a", "b", Constraints(pinned=("resources/r",)))
    assert reasons[ReasonKind.PINNED].text == "R is pinned and teaches it."


def test_a_soft_prerequisite_that_is_cheaper_to_learn_than_to_skip() -> None:
    graph = build_graph("a b c", soft="a>b a>c")
    reasons = explain(graph, "b c", "a", Constraints(soft_penalty_units=60_000))
    assert reasons == {
        ReasonKind.SOFT_PREREQUISITE: StepReason(
            kind=ReasonKind.SOFT_PREREQUISITE,
            text="It helps with B and C; to skip it would cost a penalty.",
            concepts=("b", "c"),
        )
    }


def test_a_long_list_is_cut_in_the_sentence_only() -> None:
    goals = "b c d e f g h"
    graph = build_graph(f"a {goals}", hard=" ".join(f"a>{goal}" for goal in goals.split()))
    reason = explain(graph, goals, "a")[ReasonKind.SERVES_GOALS]
    assert reason.text == "It is needed for the goals B, C, D and 4 more."
    assert reason.concepts == tuple(goals.split())


@pytest.mark.parametrize(
    ("names", "words"),
    [("A", "A"), ("AB", "A and B"), ("ABCD", "A, B, C and D"), ("ABCDE", "A, B, C and 2 more")],
)
def test_lists_in_words(names: str, words: str) -> None:
    assert list_in_words(names) == words
