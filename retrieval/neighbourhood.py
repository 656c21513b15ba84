"""The neighbourhood of a query: the part of an index that a search looks at where the vectors stay in the store.

    words -> survey -> vectors from the store, near or named -> an index that holds them -> the search as ever

What is near comes from the store's vector index, which is approximate; what is named is BM25's best. All of it is then
scored exactly.
"""

import asyncio
import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from kg.store import Store
from retrieval.candidates import Vector
from retrieval.documents import Document, DocumentKind
from retrieval.first_stage import find_candidates
from retrieval.index import Index, hold_vectors, list_about
from retrieval.results import Results
from retrieval.scope import Scope
from retrieval.search import POOL, Searcher

RARE: Final = 4
"""A kind with less than one in so many documents is rare among neighbours, so its vectors are kept in memory."""

_NEAR: Final = 8
_NAMED: Final = 2
"""How many neighbours, and of BM25's best, are looked at for each candidate: best sums are not of the best parts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What a search wants of the store.

    Attributes:
        vector: Of its words; None: it needs no neighbours.
        neighbours: How many texts near it.
        hashes: Of texts that are looked at whatever is near.
    """

    vector: Vector | None = None
    neighbours: int = 0
    hashes: Collection[str] = ()


def list_stored_kinds(documents: Iterable[Document]) -> set[DocumentKind]:
    """Lists the kinds whose vectors may stay in the store: those that are not rare among a vector's neighbours."""
    kinds = [document.kind for document in documents]
    return {kind for kind in DocumentKind if kinds.count(kind) * RARE >= max(1, len(kinds))}


def hold_near(searcher: Searcher, vectors: Mapping[str, bytes]) -> Searcher:
    """Gives a searcher, for one search, some of the vectors, by hash, that stay in the store."""
    return replace(searcher, index=hold_vectors(searcher.index, vectors))


def survey_query(searcher: Searcher, query: str, scope: Scope, named: Collection[str] = ()) -> Survey:
    """Encodes words, and finds what else is to be compared with them; linear in the documents.

    Args:
        searcher: Of an index whose vectors stay in the store.
        query: Words; not empty.
        scope: Kinds and limit of the search.
        named: Hashes of further texts.
    """
    (vector,) = searcher.encode([query])
    shelves, most = searcher.index.shelves, max(POOL, scope.limit)
    everything = sum(len(shelf.documents) for shelf in shelves.values())
    neighbours, hashes = 0, set(named)
    for shelf in (shelves[kind] for kind in scope.kinds if shelves[kind].stored):
        # Neighbours are of every kind, so that this many are wanted for enough to be of this one.
        neighbours = max(neighbours, math.ceil(_NEAR * most * everything / len(shelf.documents)))
        best = find_candidates(shelf, query, None, searcher.ranker.fusion, most=_NAMED * most)
        hashes.update(shelf.documents[at].hash for at in best.positions[best.fused > 0.0])
    return Survey(vector=vector, neighbours=neighbours, hashes=hashes)


def survey_about(index: Index, kind: DocumentKind, concepts: Iterable[str]) -> Survey:
    """Wants all documents of a kind about some concepts; nothing where the kind's vectors are in memory."""
    shelf = index.shelves[kind]
    positions = list_about(shelf, concepts) if shelf.stored else ()
    return Survey(hashes={shelf.documents[at].hash for at in positions})


def survey_passages(index: Index, results: Results) -> Survey:
    """Wants the passages that may speak for what a search found."""
    found = (each.document for kind in results.kinds for each in kind.results)
    about = {concept for each in found if each.kind is not DocumentKind.PASSAGE for concept in each.concepts}
    return survey_about(index, DocumentKind.PASSAGE, about)


async def read_neighbourhood(store: Store, names: tuple[str, str, str], survey: Survey) -> Mapping[str, bytes] | None:
    """Reads what a survey wants.

    Args:
        store: Where the vectors are.
        names: Tenant, curriculum and fingerprint of the encoder.
        survey: What is wanted.

    Returns:
        Vectors by hash; None: there is no such vector index any more, or it lacks something.
    """
    named, near = await asyncio.gather(_read_named(store, names, survey), _read_near(store, names, survey))
    if near is None or not named.keys() >= set(survey.hashes):
        return None
    return {**named, **near}


async def _read_named(store: Store, names: tuple[str, str, str], survey: Survey) -> dict[str, bytes]:
    return await store.read_vectors(*names, survey.hashes) if survey.hashes else {}


async def _read_near(store: Store, names: tuple[str, str, str], survey: Survey) -> dict[str, bytes] | None:
    if survey.vector is None or not survey.neighbours:
        return {}
    found = await store.find_nearest(*names, survey.vector.astype("<f4").tobytes(), survey.neighbours)
    return None if found is None else dict(found)
