"""Fitting of fusion: the weights that rank held-out queries best. None is ever negative."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from retrieval.fusion import Floats, Fusion, fuse_reranker
from retrieval.training.scored_lists import ScoredLists, measure_ndcg, rank_right

LEXICAL_WEIGHTS: Final = (0.0, 0.0025, 0.005, 0.01, 0.02, 0.03, 0.04, 0.06, 0.08, 0.12, 0.16, 0.24, 0.32)
"""Tried first; BM25 of a query of a few words is 5 to 20, a cosine 0.3 to 0.8."""
RERANKER_WEIGHTS: Final = (0.0, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5)
"""Tried first; a listwise reranker scores in nats, which are worth about a softmax's temperature each."""
DEPTHS: Final = (8, 16)

_FINER: Final = 8
# Differences below this are rounding, not quality.
_EQUAL: Final = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class RerankedLists:
    """The first stage's lists in their order, and what a reranker says of the first of each.

    Attributes:
        first_stage: Scores, descending in each row [q, n]; minus infinity: no candidate.
        right: Whether it is the concept that is meant, bool [q, n]; at most one in a row.
        reranker: Scores of the first m <= n candidates [q, m]; not a number: no candidate.
        clusters: Id of the concept that each query means, [q].
    """

    first_stage: Floats
    right: NDArray[np.bool_]
    reranker: Floats
    clusters: tuple[str, ...]

    def fuse(self, fusion: Fusion) -> Floats:
        """Scores of all stages [q, n], in the order of the first stage; minus infinity: no candidate."""
        return np.stack([fuse_row(fusion, *row) for row in zip(self.first_stage, self.reranker, strict=True)])


def fuse_row(fusion: Fusion, first_stage: Floats, reranker: Floats) -> Floats:
    """Fuses one row as a search does, with the first `depth` candidates reranked; [n]."""
    there = int(np.isfinite(first_stage).sum())
    seen = min(fusion.depth, reranker.size, there)
    fused = fuse_reranker(fusion, first_stage[:there], reranker[:seen])
    return np.concatenate([fused, first_stage[there:]])


def fit_lexical_weight(lists: ScoredLists, fusion: Fusion) -> Fusion:
    """Fits BM25's weight by mean nDCG@10; of equal ones the smallest.

    Args:
        lists: Of queries that no encoder was trained on.
        fusion: The other weights stay.
    """
    if not lists.clusters:
        return fusion

    def value(weight: float) -> float:
        scores = lists.fuse(replace(fusion, lexical=weight))
        return float(measure_ndcg(rank_right(scores, lists.right)).mean())

    return replace(fusion, lexical=_maximise(value, LEXICAL_WEIGHTS))


def fit_reranker(lists: RerankedLists, fusion: Fusion, depths: Sequence[int] = DEPTHS) -> Fusion:
    """Fits the reranker's weight and depth by mean nDCG@10; of equal ones the smaller depth, then the smaller weight.

    Args:
        lists: Of queries that neither encoder nor reranker was trained on.
        fusion: The other weights stay.
        depths: To choose from, ascending.
    """
    best, fitted = -1.0, replace(fusion, reranker=0.0, depth=depths[0])
    for depth in depths if lists.clusters else ():

        def value(weight: float, depth: int = depth) -> float:
            scores = lists.fuse(replace(fusion, reranker=weight, depth=depth))
            return float(measure_ndcg(rank_right(scores, lists.right)).mean())

        weight = _maximise(value, RERANKER_WEIGHTS)
        if value(weight) > best + _EQUAL:
            best, fitted = value(weight), replace(fusion, reranker=weight, depth=depth)
    return fitted


def _maximise(value: Callable[[float], float], grid: Sequence[float]) -> float:
    """Tries an ascending grid, then finer steps between the neighbours of its best; of equal ones the smallest."""
    coarse = _choose(value, grid)
    place = list(grid).index(coarse)
    low, high = grid[max(place - 1, 0)], grid[min(place + 1, len(grid) - 1)]
    return _choose(value, [float(weight) for weight in (coarse, *np.linspace(low, high, _FINER + 1))])


def _choose(value: Callable[[float], float], weights: Iterable[float]) -> float:
    tried = [(value(weight), weight) for weight in sorted(set(weights))]
    most = max(score for score, _ in tried)
    return next(weight for score, weight in tried if score >= most - _EQUAL)
