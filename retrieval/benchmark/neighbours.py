"""Neighbours: whether Neo4j's vector index finds what an exact search over all vectors finds."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Final
from urllib.parse import unquote, urlsplit

import numpy as np

from kg.curriculum import Concept, Curriculum
from kg.indexes import IndexRecord
from kg.neo4j_store.store import Neo4jStore
from retrieval.candidates import Matrix
from retrieval.rankers import BASE

_CURRICULUM: Final = "generated"
_ENCODER: Final = "f" * 64
_PIECE: Final = 10_000
_FIRST: Final = 10
_ASKED: Final = 50
"""Vectors that the index is asked for, as a search does; they are then scored exactly."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How much of the exact answer an approximate search finds.

    Attributes:
        first: Share of the exact first ten that are found, mean over queries.
        pool: Share of the exact first fifty.
        middle: Median milliseconds of a search at the server.
        built: Seconds in which vectors were saved and the index was made.
    """

    first: float
    pool: float
    middle: float
    built: float


async def measure_agreement(url: str, hashes: list[str], vectors: Matrix, queries: Matrix) -> Agreement:
    """Saves vectors at a Neo4j server, has it index them, compares its answers with exact ones, and removes them.

    Args:
        url: `neo4j://user:password@host:port`.
        hashes: Name of each vector [n].
        vectors: Unit vectors [n, d].
        queries: Unit vectors [q, d].
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
    await store.open()
    try:
        await store.import_curriculum(tenant, curriculum, 0, "generated")
        try:
            return await _measure(store, tenant, hashes, vectors, queries)
        finally:
            await store.delete_curriculum(tenant, _CURRICULUM)
    finally:
        await store.close()


async def _measure(store: Neo4jStore, tenant: str, hashes: list[str], vectors: Matrix, queries: Matrix) -> Agreement:
    began = perf_counter()
    for start in range(0, len(hashes), _PIECE):
        piece = {
            name: row.tobytes() for name, row in zip(hashes[start : start + _PIECE], vectors[start:], strict=False)
        }
        await store.save_vectors(tenant, _CURRICULUM, _ENCODER, piece)
    record = IndexRecord(
        curriculum=_CURRICULUM,
        ranker=BASE,
        encoder=_ENCODER,
        documents="",
        count=len(hashes),
        dimension=vectors.shape[1],
        built_at=0,
    )
    await store.save_index(tenant, record)
    built = perf_counter() - began
    place = {name: number for number, name in enumerate(hashes)}
    shares, times = [], []
    for query in queries:
        asked = perf_counter()
        found = await store.find_nearest(tenant, _CURRICULUM, _ENCODER, query.tobytes(), _ASKED)
        times.append((perf_counter() - asked) * 1000.0)
        shares.append(_compare(place, [name for name, _ in found or ()], vectors @ query))
    first, pool = np.mean(shares, axis=0)
    return Agreement(first=float(first), pool=float(pool), middle=float(np.median(times)), built=built)


def _compare(place: Mapping[str, int], found: list[str], scores: Matrix) -> tuple[float, float]:
    exact = np.argsort(-scores, kind="stable")[:_ASKED].tolist()
    ours = {place[name] for name in found}
    return len(ours.intersection(exact[:_FIRST])) / _FIRST, len(ours.intersection(exact)) / len(exact)
