"""Small talk, and replies to what learners say about themselves or confirm."""

import json
import re
from typing import Final

from tutoring.teaching.material import list_clean_sentences
from tutoring.teaching.scene import Scene
from tutoring.teaching.statements import Script, Statement

_COURTESIES: Final = (
    (
        re.compile(r"^\W*(?:thanks?|thank you|thx|cheers|great,? thanks|ty)\b[\w\s,!.]{0,25}$", re.IGNORECASE),
        "You are welcome!",
    ),
    (
        re.compile(r"^\W*(?:hello|hi|hey|good (?:morning|afternoon|evening))\b[\w\s,!.]{0,20}$", re.IGNORECASE),
        "Hello! Ask me about anything in {course}, say “next” for the next step, or tell me what you want to learn.",
    ),
    (
        re.compile(r"^\W*(?:bye|goodbye|see you|good night)\b[\w\s,!.]{0,20}$", re.IGNORECASE),
        "See you! Everything is kept, and we go on from here.",
    ),
    (
        re.compile(r"^\W*(?:ok|okay|i see|got it|cool|nice|alright|makes sense|great|good)\W*$", re.IGNORECASE),
        "Good.",
    ),
)


def find_courtesy(scene: Scene) -> Script | None:
    """Answers small talk briefly; None: the words are none."""
    for pattern, reply in _COURTESIES:
        if pattern.search(scene.words):
            told = [Statement(text=reply.format(course=scene.material.curriculum.title))]
            if scene.guard is not None:
                told.append(Statement(text="Your exercise is still open whenever you like."))
            return Script(statements=tuple(told), exercise=scene.exercise)
    return None


async def acknowledge_trouble(scene: Scene) -> Script:
    """Replies to what a learner says not to understand, or to know: it is asked back, and helped with at once."""
    subject = [concept for concept in scene.state.get("subject", ()) if concept in scene.material.concepts]
    proposed = _read_proposal(scene)
    told: list[Statement] = []
    if proposed is not None:
        concept, knows = proposed
        subject = [concept, *(each for each in subject if each != concept)]
        title = scene.find_title(concept)
        what = f"that you know {title} already" if knows else f"that {title} is not clear to you yet"
        text = f"I take it {what}. Shall I note that? It counts only once you confirm it."
        told.append(Statement(text=text, sources=scene.cite_concept(concept)))
        if knows:
            return Script(statements=tuple(told), exercise=scene.exercise)
    if not subject:
        text = "Tell me what it is that troubles you, in a word or two from the course, and I start from there."
        return Script(statements=(Statement(text=text),), exercise=scene.exercise)
    main = scene.material.concepts[subject[0]]
    for place, sentence in enumerate(list_clean_sentences(main.description, scene.guard)[:2]):
        source = scene.cite_concept(main.id, sentence)
        told.append(Statement(text=sentence, sources=source, quoted=True, opens=place == 0))
    for foundation in scene.material.list_foundations(main.id)[:1]:
        reason = f": {foundation.reason}" if foundation.reason else "."
        told.append(
            Statement(
                text=f"It rests on {foundation.concept.title}{reason}",
                sources=scene.cite_concept(foundation.concept.id),
                quoted=True,
            )
        )
    told.append(Statement(text=f"Ask on, or say “quiz me on {main.title}” to see where it gets stuck.", opens=True))
    return Script(statements=tuple(told), exercise=scene.exercise, rewritable=True)


def _read_proposal(scene: Scene) -> tuple[str, bool] | None:
    """Reads what the evidence just proposed says: the concept, and whether it is known."""
    if scene.state.get("outcome") != "proposed":
        return None
    for proposal in reversed(scene.state.get("proposals", [])):
        if proposal["kind"] == "evidence":
            body = json.loads(proposal["body"])
            return (body["concept"], body["score"] >= 0.5) if body["concept"] in scene.material.concepts else None
    return None


async def acknowledge_confirmation(scene: Scene) -> Script:
    """Replies to a confirmation of evidence."""
    said = {
        "confirmed": "Noted, and it counts from now on.",
        "declined": "Then I leave it out.",
        "unknown_proposal": "There is nothing open to confirm; it may have been settled already.",
    }
    text = said.get(scene.state.get("outcome", ""), "Good, we leave it at that.")
    return Script(statements=(Statement(text=text), Statement(text="Say “next” to go on.")), exercise=scene.exercise)
