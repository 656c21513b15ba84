"""How kinds of error are told apart without a model: a prior and weights of signs, added up."""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from tutoring.diagnosis.errors import ErrorKind
from tutoring.diagnosis.signs import Attempt, Sign, list_signs


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorWeights:
    """What kinds of error are told apart by.

    Attributes:
        priors: Score of each kind without a sign, a log.
        signs: What a sign adds to the score of a kind, a log; 0 where the kind is left out.
    """

    priors: Mapping[ErrorKind, float]
    signs: Mapping[Sign, Mapping[ErrorKind, float]]


def _weigh(*logs: float) -> Mapping[ErrorKind, float]:
    return dict(zip(ErrorKind, logs, strict=True))


FITTED: Final = ErrorWeights(
    priors=_weigh(-0.67, -1.99, -1.78, -1.11, -1.80, -1.14),
    signs={
        # In the order of `ErrorKind`: guess, misinterpret, careless, right idea, imprecise, diagnose.
        Sign.BARE: _weigh(-0.12, -1.06, -0.19, 0.18, -0.56, 0.41),
        Sign.UNSURE: _weigh(0.28, -1.06, -1.28, 0.48, -1.25, -0.66),
        Sign.NUMBER: _weigh(0.07, 0.21, 0.58, -0.25, -0.80, -0.12),
        Sign.PHRASE: _weigh(-0.05, 0.22, -0.92, 0.16, 0.58, -0.35),
        Sign.SENTENCE: _weigh(-0.53, -1.06, -0.06, 0.04, 0.85, 0.08),
        Sign.CALCULATION: _weigh(-0.03, 0.35, 1.13, -0.33, -0.31, -1.45),
        Sign.MEANING: _weigh(-0.41, 0.42, -0.60, -0.07, 0.60, 0.25),
        Sign.CLASH: _weigh(0.37, 1.30, -1.28, -2.07, -1.25, -2.03),
        Sign.ECHO: _weigh(-0.13, 0.49, -1.28, 0.44, -1.25, -0.47),
    },
)
"""Of signs in words: fitted to 335 mistakes in real chats by `evaluation.tutoring_diagnosis`, which says how."""

_SET: Final = {
    Sign.OPPOSITE: _weigh(0.0, 0.0, 1.6, 1.0, 0.0, 0.0),
    Sign.SLIP: _weigh(-0.5, 0.0, 2.0, 0.5, 0.0, 0.0),
    Sign.ROUGH: _weigh(-0.5, 0.0, 0.0, 0.5, 3.0, 0.0),
    Sign.SPELT: _weigh(-0.5, 0.0, 0.5, 0.5, 2.5, 0.0),
    Sign.SHARED: _weigh(0.0, 0.0, 0.0, 1.5, 0.5, 0.0),
    Sign.KNOWN: _weigh(-1.0, 0.5, 1.5, 0.5, 0.0, 0.0),
    Sign.WEAK: _weigh(0.3, 0.0, -0.7, 0.0, 0.0, 0.0),
    Sign.NAMED: _weigh(0.7, 0.0, -1.5, 0.0, -1.5, -2.0),
    Sign.REPEATED: _weigh(0.3, 0.0, -3.0, 0.0, 0.0, 0.7),
}

WEIGHTS: Final = ErrorWeights(priors=FITTED.priors, signs={**FITTED.signs, **_SET})
"""What the Diagnostician uses. Weights of signs that need a key or a learner's state are set: chats have neither."""


def weigh_errors(signs: Collection[Sign], weights: ErrorWeights = WEIGHTS) -> dict[ErrorKind, float]:
    """Gives each kind of error a probability: the softmax of its prior and the weights of the signs that are there.

    Args:
        signs: Each once.
        weights: What they say.

    Returns:
        Probabilities that sum to 1, the likeliest first.
    """
    scores = {
        kind: prior + sum(weights.signs[sign].get(kind, 0.0) for sign in signs if sign in weights.signs)
        for kind, prior in weights.priors.items()
    }
    top = max(scores.values())
    powers = {kind: math.exp(score - top) for kind, score in scores.items()}
    whole = sum(powers.values())
    return {kind: powers[kind] / whole for kind in sorted(powers, key=lambda kind: -powers[kind])}


def find_error(attempt: Attempt) -> ErrorKind:
    """Returns the likeliest kind of error of a wrong response."""
    return next(iter(weigh_errors(list_signs(attempt))))
