"""Disguises: queries made of prose are worded more like what learners type, short and often without the name."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from retrieval.documents import Document, DocumentKind
from retrieval.training.queries import QuerySource, TrainingQuery
from retrieval.training.wordings import hide_title, is_english

HIDDEN: Final = 0.5
"""Share of the prose in which the concept's title is hidden."""
CROPPED: Final = 0.6
"""Share of the prose of which only some words in a row are left (independent cropping: Izacard et al.,
arXiv 2112.09118)."""
FEWEST, MOST = 4, 10
"""Words that are left."""
LONG: Final = 9
"""Words from which on a text may be cropped."""

_PROSE: Final = frozenset(QuerySource) - {
    QuerySource.TITLE,
    QuerySource.TEMPLATE,
    QuerySource.QUESTION,
    QuerySource.LABEL,
}


def disguise(
    queries: Iterable[TrainingQuery], documents: Sequence[Document], language: str, seed: int
) -> tuple[TrainingQuery, ...]:
    """Words queries differently, so that they are matched by what they mean.

    A title has to find its concept's document without the title in it. What people asked is left as it is.

    Args:
        queries: Made or labelled.
        documents: As `list_documents` gives them; only those of concepts are used.
        language: BCP 47 tag; titles are hidden in English alone.
        seed: Of all draws.

    Returns:
        As many as were given, in their order.
    """
    generator = random.Random(seed)  # noqa: S311 - no secret
    found = {document.id: document for document in documents if document.kind is DocumentKind.CONCEPT}
    return tuple(
        _disguise(query, found[query.concept], is_english(language), generator) if query.concept in found else query
        for query in queries
    )


def _disguise(query: TrainingQuery, document: Document, english: bool, generator: random.Random) -> TrainingQuery:
    if query.source is QuerySource.TITLE:
        # A document that says nothing else keeps its title.
        return replace(query, quoted=document.title) if document.text else query
    if query.source not in _PROSE:
        return query
    text = query.text
    if english and generator.random() < HIDDEN:
        text = hide_title(text, document.title)
    words = text.split()
    if len(words) >= LONG and generator.random() < CROPPED:
        count = min(generator.randint(FEWEST, MOST), len(words))
        start = generator.randint(0, len(words) - count)
        text = " ".join(words[start : start + count])
    return replace(query, text=text)
