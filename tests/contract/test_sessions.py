import random
from collections.abc import Iterable
from dataclasses import replace

import pytest
from neo4j import GraphDatabase

from kg.errors import (
    LearnerNotFoundError,
    LimitExceededError,
    RevisionConflictError,
    SessionAlreadyExistsError,
    SessionDeletedError,
    SessionNotFoundError,
)
from kg.learner import Learner
from kg.sessions import MOST_SESSION_BYTES, ModelUsage, SessionRecord, hash_session
from kg.store import Store
from tests.contract.calls import load
from tests.contract.dump import TODAY, dump_sessions
from tests.contract.places import Place
from tests.neo4j_server import Neo4jAddress
from tests.samples import NOON, make_record, make_session


async def write(
    store: Store,
    tenant: str,
    *records: SessionRecord,
    session: str = "s",
    removed: Iterable[tuple[str, str]] = (),
    owner: str = "",
    now: int = NOON + 1,
) -> None:
    await store.write_records(tenant, session, records, removed=list(removed), owner=owner, now=now)


async def read_all(store: Store, tenant: str, session: str = "s", space: str = "events") -> list[tuple[str, bytes]]:
    return await store.list_records(tenant, session, space, limit=100_000)


# Sessions


async def test_a_created_session_is_read_back(store: Store, tenant: str) -> None:
    await store.create_learner(tenant, Learner(id="ada"))
    session = make_session("s", learner="ada")
    await store.create_session(tenant, replace(session, size=9, owner="me", owned_until=NOON + 9))
    assert await store.get_session(tenant, "s") == session


async def test_a_session_may_be_nobodys_and_about_nothing(store: Store, tenant: str) -> None:
    session = replace(make_session("s"), curriculum="", updated_at=0)
    await store.create_session(tenant, session)
    assert await store.get_session(tenant, "s") == session


async def test_an_id_is_given_once(store: Store, tenant: str) -> None:
    await store.create_session(tenant, make_session("s"))
    await write(store, tenant, make_record("a"))
    with pytest.raises(SessionAlreadyExistsError):
        await store.create_session(tenant, make_session("s", at=NOON + 7))
    assert await read_all(store, tenant) == [("a", b"\x00\xff")]


async def test_a_session_is_with_a_learner_whom_there_is(store: Store, tenant: str) -> None:
    with pytest.raises(LearnerNotFoundError, match="ada"):
        await store.create_session(tenant, make_session("s", learner="ada"))
    with pytest.raises(SessionNotFoundError):
        await store.get_session(tenant, "s")


async def test_sessions_are_listed_the_newest_first(store: Store, tenant: str) -> None:
    await store.create_learner(tenant, Learner(id="ada"))
    await store.create_learner(tenant, Learner(id="ad"))
    moments = {"b": NOON, "a": NOON, "B": NOON, "~": NOON - 1, "0": NOON + 1, "c": NOON + 1}
    for name, at in moments.items():
        await store.create_session(tenant, make_session(name, learner="ada", at=at))
    await store.create_session(tenant, make_session("other", learner="ad", at=NOON + 9))
    await store.create_session(tenant, make_session("nobodys", at=NOON - 9))
    first = await store.list_sessions(tenant, "ada", None, 3)
    rest = await store.list_sessions(tenant, "ada", (first[-1].created_at, first[-1].id), 100)
    assert [session.id for session in (*first, *rest)] == ["c", "0", "b", "a", "B", "~"]
    every = await store.list_sessions(tenant, "", None, 2)
    while page := await store.list_sessions(tenant, "", (every[-1].created_at, every[-1].id), 3):
        every += page
    assert [session.id for session in every] == ["other", "c", "0", "b", "a", "B", "~", "nobodys"]
    assert await store.list_sessions(tenant, "bob", None, 9) == []


async def test_unknown_sessions_are_not_found(store: Store, tenant: str) -> None:
    for call in (
        store.get_session(tenant, "s"),
        store.delete_session(tenant, "s"),
        store.claim_session(tenant, "s", "me", now=NOON, until=NOON + 1),
        write(store, tenant, make_record("a")),
        write(store, tenant),
    ):
        with pytest.raises(SessionNotFoundError, match="sessions/s"):
            await call
    await store.release_session(tenant, "s", "me")
    assert await store.read_record(tenant, "s", "events", "a") is None
    assert await read_all(store, tenant) == []


async def test_a_deleted_session_is_gone_with_its_records(store: Store, tenant: str) -> None:
    await store.create_learner(tenant, Learner(id="ada"))
    for name in ("s", "s2"):
        await store.create_session(tenant, make_session(name, learner="ada"))
        await write(store, tenant, make_record("a"), make_record("b", space="turns"), session=name)
    await store.delete_session(tenant, "s")
    with pytest.raises(SessionNotFoundError):
        await store.get_session(tenant, "s")
    assert await store.read_record(tenant, "s", "events", "a") is None
    assert [*await read_all(store, tenant), *await read_all(store, tenant, space="turns")] == []
    assert [session.id for session in await store.list_sessions(tenant, "ada", None, 9)] == ["s2"]
    assert await read_all(store, tenant, "s2") == [("a", b"\x00\xff")]


async def test_a_deleted_session_stays_deleted(store: Store, tenant: str, other_tenant: str) -> None:
    await store.create_session(tenant, make_session("s"))
    await store.delete_session(tenant, "s")
    with pytest.raises(SessionDeletedError):
        await store.create_session(tenant, make_session("s"))
    with pytest.raises(SessionNotFoundError):
        await write(store, tenant, make_record("a"))
    with pytest.raises(SessionNotFoundError):
        await store.claim_session(tenant, "s", "me", now=NOON, until=NOON + 1)
    await store.delete_session(tenant, "s")
    assert await dump_sessions(store, tenant) == {}
    await store.create_session(other_tenant, make_session("s"))


async def test_a_session_outlives_its_curriculum(store: Store, tenant: str) -> None:
    await load(store, tenant)
    await store.create_session(tenant, make_session("s"))
    await write(store, tenant, make_record("a"))
    before = await dump_sessions(store, tenant)
    await store.delete_curriculum(tenant, "algebra")
    assert await dump_sessions(store, tenant) == before


# Leases


async def test_a_session_is_taken_until_its_lease_ends(store: Store, tenant: str) -> None:
    await store.create_session(tenant, make_session("s"))
    assert await store.claim_session(tenant, "s", "me", now=NOON, until=NOON + 10)
    assert not await store.claim_session(tenant, "s", "you", now=NOON + 9, until=NOON + 30)
    mine = replace(make_session("s"), owner="me", owned_until=NOON + 10)
    assert await store.get_session(tenant, "s") == mine
    assert await store.claim_session(tenant, "s", "you", now=NOON + 10, until=NOON + 30)
    assert await store.get_session(tenant, "s") == replace(mine, owner="you", owned_until=NOON + 30)


async def test_a_lease_is_renewed_by_its_owner(store: Store, tenant: str) -> None:
    await store.create_session(tenant, make_session("s"))
    for now in (NOON, NOON + 5, NOON + 500):
        assert await store.claim_session(tenant, "s", "me", now=now, until=now + 10)
        assert (await store.get_session(tenant, "s")).owned_until == now + 10


async def test_a_lease_is_ended_by_its_owner_only(store: Store, tenant: str) -> None:
    await store.create_session(tenant, make_session("s"))
    await store.claim_session(tenant, "s", "me", now=NOON, until=NOON + 10)
    await store.release_session(tenant, "s", "you")
    assert not await store.claim_session(tenant, "s", "you", now=NOON + 1, until=NOON + 30)
    await store.release_session(tenant, "s", "me")
    assert await store.get_session(tenant, "s") == make_session("s")
    assert await store.claim_session(tenant, "s", "you", now=NOON + 1, until=NOON + 30)


async def test_whoever_lost_a_session_does_not_write(store: Store, tenant: str) -> None:
    await store.create_session(tenant, make_session("s"))
    with pytest.raises(RevisionConflictError):
        await write(store, tenant, make_record("a", b"none held it"), owner="me")
    await store.claim_session(tenant, "s", "me", now=NOON, until=NOON + 10)
    await write(store, tenant, make_record("a", b"held"), owner="me")
    await write(store, tenant, make_record("b", b"ended, but nobody took it"), owner="me", now=NOON + 50)
    await store.claim_session(tenant, "s", "you", now=NOON + 50, until=NOON + 60)
    before = await dump_sessions(store, tenant)
    with pytest.raises(RevisionConflictError):
        await write(store, tenant, make_record("c"), owner="me", removed=[("events", "a")])
    assert await dump_sessions(store, tenant) == before
    await write(store, tenant, make_record("d", b"anybody"))
    assert [key for key, _ in await read_all(store, tenant)] == ["a", "b", "d"]


# Records


async def test_records_come_back_byte_for_byte(store: Store, tenant: str) -> None:
    values = {"empty": b"", "zero": b"\x00", "large": random.Random(1).randbytes(1_000_000), "text": "é\u0000".encode()}
    await store.create_session(tenant, make_session("s"))
    await write(store, tenant, *(make_record(key, value) for key, value in values.items()))
    for key, value in values.items():
        assert await store.read_record(tenant, "s", "events", key) == value
    assert await read_all(store, tenant) == sorted(values.items())
    assert await store.read_record(tenant, "s", "turns", "zero") is None


async def test_records_are_written_over_and_removed_together(store: Store, tenant: str) -> None:
    await store.create_session(tenant, make_session("s"))
    await write(store, tenant, *(make_record(key, b"old") for key in "abc"), make_record("a", b"turn", space="turns"))
    gone = [("events", "a"), ("events", "none"), ("none", "a")]
    await write(store, tenant, make_record("b", b"newer"), make_record("d", b"new"), removed=gone, now=NOON + 5)
    assert await read_all(store, tenant) == [("b", b"newer"), ("c", b"old"), ("d", b"new")]
    assert await read_all(store, tenant, space="turns") == [("a", b"turn")]
    stored = await store.get_session(tenant, "s")
    assert (stored.updated_at, stored.size) == (NOON + 5, sum(map(len, ("bnewer", "cold", "dnew", "aturn"))))


async def test_more_records_than_one_query_takes(store: Store, tenant: str) -> None:
    await store.create_session(tenant, make_session("s"))
    keys = [f"{number:05d}" for number in range(5_001)]
    await write(store, tenant, *(make_record(key, b"") for key in keys))
    assert [key for key, _ in await read_all(store, tenant)] == keys
    await write(store, tenant, removed=[("events", key) for key in keys[1:]])
    assert (await store.get_session(tenant, "s")).size == 5
    await write(store, tenant, *(make_record(key, b"") for key in keys))
    await store.delete_session(tenant, "s")
    assert await read_all(store, tenant) == []


async def test_what_would_be_too_large_is_not_written(store: Store, tenant: str) -> None:
    await store.create_session(tenant, make_session("s"))
    full = make_record("full", bytes(MOST_SESSION_BYTES - 4))
    await write(store, tenant, full)
    before = await dump_sessions(store, tenant)
    for more in ([make_record("a", b"")], [make_record("full", bytes(MOST_SESSION_BYTES - 3))]):
        with pytest.raises(LimitExceededError):
            await write(store, tenant, *more, removed=[("events", "none")])
    assert await dump_sessions(store, tenant) == before
    await write(store, tenant, make_record("next", full.value), removed=[("events", "full")])
    assert (await store.get_session(tenant, "s")).size == MOST_SESSION_BYTES


async def test_records_are_listed_from_either_end(store: Store, tenant: str) -> None:
    rng = random.Random(4)
    keys = sorted({"".join(rng.choices("ab/~ \x7f", k=rng.randrange(1, 5))) for _ in range(60)})
    await store.create_session(tenant, make_session("s"))
    await store.create_session(tenant, make_session("s1"))
    await write(store, tenant, *(make_record(key, key.encode()) for key in keys))
    await write(store, tenant, *(make_record(f"{key}x") for key in keys), session="s1")
    await write(store, tenant, *(make_record(f"{key}y", space="event") for key in keys))
    for _ in range(60):
        after, prefix = rng.choice(["", *keys, "b", "zz"]), rng.choice(["", "", "a", "ab", "~", "\x7f", "a/", "none"])
        limit, last = rng.choice([1, 3, 1000]), rng.random() < 0.5
        fitting = [key for key in keys if key > after and key.startswith(prefix)]
        wanted = fitting[-limit:] if last else fitting[:limit]
        found = await store.list_records(tenant, "s", "events", after=after, prefix=prefix, limit=limit, last=last)
        assert found == [(key, key.encode()) for key in wanted]


@pytest.mark.parametrize("seed", range(3))
async def test_the_size_is_always_that_of_the_records(store: Store, tenant: str, seed: int) -> None:
    rng = random.Random(seed)
    await store.create_session(tenant, make_session("s"))
    for _ in range(25):
        places = [(space, key) for space in ("events", "turns") for key in "abcde"]
        chosen = rng.sample(places, rng.randrange(6))
        written = [make_record(key, bytes(rng.randrange(50)), space=space) for space, key in chosen]
        await write(store, tenant, *written, removed=[place for place in places if place not in chosen][:2])
        await dump_sessions(store, tenant)  # which compares


# Learners


async def test_sessions_are_erased_with_their_learner(store: Store, tenant: str, other_tenant: str) -> None:
    for home in (tenant, other_tenant):
        for name in ("ada", "bob"):
            await store.create_learner(home, Learner(id=name))
            for session in (f"{name}-1", f"{name}-2"):
                await store.create_session(home, make_session(session, learner=name))
                await write(store, home, *(make_record(key) for key in "abc"), session=session)
    before = await dump_sessions(store, other_tenant)
    await store.erase_learner(tenant, "ada")
    for session in ("ada-1", "ada-2"):
        with pytest.raises(SessionNotFoundError):
            await write(store, tenant, make_record("a"), session=session)
        with pytest.raises(SessionDeletedError):
            await store.create_session(tenant, make_session(session))
        assert await read_all(store, tenant, session) == []
        await store.delete_session(tenant, session)
    assert [session.id for session in await store.list_sessions(tenant, "", None, 9)] == ["bob-2", "bob-1"]
    assert len(await read_all(store, tenant, "bob-1")) == 3
    assert await dump_sessions(store, other_tenant) == before


@pytest.mark.neo4j
@pytest.mark.parametrize("place", ["neo4j"], indirect=True)
async def test_a_database_keeps_hashes_only(place: Place, store: Store, tenant: str) -> None:
    await store.create_learner(tenant, Learner(id="ada"))
    for name, learner in (("s", "ada"), ("t", "")):
        await store.create_session(tenant, make_session(name, learner=learner))
        await write(store, tenant, make_record("a"), session=name)
    await store.erase_learner(tenant, "ada")
    await store.delete_session(tenant, "t")
    assert isinstance(place.where, Neo4jAddress)
    query = "MATCH (n {tenant: $tenant}) WHERE NOT n:ErasedLearner RETURN labels(n), properties(n)"
    with GraphDatabase.driver(place.where.url, auth=(place.where.user, place.where.password)) as driver:
        left = [record.values() for record in driver.execute_query(query, tenant=tenant).records]
    hashes = sorted(hash_session(tenant, name) for name in ("s", "t"))
    assert all(labels == ["DeletedSession"] and properties.keys() == {"tenant", "hash"} for labels, properties in left)
    assert sorted(properties["hash"] for _, properties in left) == hashes


# Use of models


async def test_usage_adds_up_by_day_and_model(store: Store, tenant: str, other_tenant: str) -> None:
    large = ModelUsage(model="b/large", calls=1, input_tokens=10, output_tokens=2, cost_micros=2**40)
    small = ModelUsage(model="a/small", calls=3)
    for usage in (large, small, large):
        await store.add_usage(tenant, TODAY, usage)
    await store.add_usage(tenant, "2025-06-17", small)
    doubled = ModelUsage(model="b/large", calls=2, input_tokens=20, output_tokens=4, cost_micros=2**41)
    assert await store.list_usage(tenant, TODAY) == [small, doubled]
    assert await store.list_usage(tenant, "2025-06-17") == [small]
    assert await store.list_usage(tenant, "2025-06-18") == await store.list_usage(other_tenant, TODAY) == []
