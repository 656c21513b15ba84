"""Responses as learners write them, read into the form that grading takes; what cannot be read is not graded."""

import re
from collections.abc import Mapping
from typing import Final

from kg.curriculum import Question, QuestionKind
from kg.grading import LONGEST_RESPONSE, matches_key, parse_number
from tutoring.diagnosis.numbers import read_number, write_decimal
from tutoring.diagnosis.phrases import drop_hedges, plain, strip_lead

_LONGEST_CHOICE: Final = 300
"""Characters beside the option's own, in which it is looked for."""
_ORDINALS: Final = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")
_ORDINAL: Final = re.compile(rf"(?P<place>{'|'.join(_ORDINALS)}|last)(?: (?:one|option|answer|choice))?")
_ASKED_IN_PERCENT: Final = re.compile(r"\b(?:what|which|how many|in) (?:%|per ?cent)|percentage", re.IGNORECASE)
_NAMES_PERCENT: Final = re.compile(r"%|per ?cent", re.IGNORECASE)
_NEGATED: Final = re.compile(r"\b(?:not|never|neither|nor|except)\b|n't\b")
_THOUSANDS: Final = re.compile(r"[-−+]?\d{1,3}(?:,\d{3})+")


def read_response(question: Question, words: str) -> str | None:
    """Reads words as a response to a question.

    Args:
        question: Of any kind.
        words: As the learner wrote them.

    Returns:
        An option's id, a decimal number or words, as `kg.grading.grade` takes them; None: they are not one response of
        the question's kind.
    """
    words = words.strip()
    if not words or len(words) > LONGEST_RESPONSE:
        return None
    if question.kind is QuestionKind.CHOICE:
        return read_choice(question.options, words)
    if question.kind is QuestionKind.NUMERIC:
        return _read_numeric(question, words)
    return _read_text(question, words)


def read_choice(options: Mapping[str, str], words: str) -> str | None:
    """Reads which option is chosen: by id, as in "b", "(b)" or "option b", by place, by its text or by its number.

    Args:
        options: Text by id.
        words: Of a learner, not empty.

    Returns:
        An id; None: no option is named, several are, or one is ruled out.
    """
    if words in options:
        return words
    longest = _LONGEST_CHOICE + max(map(len, options.values()), default=0)
    said = drop_hedges(plain(words[:LONGEST_RESPONSE]))
    if len(said) > longest:
        return None
    rest = strip_lead(said)
    by_id = [option for option in options if plain(option) == rest]
    by_text = [option for option, text in options.items() if _fold(text) in {_fold(words), rest}]
    if len(by_id) == 1 or len(by_text) == 1:
        return by_id[0] if len(by_id) == 1 else by_text[0]
    if place := _ORDINAL.fullmatch(rest):
        number = len(options) - 1 if place["place"] == "last" else _ORDINALS.index(place["place"])
        return list(options)[number] if number < len(options) else None
    if _NEGATED.search(said):
        return None
    named = _find_named(options, said)
    return named[0] if len(named) == 1 else _find_equal(options, words) if not named else None


def _fold(text: str) -> str:
    return strip_lead(plain(text)) or plain(text)


def _find_named(options: Mapping[str, str], said: str) -> list[str]:
    """Lists the options that words name by a marked id, or else by the text: of texts in one place the longest."""
    ids = {re.escape(plain(option)): option for option in options}
    marked = [
        option
        for name, option in ids.items()
        if re.search(rf"\b(?:option|answer|choice|letter) (?:is )?\(?{name}\b|(?<![\w(]){name}\)|\({name}\)", said)
        or re.match(rf"{name}[,:;]? (?:because|cause|cuz|since)\b", said)
    ]
    if marked:
        return marked
    texts = {plain(text).strip(" ."): option for option, text in options.items()}
    either = "|".join(re.escape(text) for text in sorted(texts, key=len, reverse=True) if text)
    found = re.finditer(rf"(?<![\w.,/+*^-])(?:{either})(?![\w/^*+]|[.,-]\w)", said) if either else ()
    return list(dict.fromkeys(texts[match[0]] for match in found))


def _find_equal(options: Mapping[str, str], words: str) -> str | None:
    """Finds the one option that is the same number, such as 1/2 for 0.5."""
    number = read_number(words)
    equal = [option for option, text in options.items() if number is not None and read_number(text) == number]
    return equal[0] if len(equal) == 1 else None


def _read_numeric(question: Question, words: str) -> str | None:
    """Reads a number; a comma before three digits parts thousands unless it is right as the point."""
    if parse_number(words) is not None and (not _THOUSANDS.fullmatch(words) or _is_right(question, words)):
        return words
    in_percent: bool | None = False
    if _NAMES_PERCENT.search(question.stem):
        in_percent = True if _ASKED_IN_PERCENT.search(question.stem) else None
    number = read_number(words, in_percent=in_percent)
    if number is None:
        return None
    return write_decimal(number, rounded=question.key is not None and question.key.tolerance > 0)


def _read_text(question: Question, words: str) -> str:
    """Takes away what surrounds an answer only where what is left is right: a wrong one is kept as it was written."""
    for text in (words, words.strip(" .!?\"'"), strip_lead(words)):
        if text and _is_right(question, text):
            return text
    return words


def _is_right(question: Question, response: str) -> bool:
    return question.key is not None and matches_key(question.kind, question.key, response)
