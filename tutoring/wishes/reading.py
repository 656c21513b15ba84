"""Wishes read from words without a model: by the phrases in which people put them."""

import re
from datetime import date
from typing import Final

from tutoring.wishes.moments import find_amounts, find_day
from tutoring.wishes.wish import Wish

_SENTENCE: Final = re.compile(r"[.;!?\n]+(?:\s+|$)")
_CLAUSE: Final = re.compile(
    r",?\s+\b(?:but|although|because|since|so that)\b\s*"
    r"|,\s*(?:and\s+)?(?=(?:skip|leave out|without|no |include|i |we |please|my ))"
    r"|\s+and\s+(?=(?:skip|leave out|include|i |we |please ))"
    r"|,?\s+(?=(?:skip|leave out|without|except|excluding|including|(?:start|starting|beginning) with)\b)",
    re.IGNORECASE,
)
_SKIPPED: Final = re.compile(
    r"\b(?:skip|skipping|leave out|leaving out|omit|without|except(?: for)?|excluding|no|not)\s+(?:over\s+)?"
    r"(?P<what>[^,].*)$",
    re.IGNORECASE,
)
_KNOWN: Final = re.compile(
    r"\bi (?:already )?(?:know|understand|can do|mastered|have mastered|am (?:good at|fine with))\s+(?P<what>.+)$",
    re.IGNORECASE,
)
_INCLUDED: Final = re.compile(
    r"\b(?:include|including|must (?:have|cover)|make sure (?:to cover|of))\s+(?P<what>.+)$", re.IGNORECASE
)
_FIRST: Final = re.compile(
    r"\b(?P<first>[^,]+?)\s+before\s+(?P<then>[^,]+)$|\bfirst\s+(?P<a>.+?)\s*,?\s+then\s+(?P<b>.+)$",
    re.IGNORECASE,
)
_GOAL: Final = re.compile(
    r"\b(?:learn(?: about)?|understand|know(?: about)?|study|master|prepare(?: for)?|cover|review|revise|practi[sc]e"
    r"|get (?:good|better) at|teach me(?: about)?|goals? (?:is|are)"
    r"|(?:exam|test|quiz|final|midterm|interview|plan|path|course|class) (?:on|about|for|in|to)|focus on|work on"
    r"|be able to)\s+(?P<what>.+)$",
    re.IGNORECASE,
)
_LEAD: Final = re.compile(
    r"^(?:to |about |on |how to |the (?:topic|concept|idea|basics) of |all |any |everything (?:about|on) |the |my "
    r"|an? )+",
    re.IGNORECASE,
)
_TAIL: Final = re.compile(
    r"\s+(?:please|as well|too|first|at all|quickly|properly|well|better|again|for me"
    r"|(?:before|by|until|for|in time for) (?:the|my|an?|our) (?:exam|test|quiz|final|midterm|class|course|interview)"
    r"|(?:exam|test|quiz|final)|before|by|until|in|on|for|within|this|next)$",
    re.IGNORECASE,
)
_AND: Final = re.compile(r"\s*(?:,\s*and\b|,|;|\band\b|\bor\b|\bplus\b|\bas well as\b)\s*", re.IGNORECASE)
_EMPTY: Final = frozenset(
    {"", "it", "this", "that", "them", "exam", "test", "quiz", "things", "time", "something", "more", "plan", "i"}
)


def read_wish(words: str, today: date) -> Wish:
    """Reads what words wish of a plan.

    Args:
        words: Of the learner.
        today: The day they were said.
    """
    text = " ".join(words.replace("’", "'").split())
    amounts = find_amounts(text)
    total = next((each for each in amounts if not each.each_day), None)
    daily = next((each for each in amounts if each.each_day), None)
    for amount in reversed(amounts):
        text = text[: amount.start] + text[amount.end :]
    day = find_day(text, today)
    if day is not None:
        text = text[: day.start] + " " + text[day.end :]
    found: dict[str, list[str]] = {"goals": [], "skipped": [], "included": [], "known": []}
    orders: list[tuple[str, str]] = []
    for sentence in _SENTENCE.split(text):
        for clause in _CLAUSE.split(sentence):
            _read_clause(" ".join(clause.split()), found, orders)
    return Wish(
        goals=tuple(dict.fromkeys(found["goals"])),
        skipped=tuple(dict.fromkeys(found["skipped"])),
        included=tuple(dict.fromkeys(found["included"])),
        known=tuple(dict.fromkeys(found["known"])),
        orders=tuple(orders),
        minutes=total.minutes if total else None,
        minutes_words=total.words if total else "",
        each_day=daily.minutes if daily else None,
        each_day_words=daily.words if daily else "",
        until=day.day if day else None,
        until_words=day.words if day else "",
    )


def split_phrase(phrase: str) -> list[str]:
    """Splits what a phrase names; a title with "and" in it is split too, so the whole is to be looked up first."""
    return [part for part in map(_strip, _AND.split(phrase)) if part.lower() not in _EMPTY]


def _read_clause(clause: str, found: dict[str, list[str]], orders: list[tuple[str, str]]) -> None:
    for kind, pattern in (("known", _KNOWN), ("skipped", _SKIPPED), ("included", _INCLUDED)):
        if match := pattern.search(clause):
            _add(found[kind], match["what"])
            # What comes before may be a goal: "learn limits without proofs".
            clause = clause[: match.start()]
    if (match := _FIRST.search(clause)) and not _GOAL.search(match["then"] or ""):
        first, then = (_strip(match["first"] or match["a"]), _strip(match["then"] or match["b"]))
        if goal := _GOAL.search(first):
            first = _strip(goal["what"])
        if first.lower() not in _EMPTY and then.lower() not in _EMPTY:
            orders.append((first, then))
            found["goals"] += [first, then]
            return
    if match := _GOAL.search(clause):
        _add(found["goals"], _innermost(match["what"]))


def _innermost(what: str) -> str:
    """Returns what is meant in the end: to prepare for an exam on Bayes is about Bayes."""
    while match := _GOAL.search(what):
        what = match["what"]
    return what


def _add(phrases: list[str], phrase: str) -> None:
    stripped = _strip(phrase)
    if stripped.lower() not in _EMPTY:
        phrases.append(stripped)


def _strip(phrase: str) -> str:
    """Takes off what says nothing about the subject."""
    text = phrase.strip(" \t.,:;!?\"'")
    before = None
    while before != text:
        before = text
        text = _TAIL.sub("", _LEAD.sub("", text)).strip(" \t.,:;!?\"'")
    return text
