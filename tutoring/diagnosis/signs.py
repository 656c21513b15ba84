"""Signs: what in a question and a wrong response speaks for one kind of error rather than another."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from fractions import Fraction
from typing import Final

from kg.curriculum import QuestionKind
from tutoring.diagnosis.numbers import read_number
from tutoring.diagnosis.phrases import plain


class Sign(StrEnum):
    """Something about a wrong response that speaks for some kinds of error and against others."""

    BARE = "bare"
    """It says nothing but yes, no or done."""
    UNSURE = "unsure"
    """It doubts itself, or asks."""
    NUMBER = "number"
    """It is a number and nothing else."""
    PHRASE = "phrase"
    """It has two to five words."""
    SENTENCE = "sentence"
    """It has more than five words."""
    CALCULATION = "calculation"
    """A calculation was asked for."""
    MEANING = "meaning"
    """It was asked what something is or means, without numbers."""
    CLASH = "clash"
    """A number where words were asked for, or words where a number was."""
    ECHO = "echo"
    """It is a number that was named in what was asked."""
    OPPOSITE = "opposite"
    """It is the right number with the other sign, or turned upside down."""
    SLIP = "slip"
    """It is one step away from the right number: a digit, two digits exchanged, a place, or one too many or too few."""
    ROUGH = "rough"
    """It is the right number rounded, or in hundredths."""
    SPELT = "spelt"
    """It is nearly the right word, or has it among others."""
    SHARED = "shared"
    """It has half of the words of a right response."""
    KNOWN = "known"
    """The learner is likely to have mastered what was asked even so."""
    WEAK = "weak"
    """The learner is unlikely to have mastered what was asked."""
    NAMED = "named"
    """The question names a wrong idea that leads to this response."""
    REPEATED = "repeated"
    """The same response was given before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A wrong response and what is known about it.

    Attributes:
        asked: The question's stem, or what a tutor asked last.
        response: As the learner reads it: an option's text rather than its id.
        kind: How the response is read; None: it was given in a conversation.
        accepted: Texts of right responses; empty: unknown.
        mastery: Probability of mastery of what was asked, this response counted, in [0, 1]; None: unknown.
        named: The question names a wrong idea for it.
        repeated: It was given before.
    """

    asked: str
    response: str
    kind: QuestionKind | None = None
    accepted: tuple[str, ...] = ()
    mastery: float | None = None
    named: bool = False
    repeated: bool = False


KNOWN_FROM: Final = 0.5
"""Mastery after a wrong response, which is the probability that it was a slip, from which on it is taken for one."""
WEAK_BELOW: Final = 0.25
"""Mastery after a wrong response below which a slip is unlikely."""

_BARE: Final = re.compile(
    r"(?:y(?:es|ea|eah|ep|up|a|uh)?|yas|ok(?:ay|ey)?|k|no(?:pe)?|nah|sure|done|es)[\s!.,]*", re.IGNORECASE
)
_UNSURE: Final = re.compile(
    r"\?|\b(?:idk|u+m+|h+m+|maybe|guess|i think|dont|not sure|confus\w*|help)\b|\bdon'?t (?:know|get|understand)\b"
)
_CALCULATION: Final = re.compile(
    r"\d\s*[-+x×*·/÷]\s*\(?-?\d|\b(?:sum|product|difference|quotient) of\b|\b(?:minus|plus|times|add)\b"
    r"|multipl|divid|subtract"
)
_MEANING: Final = re.compile(
    r"\bwhat (?:is|are|does|do you mean by|do you know about) [^.?!]*\??$|\bmeant by\b|\bdefine"
)
_NUMBER_ASKED: Final = re.compile(r"^(?:so |and )?how (?:many|much)\b")
_WORDS_ASKED: Final = re.compile(r"\b(?:which|where|why|name|units?|(?:what|which) (?:shape|kind))\b")
_FIGURES: Final = re.compile(r"\d+(?:[.,/]\d+)*")
_WORD: Final = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_FEW: Final = 5
"""Words of a phrase."""
_NEARLY: Final = 0.8
"""Share of letters in common from which on a text is nearly another."""
_ROUGHLY: Final = 0.02
"""Relative distance up to which a number is a rounded one."""


def list_signs(attempt: Attempt) -> list[Sign]:
    """Lists what speaks for one kind of error rather than another, each once.

    An option's words are its author's, so they are no signs. Linear in the words, but for short texts compared.
    """
    asked = plain(attempt.asked)
    if attempt.kind is QuestionKind.CHOICE:
        words = [Sign.CALCULATION] if _CALCULATION.search(asked) else []
    else:
        words = list(_list_in_words(asked, plain(attempt.response)))
    # A wrong idea that explains the response leaves nothing to be explained by a slip.
    return [*words, *(() if attempt.named else _list_against_key(attempt)), *_list_known(attempt)]


def _list_in_words(asked: str, said: str) -> Iterator[Sign]:
    words, figures = _WORD.findall(said), _FIGURES.findall(said)
    if _BARE.fullmatch(said):
        yield Sign.BARE
    elif _UNSURE.search(said):
        yield Sign.UNSURE
    if figures and not words:
        yield Sign.NUMBER
    elif len(words) > _FEW:
        yield Sign.SENTENCE
    elif len(words) > 1:
        yield Sign.PHRASE
    if _CALCULATION.search(asked):
        yield Sign.CALCULATION
    elif _MEANING.search(asked) and not _FIGURES.search(asked):
        yield Sign.MEANING
    if (_NUMBER_ASKED.search(asked) and not figures) or (_WORDS_ASKED.search(asked) and figures and not words):
        yield Sign.CLASH
    if set(figures) & set(_FIGURES.findall(asked)):
        yield Sign.ECHO


def _list_against_key(attempt: Attempt) -> Iterator[Sign]:
    if attempt.kind is QuestionKind.TEXT:
        yield from _compare_texts(attempt)
        return
    rights = [right for text in attempt.accepted if (right := _read_figure(text)) is not None]
    number = _read_figure(attempt.response)
    if number is None:
        return
    if any(number and number in (-right, 1 / right) for right in rights if right):
        yield Sign.OPPOSITE
    # How near an option is to the right one was settled by its author.
    elif attempt.kind is not QuestionKind.CHOICE and any(_is_rough(number, right) for right in rights):
        yield Sign.ROUGH
    elif attempt.kind is not QuestionKind.CHOICE and any(_is_slip(number, right) for right in rights):
        yield Sign.SLIP


def _read_figure(text: str) -> Fraction | None:
    """Reads a text that is a number and nothing else."""
    return None if _WORD.search(text) else read_number(text)


def _is_rough(number: Fraction, right: Fraction) -> bool:
    near = right != 0 and abs(number - right) <= abs(right) * Fraction(_ROUGHLY) and right.denominator > 1
    return near or number == 100 * right or 100 * number == right


def _is_slip(number: Fraction, right: Fraction) -> bool:
    if number in (10 * right, right / 10) or (abs(number - right) == 1 and abs(right) > 1):
        return True
    ours, theirs = str(abs(number)), str(abs(right))
    if min(len(ours), len(theirs)) < 2:
        return False
    differing = sum(one != other for one, other in zip(ours, theirs, strict=False))
    return len(ours) == len(theirs) and (differing == 1 or (differing == 2 and sorted(ours) == sorted(theirs)))


def _compare_texts(attempt: Attempt) -> Iterator[Sign]:
    said = plain(attempt.response)[:200]
    for text in map(plain, attempt.accepted):
        if SequenceMatcher(None, said, text[:200]).ratio() >= _NEARLY or re.search(rf"\b{re.escape(text)}\b", said):
            yield Sign.SPELT
            return
    words = set(_WORD.findall(said))
    wanted = [set(_WORD.findall(plain(text))) for text in attempt.accepted]
    if any(len(words & each) * 2 >= len(each) > 1 for each in wanted):
        yield Sign.SHARED


def _list_known(attempt: Attempt) -> Iterator[Sign]:
    if attempt.mastery is not None and attempt.mastery >= KNOWN_FROM:
        yield Sign.KNOWN
    elif attempt.mastery is not None and attempt.mastery < WEAK_BELOW:
        yield Sign.WEAK
    if attempt.named:
        yield Sign.NAMED
    if attempt.repeated:
        yield Sign.REPEATED
