"""Neighbours: whether searches by Neo4j's vector index find what those with all vectors in memory find."""

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Final
from urllib.parse import unquote, urlsplit

import numpy as np

from kg.curriculum import Concept, Curriculum
from kg.indexes import IndexRecord
from kg.neo4j_store.store import Neo4jStore
from retrieval.candidates import Matrix
from retrieval.documents import DocumentKind
from retrieval.index import make_index
from retrieval.neighbourhood import hold_near, read_neighbourhood, survey_query
from retrieval.results import Results
from retrieval.scope import Scope
from retrieval.search import POOL, Searcher

_CURRICULUM: Final = "generated"
_PIECE: Final = 10_000
_FIRST: Final = 10
_SCOPE: Final = Scope(limit=_FIRST)


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How much of the exact answer an approximate search finds.

    Attributes:
        found: Share of an exact search's first ten results that are among those of a search by the index, mean over
            queries.
        first: Share of the exact first ten neighbours that the index finds.
        pool: Share of the exact first fifty.
        middle: Median milliseconds of a search by the index.
        built: Seconds in which vectors were saved and the index was made.
    """

    found: float
    first: float
    pool: float
    middle: float
    built: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Vectors:
    """What is at the server: tenant, curriculum and encoder, and its vectors [n, d] by the hashes of their texts."""

    store: Neo4jStore
    names: tuple[str, str, str]
    hashes: Sequence[str]
    rows: Matrix


async def measure_agreement(url: str, searcher: Searcher, queries: Sequence[str]) -> Agreement:
    """Saves vectors at a Neo4j server, has it index them, compares its answers with exact ones, and removes them.

    Args:
        url: `neo4j://user:password@host:port`.
        searcher: Of concepts, with all their vectors in memory.
        queries: Words.
    """
    parts = urlsplit(url)
    store = Neo4jStore(
        f"{parts.scheme}://{parts.hostname}:{parts.port}",
        unquote(parts.username or ""),
        unquote(parts.password or ""),
        vector_index_above=0,
    )
    tenant = f"benchmark-{secrets.token_hex(6)}"
    curriculum = Curriculum(id=_CURRICULUM, title="Generated", concepts=(Concept(id="c", title="Concept"),))
    shelf = searcher.index.shelves[DocumentKind.CONCEPT]
    if shelf.vectors is None:
        raise ValueError("the searcher must have its vectors in memory")
    vectors = _Vectors(
        store=store,
        names=(tenant, _CURRICULUM, searcher.index.encoder),
        hashes=[document.hash for document in shelf.documents],
        rows=shelf.vectors,
    )
    await store.open()
    try:
        await store.import_curriculum(tenant, curriculum, 0, "generated")
        try:
            built = await _build(vectors)
            return await _compare(vectors, searcher, queries, built)
        finally:
            await store.delete_curriculum(tenant, _CURRICULUM)
    finally:
        await store.close()


async def _build(vectors: _Vectors) -> float:
    """Returns the seconds that it took."""
    began = perf_counter()
    tenant, curriculum, encoder = vectors.names
    for start in range(0, len(vectors.hashes), _PIECE):
        piece = zip(vectors.hashes[start : start + _PIECE], vectors.rows[start:], strict=False)
        await vectors.store.save_vectors(*vectors.names, {name: row.tobytes() for name, row in piece})
    record = IndexRecord(
        curriculum=curriculum,
        ranker=encoder,
        encoder=encoder,
        documents="",
        count=len(vectors.hashes),
        dimension=vectors.rows.shape[1],
        built_at=0,
    )
    await vectors.store.save_index(tenant, record)
    return perf_counter() - began


async def _compare(vectors: _Vectors, searcher: Searcher, queries: Sequence[str], built: float) -> Agreement:
    documents = searcher.index.shelves[DocumentKind.CONCEPT].documents
    stored = replace(searcher, index=make_index(documents, "en", vectors.names[-1], {}, (DocumentKind.CONCEPT,)))
    shares, times = [], []
    for query in queries:
        began = perf_counter()
        survey = survey_query(stored, query, _SCOPE)
        near = await read_neighbourhood(vectors.store, vectors.names, survey) or {}
        found = hold_near(stored, near).rank(query, survey.vector, _SCOPE)
        times.append((perf_counter() - began) * 1000.0)
        vector = np.asarray(survey.vector, dtype=np.float32)
        nearest = await vectors.store.find_nearest(*vectors.names, vector.tobytes(), POOL) or ()
        exact = [vectors.hashes[at] for at in np.argsort(-(vectors.rows @ vector), kind="stable")[:POOL]]
        names = {name for name, _ in nearest}
        expected = searcher.search(query, _SCOPE)
        shares.append(
            (_share(_list_ids(expected), _list_ids(found)), _share(exact[:_FIRST], names), _share(exact, names))
        )
    among, first, pool = np.mean(shares, axis=0)
    middle = float(np.median(times))
    return Agreement(found=float(among), first=float(first), pool=float(pool), middle=middle, built=built)


def _list_ids(results: Results) -> list[str]:
    return [result.document.id for result in results.kinds[0].results]


def _share(expected: Sequence[str], found: Collection[str]) -> float:
    return sum(name in found for name in expected) / len(expected)
