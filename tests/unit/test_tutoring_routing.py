"""What turns are taken to be, and what they are about."""

import pytest
from langgraph.runtime import Runtime

from tests.tutoring_surroundings import MemorySurroundings
from tutoring.events import Retrieved, Route, RouteTaken
from tutoring.graph import DIAGNOSE, PLAN, TEACH, choose_first, choose_second
from tutoring.intents import Situation, accepts, find_intent, find_subject
from tutoring.routing import route
from tutoring.state import Exercise, Proposal, TurnInput, TutorState
from tutoring.surroundings import Surroundings

OPEN = Situation(exercise=True, readable=True)
HARD = Situation(exercise=True)


@pytest.mark.parametrize(
    ("words", "situation", "expected"),
    [
        ("what should I do next?", Situation(), Route.NEXT),
        ("next", HARD, Route.NEXT),
        ("quiz me on slopes", Situation(), Route.NEXT),
        ("show me my plan", HARD, Route.NEXT),
        ("What's my plan?", Situation(), Route.NEXT),
        ("where am I in the plan?", HARD, Route.NEXT),
        ("what is the path between two nodes?", Situation(), Route.CONCEPT),
        ("make a plan for derivatives", Situation(), Route.WISH),
        ("I think −1", HARD, Route.ANSWER),
        ("-1", HARD, Route.ANSWER),
        ("-1", Situation(), Route.CONCEPT),
        ("I think I need a hint", HARD, Route.HINT),
        ("why?", Situation(), Route.WHY),
        ("why this step", HARD, Route.WHY),
        ("why is the derivative zero at a maximum?", Situation(), Route.CONCEPT),
        ("just tell me the answer", HARD, Route.HINT),
        ("I'm stuck", HARD, Route.HINT),
        ("can I have a hint please", OPEN, Route.HINT),
        ("what is the right option?", HARD, Route.HINT),
        ("I have two hours before Friday's exam on Bayes", Situation(), Route.WISH),
        ("I want to learn derivatives", Situation(), Route.WISH),
        ("skip the proofs", Situation(), Route.WISH),
        ("I don't get fractions", Situation(), Route.TROUBLE),
        ("I already know limits", Situation(), Route.TROUBLE),
        ("I'm totally lost with vectors", HARD, Route.TROUBLE),
        ("what is a derivative?", Situation(), Route.CONCEPT),
        ("help me understand slopes", Situation(), Route.CONCEPT),
        ("x = 5", OPEN, Route.ANSWER),
        ("is it b?", OPEN, Route.ANSWER),
        ("yes", Situation(proposed=True), Route.CONFIRMATION),
        ("no, not really", Situation(proposed=True), Route.CONFIRMATION),
        ("yes", Situation(), Route.CONCEPT),
        ("2", Situation(asked_back=True, exercise=True, readable=True), Route.CLARIFICATION),
        ("I multiplied them", Situation(asked_back=True), Route.CLARIFICATION),
        ("give me a hint", Situation(asked_back=True), Route.HINT),
        ("what is a slope?", Situation(asked_back=True), Route.CONCEPT),
        ("because both sides are equal", Situation(exercise=True, open_text=True), Route.ANSWER),
    ],
)
def test_what_words_are_meant_as(words: str, situation: Situation, expected: Route) -> None:
    assert find_intent(words, situation).route is expected


@pytest.mark.parametrize(
    ("words", "subject"),
    [
        ("I do not get fractions", "fractions"),
        ("What is the slope of a line?", "the slope of a line"),
        ("I already know how to do derivatives", "do derivatives"),
        ("What is the meaning of a limit?", "a limit"),
        ("tell me about PCA", "PCA"),
        ("what is it?", "it"),
        ("I don't understand", "I don't understand"),
    ],
)
def test_what_words_are_about(words: str, subject: str) -> None:
    assert find_subject(words) == subject


def test_a_yes_is_told_from_a_no() -> None:
    assert accepts("Yes, go ahead")
    assert not accepts("no thanks")


def _turn(kind: str = "text", text: str = "", proposal: str = "") -> TurnInput:
    return {
        "request": "r",
        "started_at": 0,
        "kind": kind,
        "text": text,
        "question": "",
        "proposal": proposal,
        "accepted": False,
    }


def _look_at(surroundings: MemorySurroundings) -> Runtime[Surroundings]:
    return Runtime(context=surroundings)


async def _route(state: TutorState) -> tuple[TutorState, MemorySurroundings]:
    surroundings = MemorySurroundings()
    return await route(state, _look_at(surroundings)), surroundings


async def test_a_question_is_about_the_concepts_that_are_found() -> None:
    update, surroundings = await _route({"turn": _turn(text="What is the slope of a line?")})
    assert (update["route"], update["subject"]) == ("concept", ["slope"])
    taken, found = surroundings.events
    assert isinstance(taken, RouteTaken)
    assert isinstance(found, Retrieved)
    assert found.query == "the slope of a line"


async def test_what_the_course_does_not_hold_is_something_else() -> None:
    update, _ = await _route({"turn": _turn(text="Who was the emperor of Byzantium?")})
    assert update["route"] == "other"


async def test_what_names_nothing_goes_on_about_what_was_spoken_of() -> None:
    update, _ = await _route({"turn": _turn(text="Tell me more"), "subject": ["slope"]})
    assert (update["route"], update["subject"]) == ("concept", ["slope"])


async def test_a_response_is_told_by_the_question_at_hand() -> None:
    exercise: Exercise = {"question": "q-slope-1", "rung": 0, "wrong": [], "solved": False}
    update, _ = await _route({"turn": _turn(text="I think it is b"), "exercise": exercise})
    assert update["route"] == "answer"
    update, _ = await _route({"turn": _turn(text="I think it is b"), "exercise": {**exercise, "solved": True}})
    assert update["route"] != "answer"


async def test_a_yes_is_to_the_latest_proposal() -> None:
    proposals: list[Proposal] = [
        {"id": "p1", "kind": "evidence", "body": "{}"},
        {"id": "p2", "kind": "constraints", "body": "{}"},
    ]
    update, _ = await _route({"turn": _turn(text="yes please"), "proposals": proposals})
    assert update["route"] == "confirmation"
    assert (update["turn"]["proposal"], update["turn"]["accepted"]) == ("p2", True)


async def test_what_the_turn_before_found_is_left_behind() -> None:
    update, _ = await _route({"turn": _turn(text="why?"), "outcome": "wrong"})
    assert update["outcome"] == ""


@pytest.mark.parametrize(
    ("taken", "expected"),
    [("answer", DIAGNOSE), ("trouble", DIAGNOSE), ("wish", PLAN), ("next", PLAN), ("concept", TEACH), ("hint", TEACH)],
)
def test_who_comes_first(taken: str, expected: str) -> None:
    assert choose_first({"route": taken, "turn": _turn()}) == expected


def test_a_confirmation_goes_to_whose_proposal_it_is() -> None:
    proposals: list[Proposal] = [
        {"id": "p1", "kind": "evidence", "body": "{}"},
        {"id": "p2", "kind": "constraints", "body": "{}"},
    ]
    state: TutorState = {"route": "confirmation", "turn": _turn("confirmation", proposal="p2"), "proposals": proposals}
    assert choose_first(state) == PLAN
    assert choose_first({**state, "turn": _turn("confirmation", proposal="p1")}) == DIAGNOSE
    assert choose_first({**state, "turn": _turn("confirmation", proposal="gone")}) == DIAGNOSE


def test_the_plan_is_looked_at_where_something_new_is_known() -> None:
    assert choose_second({"outcome": "right"}) == PLAN
    assert choose_second({"outcome": "asked_back"}) == TEACH
