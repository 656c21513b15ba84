"""Wishes: what words are read as, and what of it becomes terms of a plan."""

from datetime import date

import pytest
from langgraph.runtime import Runtime

from kg.mastery import PARAMETERS
from tests.tutoring_surroundings import MemorySurroundings
from tutoring.events import ConstraintsProposed, PlanMade
from tutoring.state import TurnInput, TutorState
from tutoring.surroundings import Surroundings
from tutoring.wishes.grounding import Terms, ground_wish
from tutoring.wishes.moments import find_amounts, find_day
from tutoring.wishes.planning import plan
from tutoring.wishes.reading import read_wish, split_phrase

FRIDAY = date(2026, 11, 27)


@pytest.mark.parametrize(
    ("words", "minutes"),
    [
        ("two hours", 120),
        ("an hour and a half", 90),
        ("1.5 hours", 90),
        ("half an hour", 30),
        ("45 min", 45),
        ("1 hour 30 minutes", 90),
        ("2h", 120),
        ("forty-five minutes", 45),
    ],
)
def test_amounts(words: str, minutes: int) -> None:
    (found,) = find_amounts(f"I have {words} for it")
    assert (found.minutes, found.each_day, found.words) == (minutes, False, words)


def test_an_amount_for_every_day() -> None:
    (found,) = find_amounts("I have 30 minutes a day")
    assert (found.minutes, found.each_day, found.words) == (30, True, "30 minutes a day")


def test_what_is_no_amount() -> None:
    assert find_amounts("I am in grade 8 and have 0 minutes") == []


@pytest.mark.parametrize(
    ("words", "day"),
    [
        ("before Monday's exam", date(2026, 11, 30)),
        ("by tomorrow", date(2026, 11, 28)),
        ("by Friday", date(2026, 12, 4)),
        ("in two weeks", date(2026, 12, 11)),
        ("I have 3 days", date(2026, 11, 30)),
        ("today", FRIDAY),
    ],
)
def test_days(words: str, day: date) -> None:
    found = find_day(words, FRIDAY)
    assert found is not None
    assert found.day == day


def test_no_day() -> None:
    assert find_day("some day", FRIDAY) is None


@pytest.mark.parametrize(
    ("words", "goals", "skipped"),
    [
        ("I have two hours before Friday's exam on Bayes", ("Bayes",), ()),
        ("skip the proofs", (), ("proofs",)),
        ("I want to learn derivatives, but skip limits", ("derivatives",), ("limits",)),
        ("teach me linear regression without matrix inverses please", ("linear regression",), ("matrix inverses",)),
        ("I need to prepare for an exam on conditional probability by tomorrow", ("conditional probability",), ()),
        ("make me a plan for gradient descent", ("gradient descent",), ()),
        ("first derivatives, then the chain rule", ("derivatives", "chain rule"), ()),
    ],
)
def test_goals_and_what_is_left_out(words: str, goals: tuple[str, ...], skipped: tuple[str, ...]) -> None:
    wish = read_wish(words, FRIDAY)
    assert (wish.goals, wish.skipped) == (goals, skipped)


def test_order_what_is_known_and_what_is_included() -> None:
    wish = read_wish("I know fractions. I want to learn slopes before limits, including odds", FRIDAY)
    assert wish.known == ("fractions",)
    assert wish.orders == (("slopes", "limits"),)
    assert wish.included == ("odds",)


def test_words_without_a_wish_say_nothing() -> None:
    assert read_wish("what a nice morning", FRIDAY).says_nothing


def test_a_phrase_is_split_into_what_it_names() -> None:
    assert split_phrase("the slope of a line, and adding fractions") == ["slope of a line", "adding fractions"]


async def _ground(words: str, surroundings: MemorySurroundings) -> Terms:
    return await ground_wish(read_wish(words, FRIDAY), surroundings, FRIDAY)


async def test_only_what_is_in_the_curriculum_becomes_a_goal() -> None:
    surroundings = MemorySurroundings()
    terms = await _ground("I want to learn the chain rule and Byzantine pottery", surroundings)
    assert terms.goals == ("chain-rule",)
    meanings = {part.words: part.field for part in terms.understood}
    assert meanings["Byzantine pottery"] == ""


async def test_time_for_every_day_until_a_day_becomes_a_budget() -> None:
    terms = await _ground("30 minutes a day until Monday for the chain rule", MemorySurroundings())
    assert terms.constraints.session_minutes == 30
    assert terms.constraints.budget_minutes == 90


async def test_a_day_without_an_amount_limits_nothing_and_says_so() -> None:
    terms = await _ground("I want to learn the chain rule by Monday", MemorySurroundings())
    assert terms.constraints.budget_minutes is None
    assert "not said" in terms.understood[-1].meaning


async def test_a_goal_is_never_left_out() -> None:
    terms = await _ground("I want to learn the chain rule. Skip the chain rule", MemorySurroundings())
    assert terms.goals == ("chain-rule",)
    assert terms.constraints.vetoed == ()


def _turn(kind: str, text: str = "", proposal: str = "", *, accepted: bool = False) -> TurnInput:
    return {
        "request": "r",
        "started_at": 0,
        "kind": kind,
        "text": text,
        "question": "",
        "proposal": proposal,
        "accepted": accepted,
    }


def _look_at(surroundings: MemorySurroundings) -> Runtime[Surroundings]:
    return Runtime(context=surroundings)


async def test_a_wish_is_planned_only_once_it_is_confirmed() -> None:
    surroundings = MemorySurroundings()
    runtime = _look_at(surroundings)
    state: TutorState = {"turn": _turn("text", "I want to learn the chain rule in 10 hours"), "route": "wish"}
    proposed = await plan(state, runtime)
    (told,) = [event for event in surroundings.events if isinstance(event, ConstraintsProposed)]
    assert proposed["outcome"] == "proposed"
    assert (told.goals, told.constraints.budget_minutes) == (("chain-rule",), 600)
    assert not any(isinstance(event, PlanMade) for event in surroundings.events)
    state = {**proposed, "turn": _turn("confirmation", proposal=told.id, accepted=True), "route": "confirmation"}
    planned = await plan(state, runtime)
    (made,) = [event for event in surroundings.events if isinstance(event, PlanMade)]
    assert planned["outcome"] == "planned"
    assert planned["proposals"] == []
    assert made.plan.goals == ("chain-rule",)
    assert made.plan.steps
    assert planned["subject"] == [made.plan.steps[0].concept]


async def test_a_declined_wish_is_forgotten() -> None:
    surroundings = MemorySurroundings()
    runtime = _look_at(surroundings)
    state: TutorState = {"turn": _turn("text", "I want to learn the chain rule"), "route": "wish"}
    proposed = await plan(state, runtime)
    (proposal,) = proposed["proposals"]
    state = {**proposed, "turn": _turn("confirmation", proposal=proposal["id"]), "route": "confirmation"}
    declined = await plan(state, runtime)
    assert (declined["outcome"], declined["proposals"]) == ("declined", [])


async def test_terms_that_cannot_hold_together_are_a_conflict() -> None:
    surroundings = MemorySurroundings()
    runtime = _look_at(surroundings)
    state: TutorState = {
        "turn": _turn("text", "I want to learn the chain rule. Skip function composition"),
        "route": "wish",
    }
    proposed = await plan(state, runtime)
    (proposal,) = proposed["proposals"]
    turn = _turn("confirmation", proposal=proposal["id"], accepted=True)
    planned = await plan({**proposed, "turn": turn, "route": "confirmation"}, runtime)
    assert planned["outcome"] == "conflict"


async def test_what_is_next_without_goals() -> None:
    surroundings = MemorySurroundings()
    found = await plan({"turn": _turn("text", "next"), "route": "next"}, _look_at(surroundings))
    assert found["outcome"] == "no_goals"


async def test_what_is_next_by_the_learners_own_goals() -> None:
    surroundings = MemorySurroundings(goals=("chain-rule",))
    found = await plan({"turn": _turn("text", "next"), "route": "next"}, _look_at(surroundings))
    (made,) = [event for event in surroundings.events if isinstance(event, PlanMade)]
    assert found["outcome"] == "next"
    assert made.next is not None
    assert found["subject"] == [made.plan.steps[made.next].concept]


def test_the_weight_of_self_reports_is_below_that_of_answers() -> None:
    assert 0 < PARAMETERS.self_report[2] < 1
