"""Cells that hold several things: `a:0.5;b:0.5`, `a=one|b=two`, `x|y`."""

from collections.abc import Callable, Iterable

from kg.importers.csv_reader import Row
from kg.importers.draft import Draft
from kg.issues import IssueKind

Pair = tuple[str, str | None]


def read_question(row: Row, draft: Draft) -> dict[str, object]:
    """Returns a row of questions.csv as the question that YAML would state."""
    raw = row.pick("id", "kind", "stem", "slip", "guess", "difficulty", "explanation")
    answer: dict[str, object] = row.pick("tolerance")
    if accepted := split_cell(row, "accepted", "|"):
        answer["accepted"] = accepted
    for column, separator, split in _PAIRED:
        raw[column] = _to_mapping(row, column, map(split, split_cell(row, column, separator)), draft)
    return {**raw, "answer": answer or None}


def split_cell(row: Row, column: str, separator: str) -> list[str]:
    """Returns what stands between the separators, empty pieces left out."""
    return [text.strip() for text in row.cells.get(column, "").split(separator) if text.strip()]


def _to_mapping(row: Row, column: str, pairs: Iterable[Pair], draft: Draft) -> dict[str, str | None]:
    mapping: dict[str, str | None] = {}
    for key, value in pairs:
        if key in mapping:
            draft.add_error(IssueKind.INVALID_VALUE, row.locate((column,)), f"{column}: {key} is given twice")
        mapping.setdefault(key, value)
    return mapping


def _split_weight(text: str) -> Pair:
    """Takes `concept:weight` apart; without a weight it is 1. An id that holds a colon needs its weight."""
    concept, colon, weight = text.rpartition(":")
    return (concept.strip(), weight.strip()) if colon else (text, "1")


def _split_option(text: str) -> Pair:
    """Takes `id=text` apart at the first sign; without one there is no text, which the question's model refuses."""
    identifier, sign, option = text.partition("=")
    return identifier.strip(), option.strip() if sign else None


def _split_distractor(text: str) -> Pair:
    """Takes `response=misconception` apart at the last sign, since a response may hold others."""
    response, sign, misconception = text.rpartition("=")
    return (response.strip(), misconception.strip()) if sign else (text, None)


_PAIRED: tuple[tuple[str, str, Callable[[str], Pair]], ...] = (
    ("assesses", ";", _split_weight),
    ("options", "|", _split_option),
    ("distractors", "|", _split_distractor),
)
