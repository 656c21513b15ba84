import sqlite3
from pathlib import Path

import pytest
from neo4j import GraphDatabase

from kg.errors import SchemaMismatchError, StoreUnavailableError
from kg.learner import Learner
from kg.neo4j_store.store import Neo4jStore
from kg.store import Store
from tests.contract.calls import append, load
from tests.contract.dump import dump_tenant
from tests.contract.places import Place
from tests.samples import answer


def set_version(place: Place, version: int) -> int:
    """Writes a schema version behind the store's back; returns the one before."""
    if isinstance(place.where, Path):
        connection = sqlite3.connect(place.where, isolation_level=None)
        (before,) = connection.execute("PRAGMA user_version").fetchone()
        connection.execute(f"PRAGMA user_version = {version:d}")
        connection.close()
        return int(before)
    address = place.where
    with GraphDatabase.driver(address.url, auth=(address.user, address.password)) as driver:
        query = "MATCH (s:GraphMasalSchema) WITH s, s.version AS before SET s.version = $version RETURN before"
        return int(driver.execute_query(query, version=version).records[0]["before"])


async def test_opening_again_keeps_everything(place: Place, tenant: str) -> None:
    async with place.connect() as store:
        await load(store, tenant)
        await append(store, tenant, answer("e1"))
        before = await dump_tenant(store, tenant)
    async with place.connect() as again:
        assert await dump_tenant(again, tenant) == before


async def test_an_open_store_answers(store: Store) -> None:
    await store.check()


async def test_the_newest_schema_needs_no_migration(store: Store) -> None:
    before, after = await store.migrate()
    assert before == after >= 1


async def test_an_older_schema_is_refused_with_the_command_that_migrates_it(
    place: Place, store: Store, tenant: str
) -> None:
    await store.create_learner(tenant, Learner(id="ada"))
    newest = set_version(place, 1)
    older = place.make()
    try:
        with pytest.raises(SchemaMismatchError, match="graphmasal migrate"):
            await older.open()
        assert await older.migrate() == (1, newest)
        await older.open()
        assert await older.get_learner(tenant, "ada") == Learner(id="ada")
    finally:
        await older.close()
        set_version(place, newest)


async def test_a_newer_schema_is_refused(place: Place, store: Store) -> None:
    newest = set_version(place, 99)
    later = place.make()
    try:
        with pytest.raises(SchemaMismatchError):
            await later.open()
        with pytest.raises(SchemaMismatchError):
            await later.migrate()
    finally:
        await later.close()
        set_version(place, newest)


async def test_a_server_that_is_not_there_is_unavailable() -> None:
    absent = Neo4jStore("neo4j://127.0.0.1:1", "neo4j", "secret-word")
    with pytest.raises(StoreUnavailableError) as raised:
        await absent.open()
    await absent.close()
    assert "secret-word" not in str(raised.value)
