"""What makes a curriculum searchable: vectors, the records of complete indexes, and trained rankers."""

import sqlite3
from collections.abc import Collection, Mapping
from typing import Final

from kg.errors import CurriculumNotFoundError, RankerNotFoundError
from kg.indexes import IndexRecord, StoredRanker
from kg.sqlite_store.ledger import to_array
from kg.sqlite_store.part import StorePart

TABLES: Final = ("vectors", "indexes", "rankers")
"""All that is here of a curriculum, and goes with it."""

_RECORD = ", ".join(IndexRecord.__dataclass_fields__)
_RANKER = ", ".join(StoredRanker.__dataclass_fields__)


def _require_curriculum(connection: sqlite3.Connection, tenant: str, curriculum: str) -> None:
    found = connection.execute("SELECT 1 FROM curricula WHERE tenant = ? AND id = ?", (tenant, curriculum)).fetchone()
    if found is None:
        raise CurriculumNotFoundError(f"curricula/{curriculum}")


def _delete_index(connection: sqlite3.Connection, place: tuple[str, str, str]) -> None:
    """Deletes the index of (tenant, curriculum, ranker), where there is one, and vectors that no other needs."""
    row = connection.execute(
        "SELECT encoder FROM indexes WHERE tenant = ? AND curriculum = ? AND ranker = ?", place
    ).fetchone()
    if row is None:
        return
    connection.execute("DELETE FROM indexes WHERE tenant = ? AND curriculum = ? AND ranker = ?", place)
    names = (*place[:2], row[0])
    needed = "SELECT 1 FROM indexes WHERE tenant = ? AND curriculum = ? AND encoder = ? LIMIT 1"
    if connection.execute(needed, names).fetchone() is None:
        connection.execute("DELETE FROM vectors WHERE tenant = ? AND curriculum = ? AND encoder = ?", names)


class Retrieval(StorePart):
    """The store's methods about retrieval."""

    async def save_vectors(self, tenant: str, curriculum: str, encoder: str, vectors: Mapping[str, bytes]) -> None:
        """See `Store.save_vectors`."""

        def job(connection: sqlite3.Connection) -> None:
            _require_curriculum(connection, tenant, curriculum)
            connection.executemany(
                "INSERT INTO vectors VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                [(tenant, curriculum, encoder, key, vector) for key, vector in sorted(vectors.items())],
            )

        await self._database.write(job)

    async def list_vector_hashes(self, tenant: str, curriculum: str, encoder: str) -> set[str]:
        """See `Store.list_vector_hashes`."""
        rows = await self._select(
            "SELECT hash FROM vectors WHERE tenant = ? AND curriculum = ? AND encoder = ?", tenant, curriculum, encoder
        )
        return {key for (key,) in rows}

    async def load_vectors(
        self, tenant: str, curriculum: str, encoder: str, after: str, limit: int
    ) -> list[tuple[str, bytes]]:
        """See `Store.load_vectors`."""
        return await self._select(
            """SELECT hash, vector FROM vectors WHERE tenant = ? AND curriculum = ? AND encoder = ? AND hash > ?
               ORDER BY hash LIMIT ?""",
            tenant,
            curriculum,
            encoder,
            after,
            limit,
        )

    async def read_vectors(
        self, tenant: str, curriculum: str, encoder: str, hashes: Collection[str]
    ) -> dict[str, bytes]:
        """See `Store.read_vectors`."""
        rows = await self._select(
            """SELECT hash, vector FROM vectors WHERE tenant = ? AND curriculum = ? AND encoder = ?
               AND hash IN (SELECT value FROM json_each(?))""",
            tenant,
            curriculum,
            encoder,
            to_array(hashes),
        )
        return dict(rows)

    async def finds_nearest(self, tenant: str, curriculum: str, encoder: str) -> bool:
        """See `Store.finds_nearest`."""
        return False

    async def find_nearest(
        self, tenant: str, curriculum: str, encoder: str, vector: bytes, limit: int
    ) -> list[tuple[str, bytes]] | None:
        """See `Store.find_nearest`; there is never an index."""
        return None

    async def drop_vectors(self, tenant: str, curriculum: str, encoder: str, hashes: Collection[str]) -> None:
        """See `Store.drop_vectors`."""
        rows = [(tenant, curriculum, encoder, key) for key in hashes]
        drop = "DELETE FROM vectors WHERE tenant = ? AND curriculum = ? AND encoder = ? AND hash = ?"
        await self._database.write(lambda connection: connection.executemany(drop, rows))

    async def save_index(self, tenant: str, record: IndexRecord) -> None:
        """See `Store.save_index`."""
        values = [getattr(record, name) for name in IndexRecord.__dataclass_fields__]

        def job(connection: sqlite3.Connection) -> None:
            _require_curriculum(connection, tenant, record.curriculum)
            connection.execute(
                f"INSERT OR REPLACE INTO indexes (tenant, {_RECORD}) VALUES (?{', ?' * len(values)})",
                (tenant, *values),
            )

        await self._database.write(job)

    async def list_indexes(self, tenant: str, curriculum: str) -> list[IndexRecord]:
        """See `Store.list_indexes`."""
        rows = await self._select(
            f"SELECT {_RECORD} FROM indexes WHERE tenant = ? AND curriculum = ? ORDER BY ranker", tenant, curriculum
        )
        return [IndexRecord(**dict(zip(IndexRecord.__dataclass_fields__, row, strict=True))) for row in rows]

    async def delete_index(self, tenant: str, curriculum: str, ranker: str) -> None:
        """See `Store.delete_index`."""
        await self._database.write(lambda connection: _delete_index(connection, (tenant, curriculum, ranker)))

    async def save_ranker(self, tenant: str, ranker: StoredRanker) -> None:
        """See `Store.save_ranker`."""
        values = [getattr(ranker, name) for name in StoredRanker.__dataclass_fields__]

        def job(connection: sqlite3.Connection) -> None:
            _require_curriculum(connection, tenant, ranker.curriculum)
            connection.execute(
                f"INSERT OR REPLACE INTO rankers (tenant, {_RANKER}) VALUES (?{', ?' * len(values)})",
                (tenant, *values),
            )

        await self._database.write(job)

    async def get_ranker(self, tenant: str, curriculum: str, ranker: str) -> StoredRanker:
        """See `Store.get_ranker`."""
        rows = await self._select(
            f"SELECT {_RANKER} FROM rankers WHERE tenant = ? AND curriculum = ? AND id = ?", tenant, curriculum, ranker
        )
        if not rows:
            raise RankerNotFoundError(f"curricula/{curriculum}/rankers/{ranker}")
        return StoredRanker(**dict(zip(StoredRanker.__dataclass_fields__, rows[0], strict=True)))

    async def list_rankers(self, tenant: str, curriculum: str) -> list[str]:
        """See `Store.list_rankers`."""
        rows = await self._select(
            "SELECT id FROM rankers WHERE tenant = ? AND curriculum = ? ORDER BY id", tenant, curriculum
        )
        return [ranker for (ranker,) in rows]

    async def delete_ranker(self, tenant: str, curriculum: str, ranker: str) -> None:
        """See `Store.delete_ranker`."""
        place = (tenant, curriculum, ranker)

        def job(connection: sqlite3.Connection) -> None:
            delete = "DELETE FROM rankers WHERE tenant = ? AND curriculum = ? AND id = ?"
            if not connection.execute(delete, place).rowcount:
                raise RankerNotFoundError(f"curricula/{curriculum}/rankers/{ranker}")
            _delete_index(connection, place)

        await self._database.write(job)
