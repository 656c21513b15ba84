"""The measure of a store: one small durable write in a transaction of its own, through the store's bare driver."""

import asyncio
import sqlite3
import tempfile
from pathlib import Path
from time import perf_counter
from urllib.parse import unquote, urlsplit

from neo4j import AsyncGraphDatabase


def measure_commits(store: str, count: int) -> list[float]:
    """Times `count` single writes, one after the other.

    Args:
        store: Setting of a store; SQLite is measured on a new file in the same folder, Neo4j on nodes that are removed.
        count: Writes, > 0.

    Returns:
        Seconds of each.
    """
    scheme, _, rest = store.partition(":")
    return (
        _measure_sqlite(Path(rest).parent, count) if scheme == "sqlite" else asyncio.run(_measure_neo4j(store, count))
    )


def _measure_sqlite(folder: Path, count: int) -> list[float]:
    with tempfile.TemporaryDirectory(dir=folder) as place:
        connection = sqlite3.connect(Path(place) / "bare.db", isolation_level=None)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("CREATE TABLE item (id INTEGER PRIMARY KEY, body TEXT)")
        times = []
        for number in range(count):
            start = perf_counter()
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("INSERT INTO item VALUES (?, ?)", (number, "body"))
            connection.execute("COMMIT")
            times.append(perf_counter() - start)
        connection.close()
    return times


async def _measure_neo4j(store: str, count: int) -> list[float]:
    parts = urlsplit(store)
    url = f"{parts.scheme}://{parts.hostname}:{parts.port or 7687}"
    credentials = (unquote(parts.username or ""), unquote(parts.password or ""))
    async with AsyncGraphDatabase.driver(url, auth=credentials) as driver, driver.session() as session:

        async def write(number: int) -> None:
            async with await session.begin_transaction() as transaction:
                await transaction.run("CREATE (:BareCommit {id: $number, body: 'body'})", number=number)
                await transaction.commit()

        times = []
        for number in range(count):
            start = perf_counter()
            await write(number)
            times.append(perf_counter() - start)
        await session.run("MATCH (n:BareCommit) DELETE n")
    return times
