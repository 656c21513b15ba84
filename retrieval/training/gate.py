"""The gate: a stage is used only where it has shown, on concepts it never saw, that it is worth it."""

from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from retrieval.metrics import bootstrap_difference
from retrieval.rankers import Verdict

METRIC = "nDCG@10"


def judge_stage(
    stage: str,
    with_stage: ArrayLike,
    without: ArrayLike,
    clusters: Sequence[Hashable],
    *,
    cheaper: bool,
    seed: int,
) -> Verdict:
    """Judges whether a stage is used.

    It passes if the lower end of the paired 95 % interval of its gain is above zero; one that makes the pipeline
    cheaper passes already if its mean gain is not below zero.

    Args:
        stage: encoder, reranker or another word.
        with_stage: nDCG@10 of each query, [n], n >= 1, of the pipeline with the stage.
        without: The same queries in the same order, by the pipeline without it, [n].
        clusters: The concept that each query means, [n]: queries of a concept are drawn together.
        cheaper: The pipeline with the stage does less work than without it.
        seed: Of the bootstrap.

    Raises:
        InvalidInputError: The three are not equally long, or empty.
    """
    difference = bootstrap_difference(with_stage, without, clusters, seed=seed)
    better = difference.low > 0.0
    passed = better or (cheaper and difference.mean >= 0.0)
    concepts = len(set(clusters))
    gain = f"{METRIC} {difference.mean:+.3f} [{difference.low:+.3f}, {difference.high:+.3f}]"
    basis = f"on {len(clusters)} queries about {concepts} concepts that it never saw"
    if better:
        reason = f"It is used: {gain} {basis}."
    elif passed:
        reason = f"It is used, as it is cheaper and not worse: {gain} {basis}."
    else:
        reason = f"It is left out, as no gain is sure: {gain} {basis}."
    return Verdict(
        stage=stage,
        passed=passed,
        metric=METRIC,
        without=float(np.asarray(without, dtype=np.float64).mean()),
        with_stage=float(np.asarray(with_stage, dtype=np.float64).mean()),
        low=difference.low,
        high=difference.high,
        queries=len(clusters),
        reason=reason,
    )


def refuse_stage(stage: str, reason: str) -> Verdict:
    """The verdict on a stage that could not be judged: it is left out.

    Args:
        stage: encoder, reranker or another word.
        reason: A sentence.
    """
    return Verdict(
        stage=stage,
        passed=False,
        metric=METRIC,
        without=0.0,
        with_stage=0.0,
        low=0.0,
        high=0.0,
        queries=0,
        reason=reason,
    )
