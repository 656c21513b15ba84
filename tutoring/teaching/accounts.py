"""Accounts of what was concluded: why the last diagnosis, and why the next step of the plan."""

from collections.abc import Iterator
from typing import Final

from kg.evidence import Evidence, Source
from kg.grading import grade
from planner.reasons import list_in_words
from retrieval.documents import DocumentKind
from tutoring.state import Diagnosis
from tutoring.teaching.material import show
from tutoring.teaching.planning_talk import say_reasons
from tutoring.teaching.scene import Scene
from tutoring.teaching.statements import Script, Statement, cite, open_paragraph, put_mastery

_MOST_EVIDENCE: Final = 3
_SAID: Final = {
    Source.OBSERVATION: "somebody observed it",
    Source.TEACHER_OVERRIDE: "a teacher set it",
    Source.SELF_REPORT: "you said so yourself",
}


async def account(scene: Scene) -> Script:
    """Explains the last diagnosis and the plan's next step, as far as there are any."""
    told: list[Statement] = []
    if scene.diagnosis is not None:
        told += _explain_diagnosis(scene, scene.diagnosis)
        told += await _list_evidence(scene, scene.diagnosis)
    standing = await scene.surroundings.find_plan()
    if standing is not None and standing.next is not None:
        step = standing.plan.steps[standing.next]
        lead = Statement(text=f"Your plan goes on with {step.title}.", sources=scene.cite_concept(step.concept))
        told += open_paragraph([lead, *say_reasons(scene, step)])
    if not told:
        told = [Statement(text="There is nothing to explain yet: I have neither judged an answer nor made a plan.")]
    return Script(statements=tuple(told), exercise=scene.exercise, rewritable=bool(scene.diagnosis))


def _explain_diagnosis(scene: Scene, diagnosis: Diagnosis) -> Iterator[Statement]:
    question = scene.material.questions.get(diagnosis["question"])
    if question is not None and diagnosis["outcome"] is not None:
        how = "right" if diagnosis["outcome"] >= 1.0 else "not right"
        text = f"Your answer to “{question.stem}” was {how}."
        yield Statement(text=text, sources=cite(scene.find_question_document(question)), quoted=True)
    if diagnosis["reason"]:
        yield Statement(text=diagnosis["reason"], quoted=True)
    for found in diagnosis["misconceptions"][:1]:
        document = scene.material.find(DocumentKind.MISCONCEPTION, found["id"])
        visible = show(document, scene.guard) if document else None
        if document is not None and visible is not None:
            origin = {
                "distractor": "the question itself names it for this answer",
                "retrieval": "its description is most alike to what you wrote",
            }.get(found["source"], "it fits what you wrote best")
            text = f"I thought of “{visible.title}”, for {origin}."
            yield Statement(text=text, sources=cite(document), quoted=True)
    cause = diagnosis["cause"]
    if cause is not None:
        path = list_in_words([scene.find_title(concept) for concept in cause["path"]])
        title = scene.find_title(cause["concept"])
        weak = f"{title} is the deepest that is weak: {put_mastery(cause['mastery'])}"
        text = f"The way to it leads over {path}, and on it {weak}."
        yield Statement(text=text, sources=scene.cite_concept(cause["concept"]), opens=True)


async def _list_evidence(scene: Scene, diagnosis: Diagnosis) -> list[Statement]:
    """Lists what the mastery of the concept in question rests on, the latest first."""
    cause = diagnosis["cause"]
    concept = cause["concept"] if cause else diagnosis["concept"]
    if concept not in scene.material.concepts:
        return []
    items = await scene.surroundings.list_evidence([concept], _MOST_EVIDENCE)
    lines = list(dict.fromkeys(line for item in items if (line := _tell_evidence(scene, item)) is not None))
    if not lines:
        return []
    lead = Statement(
        text=f"What I know about {scene.find_title(concept)} comes from this, the latest first.",
        sources=scene.cite_concept(concept),
    )
    return [*open_paragraph([lead]), *lines]


def _tell_evidence(scene: Scene, item: Evidence) -> Statement | None:
    question = scene.material.questions.get(item.question)
    if question is not None:
        score = grade(question, item)
        if score is None:
            return None
        how = "right" if score >= 1.0 else "wrong" if score <= 0.0 else "in part"
        text = f"You answered “{question.stem}” {how}."
        return Statement(text=text, sources=cite(scene.find_question_document(question)), quoted=True)
    if item.source not in _SAID or item.concept not in scene.material.concepts:
        return None
    text = f"{scene.find_title(item.concept)}: {_SAID[item.source]}."
    return Statement(text=text, sources=scene.cite_concept(item.concept))
