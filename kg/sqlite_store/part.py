"""What the parts of the SQLite store share."""

from typing import Any

from kg.sqlite_store.database import Database


class StorePart:
    """Some of the store's methods, over its database."""

    _database: Database

    async def _select(self, statement: str, *parameters: object) -> list[Any]:
        """Runs one query in a transaction of its own."""
        return await self._database.read(lambda connection: connection.execute(statement, parameters).fetchall())
