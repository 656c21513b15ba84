"""Candidates, their scores, and the rankings that are made of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float32]
"""Shape [d]."""
Matrix = NDArray[np.float32]
"""Shape [n, d]; rows of unit length."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Something that a reranker is asked about.

    Attributes:
        id: Unique among the candidates.
        title: As a learner reads it.
        text: What it says, without the title; may be empty.
        first_stage: Score of the stages before, any scale, higher is better.
    """

    id: str
    title: str
    text: str = ""
    first_stage: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedCandidate:
    """A candidate and what a reranker says of it.

    Attributes:
        candidate: As it was given.
        position: Where it was given, from 0.
        score: Higher is better; comparable within one ranking only.
    """

    candidate: Candidate
    position: int
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """Candidates, the best first; equal scores stay in the order they were given.

    Attributes:
        entries: Each candidate once.
        model: Fingerprint of the reranker.
    """

    entries: tuple[RankedCandidate, ...]
    model: str


def make_ranking(candidates: Sequence[Candidate], scores: Sequence[float] | Vector, model: str) -> Ranking:
    """Orders candidates by score; O(n log n).

    Args:
        candidates: In any order.
        scores: One for each, finite.
        model: Fingerprint of what made them.
    """
    entries = [
        RankedCandidate(candidate=candidate, position=position, score=float(score))
        for position, (candidate, score) in enumerate(zip(candidates, scores, strict=True))
    ]
    return Ranking(entries=tuple(sorted(entries, key=lambda entry: -entry.score)), model=model)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """Every score that went into one result; None: that stage did not look at it.

    Attributes:
        lexical: BM25, >= 0.
        dense: Cosine of query and document, in [-1, 1].
        reranker: Of the reranker, any scale.
        frontier: How ready the learner is for it, in [0, 1]; None: no learner was given.
        fused: Their weighted sum, by which results are ordered.
    """

    lexical: float
    dense: float | None = None
    reranker: float | None = None
    frontier: float | None = None
    fused: float
