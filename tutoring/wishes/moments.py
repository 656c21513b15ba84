"""Amounts of time and days as people write them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

_NUMBERS: Final[Mapping[str, float]] = {
    "a": 1,
    "an": 1,
    "one": 1,
    "two": 2,
    "a couple of": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "ten": 10,
    "twelve": 12,
    "fifteen": 15,
    "twenty": 20,
    "thirty": 30,
    "forty": 40,
    "forty-five": 45,
    "fifty": 50,
    "sixty": 60,
    "ninety": 90,
}
_WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

_NUMBER: Final = r"\d+(?:[.,]\d+)?|" + "|".join(sorted(map(re.escape, _NUMBERS), key=len, reverse=True))
_AMOUNT: Final = re.compile(
    rf"\b(?:(?P<half>half an hour)|(?P<number>{_NUMBER})(?P<and_half> and a half)?(?:(?<=\d)\s*-?\s*|[\s-]+)"
    r"(?P<unit>hours?|hrs?|h|minutes?|mins?|m)\b(?P<half_after> and a half)?"
    rf"(?:(?:\s*,?\s*and)?\s*(?P<more>\d+|{_NUMBER})\s*(?:minutes?|mins?|m)\b)?)",
    re.IGNORECASE,
)
_EACH_DAY: Final = re.compile(
    r"^\s*(?:a|per|each|every|/)\s*(?:day|evening|night|morning)\b|^\s*daily\b", re.IGNORECASE
)
_DAY: Final = re.compile(
    r"\b(?:(?:before|by|until|till|on|for|this|next|due)\s+)*"
    rf"(?P<day>{'|'.join(_WEEKDAYS)}|tomorrow|today|tonight)\b(?:'s)?",
    re.IGNORECASE,
)
_IN_DAYS: Final = re.compile(
    rf"\b(?:in|within|have)\s+(?P<number>{_NUMBER})\s+(?P<unit>days?|weeks?)\b|\b(?P<next>next week)\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """An amount of time.

    Attributes:
        words: As given.
        minutes: >= 1.
        each_day: It is meant for every day.
        start: First character in the text it was found in.
        end: One past the last.
    """

    words: str
    minutes: int
    each_day: bool
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A day that something is to be done by.

    Attributes:
        words: As given.
        day: The date; a weekday is the next one, never today.
        start: First character.
        end: One past the last.
    """

    words: str
    day: date
    start: int
    end: int


def find_amounts(text: str) -> list[Amount]:
    """Finds amounts of minutes and hours, in their order."""
    found = []
    for match in _AMOUNT.finditer(text):
        minutes = round(_count_minutes(match))
        if minutes < 1:
            continue
        tail = _EACH_DAY.match(text[match.end() :])
        end = match.end() + (len(tail.group()) if tail else 0)
        words = text[match.start() : end]
        found.append(Amount(words=words, minutes=minutes, each_day=tail is not None, start=match.start(), end=end))
    return found


def find_day(text: str, today: date) -> Day | None:
    """Finds the first day that is named, or a number of days or weeks.

    Args:
        text: Words.
        today: The day they were said.
    """
    if match := _DAY.search(text):
        return Day(
            words=match.group(), day=_name_day(match["day"].lower(), today), start=match.start(), end=match.end()
        )
    if match := _IN_DAYS.search(text):
        days = 7 if match["next"] else round(_read_number(match["number"]) * (7 if match["unit"][0] in "wW" else 1))
        return Day(words=match.group(), day=today + timedelta(days=days), start=match.start(), end=match.end())
    return None


def _count_minutes(match: re.Match[str]) -> float:
    if match["half"]:
        return 30
    number = _read_number(match["number"]) + (0.5 if match["and_half"] or match["half_after"] else 0)
    minutes = number * 60 if match["unit"].lower().startswith("h") else number
    return minutes + (_read_number(match["more"]) if match["more"] else 0)


def _read_number(text: str) -> float:
    return _NUMBERS.get(text.lower()) or float(text.replace(",", "."))


def _name_day(name: str, today: date) -> date:
    if name in {"today", "tonight"}:
        return today
    if name == "tomorrow":
        return today + timedelta(days=1)
    ahead = (_WEEKDAYS.index(name) - today.weekday()) % 7
    return today + timedelta(days=ahead or 7)
