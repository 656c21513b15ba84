"""Generated documents: as many as are asked for, of real words that occur as unequally as they really do."""

import random
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Final

import numpy as np

from retrieval.candidates import Matrix
from retrieval.documents import Document, DocumentKind

_TITLE: Final = 3
_TEXT: Final = 42
_MOVED: Final = 0.6
"""Length of what is added to a unit vector before it is one again: neighbours, but none too near."""
_WORD = re.compile(r"[a-z]{2,}")


def count_frequencies(texts: Iterable[str]) -> dict[str, int]:
    """Counts English words in lower case, the most frequent first, equally frequent ones in alphabetical order."""
    counted = Counter(word for text in texts for word in _WORD.findall(text.lower()))
    return dict(sorted(counted.items(), key=lambda entry: (-entry[1], entry[0])))


def draw_documents(count: int, frequencies: Mapping[str, int], seed: int) -> tuple[Document, ...]:
    """Draws concepts by id: titles of three words, whichever, and texts of 42 words, each as often as it is known.

    Args:
        count: How many, >= 1.
        frequencies: How often each word occurs, > 0.
        seed: Equal seeds draw equal documents.
    """
    generator = random.Random(seed)  # noqa: S311 - no secret
    words, weights = list(frequencies), list(accumulate(frequencies.values()))
    return tuple(
        Document(
            kind=DocumentKind.CONCEPT,
            id=f"c{number:07}",
            title=" ".join(generator.choices(words, k=_TITLE)),
            text=" ".join(generator.choices(words, cum_weights=weights, k=_TEXT)) + ".",
            concepts=(f"c{number:07}",),
        )
        for number in range(count)
    )


def draw_queries(documents: Sequence[Document], count: int, seed: int) -> list[str]:
    """Draws queries: the first two words of a document's title among twelve words of its text."""
    generator = random.Random(seed)  # noqa: S311 - no secret
    queries = []
    for document in generator.choices(documents, k=count):
        words = [*document.title.split()[:2], *document.text.rstrip(".").split()[:12]]
        generator.shuffle(words)
        queries.append(" ".join(words))
    return queries


def spread_vectors(known: Matrix, count: int, seed: int) -> Matrix:
    """Makes many unit vectors of a few: each is a known one, moved in a random direction.

    Args:
        known: Unit vectors of texts [m, d].
        count: How many are wanted.
        seed: Of the directions.

    Returns:
        Float32 [count, d], rows of unit length.
    """
    generator = np.random.default_rng(seed)
    moves = generator.standard_normal((count, known.shape[1]), dtype=np.float32)
    moves *= _MOVED / np.linalg.norm(moves, axis=1, keepdims=True)
    moves += known[np.arange(count) % len(known)]
    moves /= np.linalg.norm(moves, axis=1, keepdims=True)
    return moves
