"""Fusion: the weighted sum of scores by which results are ordered. No weight is negative, so it is monotone in each."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fusion:
    """Weights, all >= 0, beside the cosine's, which is 1.

    Attributes:
        lexical: Of BM25.
        reranker: Of the reranker's score, once its mean over the candidates is taken off.
        frontier: Of the learner's readiness; small, so that it breaks ties and does no more.
        depth: How many of the first candidates the reranker sees, >= 1.
        sure: Probability of the first candidate from which on the reranker is not asked, in (0, 1].
    """

    lexical: float = 0.02
    reranker: float = 0.0
    frontier: float = 0.01
    depth: int = 16
    sure: float = 0.9


def fuse_first_stage(
    fusion: Fusion, lexical: Floats, dense: Floats | None, frontier: Floats | None = None, exact: Floats | None = None
) -> Floats:
    """Sums what needs no reranker; convex in cosine and BM25 (better measured than the fusion of ranks).

    Args:
        fusion: Weights.
        lexical: BM25 [n], >= 0.
        dense: Cosines [n]; None: BM25 alone decides, with weight 1.
        frontier: Readiness [n] in [0, 1]; None: no learner is given.
        exact: 1.0 where the query is the title or the id, else 0.0, [n]; None: nowhere. Such candidates come first.

    Returns:
        Scores [n].
    """
    scores = lexical.copy() if dense is None else dense + fusion.lexical * lexical
    if frontier is not None:
        scores += fusion.frontier * frontier
    if exact is not None:
        # Beyond the reach of everything else, yet finite: no cosine and no BM25 is below the floor.
        floor = 0.0 if dense is None else -1.0
        scores += exact * (1.0 + scores.max(initial=floor) - floor)
    return scores


def fuse_reranker(fusion: Fusion, first_stage: Floats, reranker: Floats) -> Floats:
    """Adds the reranker's scores of the first candidates; those it has not seen stay behind them.

    Args:
        fusion: Weights.
        first_stage: Scores [n], descending.
        reranker: Scores [m] of the first m <= n candidates, any scale.

    Returns:
        Scores [n]; the first m in a new order maybe, none of the rest above any of them.
    """
    seen = first_stage[: reranker.size] + fusion.reranker * (reranker - reranker.mean() if reranker.size else reranker)
    rest = first_stage[reranker.size :]
    if seen.size:
        rest = np.minimum(rest, seen.min())
    return np.concatenate([seen, rest])
