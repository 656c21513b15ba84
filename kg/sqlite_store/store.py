"""`SqliteStore`: the embedded default."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar, cast

from kg.ledger import LedgerTransaction
from kg.sqlite_store.curricula import Curricula
from kg.sqlite_store.database import Database, run_to_end
from kg.sqlite_store.learners import Learners
from kg.sqlite_store.ledger import SqliteLedger
from kg.sqlite_store.operations import Operations
from kg.sqlite_store.plans import Plans
from kg.sqlite_store.retrieval import Retrieval
from kg.sqlite_store.sessions import Sessions
from kg.store import Store

Result = TypeVar("Result")


class SqliteStore(Curricula, Learners, Plans, Operations, Retrieval, Sessions, Store):
    """Keeps everything in one SQLite file, which several processes may use at once.

    An acknowledged write survives a kill of the process and a power cut (write-ahead log, synchronous=FULL).
    """

    def __init__(self, path: Path) -> None:
        """Names the file; nothing is opened or created yet."""
        self._database = Database(path)

    async def open(self) -> None:
        """See `Store.open`."""
        await asyncio.to_thread(self._database.open)

    async def migrate(self) -> tuple[int, int]:
        """See `Store.migrate`."""
        return await asyncio.to_thread(self._database.migrate)

    async def close(self) -> None:
        """See `Store.close`."""
        await asyncio.to_thread(self._database.close)

    async def check(self) -> None:
        """See `Store.check`; a group commit with nothing in it takes the write lock."""
        await self._database.write(lambda connection: connection.execute("SELECT 1").fetchone())

    async def run_ledger(
        self, tenant: str, work: Callable[[LedgerTransaction], Awaitable[Result]], *, write: bool, now: int = 0
    ) -> Result:
        """See `Store.run_ledger`."""

        def job(connection: sqlite3.Connection) -> Result:
            coroutine = cast("Coroutine[Any, Any, Result]", work(SqliteLedger(connection, tenant, now)))
            return run_to_end(coroutine)

        return await (self._database.write(job) if write else self._database.read(job))
