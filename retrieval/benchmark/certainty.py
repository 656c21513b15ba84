"""Certainty: what the probabilities of a pipeline are worth, and whether it notices that nothing is meant."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kg.errors import InvalidInputError
from retrieval.benchmark.datasets import DataSet, Query, World
from retrieval.benchmark.outcomes import Outcome
from retrieval.benchmark.stages import Search, Stage
from retrieval.metrics import ReliabilityBin, auroc, expected_calibration_error, reliability_curve

_OFF_TOPIC = Path(__file__).with_name("off_topic.txt")


@dataclass(frozen=True, slots=True, kw_only=True)
class Certainty:
    """Figures of a pipeline that gives probabilities; None: the queries at hand cannot tell.

    Attributes:
        calibration_error: Expected calibration error of the first answer's probability.
        curve: What was promised beside what came true.
        first: AUROC of "is the first right" by that probability.
        missing: AUROC of "none of these" where what is meant was taken out of the documents.
        off_topic: AUROC of "none of these" for text that no lesson is about.
    """

    calibration_error: float
    curve: tuple[ReliabilityBin, ...]
    first: float | None
    missing: float | None
    off_topic: float | None


def measure_certainty(outcome: Outcome, data: DataSet) -> Certainty | None:
    """Judges the probabilities of a stage; None: it gives none.

    Args:
        outcome: What the stage did with the data set's queries.
        data: Asked again with the documents meant taken out, and with text about nothing.
    """
    firsts = [answer.first for answer in outcome.answers if answer.first is not None]
    present = [answer.none for answer in outcome.answers if answer.none is not None]
    if len(firsts) < len(outcome.answers) or len(present) < len(outcome.answers):
        return None
    right = [
        bool(answer.ids) and answer.ids[0] in query.relevant
        for answer, query in zip(outcome.answers, data.queries, strict=True)
    ]
    missing = [none for world in data.worlds for none in _ask_without_right(outcome.stage, world, data.language)]
    search = outcome.stage.open(data.worlds[0].documents, data.language)
    return Certainty(
        calibration_error=expected_calibration_error(firsts, right),
        curve=reliability_curve(firsts, right),
        first=_find_auroc(firsts, right),
        missing=_tell_apart(missing, present),
        off_topic=_tell_apart([_find_none(search, text) for text in read_off_topic()], present),
    )


def read_off_topic() -> tuple[str, ...]:
    """Reads the lines that no lesson is about."""
    lines = _OFF_TOPIC.read_text(encoding="utf-8").splitlines()
    return tuple(line for line in lines if line and not line.startswith("#"))


def _ask_without_right(stage: Stage, world: World, language: str) -> Iterator[float]:
    """Asks each query where what it means is taken out of the documents; one index for each thing meant."""
    meant: dict[tuple[str, ...], list[Query]] = {}
    for query in world.queries:
        meant.setdefault(query.relevant, []).append(query)
    for relevant, queries in meant.items():
        search = stage.open([document for document in world.documents if document.id not in relevant], language)
        yield from (_find_none(search, query.text) for query in queries)


def _find_none(search: Search, text: str) -> float:
    """Probability that nothing is meant, of a stage that is known to give one."""
    return search(text).none or 0.0


def _tell_apart(nothing: Sequence[float], something: Sequence[float]) -> float | None:
    return _find_auroc([*nothing, *something], np.repeat([True, False], [len(nothing), len(something)]).tolist())


def _find_auroc(scores: Sequence[float], outcomes: Sequence[bool]) -> float | None:
    try:
        return auroc(scores, outcomes)
    except InvalidInputError:
        # All of one kind: nothing to part.
        return None
