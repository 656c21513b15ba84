"""Numbers as learners write them, read only where one number can be meant and no other."""

import re
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Final

from tutoring.diagnosis.phrases import drop_hedges, plain, strip_lead

LONGEST: Final = 200
"""Characters; in more words a number is looked for in vain, for it might be any part of them."""

_FIGURE: Final = r"\d{1,3}(?:,\d{3})+(?:\.\d{1,30})?|\d{1,30}(?:[.,]\d{1,30})?|\.\d{1,30}"
_NUMBER: Final = re.compile(
    rf"(?<![\w.,/)])(?P<sign>[-+]\s?)?(?:(?:(?P<whole>\d{{1,30}})\s)?(?P<top>\d{{1,30}})\s?/\s?(?P<bottom>\d{{1,30}})"
    # A letter right behind it is a variable, two or more are a unit.
    rf"|(?P<figure>{_FIGURE}))(?![.,]?\d|\s?/|[^\W\d_](?![^\W\d_]))(?P<percent>\s?%)?"
)
_COUNTED: Final = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
)  # fmt: skip
_IN_WORDS: Final = re.compile(rf"(?P<sign>-)?(?P<word>{'|'.join(_COUNTED)})")
_EQUALS: Final = re.compile(r"[=≈]|\bequals\b|(?<=\b[a-z]) is\b")
_NO_NUMBER: Final = re.compile(
    r"[+*^×÷·/√π<>≤≥≠±∞\d]|n't\b|\b(?:not|never|least|most|more|less|than|between|times|over|plus|minus|root|squared|cubed|"
    r"power|half|halves|thirds?|quarters?|dozen|hundred|thousand|million|billion|pi|infinity|[b-hj-z])\b"
)


def read_number(words: str, *, in_percent: bool | None = False) -> Fraction | None:
    """Reads the one number that words hold, such as "I think it is 3/4", "x = 5" or "12 litres".

    Expressions, ranges, negations and several numbers are not read. Linear in the words.

    Args:
        words: Of a learner.
        in_percent: Whether a sign % is only the unit that was asked for; False: it divides by 100; None: it cannot be
            said, and a number with it is not read.

    Returns:
        The number exactly; None: there is none, or it could be another.
    """
    text = plain(words)
    if len(text) > LONGEST:
        return None
    text = re.sub(r"\s?\bper ?cent\b", "%", re.sub(r"\b(?:minus|negative) (?=[\d.]|[a-z])", "-", text))
    text = strip_lead(_take_side(drop_hedges(text)))
    if counted := _IN_WORDS.fullmatch(text):
        value = Fraction(_COUNTED.index(counted["word"]))
        return -value if counted["sign"] else value
    found = list(_NUMBER.finditer(text))
    if len(found) != 1 or _NO_NUMBER.search(f"{text[: found[0].start()]} {text[found[0].end() :]}"):
        return None
    return _evaluate(found[0], in_percent=in_percent)


def write_decimal(value: Fraction, *, rounded: bool = False) -> str | None:
    """Writes a number as a decimal.

    Args:
        value: The number.
        rounded: One whose decimals never end is written as the nearest binary fraction.

    Returns:
        Digits; None: its decimals never end, and it is not to be rounded.
    """
    rest = value.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    if rest != 1:
        return repr(float(value)) if rounded else None
    with localcontext() as context:
        # Top and bottom have at most some 60 digits, and a bottom of d digits makes at most 3.4 d decimals.
        context.prec = 300
        return format(Decimal(value.numerator) / Decimal(value.denominator), "f")


def _take_side(text: str) -> str:
    """Takes the side of one equals sign on which the number stands, the right one if both have one."""
    sides = _EQUALS.split(text)
    if len(sides) != 2:
        return text
    return sides[1] if re.search(r"\d", sides[1]) or not re.search(r"\d", sides[0]) else sides[0]


def _evaluate(match: re.Match[str], *, in_percent: bool | None) -> Fraction | None:
    if match["percent"] and in_percent is None:
        return None
    if match["figure"]:
        figure = match["figure"]
        parted = re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", figure)
        value = Fraction(figure.replace(",", "" if parted else "."))
    elif int(match["bottom"]) == 0:
        return None
    else:
        value = Fraction(int(match["top"]), int(match["bottom"])) + int(match["whole"] or 0)
    value = -value if (match["sign"] or "").startswith("-") else value
    return value / 100 if match["percent"] and not in_percent else value
