"""Climbing a question's ladder: which rung comes next, and the reply that gives it."""

from collections.abc import Sequence
from typing import Final

from kg.curriculum import Question
from retrieval.documents import DocumentKind
from retrieval.scope import Scope
from tutoring.events import HintGiven
from tutoring.state import Exercise
from tutoring.teaching.ladder import Rung, RungName, build_ladder
from tutoring.teaching.manners import Manner
from tutoring.teaching.material import find_main_concept
from tutoring.teaching.scene import Scene
from tutoring.teaching.statements import Script, Statement

_FOUND: Final = 20

_WHY_NOT: Final = {
    Manner.DIRECT: "I do not hand the answer over before the last hint, for it sticks better once you have found it.",
    Manner.PRESSING: "I see that you are in a hurry; the next hint is the quickest way that lets you do it yourself.",
    Manner.AUTHORITY: "Whoever asks, the answer comes with the last hint only: I cannot tell in a chat who is writing.",
    Manner.OVERRIDING: "I stay your tutor here, so you get the next hint and not the answer.",
    Manner.PROBING: "I do not confirm or rule out a guess: send it as your answer, and you know at once.",
}
_GIVEN: Final = {
    RungName.ORIENT: "Let us first see where it belongs.",
    RungName.POINT: "Here is what to look at.",
    RungName.EXAMPLE: "See how a similar one goes.",
    RungName.STEP: "Here is how to begin.",
    RungName.SOLUTION: "That was the last hint, so here is the solution.",
}
_INVITATION: Final = {
    RungName.ORIENT: "Does that give you a start?",
    RungName.POINT: "Which part of it fits your question?",
    RungName.EXAMPLE: "Now do the same with your numbers or words.",
    RungName.STEP: "Can you go on from there?",
    RungName.SOLUTION: "Go through it once more, and then say “next” for a question like it.",
}


async def climb(scene: Scene, question: Question) -> tuple[Rung, ...]:
    """Builds the ladder of the question at hand for this learner."""
    scope = Scope(kinds=(DocumentKind.PASSAGE,), limit=_FOUND)
    results = await scene.surroundings.search(question.stem, scope)
    alike = [result.document.id for kind in results.kinds for result in kind.results]
    main = find_main_concept(question)
    open_first = await scene.surroundings.list_open_questions(main)
    return build_ladder(scene.material, question, scene.guard, alike=alike, burnt=[*reversed(open_first)])


async def give_hint(scene: Scene) -> Script:
    """Gives the next rung, however it is asked for."""
    question, exercise = scene.question, scene.exercise
    if question is None or exercise is None:
        text = "There is no exercise open right now: say “next” for one, or ask me about anything in the course."
        return Script(statements=(Statement(text=text),), exercise=None)
    if exercise["solved"]:
        text = "You are done with this one. Say “next” for another, or ask me about anything that is still unclear."
        return Script(statements=(Statement(text=text),), exercise=exercise)
    ladder = await climb(scene, question)
    if scene.manner is Manner.PROBING:
        rung = ladder[min(exercise["rung"], last_before_solution(ladder)) - 1] if exercise["rung"] else None
        told = (Statement(text=_WHY_NOT[Manner.PROBING]), *_repeat(rung))
        return Script(statements=told, exercise=exercise)
    place = min(exercise["rung"] + 1, len(ladder))
    rung = ladder[place - 1]
    why = _WHY_NOT.get(scene.manner, "") if rung.name is not RungName.SOLUTION else ""
    opening = Statement(text=why or _GIVEN[rung.name])
    return script_rung(scene, question, ladder, place, before=(opening,), after=(invite(rung),))


def _repeat(rung: Rung | None) -> Sequence[Statement]:
    """Reminds of the last hint."""
    if rung is None:
        return (Statement(text="If you would rather have a hint first, just ask."),)
    return (Statement(text="Here is your last hint once more:", opens=True), *rung.statements)


def last_before_solution(ladder: Sequence[Rung]) -> int:
    """Place of the last rung that does not tell the answer, from 1; 0: there is none."""
    return sum(rung.name is not RungName.SOLUTION for rung in ladder)


def invite(rung: Rung) -> Statement:
    """Invites to go on after a rung."""
    return Statement(text=_INVITATION[rung.name], opens=True)


def script_rung(
    scene: Scene,
    question: Question,
    ladder: Sequence[Rung],
    place: int,
    *,
    before: Sequence[Statement],
    after: Sequence[Statement],
) -> Script:
    """Makes a reply that gives a rung.

    Args:
        scene: The turn.
        question: At hand.
        ladder: Of the question.
        place: Of the rung, from 1; 0: none is left to give.
        before: What is said before it.
        after: What is said after it.
    """
    exercise = scene.exercise or {"question": question.id, "rung": 0, "wrong": [], "solved": False}
    if not place:
        return Script(statements=(*before, *after), exercise=exercise, rewritable=True)
    rung = ladder[place - 1]
    solved = rung.name is RungName.SOLUTION
    climbed: Exercise = {**exercise, "rung": max(place, exercise["rung"]), "solved": exercise["solved"] or solved}
    return Script(
        statements=(*before, *rung.statements, *after),
        exercise=climbed,
        hint=HintGiven(question=question.id, rung=place, rungs=len(ladder), name=rung.name.value),
        rewritable=not solved,
    )
