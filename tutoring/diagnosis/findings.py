"""Findings: what was found out is told, and kept in the state."""

from collections.abc import Sequence
from typing import Final

from kg.curriculum import Curriculum
from tutoring.diagnosis.course import find_title
from tutoring.events import Diagnosed, RootCause
from tutoring.state import Diagnosis, Exercise, TutorState

MOST_WRONG: Final = 10


def open_exercise(state: TutorState) -> Exercise | None:
    """Returns the exercise that a turn is about: the one it names, afresh unless it is at hand already."""
    at_hand, named = state.get("exercise"), state["turn"]["question"]
    if named and (at_hand is None or at_hand["question"] != named):
        return {"question": named, "rung": 0, "wrong": [], "solved": False}
    return at_hand


def add_wrong(exercise: Exercise, response: str) -> Exercise:
    """Returns an exercise with one more wrong response; the oldest goes where there are too many."""
    return {**exercise, "wrong": [*exercise["wrong"], response][-MOST_WRONG:]}


def keep_diagnosis(diagnosed: Diagnosed, response: str) -> Diagnosis:
    """Returns a diagnosis as the state keeps it.

    Args:
        diagnosed: What was told.
        response: What it is about: an option's id, a number or words.
    """
    cause = diagnosed.root_cause
    return {
        "question": diagnosed.question,
        "response": response,
        "outcome": diagnosed.outcome,
        "concept": diagnosed.concept,
        "error": diagnosed.error,
        "misconceptions": [
            {"id": each.id, "probability": each.probability, "source": each.source} for each in diagnosed.misconceptions
        ],
        "cause": {"concept": cause.concept, "mastery": cause.mastery, "path": list(cause.path)} if cause else None,
        "reason": diagnosed.reason,
    }


def join_reasons(parts: Sequence[str]) -> str:
    """Joins sentences, those that are empty left out."""
    return " ".join(part for part in parts if part)


def tell_cause(curriculum: Curriculum, cause: RootCause | None) -> str:
    """Says in a sentence where trouble may begin; nothing where there is no root cause."""
    if cause is None:
        return ""
    end = find_title(curriculum, cause.path[-1])
    return f"{cause.title} is weak (mastery {cause.mastery:.2f}), and {end} builds on it."
