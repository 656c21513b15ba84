"""Mathematical options taken apart: what distinguishes the right one from the others."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from tutoring.teaching.mentions import find_mentions, plain

_AROUND: Final = re.compile(r"\s*([+\-=·*×/,;<>≤≥→|^])\s*|(?<=[(\[]) | (?=[)\]])|(?<=[\d)]) (?=\()")
_TIMES: Final = re.compile(r"(?<=[a-z)\]])[·*×](?=[\w(\[√])|(?<=\d)[·*×](?=[a-z(\[√])")
_LEFT: Final = re.compile(r"^(?:only\s+)?[a-z](?:\([a-z]\))?'?=")
_WORD: Final = re.compile(r"[^\W\d_]{3,}")
_TERM: Final = re.compile(r"[+\-]?(?:\([^()]*\)|[^+\-()])+")
_SPELT: Final = re.compile(r"\b(?:times|multiplied by)\b")
_RELATION: Final = re.compile("[<>≤≥→|]")
_MIRRORED: Final = str.maketrans("<>≤≥", "><≥≤")


def fold(text: str) -> str:
    """Writes an expression in one way: plain, lower case, no space around signs, factors beside each other."""
    text = _SPELT.sub("·", plain(text).casefold())
    return _TIMES.sub("", _AROUND.sub(lambda sign: sign[1] or "", " ".join(text.split())))


def is_expression(text: str) -> bool:
    """Says whether an option is written in symbols: it has some, and at most two words of three letters or more."""
    text = plain(text)
    return len(_WORD.findall(text)) <= 2 and bool(re.search(r"[\d=+√()\[\]^/|∩∪]|-\s?\w", text))


def is_number(text: str) -> bool:
    """Says whether an option is one number; a letter set equal to it or a word such as "about" may stand before it."""
    folded = re.sub(r"^(?:about|only|exactly)\s+", "", _LEFT.sub("", fold(text)))
    return any(mention.start == 0 and mention.end == len(folded) for mention in find_mentions(folded))


def read_values(text: str) -> tuple[float, ...]:
    """Lists the numbers of an option in their order, each with its sign; percentages are read as they are written."""
    first: dict[int, float] = {}
    for mention in find_mentions(plain(text)):
        first[mention.start] = max(first.get(mention.start, mention.value), mention.value, key=abs)
    return tuple(first.values())


def list_terms(text: str) -> frozenset[str]:
    """Lists the terms that an expression consists of, folded: its clauses, the summands or factors of each, rows."""
    if "≈" in text:
        return frozenset().union(*(list_terms(side) for side in text.split("≈")))
    terms: set[str] = set(re.findall(r"\[[^\[\]]*\]", fold(text)))
    for clause in _split_clauses(plain(text)):
        folded = re.sub(r"^only ", "", fold(clause))
        terms.add(folded)
        if _RELATION.search(folded):
            left, sign, right = re.split("([<>≤≥→|])", folded, maxsplit=1)
            terms.add(right + sign.translate(_MIRRORED) + left)
        elif not _WORD.search(folded) and "[" not in folded:
            terms.update(_split_terms(folded.rsplit("=", 1)[-1]))
    return frozenset(terms - {""})


def _split_clauses(text: str) -> list[str]:
    """Splits at commas that are in no bracket, and at "and" and "or"."""
    depth, pieces = 0, [""]
    for sign in re.sub(r"\s(?:and|or)\s", ";", text):
        depth += (sign in "([") - (sign in ")]")
        if sign in ",;" and depth == 0:
            pieces.append("")
        else:
            pieces[-1] += sign
    # A list of bare numbers is one thing: each of them alone says nothing.
    return [text] if len(pieces) > 1 and all(is_number(piece) and "=" not in piece for piece in pieces) else pieces


def _split_terms(side: str) -> list[str]:
    factors = re.findall(r"\([^()]*\)", side)
    parts = factors if len(factors) > 1 and "".join(factors) == side else _TERM.findall(side)
    return [part.removeprefix("+") for part in parts]


def contains(folded: str, term: str) -> bool:
    """Says whether a folded text holds a term as a whole, not as a part of a longer one; a sign before it counts."""
    before = r"(?<![\w.^√])" if term.startswith("-") else r"(?<![\w.^\-√])"
    return re.search(rf"{before}{re.escape(term)}(?![\w^(′']|[.,]\d)", folded) is not None


def holds_in_order(values: Sequence[float], found: Iterable[float]) -> bool:
    """Says whether values occur among others in their order."""
    rest = iter(found)
    return all(any(abs(value - other) < 1e-9 for other in rest) for value in values)
