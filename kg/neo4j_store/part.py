"""What the parts of the store have in common."""

from typing import Any

from kg.neo4j_store.database import Database, Transaction


class StorePart:
    """One capability of the store.

    Args:
        database: Where it is kept.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def _list_rows(self, query: str, **inputs: object) -> list[list[Any]]:
        """Reads with one query in a transaction of its own."""

        async def work(transaction: Transaction) -> list[list[Any]]:
            return await transaction.list_rows(query, **inputs)

        return await self._database.read(work)

    async def _find_row(self, query: str, **inputs: object) -> list[Any] | None:
        """Reads at most one row."""
        rows = await self._list_rows(query, **inputs)
        return rows[0] if rows else None
