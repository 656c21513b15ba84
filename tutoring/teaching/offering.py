"""Which question is asked next, about which concept where no plan says it, and how it is handed over."""

from dataclasses import replace

from kg.curriculum import Concept, Question
from retrieval.readiness import compute_readiness
from tutoring.teaching.leaks import AnswerGuard
from tutoring.teaching.material import find_main_concept
from tutoring.teaching.scene import MASTERED, Scene


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


def choose_concept(scene: Scene) -> Concept | None:
    """Chooses what to practise where no plan says it: not mastered, what it requires is, and rather begun than new.

    Returns:
        None: the course has no question about anything that is not mastered. Linear in the curriculum.
    """
    material = scene.material
    mastery = {concept.id: scene.read_mastery(concept.id) for concept in material.curriculum.concepts}
    ready = compute_readiness(material.curriculum, mastery)
    asked = {find_main_concept(question) for question in material.questions.values()}
    open_ones = [each for each in material.concepts.values() if each.id in asked and mastery[each.id] < MASTERED]
    return min(
        open_ones,
        key=lambda each: (-min(ready[each.id], MASTERED), each.id not in scene.mastery, each.difficulty, each.id),
        default=None,
    )


def _is_told(question: Question, said: str, language: str) -> bool:
    return bool(said) and AnswerGuard(question, language=language).find_leak(said, quoted=True) is not None


def hide_key(question: Question) -> Question:
    """Returns a question as a learner may see it: without key, explanation and known wrong responses."""
    return replace(question, key=None, explanation="", distractors={})
