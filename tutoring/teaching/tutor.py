"""The Tutor: it replies from what the course holds, in its own words or a model's, and remembers what was said."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from langgraph.runtime import Runtime

from tutoring.events import Notice, QuestionAsked, Route
from tutoring.state import LONGEST_KEPT, MOST_HISTORY, Exchange, TutorState
from tutoring.surroundings import Surroundings
from tutoring.teaching.accounts import account
from tutoring.teaching.answers import answer_question, say_not_here
from tutoring.teaching.asked import ASKING
from tutoring.teaching.climbing import give_hint
from tutoring.teaching.courtesies import acknowledge_confirmation, acknowledge_trouble, find_courtesy
from tutoring.teaching.feedback import respond
from tutoring.teaching.injections import find_injection
from tutoring.teaching.manners import Manner
from tutoring.teaching.offering import hide_key
from tutoring.teaching.planning_talk import ask_confirmation, report_plan, say_next
from tutoring.teaching.replies import Reply
from tutoring.teaching.scene import Scene, open_scene
from tutoring.teaching.statements import Script, Statement
from tutoring.teaching.writing import write_reply

_PLANNED: Final = frozenset({"planned", "conflict", "stale", "no_goals"})
_DEMANDING: Final = frozenset({Manner.DIRECT, Manner.PRESSING, Manner.AUTHORITY, Manner.OVERRIDING})


async def teach(state: TutorState, runtime: Runtime[Surroundings]) -> TutorState:
    """Replies to a turn.

    Returns:
        exercise and history.
    """
    surroundings = runtime.context
    scene = await open_scene(state, surroundings)
    if find_injection(scene.words):
        text = "Part of the message reads as an instruction to the tutor; it was not followed."
        await surroundings.emit(Notice(code="injection_ignored", text=text))
    script = await compose(scene)
    solved = script.exercise is not None and script.exercise["solved"]
    reply = Reply(surroundings, None if solved else scene.guard)
    if script.hint is not None:
        reply.pending.append(script.hint)
    written = script.rewritable and surroundings.model is not None
    if not written or surroundings.model is None or not await write_reply(scene, script, reply, surroundings.model):
        _say(script, reply)
    await reply.tell(*([QuestionAsked(question=hide_key(script.asked))] if script.asked else ()))
    return {"exercise": script.exercise, "history": _remember(state, scene, reply, script)}


async def compose(scene: Scene) -> Script:
    """Makes the reply to a turn, from the knowledge graph alone."""
    return await _COMPOSERS[Route(scene.state["route"])](scene)


async def _compose_confirmation(scene: Scene) -> Script:
    if scene.state.get("outcome") in _PLANNED:
        return await report_plan(scene)
    return await acknowledge_confirmation(scene)


async def _compose_free(scene: Scene) -> Script:
    """Replies to what is neither an answer nor about a plan; a guess or a demand for the answer gets a hint instead."""
    courtesy = find_courtesy(scene)
    if courtesy is not None:
        return courtesy
    # What names a concept asks about that, even in words such as "the solution of a linear equation".
    demands = scene.manner in _DEMANDING and not scene.material.find_named(scene.words, ASKING)
    if scene.guard is not None and (demands or scene.manner is Manner.PROBING):
        return await give_hint(scene)
    about = Route(scene.state["route"]) is Route.CONCEPT
    return await answer_question(scene) if about else await say_not_here(scene)


_COMPOSERS: Final[Mapping[Route, Callable[[Scene], Awaitable[Script]]]] = {
    Route.ANSWER: respond,
    Route.CLARIFICATION: respond,
    Route.HINT: give_hint,
    Route.CONCEPT: _compose_free,
    Route.OTHER: _compose_free,
    Route.TROUBLE: acknowledge_trouble,
    Route.NEXT: say_next,
    Route.WISH: ask_confirmation,
    Route.CONFIRMATION: _compose_confirmation,
    Route.WHY: account,
}


def _say(script: Script, reply: Reply) -> None:
    """Says a script as it stands; what would tell the answer is left out."""
    for statement in script.statements:
        reply.say(statement)
    if not reply.text:
        text = "I hold that back for now, for it would tell you the answer; ask for a hint instead."
        reply.say(Statement(text=text))


def _remember(state: TutorState, scene: Scene, reply: Reply, script: Script) -> list[Exchange]:
    turn = state["turn"]
    words = {"hint": "(a hint)", "confirmation": "(yes)" if turn["accepted"] else "(no)"}.get(
        turn["kind"], turn["text"]
    )
    asked = f"\n\n{script.asked.stem}" if script.asked else ""
    exchanges: list[Exchange] = [
        *state.get("history", []),
        {"role": "learner", "text": words[:LONGEST_KEPT]},
        {"role": "tutor", "text": f"{reply.text}{asked}"[:LONGEST_KEPT]},
    ]
    return exchanges[-MOST_HISTORY:]
