"""What makes a curriculum searchable: vectors, the records of complete indexes, and trained rankers."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, replace
from typing import Any, Final

from kg.errors import CurriculumNotFoundError, RankerNotFoundError
from kg.indexes import IndexRecord, StoredRanker
from kg.neo4j_store.database import BATCH, Database, RaceLostError, Transaction
from kg.neo4j_store.part import StorePart
from kg.neo4j_store.vector_sets import VectorSet, build_index, delete_retired, drop_needless_index, to_values

VECTOR_INDEX_ABOVE: Final = 100_000
"""Up to this many vectors are read whole and compared one by one, which is exact and quick enough."""

_LEAST_FETCHED: Final = 200
"""How wide the vector index searches is how much it is asked for, so it is asked for more where little is wanted."""


async def delete_all(transaction: Transaction, tenant: str, curriculum: str) -> None:
    """Deletes a curriculum's records and rankers, and retires its vectors: `delete_retired` is to follow the commit."""
    names = {"tenant": tenant, "curriculum": curriculum}
    for part in ("retrieval_indexes", "rankers"):
        await transaction.delete_batches(f"delete_{part}", **names)
    await transaction.list_rows("retire_vector_sets", **names)


async def _hold(transaction: Transaction, tenant: str, curriculum: str) -> None:
    if await transaction.find_row("hold_curriculum", tenant=tenant, curriculum=curriculum) is None:
        raise CurriculumNotFoundError(f"curricula/{curriculum}")


async def _is_indexed(transaction: Transaction, vectors: VectorSet) -> bool:
    """Says whether the vector index of a set is there and finds all that is in it."""
    if await transaction.find_row("find_indexed_vector_set", **vectors.names) is None:
        return False
    return await transaction.find_row("find_online_index", index=vectors.index) is not None


async def _delete_index(transaction: Transaction, tenant: str, curriculum: str, ranker: str) -> VectorSet | None:
    """Deletes a record, under the curriculum's lock; returns the set it was about where another record needs that."""
    names = {"tenant": tenant, "curriculum": curriculum, "ranker": ranker}
    row = await transaction.find_row("delete_retrieval_index", **names)
    if row is None:
        return None
    vectors = VectorSet(tenant=tenant, curriculum=curriculum, encoder=row[0])
    if await transaction.find_row("find_index_with_encoder", **vectors.names) is not None:
        return vectors
    await transaction.list_rows("retire_vector_set", **vectors.names)
    return None


class Retrieval(StorePart):
    """The store's methods about retrieval.

    Args:
        database: Where it is kept.
        vector_index_above: Sets of more vectors than this get a vector index.
    """

    def __init__(self, database: Database, vector_index_above: int = VECTOR_INDEX_ABOVE) -> None:
        super().__init__(database)
        self._vector_index_above = vector_index_above

    async def save_vectors(self, tenant: str, curriculum: str, encoder: str, vectors: Mapping[str, bytes]) -> None:
        """See `Store.save_vectors`."""
        names = {"tenant": tenant, "curriculum": curriculum, "encoder": encoder}
        rows = [{"hash": key, "vector": vector} for key, vector in sorted(vectors.items())]

        async def work(transaction: Transaction) -> None:
            await _hold(transaction, tenant, curriculum)
            if await transaction.find_row("put_vector_set", **names) is None:
                raise RaceLostError(f"vectors of curriculum {curriculum} were deleted while they were waited for")
            await transaction.write_batches("put_vectors", rows, **names)

        await self._database.write(work)

    async def list_vector_hashes(self, tenant: str, curriculum: str, encoder: str) -> set[str]:
        """See `Store.list_vector_hashes`."""
        rows = await self._list_vectors("list_vector_hashes", tenant=tenant, curriculum=curriculum, encoder=encoder)
        return {key for (key,) in rows}

    async def load_vectors(
        self, tenant: str, curriculum: str, encoder: str, after: str, limit: int
    ) -> list[tuple[str, bytes]]:
        """See `Store.load_vectors`."""
        names = {"tenant": tenant, "curriculum": curriculum, "encoder": encoder}
        rows = await self._list_vectors("load_vectors", after=after, limit=limit, **names)
        return [(key, bytes(vector)) for key, vector in rows]

    async def read_vectors(
        self, tenant: str, curriculum: str, encoder: str, hashes: Collection[str]
    ) -> dict[str, bytes]:
        """See `Store.read_vectors`."""
        names = {"tenant": tenant, "curriculum": curriculum, "encoder": encoder}
        rows = await self._list_vectors("read_vectors", hashes=list(hashes), **names)
        return {key: bytes(vector) for key, vector in rows}

    async def _list_vectors(self, query: str, **inputs: object) -> list[list[Any]]:
        """Reads from a set; nothing where it is retired."""

        async def work(transaction: Transaction) -> list[list[Any]]:
            if await transaction.find_row("find_live_vector_set", **inputs) is None:
                return []
            return await transaction.list_rows(query, **inputs)

        return await self._database.read(work)

    async def finds_nearest(self, tenant: str, curriculum: str, encoder: str) -> bool:
        """See `Store.finds_nearest`."""
        vectors = VectorSet(tenant=tenant, curriculum=curriculum, encoder=encoder)
        return await self._database.read(lambda transaction: _is_indexed(transaction, vectors))

    async def find_nearest(
        self, tenant: str, curriculum: str, encoder: str, vector: bytes, limit: int
    ) -> list[tuple[str, bytes]] | None:
        """See `Store.find_nearest`."""
        vectors = VectorSet(tenant=tenant, curriculum=curriculum, encoder=encoder)

        async def work(transaction: Transaction) -> list[list[Any]] | None:
            if not await _is_indexed(transaction, vectors):
                return None
            return await transaction.list_rows(
                "find_nearest",
                index=vectors.index,
                values=to_values(vector),
                fetched=max(limit, _LEAST_FETCHED),
                limit=limit,
                **vectors.names,
            )

        rows = await self._database.read(work)
        return [(key, bytes(each)) for key, each in rows] if rows is not None else None

    async def drop_vectors(self, tenant: str, curriculum: str, encoder: str, hashes: Collection[str]) -> None:
        """See `Store.drop_vectors`; in pieces, each of which is as good dropped twice."""
        names = {"tenant": tenant, "curriculum": curriculum, "encoder": encoder}
        ordered = sorted(hashes)
        for start in range(0, len(ordered), BATCH):
            piece = ordered[start : start + BATCH]

            async def work(transaction: Transaction, piece: list[str] = piece) -> None:
                await transaction.list_rows("lock_vector_set", **names)
                await transaction.list_rows("drop_vectors", hashes=piece, **names)

            await self._database.write(work)

    async def save_index(self, tenant: str, record: IndexRecord) -> None:
        """See `Store.save_index`; returns once a vector index that the set needs finds all that is in it."""
        names = {"tenant": tenant, "curriculum": record.curriculum, "ranker": record.ranker}
        vectors = VectorSet(tenant=tenant, curriculum=record.curriculum, encoder=record.encoder)
        if record.count > self._vector_index_above:
            await build_index(self._database, vectors, record.dimension)

        async def work(transaction: Transaction) -> str:
            await _hold(transaction, tenant, record.curriculum)
            row = await transaction.find_row("get_retrieval_index", **names)
            await transaction.list_rows("put_retrieval_index", properties=asdict(record), **names)
            return row[0]["encoder"] if row is not None else record.encoder

        former = replace(vectors, encoder=await self._database.write(work))
        for each in {vectors, former}:
            await drop_needless_index(self._database, each, self._vector_index_above)

    async def list_indexes(self, tenant: str, curriculum: str) -> list[IndexRecord]:
        """See `Store.list_indexes`."""
        rows = await self._list_rows("list_retrieval_indexes", tenant=tenant, curriculum=curriculum)
        return [
            IndexRecord(**{name: value for name, value in properties.items() if name != "tenant"})
            for (properties,) in rows
        ]

    async def delete_index(self, tenant: str, curriculum: str, ranker: str) -> None:
        """See `Store.delete_index`."""

        async def work(transaction: Transaction) -> VectorSet | None:
            if await transaction.find_row("hold_curriculum", tenant=tenant, curriculum=curriculum) is None:
                return None
            return await _delete_index(transaction, tenant, curriculum, ranker)

        await self._tidy(tenant, curriculum, await self._database.write(work))

    async def _tidy(self, tenant: str, curriculum: str, vectors: VectorSet | None) -> None:
        """Does what has to follow the deletion of a record."""
        if vectors is not None:
            await drop_needless_index(self._database, vectors, self._vector_index_above)
        await delete_retired(self._database, tenant, curriculum)

    async def save_ranker(self, tenant: str, ranker: StoredRanker) -> None:
        """See `Store.save_ranker`."""

        async def work(transaction: Transaction) -> None:
            await _hold(transaction, tenant, ranker.curriculum)
            await transaction.list_rows("put_ranker", tenant=tenant, **asdict(ranker))

        await self._database.write(work)

    async def get_ranker(self, tenant: str, curriculum: str, ranker: str) -> StoredRanker:
        """See `Store.get_ranker`."""
        row = await self._find_row("get_ranker", tenant=tenant, curriculum=curriculum, id=ranker)
        if row is None:
            raise RankerNotFoundError(f"curricula/{curriculum}/rankers/{ranker}")
        created_at, body, weights = row
        return StoredRanker(curriculum=curriculum, id=ranker, created_at=created_at, body=body, weights=bytes(weights))

    async def list_rankers(self, tenant: str, curriculum: str) -> list[str]:
        """See `Store.list_rankers`."""
        return [ranker for (ranker,) in await self._list_rows("list_rankers", tenant=tenant, curriculum=curriculum)]

    async def delete_ranker(self, tenant: str, curriculum: str, ranker: str) -> None:
        """See `Store.delete_ranker`."""

        async def work(transaction: Transaction) -> VectorSet | None:
            names = {"tenant": tenant, "curriculum": curriculum}
            held = await transaction.find_row("hold_curriculum", **names)
            if held is None or await transaction.find_row("delete_ranker", id=ranker, **names) is None:
                raise RankerNotFoundError(f"curricula/{curriculum}/rankers/{ranker}")
            return await _delete_index(transaction, tenant, curriculum, ranker)

        await self._tidy(tenant, curriculum, await self._database.write(work))
