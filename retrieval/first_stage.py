"""The first stage: the documents of a kind scored by words and by vectors, and the best taken as candidates."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from retrieval.candidates import Matrix, Vector
from retrieval.documents import Document
from retrieval.fusion import Floats, Fusion, fuse_first_stage
from retrieval.index import Positions, Shelf, find_exact


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstStage:
    """Candidates of one kind, the best first; every array is [candidates].

    Attributes:
        positions: In the shelf.
        lexical: BM25.
        dense: Cosines; None: no vectors were used.
        frontier: Readiness; None: no learner is given.
        exact: 1.0 where the words are title or id, else 0.0.
        fused: What they are ordered by, descending.
    """

    positions: Positions
    lexical: Floats
    dense: Floats | None
    frontier: Floats | None
    exact: Floats
    fused: Floats


def find_candidates(
    shelf: Shelf,
    query: str,
    vector: Vector | None,
    fusion: Fusion,
    *,
    most: int,
    readiness: Mapping[str, float] | None = None,
) -> FirstStage:
    """Scores every document of a shelf, or those whose vectors it holds; linear in the number of all.

    Args:
        shelf: The documents.
        query: Words.
        vector: Their vector [dimension]; None: BM25 alone.
        fusion: Weights.
        most: Candidates, >= 1.
        readiness: By concept, in [0, 1]; None: no learner is given.

    Returns:
        The best candidates; equal scores are in ascending order of position.
    """
    lexical, exact, documents = shelf.lexical.score(query), find_exact(shelf, query), shelf.documents
    dense, held = None, None
    if vector is not None and shelf.vectors is not None:
        dense, held = _compare(shelf.vectors, vector), shelf.held
    if held is not None:
        lexical, exact, documents = lexical[held], exact[held], tuple(documents[at] for at in held)
    frontier = None if readiness is None else _read_frontier(documents, readiness)
    fused = fuse_first_stage(fusion, lexical, dense, frontier, exact)
    best = select_best(fused, most)
    return FirstStage(
        positions=best if held is None else held[best],
        lexical=lexical[best],
        dense=None if dense is None else dense[best],
        frontier=None if frontier is None else frontier[best],
        exact=exact[best],
        fused=fused[best],
    )


def select_best(scores: Floats, most: int) -> Positions:
    """Returns the positions of the `most` best scores, descending, ties by position; O(n + m log m)."""
    if scores.size <= most:
        return np.argsort(-scores, kind="stable")
    bar = np.partition(scores, scores.size - most)[scores.size - most]
    chosen = np.flatnonzero(scores >= bar)
    return chosen[np.argsort(-scores[chosen], kind="stable")][:most]


def _compare(vectors: Matrix, vector: Vector) -> Floats:
    # No rows have no dimension.
    return (vectors @ vector).astype(np.float64) if len(vectors) else np.zeros(0)


def _read_frontier(documents: Iterable[Document], readiness: Mapping[str, float]) -> Floats:
    """A document about several concepts counts as its readiest."""
    return np.array(
        [max((readiness.get(concept, 0.0) for concept in document.concepts), default=0.0) for document in documents]
    )
