import json
import re
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from neo4j import GraphDatabase

from kg.errors import (
    RevisionConflictError,
    SchemaMismatchError,
    SessionAlreadyExistsError,
    StoreUnavailableError,
)
from kg.learner import Learner
from kg.neo4j_store.store import Neo4jStore
from kg.sessions import ModelUsage
from kg.sqlite_store.schema import MIGRATIONS
from kg.sqlite_store.store import SqliteStore
from kg.store import Store
from tests.contract.calls import append, load
from tests.contract.dump import TODAY, dump_tenant
from tests.contract.places import Place
from tests.neo4j_server import Neo4jAddress
from tests.samples import (
    ENCODER,
    NOON,
    answer,
    make_curriculum,
    make_index,
    make_operation,
    make_plan,
    make_ranker,
    make_record,
    make_session,
    make_vectors,
)


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


OLD_VERSION = 2
GOALS = (("algebra", "rings"), ("logic", "sets"), ("algebra", "maps"))
OLD_LEARNERS = [Learner(id=name, goals=GOALS, created_at=NOON) for name in ("ada", "bob")]
OLD_PLANS = [make_plan("p"), make_plan("q", at=NOON + 1)]
OLD_OPERATION = replace(make_operation("op"), items_done=1, items_total=2)


def fill_old_sqlite(path: Path, tenant: str) -> None:
    """Makes a file as the release with schema version 2 did."""
    connection = sqlite3.connect(path)
    for migration in MIGRATIONS[:OLD_VERSION]:
        connection.executescript(migration)
    for learner in OLD_LEARNERS:
        row = (tenant, learner.id, "", "", json.dumps(learner.goals), learner.created_at, 0)
        connection.execute("INSERT INTO learners VALUES (?, ?, ?, ?, ?, ?, ?)", row)
    for plan in OLD_PLANS:
        concepts = json.dumps(plan.concepts)
        values = (tenant, plan.learner, plan.id, plan.curriculum, plan.created_at, concepts, plan.body)
        connection.execute("INSERT INTO plans VALUES (?, ?, ?, ?, ?, ?, ?)", values)
    old = OLD_OPERATION
    names = (tenant, old.id, old.kind.value, old.curriculum, json.dumps(old.questions), old.grading_revision)
    connection.execute(
        "INSERT INTO operations VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, '', '', 0)",
        (*names, old.created_at, old.items_done, old.items_total),
    )
    connection.execute(f"PRAGMA user_version = {OLD_VERSION}")
    connection.commit()
    connection.close()


async def fill_old_neo4j(store: Store, place: Place, tenant: str) -> int:
    """Writes what a release with schema version 2 wrote, and its version; returns the version before."""
    address = place.where
    assert isinstance(address, Neo4jAddress)
    for learner in OLD_LEARNERS:
        await store.create_learner(tenant, learner)
    for plan in OLD_PLANS:
        await store.save_plan(tenant, plan)
    await store.create_operation(tenant, OLD_OPERATION)
    with GraphDatabase.driver(address.url, auth=(address.user, address.password)) as driver:
        for query in (
            "MATCH (p:Plan {tenant: $tenant}) REMOVE p.series, p.revision",
            "MATCH (o:Operation {tenant: $tenant}) REMOVE o.request, o.progress, o.items_failed",
            "MATCH (h:GoalHome {tenant: $tenant}) DETACH DELETE h",
            *(f"DROP CONSTRAINT {name}" for name in ("plan_revision", "operation_item_key", "operation_failure_key")),
        ):
            driver.execute_query(query, tenant=tenant)
    return set_version(place, OLD_VERSION)


async def check_migrated(store: Store, tenant: str) -> None:
    """Checks that what was there before reads as if this release had written it, and that its rules hold."""
    assert await store.get_operation(tenant, "op") == OLD_OPERATION
    assert await store.list_plans(tenant, "ada", "", None, 10) == OLD_PLANS[::-1]
    assert await store.list_plan_revisions(tenant, "ada", "q", None, 10) == [OLD_PLANS[1]]
    for curriculum in ("algebra", "logic"):
        assert await store.list_learners_with_goals(tenant, curriculum, "", 10) == ["ada", "bob"]
    assert await store.get_learner(tenant, "ada") == OLD_LEARNERS[0]
    await store.save_plan(tenant, make_plan("r", series="p", revision=2))
    with pytest.raises(RevisionConflictError):
        await store.save_plan(tenant, make_plan("s", series="p", revision=2))
    await store.create_operation(tenant, make_operation("op-2"), ["ada"])
    assert await store.list_operation_items(tenant, "op-2", "", 10) == ["ada"]


async def migrate_and_check(
    older: Store,
    tenant: str,
    version: int = OLD_VERSION,
    check: Callable[[Store, str], Awaitable[None]] = check_migrated,
) -> None:
    try:
        with pytest.raises(SchemaMismatchError, match="graphmasal migrate"):
            await older.open()
        before, after = await older.migrate()
        assert before == version < after
        await older.open()
        await check(older, tenant)
    finally:
        await older.close()


async def test_an_older_file_is_refused_with_the_command_that_migrates_it(tmp_path: Path) -> None:
    fill_old_sqlite(tmp_path / "store.db", "t")
    await migrate_and_check(SqliteStore(tmp_path / "store.db"), "t")


@pytest.mark.neo4j
@pytest.mark.parametrize("place", ["neo4j"], indirect=True)
async def test_an_older_database_is_refused_with_the_command_that_migrates_it(
    place: Place, store: Store, tenant: str
) -> None:
    newest = await fill_old_neo4j(store, place, tenant)
    try:
        await migrate_and_check(place.make(), tenant)
    finally:
        set_version(place, newest)


BEFORE_RETRIEVAL = 3
RETRIEVAL_KEYS = ("vector_set_key", "vector_key", "retrieval_index_key", "ranker_key")


async def check_retrieval_migrated(store: Store, tenant: str) -> None:
    """Checks that what was there reads as before, and that the curriculum can be searched from now on."""
    _, content = await store.load_curriculum(tenant, "algebra")
    assert [part.id for part in content.concepts] == [part.id for part in make_curriculum().concepts]
    assert (await store.read_states(tenant, ["ada"], "algebra", None))["ada"].evidence_count == 1
    for _ in range(2):
        await store.save_vectors(tenant, "algebra", ENCODER, make_vectors(3, 8))
        await store.save_index(tenant, make_index("tuned"))
        await store.save_ranker(tenant, make_ranker("tuned"))
    assert await store.load_vectors(tenant, "algebra", ENCODER, "", 10) == sorted(make_vectors(3, 8).items())
    assert await store.list_indexes(tenant, "algebra") == [make_index("tuned")]
    assert await store.list_rankers(tenant, "algebra") == ["tuned"]


async def fill_before_retrieval(store: Store, tenant: str) -> None:
    await load(store, tenant)
    await append(store, tenant, answer("e1", curriculum="algebra"))


def undo_sqlite(place: Place, version: int) -> None:
    """Takes a file back to a version that the later ones only added tables to."""
    assert isinstance(place.where, Path)
    with closing(sqlite3.connect(place.where)) as connection:
        for table in re.findall(r"CREATE TABLE (\w+)", "".join(MIGRATIONS[version:])):
            connection.execute(f"DROP TABLE {table}")
    set_version(place, version)


async def test_a_file_from_before_retrieval_is_migrated(tmp_path: Path) -> None:
    place = Place(tmp_path / "store.db")
    async with place.connect() as store:
        await fill_before_retrieval(store, "t")
    undo_sqlite(place, BEFORE_RETRIEVAL)
    await migrate_and_check(place.make(), "t", BEFORE_RETRIEVAL, check_retrieval_migrated)


async def undo_and_migrate(
    place: Place,
    tenant: str,
    version: int,
    constraints: Sequence[str],
    check: Callable[[Store, str], Awaitable[None]],
) -> None:
    """Takes a database back to a version that the later ones only added constraints to, and migrates it."""
    address = place.where
    assert isinstance(address, Neo4jAddress)
    with GraphDatabase.driver(address.url, auth=(address.user, address.password)) as driver:
        for name in constraints:
            driver.execute_query(f"DROP CONSTRAINT {name}")
        newest = set_version(place, version)
        try:
            await migrate_and_check(place.make(), tenant, version, check)
        finally:
            set_version(place, newest)
        found = driver.execute_query("SHOW CONSTRAINTS YIELD name RETURN collect(name)").records[0].value()
    assert set(constraints) <= set(found)


@pytest.mark.neo4j
@pytest.mark.parametrize("place", ["neo4j"], indirect=True)
async def test_a_database_from_before_retrieval_is_migrated(place: Place, store: Store, tenant: str) -> None:
    await fill_before_retrieval(store, tenant)
    await undo_and_migrate(place, tenant, BEFORE_RETRIEVAL, RETRIEVAL_KEYS, check_retrieval_migrated)


BEFORE_SESSIONS = 4
SESSION_KEYS = ("session_key", "deleted_session_key", "session_record_key", "model_usage_key")


async def check_sessions_migrated(store: Store, tenant: str) -> None:
    """Checks that what was there reads as before, and that there can be sessions from now on."""
    await check_retrieval_migrated(store, tenant)
    await store.create_session(tenant, make_session("s", learner="ada"))
    with pytest.raises(SessionAlreadyExistsError):
        await store.create_session(tenant, make_session("s"))
    for _ in range(2):
        await store.write_records(tenant, "s", [make_record("a")], now=NOON)
        await store.add_usage(tenant, TODAY, ModelUsage(model="a/small", calls=1))
    assert await store.list_records(tenant, "s", "events", limit=10) == [("a", make_record("a").value)]
    assert await store.list_usage(tenant, TODAY) == [ModelUsage(model="a/small", calls=2)]
    await store.delete_session(tenant, "s")


async def test_a_file_from_before_sessions_is_migrated(tmp_path: Path) -> None:
    place = Place(tmp_path / "store.db")
    async with place.connect() as store:
        await fill_before_retrieval(store, "t")
    undo_sqlite(place, BEFORE_SESSIONS)
    await migrate_and_check(place.make(), "t", BEFORE_SESSIONS, check_sessions_migrated)


@pytest.mark.neo4j
@pytest.mark.parametrize("place", ["neo4j"], indirect=True)
async def test_a_database_from_before_sessions_is_migrated(place: Place, store: Store, tenant: str) -> None:
    await fill_before_retrieval(store, tenant)
    await undo_and_migrate(place, tenant, BEFORE_SESSIONS, SESSION_KEYS, check_sessions_migrated)


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
