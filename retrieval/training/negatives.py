"""Hard negatives: wrong concepts that the first stage takes for the right one; and which queries are to be trusted."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

import numpy as np

from kg.curriculum import Curriculum
from retrieval.candidates import Matrix
from retrieval.documents import Document
from retrieval.fusion import Floats, Fusion
from retrieval.training.queries import TrainingQuery
from retrieval.training.scored_lists import ScoredLists, rank_right

ALIKE: Final = 0.95
"""Cosine from which on two documents say the same."""
CEILING: Final = 0.95
"""Share of the right document's score that a negative may reach; what scores higher is often right as well
(de Souza P. Moreira et al., NV-Retriever, arXiv 2407.15831, section 3, TopK-PercPos)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsistentQueries:
    """The queries that the first stage agrees with.

    Attributes:
        queries: Kept, in their order.
        share: Of all queries, in [0, 1]; 1 if there were none.
    """

    queries: tuple[TrainingQuery, ...]
    share: float


def filter_consistent(
    queries: Sequence[TrainingQuery], lists: ScoredLists, fusion: Fusion, first: int
) -> ConsistentQueries:
    """Keeps a query only if its concept is among the first candidates: one that is far off is about something else.

    Suresh et al., CoRNStack, arXiv 2412.01007, section 3 (consistency filtering).

    Args:
        queries: Made or labelled.
        lists: Of the same queries in the same order.
        fusion: Of the first stage.
        first: How far down the concept may stand, >= 1.
    """
    ranks = rank_right(lists.fuse(fusion), lists.right)
    kept = tuple(query for query, rank in zip(queries, ranks, strict=True) if rank < first)
    return ConsistentQueries(queries=kept, share=len(kept) / len(queries) if queries else 1.0)


def find_hard_negatives(
    queries: Sequence[TrainingQuery],
    lists: ScoredLists,
    documents: Sequence[Document],
    vectors: Matrix,
    fusion: Fusion,
    *,
    count: int,
    spared: Mapping[str, Collection[str]] | None = None,
) -> dict[TrainingQuery, tuple[str, ...]]:
    """Finds the wrong concepts that stand highest, but below the right one by the ceiling.

    Left out are documents that say almost the same as the right one, and concepts that the query is about as well.

    Args:
        queries: Made or labelled.
        lists: Of the same queries in the same order; queries whose concept is in no list get no negatives.
        documents: Those that the lists point into.
        vectors: Of the documents [d, e], rows of unit length.
        fusion: Of the first stage.
        count: Negatives of a query, at most.
        spared: For a concept, ids of concepts that are never its negatives, such as `list_neighbours` gives; None:
            there are none, and a concept's prerequisites may be its negatives.

    Returns:
        Ids of concepts, the highest first.
    """
    scores = lists.fuse(fusion)
    found: dict[TrainingQuery, tuple[str, ...]] = {}
    for row, query in enumerate(queries):
        if not lists.right[row].any():
            continue
        own = int(lists.documents[row, lists.right[row].argmax()])
        forbidden = {query.concept, *query.related, *(spared or {}).get(query.concept, ())}
        wrong = (
            documents[place].id
            for place in _list_places_below(lists, scores, row)
            if documents[place].id not in forbidden and not _are_alike(documents, vectors, own, place)
        )
        found[query] = tuple(islice(wrong, count))
    return found


def list_neighbours(curriculum: Curriculum) -> dict[str, frozenset[str]]:
    """Lists for each concept its direct prerequisites, and those that it is a direct prerequisite of."""
    neighbours: dict[str, set[str]] = {}
    edges = [(edge.before, edge.after) for edge in curriculum.prerequisites]
    edges += [(member, group.concept) for group in curriculum.groups for member in group.members]
    for before, after in edges:
        neighbours.setdefault(before, set()).add(after)
        neighbours.setdefault(after, set()).add(before)
    return {concept: frozenset(others) for concept, others in neighbours.items()}


def _list_places_below(lists: ScoredLists, scores: Floats, row: int) -> list[int]:
    """Positions of the documents that score below the ceiling, the highest first."""
    right = float(scores[row, lists.right[row].argmax()])
    below = (scores[row] < right - (1.0 - CEILING) * abs(right)) & (lists.documents[row] >= 0)
    return [int(lists.documents[row, place]) for place in np.argsort(-scores[row], kind="stable") if below[place]]


def _are_alike(documents: Sequence[Document], vectors: Matrix, one: int, other: int) -> bool:
    return documents[one].hash == documents[other].hash or float(vectors[one] @ vectors[other]) >= ALIKE
