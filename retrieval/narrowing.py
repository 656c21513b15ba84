"""Narrowing: an index cut down to what is about some concepts, so that the rest of it is not judged."""

from collections.abc import Collection
from dataclasses import replace

import numpy as np

from retrieval.documents import DocumentKind
from retrieval.index import Index, list_about, make_index


def narrow_index(index: Index, kind: DocumentKind, concepts: Collection[str], language: str) -> Index:
    """Keeps the documents of a kind that are about at least one of some concepts.

    Words count by how rare they are among what is kept. The other kinds stay as they are. O(n log n) in the documents
    kept, and linear in their length.

    Args:
        index: To be cut down; it is left as it is. Of what is kept it holds all vectors or none.
        kind: Of the documents.
        concepts: Ids.
        language: BCP 47 tag of the curriculum.
    """
    shelf = index.shelves[kind]
    positions = list_about(shelf, concepts)
    kept = make_index((shelf.documents[position] for position in positions), language).shelves[kind]
    rows = positions if shelf.held is None else np.searchsorted(shelf.held, positions)
    vectors = None if shelf.vectors is None else shelf.vectors[rows]
    return replace(index, shelves={**index.shelves, kind: replace(kept, vectors=vectors)})
