"""Outcomes: every query of a data set asked of a stage, and what came of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from retrieval.benchmark.datasets import DataSet
from retrieval.benchmark.stages import RESULTS, Answer, Open, Stage
from retrieval.benchmark.timing import Times, time_calls
from retrieval.metrics import Interval, bootstrap_difference, bootstrap_mean, ndcg_at, recall_at, reciprocal_rank_at

DEPTH: Final = 10
COLD: Final = 30
"""Queries that are timed with nothing kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a stage did with the queries of a data set, in their order.

    Attributes:
        stage: Which.
        answers: Of each query.
        ndcg: nDCG@10 of each.
        reciprocal_rank: Reciprocal rank@10 of each.
        recall: Recall@50 of each.
        warm: Milliseconds of a query.
        cold: The same where nothing is kept about documents; None: the stage keeps nothing anyway.
    """

    stage: Stage
    answers: tuple[Answer, ...]
    ndcg: tuple[float, ...]
    reciprocal_rank: tuple[float, ...]
    recall: tuple[float, ...]
    warm: Times
    cold: Times | None


def try_stage(stage: Stage, data: DataSet) -> Outcome:
    """Asks a stage every query, one at a time; one that keeps work about documents has done it before.

    Args:
        stage: What answers.
        data: Documents and queries.
    """
    calls = _list_calls(stage.open, data)
    if stage.cold:
        time_calls(calls, warm_up=0)
    answers, warm = time_calls(calls)
    cold = time_calls(_list_calls(stage.cold, data)[:COLD])[1] if stage.cold else None
    pairs = [(answer.ids, query.relevant) for answer, query in zip(answers, data.queries, strict=True)]
    return Outcome(
        stage=stage,
        answers=tuple(answers),
        ndcg=tuple(ndcg_at(ids, relevant, DEPTH) for ids, relevant in pairs),
        reciprocal_rank=tuple(reciprocal_rank_at(ids, relevant, DEPTH) for ids, relevant in pairs),
        recall=tuple(recall_at(ids, relevant, RESULTS) for ids, relevant in pairs),
        warm=warm,
        cold=cold,
    )


def average(values: Sequence[float], data: DataSet, seed: int) -> Interval:
    """Mean of a metric with its interval over concepts."""
    return bootstrap_mean(values, [query.concept for query in data.queries], seed=seed)


def compare(outcome: Outcome, other: Outcome, data: DataSet, seed: int) -> Interval:
    """Mean gain in nDCG@10 over another stage with its interval, paired by query, over concepts."""
    clusters = [query.concept for query in data.queries]
    return bootstrap_difference(outcome.ndcg, other.ndcg, clusters, seed=seed)


def _list_calls(open_world: Open, data: DataSet) -> list[Callable[[], Answer]]:
    searches = [open_world(world.documents, data.language) for world in data.worlds]
    return [
        partial(search, query.text)
        for search, world in zip(searches, data.worlds, strict=True)
        for query in world.queries
    ]
