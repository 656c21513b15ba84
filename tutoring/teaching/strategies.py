"""What a tutor does about a response: a strategy for each kind of error, and what it does to the reply."""

from enum import StrEnum
from typing import Final

from tutoring.diagnosis.errors import ErrorKind


class Strategy(StrEnum):
    """What is done about a response.

    The strategies are those of Wang et al., "Bridging the novice-expert gap via models of decision-making" (NAACL
    2024), under their names.
    """

    EXPLAIN_CONCEPT = "explain_concept"
    """Say what the concept is."""
    ASK_QUESTION = "ask_question"
    """Ask something that makes the learner look again."""
    PROVIDE_HINT = "provide_hint"
    """Point at what helps."""
    PROVIDE_STRATEGY = "provide_strategy"
    """Show a way to go about it: the first step."""
    PROVIDE_EXAMPLE = "provide_example"
    """Show one that is worked out."""
    PROVIDE_SIMILAR_PROBLEM = "provide_similar_problem"
    """Give another question of the same kind."""
    SIMPLIFY_QUESTION = "simplify_question"
    """Go back to something easier that it builds on."""
    PROVIDE_CORRECTION = "provide_correction"
    """Name the slip."""
    AFFIRM_CORRECT_ANSWER = "affirm_correct_answer"
    """Say that it is right."""
    ENCOURAGE_STUDENT = "encourage_student"
    """Say that going on is worth it."""


_BY_ERROR: Final = {
    ErrorKind.GUESS: Strategy.ASK_QUESTION,
    ErrorKind.RIGHT_IDEA: Strategy.EXPLAIN_CONCEPT,
    ErrorKind.DIAGNOSE: Strategy.ASK_QUESTION,
    ErrorKind.CARELESS: Strategy.PROVIDE_STRATEGY,
    ErrorKind.MISINTERPRET: Strategy.ASK_QUESTION,
    ErrorKind.IMPRECISE: Strategy.ASK_QUESTION,
}
"""For a first wrong response: what experts did most often where our rules find that kind of error, in the 373 chats of
the paper's training part whose labels are named ones; for MISINTERPRET, which the rules found once, by their own label.
`evaluation.tutoring_strategies` measures it on the validation part."""

_BY_RUNG: Final = {
    "orient": Strategy.EXPLAIN_CONCEPT,
    "point": Strategy.PROVIDE_HINT,
    "example": Strategy.PROVIDE_EXAMPLE,
    "step": Strategy.PROVIDE_STRATEGY,
    "solution": Strategy.PROVIDE_CORRECTION,
}


def choose_strategy(
    error: str, *, outcome: float | None, wrong: int = 1, rung: str = "", weak_root: bool = False
) -> Strategy:
    """Chooses what to do about a response.

    Args:
        error: Kind of error; empty or unknown: it is not known.
        outcome: Degree of success in [0, 1]; None: nobody graded it.
        wrong: Wrong responses to this question so far, the one at hand included.
        rung: Name of the rung of the ladder that comes next; may be empty.
        weak_root: A prerequisite is known to be weak.
    """
    if outcome is not None and outcome >= 1.0:
        return Strategy.AFFIRM_CORRECT_ANSWER
    if wrong > 1:
        # What was tried has not helped: go back to what it builds on, or on to what the ladder has next.
        if weak_root and wrong > 2:
            return Strategy.SIMPLIFY_QUESTION
        return _BY_RUNG.get(rung, Strategy.ENCOURAGE_STUDENT)
    known = error in {kind.value for kind in ErrorKind}
    return _BY_ERROR[ErrorKind(error)] if known else Strategy.ASK_QUESTION
