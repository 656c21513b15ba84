"""Confidence: from fused scores to probabilities, that of "none of these" among them."""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from retrieval.fusion import Floats

WIDTH: Final = 50
"""First candidates that share the probability: what a longer list holds behind them does not change it."""
FIELD: Final = 10
"""Candidates behind the first one whose spread the temperature heeds."""

_NARROWEST: Final = 0.1
_WIDEST: Final = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Confidence:
    """Parameters, fitted on queries held out from training.

    The defaults are the fit for the default encoder as published, on queries made from the bundled curriculum.

    The signs make the first candidate's probability rise with its score, and that of "none" fall. The first one's score
    is no part of the field's spread, so that this holds whatever the widening is.

    Attributes:
        temperature: Of the softmax over a list whose field is spread as usual, > 0, in units of the fused score.
        widening: By which power of the field's spread the temperature rises, >= 0: of a query of many words all scores
            lie further apart, without telling more. 0: not at all.
        spread: The usual spread of the field, > 0, in units of the fused score.
        bias: Of the logistic that says "none of these".
        top: Its weight of the best score, <= 0: a better match never makes "none" likelier.
        gap: Its weight of the best score less the second best, <= 0.
        entropy: Its weight of the softmax's entropy, divided by the logarithm of the list's length, in [0, 1]; >= 0.
        queries: How many they were fitted on; 0: they are defaults.
    """

    temperature: float = 0.0532
    widening: float = 0.2
    spread: float = 0.1646
    bias: float = 1.087
    top: float = -8.555
    gap: float = -1.049
    entropy: float = 0.918
    queries: int = 0


def soften(scores: Floats, temperature: float) -> Floats:
    """Softmax of scores / temperature, [n]."""
    if not scores.size:
        return scores
    raised = np.exp((scores - scores.max()) / temperature)
    return np.asarray(raised / raised.sum())


def measure_spread(scores: Floats) -> float | None:
    """How far the `FIELD` candidates behind the first one lie apart; None: there are not so many.

    Args:
        scores: Fused, descending.
    """
    return float(scores[1] - scores[FIELD]) if scores.size > FIELD else None


def find_temperature(confidence: Confidence, scores: Floats) -> float:
    """Temperature of a list; of one too short for a field, the usual one.

    Args:
        confidence: Parameters.
        scores: Fused, descending.
    """
    spread = measure_spread(scores)
    if spread is None:
        return confidence.temperature
    ratio = min(max(spread / confidence.spread, _NARROWEST), _WIDEST)
    return float(confidence.temperature * ratio**confidence.widening)


def describe_list(scores: Floats, temperature: float) -> Floats:
    """What "none of these" is judged by: best score, its lead and the entropy, [3].

    Args:
        scores: Fused, descending, at least one; those behind the first `WIDTH` are not looked at.
        temperature: Of the softmax.
    """
    first = scores[:WIDTH]
    shares = soften(first, temperature)
    lead = first[0] - first[1] if first.size > 1 else 0.0
    most = math.log(first.size) if first.size > 1 else 1.0
    entropy = -float(np.sum(shares * np.log(np.maximum(shares, 1e-12)))) / most
    return np.array([first[0], lead, entropy])


def judge(confidence: Confidence, scores: Floats) -> tuple[Floats, float]:
    """Turns a list's scores into probabilities.

    Args:
        confidence: Parameters.
        scores: Fused, descending.

    Returns:
        Probability of each to be the one that is meant [n], 0 behind the first `WIDTH`, and that none is; together they
        sum to 1.
    """
    if not scores.size:
        return scores, 1.0
    temperature = find_temperature(confidence, scores)
    weights = np.array([confidence.top, confidence.gap, confidence.entropy])
    logit = confidence.bias + float(weights @ describe_list(scores, temperature))
    none = 1.0 / (1.0 + math.exp(-max(-500.0, min(500.0, logit))))
    shares = np.zeros(scores.size)
    shares[:WIDTH] = (1.0 - none) * soften(scores[:WIDTH], temperature)
    return shares, none
