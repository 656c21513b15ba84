"""What a question about the course is after, and the words in it that only ask."""

import re
from enum import StrEnum
from typing import Final

from tutoring.teaching.content_words import list_stems

ASKING: Final = frozenset(
    list_stems(
        "explain tell show define describe meaning definition mean means difference between example know understand "
        "learn need needs come comes study important purpose read find question answer help please course concept idea "
        "thing word work works compare versus want ask tutor teach say talk interesting simple simply words term topic"
    )
)
"""Stems of words that ask, and name nothing of a course."""


class Wanted(StrEnum):
    """What a question about a concept wants to know."""

    MEANING = "meaning"
    USE = "use"
    """What it is good for, and what needs it."""
    FOUNDATION = "foundation"
    """What comes before it."""
    DIFFERENCE = "difference"
    METHOD = "method"
    """How something is done."""
    READING = "reading"
    """Where it is taught."""


_PATTERNS: Final = tuple(
    (wanted, re.compile(pattern, re.IGNORECASE))
    for wanted, pattern in (
        (Wanted.DIFFERENCE, r"\bdifferen\w+|\bdiffers?\b|\bcompare\w*|\bversus\b|\bvs\b"),
        (
            Wanted.READING,
            r"\bwhere (?:can|do|could|should) i\b|\bread (?:on|more|about)\b|\b(?:resource|lesson|material|video)s?\b",
        ),
        (
            Wanted.FOUNDATION,
            r"\b(?:before|first|prerequisites?|build(?:s|ing)? on|require[sd]?|foundations?)\b"
            r"|\bneed\b[^?]{0,30}\b(?:for|to (?:learn|understand))\b",
        ),
        (
            Wanted.USE,
            r"\bwhy\b|\b(?:use[ds]?|useful|good|important|matters?|needed|purpose|point of|apply|applications?)\b",
        ),
        (Wanted.METHOD, r"\bhow\b|\b(?:steps?|method|solve|calculate|compute|find|example)\b"),
    )
)


def read_wanted(words: str) -> Wanted:
    """Says what a question about a concept wants to know."""
    return next((wanted for wanted, pattern in _PATTERNS if pattern.search(words)), Wanted.MEANING)
