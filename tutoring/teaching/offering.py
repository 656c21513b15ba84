"""Which question is asked next about a concept, and how it is handed over."""

from dataclasses import replace

from kg.curriculum import Question
from tutoring.teaching.leaks import AnswerGuard
from tutoring.teaching.material import find_main_concept
from tutoring.teaching.scene import Scene


async def choose_question(scene: Scene, concept: str, *, said: str = "") -> Question | None:
    """Chooses a question about a concept: not the one at hand, rather one not answered yet and mainly about it.

    Args:
        scene: The turn.
        concept: Id.
        said: What has been said in this turn: a question that it answers comes last.

    Returns:
        None: there is none.
    """
    at_hand = scene.exercise["question"] if scene.exercise else ""
    listed = await scene.surroundings.list_open_questions(concept)
    questions = [scene.material.questions[each] for each in listed if each in scene.material.questions]
    fresh = [question for question in questions if question.id != at_hand]
    language = scene.material.language
    # What has not been answered comes first, and the sort keeps that.
    fresh.sort(key=lambda question: (_is_told(question, said, language), find_main_concept(question) != concept))
    return fresh[0] if fresh else None


def _is_told(question: Question, said: str, language: str) -> bool:
    return bool(said) and AnswerGuard(question, language=language).find_leak(said, quoted=True) is not None


def hide_key(question: Question) -> Question:
    """Returns a question as a learner may see it: without key, explanation and known wrong responses."""
    return replace(question, key=None, explanation="", distractors={})
