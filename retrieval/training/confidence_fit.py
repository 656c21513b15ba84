"""Fitting of confidence: probabilities that keep what they promise, on queries that nothing was trained on."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import Final

import numpy as np
from numpy.typing import NDArray

from retrieval.confidence import WIDTH, Confidence, describe_list, find_temperature, judge, measure_spread, soften
from retrieval.fusion import Floats
from retrieval.metrics import auroc, chance_calibration_error, expected_calibration_error
from retrieval.training.logistic import fit_logistic
from retrieval.training.queries import TrainingQuery

NONE_SHARE: Final = 0.1
"""Share of queries that mean nothing in the curriculum, for which probabilities are calibrated.

Half of them are about a concept that is not there, half about something else altogether.
"""
FEWEST: Final = 30
"""With fewer queries the defaults are safer than a fit."""

WIDENING: Final = 0.2
"""Power of the field's spread by which the temperature rises: by likelihood it is between 0.15 and 0.25 on queries made
from two curricula and asked about one."""

_SIGNS: Final = (-1, -1, 1)
_STEEPEST: Final = 1e4
_FLATTEST: Final = 1e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedScores:
    """What a pipeline answers: fused scores, each array descending, without anything that is no candidate.

    Attributes:
        present: Of queries whose concept is there, [q] arrays.
        right: Place of that concept in each of them; -1: behind the list.
        missing: Of the same queries with their concept taken out, [q] arrays.
        off_topic: Of texts that are about nothing in the curriculum.
    """

    present: Sequence[Floats]
    right: Sequence[int]
    missing: Sequence[Floats]
    off_topic: Sequence[Floats]


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """What probabilities are worth; not a number: the queries at hand cannot tell.

    Attributes:
        error: Expected calibration error of the first answer's probability, over queries whose concept is there.
        chance: What it would be, with as many queries, of probabilities that are perfect.
        first: AUROC of "is the first right" by that probability.
        missing: AUROC of "none of these" where the concept was taken out.
        off_topic: AUROC of "none of these" for text that is about something else.
    """

    error: float
    chance: float
    first: float
    missing: float
    off_topic: float


def fit_confidence(scores: JudgedScores) -> Confidence:
    """Fits temperature and logistic.

    Args:
        scores: Of held-out queries.

    Returns:
        The defaults, with `queries` 0, where there are fewer than `FEWEST` queries or no list holds its concept.
    """
    listed = [(each, place) for each, place in zip(scores.present, scores.right, strict=True) if 0 <= place < WIDTH]
    if len(scores.present) < FEWEST or not listed:
        return Confidence()
    confidence = _fit_shares([each for each, _ in listed], [place for _, place in listed])
    found = np.array([0.0 if 0 <= place < WIDTH else 1.0 for place in scores.right])
    groups = (
        (scores.present, found, 1.0 - NONE_SHARE),
        (scores.missing, np.ones(len(scores.missing)), NONE_SHARE / 2),
        (scores.off_topic, np.ones(len(scores.off_topic)), NONE_SHARE / 2),
    )
    features, outcomes, weights = [], [], []
    for lists, none, share in groups:
        kept = [place for place, each in enumerate(lists) if each.size]
        features += [describe_list(lists[place], find_temperature(confidence, lists[place])) for place in kept]
        outcomes += [none[place] for place in kept]
        weights += [share / max(len(kept), 1)] * len(kept)
    bias, top, gap, entropy = fit_logistic(np.array(features), np.array(outcomes), np.array(weights), _SIGNS)
    return replace(
        confidence,
        bias=float(bias),
        top=float(top),
        gap=float(gap),
        entropy=float(entropy),
        queries=len(scores.present),
    )


def _fit_shares(lists: Sequence[Floats], right: Sequence[int]) -> Confidence:
    """Fits what the shares are made by: the usual spread, and the temperature of a list that is spread so."""
    spreads = [spread for each in lists if (spread := measure_spread(each)) is not None and spread > 0.0]
    usual = float(np.exp(np.mean(np.log(spreads)))) if spreads else 1.0
    unit = Confidence(temperature=1.0, widening=WIDENING, spread=usual)
    temperature = fit_temperature([each[:WIDTH] / find_temperature(unit, each) for each in lists], right)
    return replace(unit, temperature=temperature)


def fit_temperature(lists: Sequence[Floats], right: Sequence[int]) -> float:
    """Maximises the likelihood of the right candidates under a softmax of scores / temperature.

    Guo et al., "On calibration of modern neural networks" (ICML 2017), section 4.2. The log-likelihood is concave in
    the inverse temperature, so its slope is halved in on.

    Args:
        lists: Scores, each array at least one long; at least one array.
        right: Place of the right candidate in each.
    """

    def slope(steepness: float) -> float:
        return sum(
            float(scores[place] - soften(scores, 1.0 / steepness) @ scores)
            for scores, place in zip(lists, right, strict=True)
        )

    low, high = np.log(_FLATTEST), np.log(_STEEPEST)
    for _ in range(40):
        middle = (low + high) / 2.0
        low, high = (middle, high) if slope(float(np.exp(middle))) > 0.0 else (low, middle)
    return float(np.exp(-(low + high) / 2.0))


def measure_confidence(confidence: Confidence, scores: JudgedScores) -> Calibration:
    """Measures probabilities on queries that they were not fitted on."""
    judged = [judge(confidence, each) for each in scores.present]
    firsts = [float(shares[0]) if shares.size else 0.0 for shares, _ in judged]
    right = [place == 0 for place in scores.right]
    present = [none for _, none in judged]
    missing = [judge(confidence, each)[1] for each in scores.missing]
    off_topic = [judge(confidence, each)[1] for each in scores.off_topic]
    return Calibration(
        error=expected_calibration_error(firsts, right) if firsts else float("nan"),
        chance=chance_calibration_error(firsts) if firsts else float("nan"),
        first=_tell_apart(
            [first for first, hit in zip(firsts, right, strict=True) if hit],
            [first for first, hit in zip(firsts, right, strict=True) if not hit],
        ),
        missing=_tell_apart(missing, present),
        off_topic=_tell_apart(off_topic, present),
    )


def list_judged(
    queries: Sequence[TrainingQuery], scores: Floats, right: NDArray[np.bool_], off_topic: Floats
) -> JudgedScores:
    """Puts padded scores in the form that fits take.

    Queries that quote their document are left out: it was scored without the words quoted, as it never is in a search,
    so that confidence in it would be too small.

    Args:
        queries: [q].
        scores: Fused [q, n] in any order; minus infinity: no candidate.
        right: Whether a candidate is the one that is meant, [q, n].
        off_topic: Fused scores of texts about nothing [t, n].
    """
    whole = [row for row, query in enumerate(queries) if not query.quoted]
    scores, right = scores[whole], right[whole]
    present, places = [], []
    for row, marks in zip(scores, right, strict=True):
        order = np.argsort(-row, kind="stable")[: int(np.isfinite(row).sum())]
        present.append(row[order])
        places.append(int(np.argmax(marks[order])) if marks[order].any() else -1)
    return JudgedScores(
        present=present,
        right=places,
        missing=[_sort(row[~marks]) for row, marks in zip(scores, right, strict=True)],
        off_topic=[_sort(row) for row in off_topic],
    )


def read_off_topic() -> tuple[str, ...]:
    """Reads lines that no lesson is about."""
    lines = files("retrieval.training").joinpath("off_topic.txt").read_text(encoding="utf-8").splitlines()
    return tuple(line for line in lines if line and not line.startswith("#"))


def _sort(row: Floats) -> Floats:
    there = row[np.isfinite(row)]
    return np.asarray(-np.sort(-there))


def _tell_apart(high: Sequence[float], low: Sequence[float]) -> float:
    if not high or not low:
        return float("nan")
    return auroc([*high, *low], [*([True] * len(high)), *([False] * len(low))])
