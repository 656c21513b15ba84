"""Passages: a text cut into pieces that are short enough to cite, at the ends of sentences."""

import re
from dataclasses import dataclass

LONGEST = 400
"""Characters of a passage, unless one sentence alone is longer."""

# A sentence ends with its mark and what closes it, before white space and something that can begin another.
_SENTENCE = re.compile(r"\S.*?(?:[.!?…。！？][\"'”’)\]]*(?=\s+[\"'“‘(\[]?[^\sa-z])|\Z|(?=\n\s*\n))", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Span:
    """Characters `start` to `end`, the last one not included."""

    start: int
    end: int


def split_sentences(text: str) -> list[Span]:
    """Splits a text into sentences; white space between them belongs to none."""
    return [_trim(text, match.start(), match.end()) for match in _SENTENCE.finditer(text)]


def split_passages(text: str, longest: int = LONGEST) -> list[Span]:
    """Packs sentences into passages.

    Args:
        text: May be empty.
        longest: Characters of a passage, > 0; a longer sentence is a passage of its own.

    Returns:
        Spans in reading order, which do not overlap and hold every character that is not white space.
    """
    passages: list[Span] = []
    for sentence in split_sentences(text):
        if passages and sentence.end - passages[-1].start <= longest:
            passages[-1] = Span(passages[-1].start, sentence.end)
        else:
            passages.append(sentence)
    return passages


def _trim(text: str, start: int, end: int) -> Span:
    return Span(start, start + len(text[start:end].rstrip()))
