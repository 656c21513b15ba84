"""Numbers that a text mentions, in figures or words, and whether each is what comes out or part of a calculation."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_ONES_WORDS: Final = """
zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
eighteen nineteen
"""
_ONES: Final = tuple(_ONES_WORDS.split())
_TENS: Final = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_PARTS: Final = {
    "half": 2, "halves": 2, "third": 3, "thirds": 3, "quarter": 4, "quarters": 4, "fourth": 4, "fourths": 4, "fifth": 5,
    "fifths": 5, "sixth": 6, "sixths": 6, "seventh": 7, "sevenths": 7, "eighth": 8, "eighths": 8, "ninth": 9,
    "ninths": 9, "tenth": 10, "tenths": 10, "twelfth": 12, "twelfths": 12, "hundredths": 100,
}  # fmt: skip
_WORDS: Final = {word: value for value, word in enumerate(_ONES)} | {
    word: 10 * place for place, word in enumerate(_TENS, start=2)
}

_ONE_WORD: Final = "|".join(sorted(_WORDS, key=len, reverse=True))
_IN_WORDS: Final = re.compile(
    rf"\b(?P<sign>minus |negative )?(?P<number>(?:{'|'.join(_TENS)})-(?:{'|'.join(_ONES[1:10])})|{_ONE_WORD}|a)"
    rf"(?:[ -](?P<part>{'|'.join(sorted(_PARTS, key=len, reverse=True))}))?\b",
    re.IGNORECASE,
)
_FIGURE: Final = r"(?:\d{1,3}(?:[\u00a0\u202f ]\d{3})+(?!\d)|\d+)(?:[.,]\d+)?|\.\d+"
_IN_FIGURES: Final = re.compile(
    rf"(?<![\w.^])(?:(?P<root>√)|(?P<bracket>√\((?=(?:{_FIGURE})\))))?(?P<top>{_FIGURE})(?(bracket)\))"
    rf"(?:\s?/\s?(?P<bottom>{_FIGURE})(?![.,]?\d))?(?P<percent>\s?%| per ?cent\b)?"
)
_CALCULATED: Final = "+−-·*×÷/^√²³"
_LATEX: Final = (
    (re.compile(r"\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}"), r"\1/\2"),
    (re.compile(r"\\sqrt\s*\{([^{}]*)\}"), r"√(\1)"),
    (re.compile(r"\\(?:cdot|times)\b"), "·"),
    (re.compile(r"\\(?:boxed|text|mathbf|mathrm|left|right|displaystyle)\b"), ""),
    (re.compile(r"\\[()\[\],;!]|\$|\*\*|__|`|[{}]"), ""),
)
_RAISED: Final = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿˣᵀᶻ⁽⁾", "0123456789+-nxtz()")
_RAISED_RUN: Final = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿˣᵀᶻ⁽⁾]+")
_LOWERED: Final = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")


@dataclass(frozen=True, slots=True)
class Mention:
    """A number in a text.

    Attributes:
        value: The number.
        start: First character in the plain text.
        end: One past its last character.
        operand: It is a part of a calculation, such as the 2 in "2x" or "5 − 2", not what comes out.
        worded: It is written in words.
    """

    value: float
    start: int
    end: int
    operand: bool
    worded: bool


def plain(text: str) -> str:
    """Writes a text's mathematics in one way: no LaTeX or emphasis, one minus, powers as ^n, fractions as a/b."""
    for pattern, instead in _LATEX:
        text = pattern.sub(instead, text)
    text = _RAISED_RUN.sub(lambda run: "^" + run[0].translate(_RAISED), text)
    text = "".join(_spell_fraction(sign) for sign in text.translate(_LOWERED))
    return text.replace("−", "-").replace("–", "-").replace("⋅", "·").replace("∗", "*")


def _spell_fraction(sign: str) -> str:
    """Writes ¾ as 3/4."""
    if not unicodedata.decomposition(sign).startswith("<fraction>"):
        return sign
    return unicodedata.normalize("NFKC", sign).replace("\u2044", "/")


def find_mentions(text: str) -> list[Mention]:
    """Finds the numbers of a plain text in their order; a percentage is both of its readings, as 20 and as 0.2."""
    found = [*_find_figures(text), *_find_words(text)]
    return sorted(found, key=lambda mention: (mention.start, mention.value))


def _find_figures(text: str) -> Iterator[Mention]:
    for match in _IN_FIGURES.finditer(text):
        sign, start = _read_sign(text, match.start())
        operand = _is_operand(text, start, match.end(), signed=sign < 0)
        for top in _read(match["top"]):
            for bottom in _read(match["bottom"]) if match["bottom"] else (1.0,):
                if bottom == 0.0:
                    continue
                value = sign * (top**0.5 if match["root"] or match["bracket"] else top) / bottom
                yield Mention(value, start, match.end(), operand, worded=False)
                if match["percent"]:
                    yield Mention(value / 100, start, match.end(), operand, worded=False)


def _read(figure: str) -> set[float]:
    """Reads a figure; a comma before three digits may part thousands or stand for the point."""
    figure = re.sub(r"[\u00a0\u202f ]", "", figure)
    readings = {float(figure.replace(",", "."))}
    if re.fullmatch(r"\d{1,3},\d{3}", figure):
        readings.add(float(figure.replace(",", "")))
    return readings


def _read_sign(text: str, start: int) -> tuple[float, int]:
    """Says whether a minus before a number belongs to it, and where the number then starts."""
    before = text[:start].rstrip()
    if not before.endswith("-"):
        return 1.0, start
    place = len(before) - 1
    left = before[:place]
    close = place == start - 1
    last = left.rstrip()[-1:]
    parted = not left or left[-1].isspace()
    if last and (last.isalnum() or last in ")]²³'′") and not (close and parted):
        return 1.0, start
    return -1.0, place


def _is_operand(text: str, start: int, end: int, *, signed: bool) -> bool:
    before, after = text[:start], text[end:]
    last, following = before.rstrip()[-1:], after.lstrip()[:1]
    hyphened = after[:1] == "-" and after[1:2].isalpha()
    calculated = bool(last and last in _CALCULATED and not signed) or bool(following and following in _CALCULATED)
    if last == "(" and following == ")":
        outside = before.rstrip()[:-1].rstrip()[-1:], after.lstrip()[1:].lstrip()[:1]
        calculated = calculated or any(sign and sign in _CALCULATED for sign in outside)
    variable = bool(re.match(r"[^\W\d_](?![^\W\d_])|\(", after)) or before[-1:].isalpha()
    argument = bool(re.search(r"[^\W_]\)?['′]*(?:\^-?\d+)?\($", before)) and after[:1] == ")"
    return calculated or variable or argument or hyphened


def _find_words(text: str) -> Iterator[Mention]:
    for match in _IN_WORDS.finditer(text):
        number, part = match["number"].lower(), match["part"]
        if number == "a" and part is None:
            continue
        tens, _, ones = number.partition("-")
        value = float(1 if tens == "a" else _WORDS[tens] + (_WORDS[ones] if ones else 0))
        value = value / _PARTS[part.lower()] if part else value
        yield Mention(-value if match["sign"] else value, match.start(), match.end(), operand=False, worded=True)
