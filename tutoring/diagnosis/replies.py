"""Replies to what was asked back: never an answer to the exercise, only to how one came about."""

from dataclasses import dataclass
from typing import Final

from kg.curriculum import Curriculum, Misconception
from tutoring.diagnosis.clarification import read_reply
from tutoring.diagnosis.course import find_misconception, find_question, list_assessed
from tutoring.diagnosis.findings import join_reasons, keep_diagnosis, tell_cause
from tutoring.diagnosis.misconceptions import CLARIFICATION, search_suspects
from tutoring.diagnosis.proposals import propose_evidence
from tutoring.diagnosis.root_cause import find_root_cause
from tutoring.events import Diagnosed, MisconceptionFound
from tutoring.state import Clarification, Diagnosis, TutorState
from tutoring.surroundings import Surroundings

_CHOSEN: Final = 0.9
"""Probability of a misconception that learners find themselves in."""
_MEANT: Final = 0.5
"""Share of what was offered from which on words of their own mean one of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a reply to a question back names.

    Attributes:
        chosen: The misconception; None: none of these, or it could not be read.
        read: It could be read.
    """

    chosen: Misconception | None = None
    read: bool = True


async def settle_clarification(state: TutorState, surroundings: Surroundings) -> TutorState:
    """Takes in how a wrong response came about; the misconception that is named becomes proposed evidence.

    Returns:
        clarification (none any more), subject, diagnosis, proposals and the outcome clarified, as far as they change.
    """
    clarification = state.get("clarification")
    if clarification is None:
        return {"outcome": "clarified"}
    curriculum = await surroundings.read_curriculum()
    question = find_question(curriculum, clarification["question"])
    concepts = list_assessed(question) if question else list(state.get("subject") or ())
    reply = await _read(surroundings, curriculum, clarification, state["turn"]["text"], concepts)
    learner = await surroundings.read_state()
    cause = await find_root_cause(surroundings, curriculum, learner.mastery, concepts)
    before = state.get("diagnosis")
    diagnosed = Diagnosed(
        question=clarification["question"],
        outcome=before["outcome"] if before else None,
        concept=concepts[0] if concepts else "",
        error=before["error"] if before else "",
        misconceptions=_conclude(curriculum, clarification, before, reply),
        root_cause=cause,
        reason=join_reasons((_tell_reply(reply), tell_cause(curriculum, cause))),
    )
    await surroundings.emit(diagnosed)
    update: TutorState = {
        "clarification": None,
        "subject": concepts,
        "diagnosis": keep_diagnosis(diagnosed, clarification["response"]),
        "outcome": "clarified",
    }
    if reply.chosen is not None and (about := _choose_concept(reply.chosen, concepts)):
        reason = f"Asked back, the learner chose “{reply.chosen.title}”."
        update["proposals"] = await propose_evidence(state, surroundings, concept=about, score=0.0, reason=reason)
    return update


async def _read(
    surroundings: Surroundings, curriculum: Curriculum, clarification: Clarification, words: str, concepts: list[str]
) -> Reply:
    """Reads a reply by its number or words, or else by what of the offered it is most like."""
    chosen = read_reply(clarification, words)
    if chosen is not None:
        return Reply(chosen=find_misconception(curriculum, chosen))
    if not words.strip():
        return Reply(read=False)
    suspects = await search_suspects(surroundings, curriculum, (words,), concepts)
    await surroundings.emit(*suspects.searches)
    offered = [each for each in suspects.found if each.id in clarification["misconceptions"]]
    # What was not offered is out of the question; what is left is one of the offered, or nothing known.
    others = sum(each.probability for each in suspects.found if each not in offered)
    if offered and offered[0].probability > _MEANT * (1.0 - others):
        return Reply(chosen=find_misconception(curriculum, offered[0].id))
    return Reply(read=False)


def _conclude(
    curriculum: Curriculum, clarification: Clarification, before: Diagnosis | None, reply: Reply
) -> tuple[MisconceptionFound, ...]:
    """Lists what may be behind the response after the reply: what was named, or what was not ruled out."""
    if reply.chosen is not None:
        return (
            MisconceptionFound(id=reply.chosen.id, title=reply.chosen.title, probability=_CHOSEN, source=CLARIFICATION),
        )
    ruled_out = clarification["misconceptions"] if reply.read else ()
    return tuple(
        MisconceptionFound(id=each["id"], title=known.title, probability=each["probability"], source=each["source"])
        for each in (before["misconceptions"] if before else ())
        if each["id"] not in ruled_out and (known := find_misconception(curriculum, each["id"]))
    )


def _choose_concept(misconception: Misconception, concepts: list[str]) -> str:
    """Chooses the concept that a misconception counts against: one in question if it is about one."""
    return next((each for each in concepts if each in misconception.concepts), next(iter(misconception.concepts), ""))


def _tell_reply(reply: Reply) -> str:
    if reply.chosen is not None:
        return f"Asked back, the learner chose “{reply.chosen.title}”."
    return "Asked back, the learner chose none of what was offered." if reply.read else "The reply could not be read."
