"""What the Tutor sees when a turn comes to it."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from kg.curriculum import Question
from kg.mastery import PARAMETERS
from retrieval.documents import Document, DocumentKind
from tutoring.state import Diagnosis, Exercise, TutorState
from tutoring.surroundings import Activity, Surroundings
from tutoring.teaching.leaks import AnswerGuard
from tutoring.teaching.manners import Manner, read_manner
from tutoring.teaching.material import Material, open_material
from tutoring.teaching.statements import Source, cite

MASTERED: Final = 0.8
"""Mastery from which on another question about a concept is not the first thing to offer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A turn as the Tutor finds it.

    Attributes:
        surroundings: Of the turn.
        state: Of the conversation.
        material: The curriculum, looked up.
        mastery: Probability by concept, for those with evidence.
        exercise: The question at hand with the responses so far; None: there is none.
        question: The same as the curriculum has it; None: there is none, or it is not there any more.
        guard: Holds its answer back; None: nothing is to be held back.
        words: What the learner wrote; empty: an answer or another input that is no text.
        manner: How it is put.
    """

    surroundings: Surroundings
    state: TutorState
    material: Material
    mastery: Mapping[str, float]
    exercise: Exercise | None
    question: Question | None
    guard: AnswerGuard | None
    words: str
    manner: Manner

    @property
    def diagnosis(self) -> Diagnosis | None:
        """The last one."""
        return self.state.get("diagnosis")

    @property
    def reading(self) -> bool:
        """The session is for reading."""
        return self.surroundings.terms.activity is Activity.READING

    def find_title(self, concept: str) -> str:
        """Returns a concept's title; its id where the curriculum does not have it any more."""
        known = self.material.concepts.get(concept)
        return known.title if known else concept

    def read_mastery(self, concept: str) -> float:
        """Probability that a concept is mastered; without evidence the prior."""
        return self.mastery.get(concept, PARAMETERS.prior)

    def cite_concept(self, concept: str, quote: str = "") -> tuple[Source, ...]:
        """Makes the sources of a statement about a concept."""
        return cite(self.material.find(DocumentKind.CONCEPT, concept), quote)

    def find_question_document(self, question: Question) -> Document | None:
        """Returns what a statement about a question cites."""
        return self.material.find(DocumentKind.QUESTION, question.id)


async def open_scene(state: TutorState, surroundings: Surroundings) -> Scene:
    """Reads what a turn is about."""
    curriculum = await surroundings.read_curriculum()
    material = await asyncio.to_thread(open_material, curriculum)
    learner = await surroundings.read_state()
    exercise = _find_exercise(state)
    question = material.questions.get(exercise["question"]) if exercise else None
    turn = state["turn"]
    words = turn["text"] if turn["kind"] == "text" else ""
    manner = read_manner(words, question)
    guard = None
    if exercise and question and not exercise["solved"]:
        probing = manner is Manner.PROBING and state.get("route") != "answer"
        guard = AnswerGuard(question, language=material.language, tried=exercise["wrong"], probing=probing)
    return Scene(
        surroundings=surroundings,
        state=state,
        material=material,
        mastery={concept: reading.probability for concept, reading in learner.mastery.items()},
        exercise=exercise,
        question=question,
        guard=guard,
        words=words,
        manner=manner,
    )


def _find_exercise(state: TutorState) -> Exercise | None:
    """The exercise as it stands after what was diagnosed in this turn; a hint may name another question."""
    exercise, turn = state.get("exercise"), state["turn"]
    named = turn["question"] if turn["kind"] in {"answer", "hint"} else ""
    if named and (exercise is None or exercise["question"] != named):
        exercise = {"question": named, "rung": 0, "wrong": [], "solved": False}
    return exercise
