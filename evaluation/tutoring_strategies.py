"""Compares the tutor's strategies with those of expert teachers in the chats of Bridge (Wang et al. 2024).

    python -m evaluation.tutoring_strategies DIR

DIR holds train.json and validation.json. The tutor's table was read off the training part: for each kind of error that
its own rules find there, what the experts did most often. What is printed is measured on the validation part: with the
kind of error as the rules find it, and as the expert named it. Nothing was fitted there; but it was seen there that a
table by the experts' own labels did worse, so the figure flatters a little.
"""

import argparse
import json
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tutoring.diagnosis.error_weights import find_error
from tutoring.diagnosis.errors import ErrorKind
from tutoring.diagnosis.signs import Attempt
from tutoring.teaching.strategies import Strategy, choose_strategy

_RESAMPLES: Final = 2_000
_KINDS: Final = frozenset(kind.value for kind in ErrorKind)
_STRATEGIES: Final = frozenset(strategy.value for strategy in Strategy)

Score = Callable[[Sequence[str], Sequence[str]], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat:
    """A chat that ends in a mistake, and what the expert made of it.

    Attributes:
        asked: What the tutor said last.
        response: The student's mistake.
        error: Kind of error by the expert.
        strategy: The expert's.
    """

    asked: str
    response: str
    error: str
    strategy: str


def read_chats(path: Path) -> list[Chat]:
    """Reads the chats whose error and strategy are among the named ones; others are free text."""
    chats = [_read_chat(entry) for entry in json.loads(path.read_text(encoding="utf-8"))]
    return [chat for chat in chats if chat.error in _KINDS and chat.strategy in _STRATEGIES]


def _read_chat(entry: dict[str, Any]) -> Chat:
    history = entry["c_h"]
    response = " ".join(_take_last(history, "student"))
    before = history[: len(history) - len(_take_last(history, "student"))]
    asked = next((turn["text"] for turn in reversed(before) if turn["user"] == "tutor"), "")
    return Chat(asked=asked, response=response, error=entry["e"], strategy=entry["z_what"])


def _take_last(history: Sequence[dict[str, Any]], user: str) -> list[str]:
    """Lists the texts of a user's last run of turns, in their order."""
    run: list[str] = []
    for turn in reversed(history):
        if turn["user"] != user:
            break
        run.insert(0, turn["text"])
    return run


def measure_accuracy(wanted: Sequence[str], chosen: Sequence[str]) -> float:
    """Share of equal entries, in [0, 1]."""
    return sum(one == other for one, other in zip(wanted, chosen, strict=True)) / len(wanted)


def measure_macro_f1(wanted: Sequence[str], chosen: Sequence[str]) -> float:
    """Mean over the classes that are wanted of the harmonic mean of precision and recall, in [0, 1]."""
    scores = []
    for name in sorted(set(wanted)):
        right = sum(one == other == name for one, other in zip(wanted, chosen, strict=True))
        scores.append(2 * right / (Counter(wanted)[name] + Counter(chosen)[name]))
    return sum(scores) / len(scores)


def bootstrap(score: Score, wanted: Sequence[str], chosen: Sequence[str]) -> tuple[float, float]:
    """Returns the 95 % interval of a score over resampled chats (Efron's percentile bootstrap)."""
    draw = random.Random(1)  # noqa: S311 - no secret
    places = range(len(wanted))
    scores = []
    for _ in range(_RESAMPLES):
        sample = draw.choices(places, k=len(wanted))
        scores.append(score([wanted[each] for each in sample], [chosen[each] for each in sample]))
    scores.sort()
    return scores[round(0.025 * (_RESAMPLES - 1))], scores[round(0.975 * (_RESAMPLES - 1))]


def run(folder: Path) -> None:
    """Measures and prints."""
    train, validation = (read_chats(folder / f"{part}.json") for part in ("train", "validation"))
    wanted = [chat.strategy for chat in validation]
    majority = Counter(chat.strategy for chat in train).most_common(1)[0][0]
    found = [find_error(Attempt(asked=chat.asked, response=chat.response)).value for chat in validation]
    rows = {
        f"always {majority} (most common in train)": [majority] * len(wanted),
        "ours, kind of error by our rules": [choose_strategy(error, outcome=0.0).value for error in found],
        "ours, kind of error by the expert": [choose_strategy(chat.error, outcome=0.0).value for chat in validation],
    }
    print(f"{len(validation)} chats of the validation part, {len(train)} of the training part")
    for name, chosen in rows.items():
        parts = []
        for label, score in (("accuracy", measure_accuracy), ("macro F1", measure_macro_f1)):
            low, high = bootstrap(score, wanted, chosen)
            parts.append(f"{label} {score(wanted, chosen):.3f} [{low:.3f}, {high:.3f}]")
        print(f"{name:48}{'   '.join(parts)}")
    named = sum(chat.error == error for chat, error in zip(validation, found, strict=True))
    print(f"kind of error by our rules agrees with the expert's in {named}/{len(validation)}")


def main() -> None:
    """Reads the options and runs."""
    parser = argparse.ArgumentParser(prog="python -m evaluation.tutoring_strategies", description=__doc__)
    parser.add_argument("folder", type=Path, help="holds train.json and validation.json")
    run(parser.parse_args().folder)


if __name__ == "__main__":
    main()
