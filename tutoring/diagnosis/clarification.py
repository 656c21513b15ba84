"""Asking back: whether it is worth it, what is asked, and how the reply is read."""

import re
from collections.abc import Sequence
from typing import Final

from tutoring.diagnosis.answers import read_choice
from tutoring.diagnosis.phrases import plain
from tutoring.events import ClarificationAsked, MisconceptionFound
from tutoring.state import Clarification

NONE_OF_THESE: Final = "None of these"
MOST_OFFERED: Final = 3

_COST: Final = 0.2
"""What a question back costs the learner, in units of a right diagnosis."""
_LIKELY: Final = 0.5
"""Probability that one of those offered is meant, below which nothing is asked."""
_CLOSE: Final = 0.5
"""Share of the likeliest one's probability from which on the next is close to it."""
_NONE: Final = re.compile(r"\W*(?:none|neither|nothing|no|nope)\b.{0,40}")


def is_worth_asking(suspects: Sequence[MisconceptionFound]) -> bool:
    """Says whether to ask back rather than to go by the likeliest misconception.

    Without asking, the diagnosis is right with probability p1; with it, where the learner finds themselves among those
    offered, with p1 + p2 + ... So asking gains p2 + ..., and is worth it where that exceeds its cost of 0.2. Besides,
    one of them has to be likely at all (p1 + p2 + ... >= 0.5), and the second close to the first (p2 >= p1 / 2).

    Args:
        suspects: The likeliest first.
    """
    offered = [each.probability for each in suspects[:MOST_OFFERED]]
    return (
        len(offered) > 1 and sum(offered[1:]) > _COST and sum(offered) >= _LIKELY and offered[1] >= _CLOSE * offered[0]
    )


def ask_back(question: str, response: str, suspects: Sequence[MisconceptionFound]) -> Clarification:
    """Makes the question back.

    Args:
        question: Id of the question answered.
        response: What was answered.
        suspects: The likeliest first, at least two.
    """
    offered = suspects[:MOST_OFFERED]
    return {
        "question": question,
        "response": response,
        "text": "Which of these is closest to how you went about it?",
        "options": [*(each.title for each in offered), NONE_OF_THESE],
        "misconceptions": [*(each.id for each in offered), ""],
    }


def tell_clarification(clarification: Clarification) -> ClarificationAsked:
    """Returns the event of a question back."""
    return ClarificationAsked(text=clarification["text"], options=tuple(clarification["options"]))


def read_reply(clarification: Clarification, words: str) -> str | None:
    """Reads which option is meant, by its number, its place or its words.

    Returns:
        Id of a misconception; empty: none of these; None: the words name no option.
    """
    options = {str(number): text for number, text in enumerate(clarification["options"], start=1)}
    chosen = read_choice(options, words.strip()) if words.strip() else None
    if chosen is not None:
        return clarification["misconceptions"][int(chosen) - 1]
    return "" if _NONE.fullmatch(plain(words)) else None
