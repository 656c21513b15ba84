"""Logistic regression with a ridge and with weights whose sign is given, by Newton's method."""

from itertools import product
from typing import Final

import numpy as np

from retrieval.fusion import Floats

RIDGE: Final = 1e-3
"""Penalty of a squared weight, in units of a sample's mean loss, for features scaled to unit variance."""

_STEPS: Final = 100
_SMALLEST: Final = 1e-10


def fit_logistic(features: Floats, outcomes: Floats, weights: Floats, signs: tuple[int, ...]) -> Floats:
    """Fits intercept and weights, each weight on its side of zero.

    The problem is convex. The optimum under signs is that of some set of free weights with the others held at zero, so
    all sets are tried: 2^d fits of O(n d^2) a step.

    Args:
        features: [n, d], n >= 1.
        outcomes: 1.0 or 0.0, [n].
        weights: How much each sample counts, >= 0, not all zero, [n].
        signs: Of each weight: 1: >= 0; -1: <= 0; 0: any; [d].

    Returns:
        Intercept, then the weights, [1 + d].
    """
    middle, scale = features.mean(axis=0), np.maximum(features.std(axis=0), 1e-12)
    scaled = (features - middle) / scale
    shares = weights / weights.sum()
    best: tuple[float, Floats] | None = None
    for free in product(*((True,) if sign == 0 else (True, False) for sign in signs)):
        kept = np.array([True, *free])
        fitted, loss = _descend(np.column_stack([np.ones(len(scaled)), scaled])[:, kept], outcomes, shares)
        whole = np.zeros(kept.size)
        whole[kept] = fitted
        if np.all(whole[1:] * np.array(signs) >= 0.0) and (best is None or loss < best[0] - _SMALLEST):
            best = (loss, whole)
    assert best is not None  # noqa: S101 - with all of them at zero no sign is wrong
    found = best[1]
    slopes = found[1:] / scale
    return np.array([found[0] - float(slopes @ middle), *slopes])


def _descend(design: Floats, outcomes: Floats, shares: Floats) -> tuple[Floats, float]:
    """Newton's method with halved steps (Boyd and Vandenberghe, "Convex optimization", 2004, algorithm 9.5)."""
    penalty = np.full(design.shape[1], RIDGE)
    penalty[0] = 0.0
    found = np.zeros(design.shape[1])
    loss = _lose(design, outcomes, shares, penalty, found)
    for _ in range(_STEPS):
        chances = _squash(design @ found)
        slope = design.T @ (shares * (chances - outcomes)) + penalty * found
        curve = (design * (shares * chances * (1.0 - chances))[:, None]).T @ design
        step = np.linalg.solve(curve + np.diag(np.maximum(penalty, _SMALLEST)), slope)
        decrease = float(slope @ step)
        if decrease < _SMALLEST:
            break
        length = 1.0
        while length > 1e-8 and _lose(design, outcomes, shares, penalty, found - length * step) > (
            loss - 0.25 * length * decrease
        ):
            length /= 2.0
        found = found - length * step
        loss = _lose(design, outcomes, shares, penalty, found)
    return found, loss


def _lose(design: Floats, outcomes: Floats, shares: Floats, penalty: Floats, found: Floats) -> float:
    logits = design @ found
    likelihood = np.logaddexp(0.0, logits) - outcomes * logits
    return float(shares @ likelihood + 0.5 * np.sum(penalty * found**2))


def _squash(logits: Floats) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(logits, -500.0, 500.0))))
