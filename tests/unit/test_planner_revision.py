from collections.abc import Collection

import pytest

from kg.errors import InvalidInputError, NoGoalsError
from planner.checks.verification import verify_plan
from planner.constraints import UNCONSTRAINED, Constraints
from planner.generation import generate_plan
from planner.graph import PlanningGraph
from planner.plan import ChangeKind, Plan, StepKind
from planner.revisions.revision import Revision, revise_plan
from tests.planner_graphs import build_graph

CHAIN = build_graph("a:10 b:20 c:30", hard="a>b b>c")


def plan(graph: PlanningGraph, goals: str, constraints: Constraints = UNCONSTRAINED, **mastery: float) -> Plan:
    return generate_plan(graph, goals.split(), mastery, constraints=constraints)


def revise(
    old: Plan, graph: PlanningGraph, started: Collection[str] = "", least_gain: float = 0.1, **mastery: float
) -> Revision:
    revision = revise_plan(old, graph, mastery, started=started, least_gain=least_gain)
    assert verify_plan(graph, revision.plan, mastery) == []
    return revision


def list_steps(plan: Plan) -> str:
    return " ".join(step.concept for step in plan.steps)


def list_texts(revision: Revision) -> list[str]:
    return [change.text for change in revision.changes]


def test_nothing_new_changes_nothing() -> None:
    old = plan(CHAIN, "c")
    assert revise(old, CHAIN) == Revision(plan=old, changes=())


def test_what_is_mastered_leaves_the_plan() -> None:
    revision = revise(plan(CHAIN, "c"), CHAIN, a=0.9)
    assert list_steps(revision.plan) == "b c"
    assert list_texts(revision) == [
        "A is no step any more: it is mastered by now.",
        "The plan costs 10 minutes less: 50 instead of 60.",
    ]


def test_what_only_the_mastered_needed_leaves_too() -> None:
    revision = revise(plan(CHAIN, "c"), CHAIN, b=0.9)
    assert list_steps(revision.plan) == "c"
    assert list_texts(revision)[0] == "A is no step any more: nothing needs it any more."


def test_a_concept_that_faded_comes_back_before_what_requires_it() -> None:
    old = plan(CHAIN, "c", a=0.9)
    revision = revise(old, CHAIN, a=0.6)
    assert [(step.concept, step.kind) for step in revision.plan.steps] == [
        ("a", StepKind.REFRESH),
        ("b", StepKind.LEARN),
        ("c", StepKind.LEARN),
    ]
    assert list_texts(revision)[0] == "A is a new step: it is not mastered any more."


def test_a_started_step_comes_first_and_keeps_its_activity() -> None:
    before = build_graph("a b c d", hard="a>d b>d c>d")
    after = build_graph("a b c d", hard="a>d b>d c>d", resources={"r": {"c": 1}})
    revision = revise(plan(before, "d"), after, started=["c"])
    assert list_steps(revision.plan) == "c a b d"
    assert revision.plan.steps[0].activity == "concepts/c"
    assert [text for text in list_texts(revision) if "started" in text] == ["C comes before A now: it is started."]


def test_a_faded_prerequisite_comes_before_a_started_step() -> None:
    graph = build_graph("x a b", hard="x>b b>a")
    old = plan(graph, "a", x=1.0)
    revision = revise(old, graph, started=["a"], x=0.2)
    assert list_steps(revision.plan) == "x b a"


def test_a_started_step_that_nothing_needs_stays() -> None:
    revision = revise(plan(CHAIN, "c"), CHAIN, started=["a"], b=0.9)
    assert list_steps(revision.plan) == "a c"
    assert revision.plan.certificate.ratio == pytest.approx(4 / 3)


def test_a_cheaper_plan_that_gains_too_little_is_not_taken() -> None:
    before = build_graph("a:20 b:80", hard="a>b")
    after = build_graph("a:20 b:80", hard="a>b", resources={"r": {"a": 10}})
    revision = revise(plan(before, "b"), after, least_gain=0.1)
    assert [step.activity for step in revision.plan.steps] == ["concepts/a", "concepts/b"]
    (change,) = revision.changes
    assert (change.kind, change.before, change.after) == (ChangeKind.KEPT, "100", "90")
    assert change.text == (
        "A plan that costs 90 minutes was found and not taken: it would save 10 of 100, which is not more than 10 %."
    )


def test_a_cheaper_plan_that_gains_enough_is_taken() -> None:
    before = build_graph("a:20 b:80", hard="a>b")
    after = build_graph("a:20 b:80", hard="a>b", resources={"r": {"a": 10}})
    revision = revise(plan(before, "b"), after, least_gain=0.05)
    assert revision.plan == plan(after, "b")
    assert list_texts(revision) == [
        "A is learned by the resource R instead of its own study: that costs less as a whole.",
        "The plan costs 10 minutes less: 90 instead of 100.",
    ]


def test_an_alternative_of_equal_cost_is_no_reason_to_change() -> None:
    before = build_graph("b c z", groups="z/g=1:b,c")
    after = build_graph("a b c z", groups="z/g=1:a,b,c")
    old = plan(before, "z")
    assert list_steps(plan(after, "z")) != list_steps(old)
    assert revise(old, after).plan.steps[0].concept == "b"


def test_another_member_mastered_makes_an_alternative_superfluous() -> None:
    graph = build_graph("a b:20 z", groups="z/g=1:a,b")
    assert list_steps(revise(plan(graph, "z"), graph, b=1.0).plan) == "z"


def test_a_prerequisite_that_was_added_joins_just_before_what_requires_it() -> None:
    before = build_graph("a b c d", hard="a>d b>d c>d")
    after = build_graph("a b c d x", hard="a>d b>d c>d x>b")
    revision = revise(plan(before, "d"), after)
    assert list_steps(revision.plan) == "a x b c d"
    assert list_texts(revision)[0] == "X is a new step: B asks for it."


def test_a_prerequisite_that_was_added_within_the_plan_moves_it() -> None:
    before = build_graph("a b c d", hard="a>d b>d c>d")
    after = build_graph("a b c d", hard="a>d b>d c>d c>a")
    revision = revise(plan(before, "d"), after)
    assert list_steps(revision.plan) == "c a b d"
    assert list_texts(revision) == ["C comes before A now: what is required comes first."]


def test_what_the_curriculum_dropped_is_named() -> None:
    before = build_graph("a b c", hard="a>c b>c", resources={"r": {"b": 1}})
    revision = revise(plan(before, "c"), build_graph("b c", hard="b>c"))
    assert list_texts(revision)[:2] == [
        "A is no step any more: the curriculum does not have it any more.",
        "B is learned by its own study instead of the resource r: the other is not to be had any more.",
    ]


def test_a_goal_out_of_reach_and_within_it() -> None:
    reached, lost = build_graph("a b c", hard="a>b"), build_graph("a b c", hard="a>b", untaught="a")
    gone = revise(plan(reached, "b c"), lost)
    assert (list_steps(gone.plan), gone.changes[0].kind) == ("c", ChangeKind.GOAL_CHANGED)
    back = revise(gone.plan, reached)
    assert list_steps(back.plan) == "c a b"
    assert list_texts(back)[1:3] == ["A is a new step: B asks for it.", "B is a new step: it is a goal."]


def test_goals_that_the_curriculum_dropped_are_no_goals() -> None:
    revision = revise(plan(build_graph("a b"), "a b"), build_graph("b"))
    assert revision.plan.goals == ("b",)
    with pytest.raises(NoGoalsError):
        revise(revision.plan, build_graph("x"))


def test_a_pin_is_fulfilled_once_its_concept_is_mastered() -> None:
    graph = build_graph("a b")
    old = plan(graph, "b", Constraints(pinned=("concepts/a",)))
    assert list_steps(old) == "a b"
    assert list_steps(revise(old, graph, a=0.5).plan) == "a b"
    done = revise(old, graph, a=1.0).plan
    assert (list_steps(done), done.constraints.pinned) == ("b", ())


def test_a_pinned_refresher_stays_until_there_is_evidence() -> None:
    graph = build_graph("a b")
    old = plan(graph, "b", Constraints(pinned=("concepts/a",)), a=0.9)
    assert list_steps(revise_plan(old, graph, {"a": 0.9}).plan) == "a b"
    assert list_steps(revise_plan(old, graph, {"a": 0.9}, started=["a"]).plan) == "b"


def test_a_deadline_goes_before_the_order_that_was() -> None:
    before = build_graph("a:10 b:10 c:10", topics={"a": "x", "b": "x", "c": "y"})
    old = plan(before, "a b c")
    assert list_steps(old) == "a b c"
    constraints = Constraints(deadlines={"c": 10})
    revised = revise_plan(old, before, {}, constraints=constraints).plan
    assert list_steps(revised)[0] == "c"
    assert verify_plan(before, revised, {}) == []


def test_started_steps_that_leave_no_room_for_a_deadline_go() -> None:
    graph = build_graph("a:10 b:10 z:50", resources={"r": {"a": 40}})
    old = plan(graph, "a b", Constraints(pinned=("resources/r",)))
    assert "resources/r" in {step.activity for step in old.steps}
    revised = revise_plan(old, graph, {}, started=["a"], constraints=Constraints(deadlines={"a": 20})).plan
    assert {step.activity for step in revised.steps} == {"concepts/a", "concepts/b"}


def test_constraints_on_what_is_gone_are_dropped() -> None:
    graph = build_graph("a b x", resources={"r": {"x": 1}})
    given = Constraints(
        vetoed=("resources/r", "concepts/x"), orders=(("x", "a"), ("b", "a")), deadlines={"b": 50, "x": 50}
    )
    old = generate_plan(graph, ["a", "b"], {}, constraints=Constraints(vetoed=given.vetoed, orders=given.orders))
    revised = revise_plan(old, build_graph("a b"), {}, constraints=given).plan
    assert revised.constraints == Constraints(orders=(("b", "a"),), deadlines={"b": 50})


def test_constraints_that_conflict_by_now_are_an_answer() -> None:
    old = plan(CHAIN, "c")
    revision = revise_plan(old, CHAIN, {}, constraints=Constraints(vetoed=("concepts/a",)))
    assert revision.plan.conflict is not None
    assert revision.changes[0].kind is ChangeKind.GOAL_CHANGED


def test_all_done_leaves_an_empty_plan() -> None:
    revision = revise(plan(CHAIN, "c"), CHAIN, a=1.0, b=1.0, c=1.0)
    assert (revision.plan.steps, revision.plan.certificate.ratio) == ((), 1.0)


@pytest.mark.parametrize("gain", [-0.1, 1.0, float("nan")])
def test_the_least_gain_is_a_share(gain: float) -> None:
    with pytest.raises(InvalidInputError, match="least_gain"):
        revise_plan(plan(CHAIN, "c"), CHAIN, {}, least_gain=gain)
