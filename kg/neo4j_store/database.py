"""The connection to Neo4j: managed transactions, what is tried again, and what its errors become."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

from neo4j import AsyncDriver, AsyncGraphDatabase, AsyncManagedTransaction, AsyncSession
from neo4j.exceptions import ClientError, DriverError, Neo4jError

from kg.errors import StoreUnavailableError
from kg.neo4j_store.queries import QUERIES

Result = TypeVar("Result")

ATTEMPTS: Final = 5
"""How often work is run that lost a race against another server."""

BATCH: Final = 5_000
"""Rows written by one query of a large transaction."""

_LOST_RACES: Final = ("Neo.ClientError.Statement.EntityNotFound", "Neo.ClientError.Schema.")
"""Beginnings of codes: something was deleted before it could be locked; another server creates the schema as well."""

_OURS: Final = ("Neo.ClientError.Statement.", "Neo.ClientError.Schema.")
"""Beginnings of codes of what our queries are to blame for; rights, limits and the like are the database's matter."""


class RaceLostError(Exception):
    """Another transaction changed what this one had read; it is run again."""


@dataclass(frozen=True, slots=True)
class Transaction:
    """One transaction, which runs queries by their names."""

    inner: AsyncManagedTransaction

    async def list_rows(self, query: str, **inputs: object) -> list[list[Any]]:
        """Runs a query of queries.cypher with `inputs` as its map `$input`; returns its rows.

        Raises:
            RaceLostError: A node was found, and deleted by another transaction before its properties were read.
        """
        (text,) = QUERIES[query]
        result = await self.inner.run(text, {"input": inputs})
        rows = await result.values()
        # Every node has properties; one that is gone by now has none left.
        if [{}] in rows:
            raise RaceLostError(query)
        return rows

    async def find_row(self, query: str, **inputs: object) -> list[Any] | None:
        """Runs a query that gives at most one row."""
        rows = await self.list_rows(query, **inputs)
        return rows[0] if rows else None

    async def write_batches(self, query: str, rows: list[dict[str, Any]], **inputs: object) -> None:
        """Runs a query for stretches of `rows`; not at all where there are none."""
        for start in range(0, len(rows), BATCH):
            await self.list_rows(query, rows=rows[start : start + BATCH], **inputs)

    async def delete_batches(self, query: str, **inputs: object) -> None:
        """Runs a query that deletes up to `limit` nodes and counts them until it finds none."""
        deleted = BATCH
        while deleted == BATCH:
            ((deleted,),) = await self.list_rows(query, limit=BATCH, **inputs)


class Database:
    """A Neo4j database.

    The driver, and with it the work of its transactions, runs on an event loop in a thread of its own: folding a long
    log takes a processor for a while, which the caller's loop is not to feel.

    Args:
        url: Such as `neo4j://host:7687`; credentials in it are not looked at.
        user: Name.
        password: Appears in no message.
    """

    def __init__(self, url: str, user: str, password: str) -> None:
        parts = urlsplit(url)
        self.url = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        self._auth = (user, password)
        self._driver: AsyncDriver | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    async def close(self) -> None:
        """Closes all connections and ends the thread."""
        driver, self._driver = self._driver, None
        if driver is not None:
            await self._run_apart(driver.close())
        loop, self._loop = self._loop, None
        if loop is not None and self._thread is not None:
            loop.call_soon_threadsafe(loop.stop)
            await asyncio.to_thread(self._thread.join)
            loop.close()

    async def read(self, work: Callable[[Transaction], Awaitable[Result]]) -> Result:
        """Runs `work` in a transaction that only reads; it may be run again from the start."""
        return await self._answer(lambda session: session.execute_read(_bind(work)))

    async def write(self, work: Callable[[Transaction], Awaitable[Result]]) -> Result:
        """Runs `work` in a transaction and commits; it may be run again from the start."""
        return await self._answer(lambda session: session.execute_write(_bind(work)))

    async def run_alone(self, statement: str, **inputs: object) -> None:
        """Runs a statement about the schema, which stands in no transaction with others."""

        async def work(transaction: AsyncManagedTransaction) -> None:
            await (await transaction.run(statement, {"input": inputs})).consume()

        await self._answer(lambda session: session.execute_write(work))

    async def run_in_pieces(self, statement: str) -> None:
        """Runs a statement that commits piece by piece; where it fails it may be run again and does the rest."""

        async def run(session: AsyncSession) -> None:
            await (await session.run(statement)).consume()

        await self._answer(run)

    async def _answer(self, run: Callable[[AsyncSession], Awaitable[Result]]) -> Result:
        return await self._run_apart(self._try_repeatedly(run))

    async def _run_apart(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Runs a coroutine on the database's own loop; it is cancelled where the caller is."""
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(target=self._loop.run_forever, name="neo4j", daemon=True)
            self._thread.start()
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))

    async def _try_repeatedly(self, run: Callable[[AsyncSession], Awaitable[Result]]) -> Result:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                async with self._open_session() as session:
                    return await run(session)
            except (ClientError, RaceLostError) as error:
                if isinstance(error, ClientError) and not (error.code or "").startswith(_OURS):
                    raise self._unavailable(error) from error
                if attempt == ATTEMPTS or not _is_lost_race(error):
                    raise
            except (DriverError, Neo4jError, OSError) as error:
                raise self._unavailable(error) from error
            await asyncio.sleep(0.01 * attempt)
        raise AssertionError("the last attempt returns or raises")

    def _open_session(self) -> AsyncSession:
        if self._driver is None:
            self._driver = AsyncGraphDatabase.driver(
                self.url,
                auth=self._auth,
                notifications_min_severity="OFF",
                telemetry_disabled=True,
                connection_acquisition_timeout=10,
                connection_timeout=5,
            )
        # Two writers that deadlock meet again within milliseconds; a second, the driver's default, is for clusters.
        return self._driver.session(
            initial_retry_delay=0.01, retry_delay_jitter_factor=0.5, max_transaction_retry_time=5, fetch_size=BATCH
        )

    def _unavailable(self, error: Exception) -> StoreUnavailableError:
        cause = getattr(error, "code", None) or type(error).__name__
        return StoreUnavailableError(f"Neo4j at {self.url} does not answer: {cause}")


def _bind(work: Callable[[Transaction], Awaitable[Result]]) -> Callable[[AsyncManagedTransaction], Awaitable[Result]]:
    return lambda inner: work(Transaction(inner))


def _is_lost_race(error: ClientError | RaceLostError) -> bool:
    """Says whether the same work may succeed when it is run again and reads what the other transaction wrote."""
    return isinstance(error, RaceLostError) or (error.code or "").startswith(_LOST_RACES)
