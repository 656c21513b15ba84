"""Scored lists: candidates of many queries with every score, and which of them is meant. Fits need nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from retrieval.fusion import Floats, Fusion, fuse_first_stage

WIDTH: Final = 100
"""First candidates by cosine, and as many by BM25, that a list keeps; no others come near the first ten."""
DEPTH: Final = 10
"""Ranks that nDCG looks at."""

Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredLists:
    """Candidates of q queries, at most n of each; a row's candidates are in the order of the documents.

    Attributes:
        documents: Positions of the documents [q, n]; -1: no candidate.
        lexical: BM25 [q, n].
        dense: Cosines [q, n]; minus infinity: no candidate.
        right: Whether it is the concept that is meant, bool [q, n]; at most one in a row.
        clusters: Id of the concept that each query means, [q].
    """

    documents: Places
    lexical: Floats
    dense: Floats
    right: NDArray[np.bool_]
    clusters: tuple[str, ...]

    def fuse(self, fusion: Fusion) -> Floats:
        """Scores of the first stage [q, n]; minus infinity: no candidate."""
        return fuse_first_stage(fusion, self.lexical, self.dense)


def collect_lists(
    lexical: Floats, dense: Floats, right: Sequence[int], neutral: Sequence[Sequence[int]], clusters: Sequence[str]
) -> ScoredLists:
    """Takes the first candidates out of the scores of all documents; O(q d log d).

    Args:
        lexical: BM25 [q, d].
        dense: Cosines [q, d].
        right: Position of the document that each query means, [q]; -1: none.
        neutral: Positions of documents that are no wrong answers either, [q]; they are left out of the list.
        clusters: Id of the concept that each query means, [q].
    """
    rows = [_pick(lexical[row], dense[row], right[row], neutral[row], WIDTH) for row in range(len(right))]
    width = max((row.size for row in rows), default=0)
    documents = np.full((len(rows), width), -1, dtype=np.int64)
    for number, row in enumerate(rows):
        documents[number, : row.size] = row
    there, safe = documents >= 0, np.maximum(documents, 0)
    return ScoredLists(
        documents=documents,
        lexical=np.where(there, np.take_along_axis(lexical, safe, axis=1), 0.0).astype(np.float64),
        dense=np.where(there, np.take_along_axis(dense, safe, axis=1), -np.inf).astype(np.float64),
        right=there & (documents == np.asarray(right, dtype=np.int64)[:, None]),
        clusters=tuple(clusters),
    )


def _pick(lexical: Floats, dense: Floats, right: int, neutral: Sequence[int], width: int) -> Places:
    allowed = np.ones(dense.size, dtype=bool)
    allowed[[place for place in neutral if place != right]] = False
    places = np.flatnonzero(allowed)
    first = [places[np.argsort(-scores[places], kind="stable")[:width]] for scores in (dense, lexical)]
    return np.unique(np.concatenate(first))


def join_lists(parts: Sequence[ScoredLists]) -> ScoredLists:
    """Puts the rows of several lists below one another."""
    width = max(part.documents.shape[1] for part in parts)

    def stack(arrays: Sequence[NDArray[np.generic]], empty: float) -> NDArray[np.generic]:
        padded = [np.pad(each, ((0, 0), (0, width - each.shape[1])), constant_values=empty) for each in arrays]
        return np.concatenate(padded)

    return ScoredLists(
        documents=np.asarray(stack([part.documents for part in parts], -1), dtype=np.int64),
        lexical=np.asarray(stack([part.lexical for part in parts], 0.0), dtype=np.float64),
        dense=np.asarray(stack([part.dense for part in parts], -np.inf), dtype=np.float64),
        right=np.asarray(stack([part.right for part in parts], False), dtype=np.bool_),
        clusters=tuple(cluster for part in parts for cluster in part.clusters),
    )


def rank_right(scores: Floats, right: NDArray[np.bool_]) -> Places:
    """Rank of the right candidate of each row, from 0; ties go to the candidate before it.

    Args:
        scores: [q, n]; minus infinity: no candidate.
        right: [q, n], at most one in a row.

    Returns:
        [q]; n: it is not in the list.
    """
    place = right.argmax(axis=1)[:, None]
    own = np.take_along_axis(scores, place, axis=1)
    before = np.arange(scores.shape[1])[None, :] < place
    ranks = np.sum((scores > own) | ((scores == own) & before), axis=1)
    return np.asarray(np.where(right.any(axis=1), ranks, scores.shape[1]), dtype=np.int64)


def measure_ndcg(ranks: Places, depth: int = DEPTH) -> Floats:
    """NDCG of rows with one right candidate (`retrieval.metrics.ndcg_at`, for all rows at once).

    Args:
        ranks: From 0 [q].
        depth: Ranks from here on count nothing.
    """
    return np.where(ranks < depth, 1.0 / np.log2(ranks + 2.0), 0.0)
