"""Splits by concept: no query of a held-out concept is trained on, so that what is measured is not remembered."""

import random
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from kg.errors import refuse
from retrieval.training.queries import TrainingQuery


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Concepts in two disjoint parts.

    Attributes:
        training: Ids of the concepts whose queries may be trained on.
        held_out: Ids of the others.
    """

    training: frozenset[str]
    held_out: frozenset[str]


def split_concepts(concepts: Collection[str], share: float, seed: int) -> Split:
    """Holds out a share of concepts, drawn at random.

    Args:
        concepts: Ids, at least two.
        share: Of the concepts to hold out, in (0, 1); rounded, but no part is left empty.
        seed: Of the draw.

    Raises:
        InvalidInputError: There are fewer than two concepts, or the share is out of range.
    """
    if not 0.0 < share < 1.0:
        raise refuse("share", f"must lie between 0 and 1, not {share}")
    order = _shuffle(concepts, 2, seed)
    held_out = min(max(round(share * len(order)), 1), len(order) - 1)
    return Split(training=frozenset(order[held_out:]), held_out=frozenset(order[:held_out]))


def make_folds(concepts: Collection[str], count: int, seed: int) -> tuple[Split, ...]:
    """Deals concepts into folds, drawn at random; each is held out once.

    Args:
        concepts: Ids, at least `count`.
        count: Of folds, >= 2.
        seed: Of the draw.

    Returns:
        One split for each fold; their sizes differ by one at most.

    Raises:
        InvalidInputError: There are fewer concepts than folds, or fewer than two folds.
    """
    if count < 2:
        raise refuse("count", f"must be at least 2, not {count}")
    order = _shuffle(concepts, count, seed)
    folds = [frozenset(order[position::count]) for position in range(count)]
    return tuple(Split(training=frozenset(order) - fold, held_out=fold) for fold in folds)


def select_queries(queries: Iterable[TrainingQuery], concepts: Collection[str]) -> tuple[TrainingQuery, ...]:
    """Returns the queries whose concept is one of those given, in their order."""
    return tuple(query for query in queries if query.concept in concepts)


def _shuffle(concepts: Collection[str], least: int, seed: int) -> list[str]:
    distinct = sorted(set(concepts))
    if len(distinct) < least:
        raise refuse("concepts", f"must be at least {least} to be split, not {len(distinct)}")
    random.Random(seed).shuffle(distinct)  # noqa: S311 - no secret
    return distinct
