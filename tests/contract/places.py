"""Where a store of either kind is kept, in a form that another process can be given."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from kg.neo4j_store.store import Neo4jStore
from kg.sqlite_store.store import SqliteStore
from kg.store import Store
from tests.neo4j_server import Neo4jAddress


@dataclass(frozen=True)
class Place:
    """A SQLite file or a Neo4j server."""

    where: Path | Neo4jAddress

    @property
    def setting(self) -> str:
        """As the command line takes it."""
        return f"sqlite:{self.where}" if isinstance(self.where, Path) else self.where.setting

    def make(self) -> Store:
        """Returns a store that is not open yet."""
        if isinstance(self.where, Path):
            return SqliteStore(self.where)
        return Neo4jStore(self.where.url, self.where.user, self.where.password)

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[Store]:
        """Opens a store and closes it again."""
        store = self.make()
        await store.open()
        try:
            yield store
        finally:
            await store.close()
