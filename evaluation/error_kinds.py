"""Kinds of error in real chats: the weights of signs, fitted on one part of them and judged on another."""

import json
import math
import random
from collections import Counter
from collections.abc import Callable, Collection, Hashable, Sequence
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path
from typing import Final

import numpy as np

from retrieval.metrics import LEVEL, Interval
from tutoring.diagnosis.error_weights import FITTED, ErrorWeights, weigh_errors
from tutoring.diagnosis.errors import ErrorKind
from tutoring.diagnosis.signs import Attempt, Sign, list_signs

SMOOTHING: Final = 10.0
"""Mistakes that a sign is as frequent among as everywhere, added to each kind."""
PRIOR: Final = 0.7
"""Power that a kind's share is raised to: below 1, kinds that are rare are named more often than their share says."""
FOLDS: Final = 5

_RESAMPLES: Final = 2000

Guess = Callable[[Collection[Sign]], ErrorKind]
"""Says what kind of error signs speak for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """A wrong response in a chat, and what an expert took it for.

    Attributes:
        chat: Words up to it, by which the same mistake is known again.
        conversation: Id of what it is from; several mistakes may be from one.
        signs: Of the response and of what the tutor said last before it.
        kind: As the expert says.
    """

    chat: tuple[str, ...]
    conversation: str
    signs: tuple[Sign, ...]
    kind: ErrorKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How often kinds are those of the experts, with 95 % intervals from a bootstrap over conversations.

    Attributes:
        name: Whose kinds.
        count: Mistakes.
        accuracy: Share that agrees.
        macro_f1: Mean F1 of the kinds that experts name.
    """

    name: str
    count: int
    accuracy: Interval
    macro_f1: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorFigures:
    """What was measured.

    Attributes:
        fitted_on: Mistakes that weights are fitted on.
        fitted: The weights.
        agreements: On mistakes of the other part, unless the name says otherwise.
        shipped: Fitting gives the weights that the Diagnostician uses.
    """

    fitted_on: int
    fitted: ErrorWeights
    agreements: tuple[Agreement, ...]
    shipped: bool


def read_mistakes(file: Path) -> list[Mistake]:
    """Reads the chats of a file whose error an expert gave one of the six kinds."""
    kinds = {kind.value for kind in ErrorKind}
    chats = json.loads(file.read_text(encoding="utf-8"))
    return [_read_mistake(chat) for chat in chats if chat["e"] in kinds]


def _read_mistake(chat: dict[str, object]) -> Mistake:
    turns = [(str(turn["user"]), str(turn["text"])) for turn in chat["c_h"]]  # type: ignore[attr-defined]
    at = max((place for place, (user, _) in enumerate(turns) if user == "tutor"), default=-1)
    attempt = Attempt(asked=turns[at][1] if at >= 0 else "", response=" ".join(text for _, text in turns[at + 1 :]))
    return Mistake(
        chat=tuple(text for _, text in turns),
        conversation=str(chat["c_id"]).partition("_")[0],
        signs=tuple(list_signs(attempt)),
        kind=ErrorKind(str(chat["e"])),
    )


def split_mistakes(folder: Path) -> tuple[list[Mistake], list[Mistake]]:
    """Splits Bridge: what is fitted on, and its validation part.

    Its files are split by mistake, so that conversations, and even the same mistakes judged by another expert, are in
    both; what is fitted on is the training part without the conversations of the validation part.
    """
    held_out = read_mistakes(folder / "validation.json")
    conversations = {mistake.conversation for mistake in held_out}
    training = read_mistakes(folder / "train.json")
    return [mistake for mistake in training if mistake.conversation not in conversations], held_out


def fit_weights(mistakes: Sequence[Mistake]) -> ErrorWeights:
    """Fits weights: the logs of how much more often a sign is seen among mistakes of a kind than among all.

    Naive Bayes over the signs that are there (Maron 1961), each share drawn towards that of all mistakes by
    `SMOOTHING`, and priors tempered by `PRIOR`. Linear in the mistakes.

    Args:
        mistakes: At least one.
    """
    counts = Counter(mistake.kind for mistake in mistakes)
    everywhere = Counter(sign for mistake in mistakes for sign in mistake.signs)
    together = Counter((sign, mistake.kind) for mistake in mistakes for sign in mistake.signs)
    signs = {}
    for sign in FITTED.signs:
        share = (everywhere[sign] + 1.0) / (len(mistakes) + 2.0)
        signs[sign] = {
            kind: math.log((together[sign, kind] + SMOOTHING * share) / (counts[kind] + SMOOTHING) / share)
            for kind in ErrorKind
        }
    # One mistake more, so that a kind that does not occur has a prior.
    whole = len(mistakes) + len(ErrorKind)
    return ErrorWeights(
        priors={kind: PRIOR * math.log((counts[kind] + 1.0) / whole) for kind in ErrorKind}, signs=signs
    )


def measure_errors(folder: Path, seed: int) -> ErrorFigures:
    """Measures how far kinds of error are those that experts name.

    Args:
        folder: Of Bridge: holds train.json and validation.json.
        seed: Of folds and intervals.
    """
    fitted_on, held_out = split_mistakes(folder)
    common = Counter(mistake.kind for mistake in fitted_on).most_common(1)[0][0]
    weights = fit_weights(fitted_on)
    agreements = (
        judge("always the commonest kind", held_out, [common] * len(held_out), seed),
        judge("the Diagnostician's", held_out, [_guess(mistake.signs, FITTED) for mistake in held_out], seed),
        judge("the commonest, fitting part", fitted_on, [common] * len(fitted_on), seed),
        judge(f"fitted anew, {FOLDS} folds of the fitting part", fitted_on, _cross_validate(fitted_on, seed), seed),
        _compare_experts([*fitted_on, *held_out], seed),
    )
    return ErrorFigures(
        fitted_on=len(fitted_on), fitted=weights, agreements=agreements, shipped=are_alike(weights, FITTED)
    )


def judge(name: str, mistakes: Sequence[Mistake], guesses: Sequence[ErrorKind], seed: int) -> Agreement:
    """Compares kinds with those of the experts.

    Args:
        name: Whose kinds.
        mistakes: At least one.
        guesses: One for each.
        seed: Of the intervals.
    """
    kinds = list(ErrorKind)
    right = np.array([kinds.index(mistake.kind) for mistake in mistakes])
    ours = np.array([kinds.index(guess) for guess in guesses])
    drawn = _draw([mistake.conversation for mistake in mistakes], seed)
    return Agreement(
        name=name,
        count=len(mistakes),
        accuracy=_bound(lambda at: float(np.mean(right[at] == ours[at])), len(mistakes), drawn),
        macro_f1=_bound(lambda at: compute_macro_f1(right[at], ours[at]), len(mistakes), drawn),
    )


def compute_macro_f1(right: Sequence[Hashable] | np.ndarray, ours: Sequence[Hashable] | np.ndarray) -> float:
    """Mean over the kinds that occur among the right ones of 2 TP / (2 TP + FP + FN); at least one."""
    pairs = Counter(zip(list(right), list(ours), strict=True))
    truth, given = Counter(list(right)), Counter(list(ours))
    return float(np.mean([2 * pairs[kind, kind] / (truth[kind] + given[kind]) for kind in truth]))


def _guess(signs: Collection[Sign], weights: ErrorWeights) -> ErrorKind:
    return next(iter(weigh_errors(signs, weights)))


def _cross_validate(mistakes: Sequence[Mistake], seed: int) -> list[ErrorKind]:
    """Guesses each mistake by weights fitted on the conversations of other folds."""
    conversations = sorted({mistake.conversation for mistake in mistakes})
    random.Random(seed).shuffle(conversations)  # noqa: S311 - no secret
    folds = {conversation: place % FOLDS for place, conversation in enumerate(conversations)}
    fitted = [
        fit_weights([mistake for mistake in mistakes if folds[mistake.conversation] != fold]) for fold in range(FOLDS)
    ]
    return [_guess(mistake.signs, fitted[folds[mistake.conversation]]) for mistake in mistakes]


def _compare_experts(mistakes: Sequence[Mistake], seed: int) -> Agreement:
    """Compares the kinds that two experts gave to the same mistake, each way."""
    alike: dict[tuple[str, ...], list[Mistake]] = {}
    for mistake in mistakes:
        alike.setdefault(mistake.chat, []).append(mistake)
    pairs = [pair for judged in alike.values() for pair in permutations(judged, 2)]
    first, second = [one for one, _ in pairs], [other.kind for _, other in pairs]
    return judge("another expert's, where two judged", first, second, seed)


def are_alike(fitted: ErrorWeights, shipped: ErrorWeights) -> bool:
    """Says whether weights are the same but for rounding to two places."""
    tables = [(fitted.priors, shipped.priors), *((fitted.signs[each], shipped.signs[each]) for each in shipped.signs)]
    return all(abs(new[kind] - old[kind]) <= 0.005 + 1e-9 for new, old in tables for kind in ErrorKind)


def _draw(clusters: Sequence[str], seed: int) -> list[np.ndarray]:
    """Draws samples of whole clusters with replacement; each is the places of what it holds."""
    places: dict[str, list[int]] = {}
    for at, cluster in enumerate(clusters):
        places.setdefault(cluster, []).append(at)
    members = list(places.values())
    generator = np.random.default_rng(seed)
    return [
        np.concatenate([members[at] for at in generator.integers(len(members), size=len(members))])
        for _ in range(_RESAMPLES)
    ]


def _bound(measure: Callable[[np.ndarray], float], count: int, drawn: Sequence[np.ndarray]) -> Interval:
    """Bounds a figure by the percentiles of what it is in the samples drawn."""
    low, high = np.quantile([measure(sample) for sample in drawn], [(1.0 - LEVEL) / 2.0, (1.0 + LEVEL) / 2.0])
    return Interval(mean=measure(np.arange(count)), low=float(low), high=float(high))
