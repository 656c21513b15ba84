"""What learners say of themselves: that they understand something, or that they do not."""

import re
from typing import Final

from tutoring.diagnosis.phrases import plain

TROUBLE_SCORE: Final = 0.1
KNOWN_SCORE: Final = 0.9

_CLAUSE: Final = re.compile(r"[.;!?]+|,|\b(?:but|although|though|however|while|except)\b")
_WORD: Final = re.compile(r"[^\W_]{3,}")
_GRASP: Final = (
    "(?:get|got|understand|understood|know|knew|see|grasp|follow|remember|recall|manage|do|solve|learn(?:ed|t)?|master)"
)
_TROUBLE: Final = re.compile(
    r"\b(?:don'?t|dont|do not|didn'?t|did not|can'?t|cannot|can not|couldn'?t|never|no longer|not) (?:\w+ ){0,2}"
    rf"{_GRASP}\b|^\W*not\b|\bnot (?:\w+ )?(?:good|sure|clear|confident|comfortable|familiar)\b"
    r"|\b(?:know (?:nothing|little)|no (?:idea|clue)|struggl\w+|confus\w+|stuck|lost|forg[eo]t\w*|trouble|difficult\w*"
    r"|hard|unsure|unclear|baffl\w+|problems? with|bad at|weak|terrible|rusty|makes? no sense|help)\b"
)
_KNOWN: Final = re.compile(
    r"\b(?:know|knew|understand|understood|get|got|remember|master(?:ed)?|learn(?:ed|t)|can (?:already )?(?:do|solve)"
    r"|good at|easy|confident|comfortable|familiar|fine with|clear|makes? sense|skip)\b"
)


def read_statement(words: str, title: str) -> float | None:
    """Reads how well learners say they know something.

    Args:
        words: Theirs.
        title: Of what is asked about: the clause that shares most words with it decides, if it says anything at all.

    Returns:
        `TROUBLE_SCORE` or `KNOWN_SCORE`; None: they say neither, or both at once.
    """
    text = plain(words)
    named = _stems(plain(title))
    clauses = [clause for clause in _CLAUSE.split(text) if clause and clause.strip()]
    clauses.sort(key=lambda clause: -len(named & _stems(clause)))
    for part in (*clauses[:1], text):
        if _TROUBLE.search(part):
            return None if part is text and _KNOWN.search(_TROUBLE.sub(" ", part)) else TROUBLE_SCORE
        if _KNOWN.search(part):
            return KNOWN_SCORE
    return None


def _stems(text: str) -> set[str]:
    """Beginnings of words, so that the plural is the same as the singular."""
    return {word[:5].rstrip("s") for word in _WORD.findall(text)}
