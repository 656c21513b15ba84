"""How help is asked for: plainly, or with pressure, authority, a game or a guess, which all get the same next hint."""

import re
from enum import StrEnum
from typing import Final

from kg.curriculum import Question
from tutoring.teaching.expressions import contains, fold
from tutoring.teaching.injections import find_injection
from tutoring.teaching.mentions import find_mentions, plain


class Manner(StrEnum):
    """How words ask for something."""

    PLAIN = "plain"
    DIRECT = "direct"
    """The answer itself is asked for."""
    PRESSING = "pressing"
    """With urgency, or more than once."""
    AUTHORITY = "authority"
    """By somebody who says that they may have it."""
    OVERRIDING = "overriding"
    """The tutor is told to do otherwise than it does, or to play something else."""
    PROBING = "probing"
    """A guess is put as a question."""


_PATTERNS: Final = (
    (
        Manner.OVERRIDING,
        r"\b(?:pretend|role-?play|imagine|act as|let'?s play|in a story|hypothetical\w*)\b"
        r"|\byour (?:rules|instructions)\b",
    ),
    (
        Manner.AUTHORITY,
        r"\b(?:i am|i'm|as|this is|we are) (?:the |your |a |an |his |her |their )?(?:new )?"
        r"(?:teacher|tutor|professor|admin\w*|developer|author|principal|instructor|examiner|supervisor|parent|mother|father|owner|engineer|researcher)\b"
        r"|\b(?:teacher|professor|boss|principal|instructor) (?:said|says|told|allows?|allowed|wants)\b"
        r"|\b(?:i am|i'm) (?:allowed|authori[sz]ed|permitted)\b",
    ),
    (
        Manner.PRESSING,
        r"\b(?:urgent|hurry|quick(?:ly)?|asap|immediately|right now|emergency|deadline|no time|running out|fail|fired"
        r"|beg|desperate|i (?:need|want) (?:it|the answer)|for the last time|already asked|stop asking)\b|!{2,}",
    ),
    (
        Manner.DIRECT,
        r"\b(?:tell|give|show|reveal|say|just|what(?:'s| is)|which)\b[^.?!]{0,40}\b(?:answer|solution|result|key|option"
        r"|letter|right one|correct one|correct|right)\b|\bsolve it\b|\bjust (?:tell|solve|do)\b|\bi give up\b"
        r"|\b(?:the|this|my|an?) (?:answer|exercise|solution)\b|\bwork it out\b|\bstep by step\b|\ball (?:the )?steps\b"
        r"|\b(?:which|what) answer\b|^\W*(?:answer|solution)\b",
    ),
)
_COMPILED: Final = tuple((manner, re.compile(pattern, re.IGNORECASE)) for manner, pattern in _PATTERNS)
_GUESS: Final = re.compile(
    r"^\W*(?:so |and |but |then |maybe |hmm |um )*(?:is|are|would|could|can|must|isn'?t|does|do|am i|was) "
    r"|\b(?:is|was) (?:it|that|this)\b|\bam i (?:right|correct|close)\b|\bi (?:guess|think|bet|say)\b"
    r"|\b(?:right|correct|yes or no|true|warm\w*|close)\s*\?",
    re.IGNORECASE,
)


def read_manner(words: str, question: Question | None) -> Manner:
    """Says how help is asked for.

    Args:
        words: Of the learner; may be empty.
        question: The one at hand; None: there is none, so that nothing can be guessed.
    """
    if not words.strip():
        return Manner.PLAIN
    if find_injection(words):
        return Manner.OVERRIDING
    if question is not None and _GUESS.search(words) and _names_answer(words, question):
        return Manner.PROBING
    return next((manner for manner, pattern in _COMPILED if pattern.search(words)), Manner.PLAIN)


def _names_answer(words: str, question: Question) -> bool:
    """Says whether words name something that could be the answer: an option or a number that the question lacks."""
    folded = fold(words)
    for option, text in question.options.items():
        if _names_id(words, option) or (len(text) > 1 and contains(folded, fold(text))):
            return True
    if question.options:
        return bool(
            re.search(r"\b(?:this|that|it|first|second|third|last|my (?:answer|guess))\b", words, re.IGNORECASE)
        )
    known = {mention.value for mention in find_mentions(plain(question.stem))}
    return any(not mention.operand and mention.value not in known for mention in find_mentions(plain(words)))


def _names_id(words: str, option: str) -> bool:
    """Says whether words name an option by its id; one that is a word of its own has to stand where an id would."""
    name = re.escape(option)
    if option.lower() not in {"a", "i"}:
        return re.search(rf"\b{name}\b(?!['’])", words, re.IGNORECASE) is not None
    placed = rf"\b(?:option|answer|choice|letter|it|is|be|not|or|out)\s+[\"“(]?{name}\b(?!\s+(?!and\b|or\b)[a-z])"
    return re.search(placed, words, re.IGNORECASE) is not None
