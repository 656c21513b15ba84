"""How good rankings and probabilities are, and how sure that is."""

from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from kg.errors import refuse
from retrieval.fusion import Floats

LEVEL: Final = 0.95
"""Share of the resampled means that an interval holds."""


def ndcg_at(ranked: Sequence[str], relevant: Collection[str], k: int) -> float:
    """Normalised discounted cumulative gain of the first k, gain 1 for a relevant document and 0 for another.

    Järvelin and Kekäläinen, "Cumulated gain-based evaluation of IR techniques" (2002), with the discount
    1 / log2(1 + rank), which counts from the first rank on.

    Args:
        ranked: Ids, best first, each once.
        relevant: Ids, at least one.
        k: How many of the first count, >= 1.

    Returns:
        In [0, 1]; 1 if the first are as many of the relevant ones as fit.

    Raises:
        InvalidInputError: Nothing is relevant, or k is below 1.
    """
    _check(relevant, k)
    wanted = set(relevant)
    gains = np.array([document in wanted for document in ranked[:k]], dtype=np.float64)
    discounts = 1.0 / np.log2(np.arange(2, k + 2))
    return float(gains @ discounts[: gains.size] / discounts[: len(wanted)].sum())


def reciprocal_rank_at(ranked: Sequence[str], relevant: Collection[str], k: int) -> float:
    """One divided by the rank of the first relevant document; 0 if none is among the first k.

    Its mean over queries is MRR@k: Voorhees, "The TREC-8 question answering track report" (1999).

    Args:
        ranked: Ids, best first, each once.
        relevant: Ids, at least one.
        k: How many of the first count, >= 1.

    Raises:
        InvalidInputError: Nothing is relevant, or k is below 1.
    """
    _check(relevant, k)
    wanted = set(relevant)
    return next((1.0 / rank for rank, document in enumerate(ranked[:k], start=1) if document in wanted), 0.0)


def recall_at(ranked: Sequence[str], relevant: Collection[str], k: int) -> float:
    """Share of the relevant documents that are among the first k.

    Args:
        ranked: Ids, best first, each once.
        relevant: Ids, at least one.
        k: How many of the first count, >= 1.

    Raises:
        InvalidInputError: Nothing is relevant, or k is below 1.
    """
    _check(relevant, k)
    wanted = set(relevant)
    return len(wanted.intersection(ranked[:k])) / len(wanted)


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A mean and its 95 % interval.

    Attributes:
        mean: Of the values themselves.
        low: Lower end.
        high: Upper end.
    """

    mean: float
    low: float
    high: float


def bootstrap_mean(values: ArrayLike, clusters: Sequence[Hashable], *, seed: int, resamples: int = 2000) -> Interval:
    """Mean with its percentile bootstrap interval; whole clusters are drawn, since values inside one are alike.

    Efron and Tibshirani, "An introduction to the bootstrap" (1993), chapter 13; clusters: Field and Welsh,
    "Bootstrapping clustered data" (2007). O(n + resamples * clusters).

    Args:
        values: Finite numbers [n], n >= 1.
        clusters: What each value belongs to, such as the concept asked for, [n].
        seed: Equal seeds draw equal samples.
        resamples: How many samples, >= 1.

    Raises:
        InvalidInputError: There are no values, or not one cluster for each.
    """
    numbers = np.asarray(values, dtype=np.float64)
    if not numbers.size or numbers.shape != (len(clusters),):
        raise refuse("values", "must be one number for each cluster entry, and at least one")
    order = {cluster: number for number, cluster in enumerate(dict.fromkeys(clusters))}
    places = np.array([order[cluster] for cluster in clusters])
    sums, counts = np.bincount(places, weights=numbers), np.bincount(places)
    # How often each cluster is drawn says everything about a sample of clusters with replacement.
    drawn = np.random.default_rng(seed).multinomial(len(order), np.full(len(order), 1.0 / len(order)), size=resamples)
    low, high = np.quantile((drawn @ sums) / (drawn @ counts), [(1.0 - LEVEL) / 2.0, (1.0 + LEVEL) / 2.0])
    return Interval(mean=float(numbers.mean()), low=float(low), high=float(high))


def bootstrap_difference(
    with_stage: ArrayLike, without: ArrayLike, clusters: Sequence[Hashable], *, seed: int, resamples: int = 2000
) -> Interval:
    """Mean gain of one pipeline over another on the same queries, with its interval (paired, by clusters).

    Sakai, "Evaluating evaluation metrics based on the bootstrap" (2006).

    Args:
        with_stage: Metric of each query [n].
        without: Metric of the same queries in the same order [n].
        clusters: What each query belongs to [n].
        seed: Equal seeds draw equal samples.
        resamples: How many samples, >= 1.

    Raises:
        InvalidInputError: The three are not equally long, or empty.
    """
    ours, theirs = np.asarray(with_stage, dtype=np.float64), np.asarray(without, dtype=np.float64)
    if ours.shape != theirs.shape:
        raise refuse("without", "must hold the metric of the same queries")
    return bootstrap_mean(ours - theirs, clusters, seed=seed, resamples=resamples)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReliabilityBin:
    """Answers given with about the same probability.

    Attributes:
        low: Probabilities above this one (the first bin holds 0 too).
        high: Up to this one.
        count: How many answers, >= 1.
        confidence: Their mean probability.
        accuracy: Share of them that were right.
    """

    low: float
    high: float
    count: int
    confidence: float
    accuracy: float


def reliability_curve(probabilities: ArrayLike, outcomes: ArrayLike, bins: int = 10) -> tuple[ReliabilityBin, ...]:
    """What was promised beside what came true, in bins of equal width; empty bins are left out.

    DeGroot and Fienberg, "The comparison and evaluation of forecasters" (1983); bins as in Guo et al. (2017).

    Args:
        probabilities: That the answer is right, [n] in [0, 1].
        outcomes: Whether it was, [n].
        bins: How many, >= 1.

    Raises:
        InvalidInputError: The two are not equally long, empty, or a probability lies outside [0, 1].
    """
    promised, happened = _pair(probabilities, outcomes)
    if promised.min() < 0.0 or promised.max() > 1.0:
        raise refuse("probabilities", "must be in [0, 1]")
    edges = np.linspace(0.0, 1.0, bins + 1)
    places = np.maximum(np.searchsorted(edges, promised, side="left") - 1, 0)
    return tuple(
        ReliabilityBin(
            low=float(edges[place]),
            high=float(edges[place + 1]),
            count=int(np.sum(places == place)),
            confidence=float(promised[places == place].mean()),
            accuracy=float(happened[places == place].mean()),
        )
        for place in np.unique(places)
    )


def expected_calibration_error(probabilities: ArrayLike, outcomes: ArrayLike, bins: int = 10) -> float:
    """Mean distance of promise and truth over the bins, weighted by their answers.

    Guo et al., "On calibration of modern neural networks" (ICML 2017), equation 3.

    Args:
        probabilities: That the answer is right, [n] in [0, 1].
        outcomes: Whether it was, [n].
        bins: How many, >= 1.

    Returns:
        In [0, 1]; 0 is perfect.

    Raises:
        InvalidInputError: The two are not equally long, empty, or a probability lies outside [0, 1].
    """
    curve = reliability_curve(probabilities, outcomes, bins)
    answers = sum(entry.count for entry in curve)
    return sum(entry.count * abs(entry.accuracy - entry.confidence) for entry in curve) / answers


def chance_calibration_error(probabilities: ArrayLike, bins: int = 10, draws: int = 200, seed: int = 0) -> float:
    """Expected calibration error that probabilities would show if they were perfect: of few answers it is far from 0.

    The consistency resampling of Bröcker and Smith, "Increasing the reliability of reliability diagrams" (2007):
    outcomes are drawn with these very probabilities. O(draws * n).

    Args:
        probabilities: [n] in [0, 1].
        bins: As of `expected_calibration_error`.
        draws: Over which the mean is taken, >= 1.
        seed: Of the draws.

    Raises:
        InvalidInputError: As `expected_calibration_error`.
    """
    promised = np.asarray(probabilities, dtype=np.float64)
    generator = np.random.default_rng(seed)
    outcomes = (generator.random(promised.size) < promised for _ in range(draws))
    return float(np.mean([expected_calibration_error(promised, drawn, bins) for drawn in outcomes]))


def auroc(scores: ArrayLike, outcomes: ArrayLike) -> float:
    """Chance that a true outcome has the higher score than a false one; equal scores count half. O(n log n).

    The Mann-Whitney form of the area under the ROC curve: Hanley and McNeil, "The meaning and use of the area under a
    receiver operating characteristic (ROC) curve" (1982).

    Args:
        scores: Higher speaks for true, [n].
        outcomes: What was true, [n]; both kinds must occur.

    Returns:
        In [0, 1]; 0.5 is chance.

    Raises:
        InvalidInputError: The two are not equally long, or only one outcome occurs.
    """
    numbers, happened = _pair(scores, outcomes)
    positives = int(happened.sum())
    negatives = happened.size - positives
    if not positives or not negatives:
        raise refuse("outcomes", "must hold true and false ones")
    _, places, counts = np.unique(numbers, return_inverse=True, return_counts=True)
    # Mean rank of each group of equal scores, from 1.
    ranks = (np.cumsum(counts) - (counts - 1) / 2.0)[places]
    above = float(ranks[happened == 1.0].sum()) - positives * (positives + 1) / 2.0
    return above / (positives * negatives)


def _check(relevant: Collection[str], k: int) -> None:
    if not relevant:
        raise refuse("relevant", "must hold at least one id")
    if k < 1:
        raise refuse("k", "must be at least 1")


def _pair(numbers: ArrayLike, outcomes: ArrayLike) -> tuple[Floats, Floats]:
    left, right = np.asarray(numbers, dtype=np.float64), np.asarray(outcomes, dtype=np.float64)
    if left.ndim != 1 or not left.size or left.shape != right.shape:
        raise refuse("outcomes", "must be one for each number, and at least one")
    return left, right
