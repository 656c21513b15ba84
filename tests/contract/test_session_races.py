import asyncio
from contextlib import suppress

import pytest

from kg.errors import (
    LearnerNotFoundError,
    LimitExceededError,
    SessionAlreadyExistsError,
    SessionDeletedError,
    SessionNotFoundError,
)
from kg.learner import Learner
from kg.sessions import MOST_SESSION_BYTES, ModelUsage
from kg.store import Store
from tests.contract.dump import TODAY, dump_sessions
from tests.contract.places import Place
from tests.samples import NOON, make_record, make_session


async def write_numbers(store: Store, tenant: str, session: str, start: int) -> None:
    """Writes until the session is gone, but not for ever."""
    with suppress(SessionNotFoundError):
        for number in range(start, start + 12):
            record = make_record(f"{number:03d}", bytes(number))
            await store.write_records(tenant, session, [record], removed=[("events", "000")], now=NOON + number)


async def test_a_session_goes_to_one_of_many_claimants(place: Place, store: Store, tenant: str) -> None:
    await store.create_session(tenant, make_session("s"))
    async with place.connect() as second:
        for turn in range(3):
            now = NOON + 10 * turn
            claims = [
                (store, second)[n % 2].claim_session(tenant, "s", f"{turn}-{n}", now=now, until=now + 10)
                for n in range(20)
            ]
            won = [n for n, taken in enumerate(await asyncio.gather(*claims)) if taken]
            assert len(won) == 1
            assert (await store.get_session(tenant, "s")).owner == f"{turn}-{won[0]}"


async def test_an_id_goes_to_one_of_many_creators(place: Place, store: Store, tenant: str) -> None:
    async with place.connect() as second:
        creations = [(store, second)[n % 2].create_session(tenant, make_session("s", at=NOON + n)) for n in range(12)]
        outcomes = await asyncio.gather(*creations, return_exceptions=True)
    (winner,) = [n for n, outcome in enumerate(outcomes) if outcome is None]
    assert {type(outcome) for outcome in outcomes if outcome} == {SessionAlreadyExistsError}
    assert await store.get_session(tenant, "s") == make_session("s", at=NOON + winner)


async def test_writers_at_once_lose_no_byte(place: Place, store: Store, tenant: str) -> None:
    await store.create_session(tenant, make_session("s"))
    async with place.connect() as second:
        await asyncio.gather(
            *(write_numbers(each, tenant, "s", start) for start in (1, 7, 13, 19) for each in (store, second))
        )
    kept = await store.list_records(tenant, "s", "events", limit=100)
    assert kept == [(f"{number:03d}", bytes(number)) for number in range(1, 31)]
    assert (await store.get_session(tenant, "s")).size == sum(3 + number for number in range(1, 31))


async def test_writers_at_once_keep_to_the_bound(place: Place, store: Store, tenant: str) -> None:
    await store.create_session(tenant, make_session("s"))
    value = bytes(MOST_SESSION_BYTES // 8 - 3)
    async with place.connect() as second:
        writes = [
            (store, second)[n % 2].write_records(tenant, "s", [make_record(f"{n:03d}", value)], now=NOON)
            for n in range(12)
        ]
        outcomes = await asyncio.gather(*writes, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes if outcome] == [LimitExceededError] * 4
    assert (await store.get_session(tenant, "s")).size == MOST_SESSION_BYTES
    assert len(await store.list_records(tenant, "s", "events", limit=100)) == 8


async def bring_back(store: Store, tenant: str, learner: str = "") -> None:
    """Creates and writes until the session was deleted, but not for ever."""
    with suppress(SessionDeletedError, LearnerNotFoundError):
        for number in range(12):
            with suppress(SessionAlreadyExistsError):
                await store.create_session(tenant, make_session("s", learner=learner))
            await write_numbers(store, tenant, "s", number)


async def delete_early(store: Store, tenant: str) -> None:
    with suppress(SessionNotFoundError):
        await store.delete_session(tenant, "s")


@pytest.mark.parametrize("wait", [0.0, 0.02, 0.1])
async def test_a_deletion_during_writes_leaves_nothing(place: Place, store: Store, tenant: str, wait: float) -> None:
    async with place.connect() as second:
        writers = [asyncio.create_task(bring_back(each, tenant)) for each in (store, second) * 2]
        await asyncio.sleep(wait)
        await asyncio.gather(*(delete_early(each, tenant) for each in (store, second) * 3))
        with suppress(SessionAlreadyExistsError, SessionDeletedError):
            await store.create_session(tenant, make_session("s"))
        await second.delete_session(tenant, "s")
        await asyncio.gather(*writers)
    assert await dump_sessions(store, tenant) == {}
    assert await store.list_records(tenant, "s", "events", limit=9) == []
    with pytest.raises(SessionDeletedError):
        await store.create_session(tenant, make_session("s"))


@pytest.mark.parametrize("wait", [0.0, 0.02, 0.1])
async def test_an_erasure_during_writes_leaves_nothing(place: Place, store: Store, tenant: str, wait: float) -> None:
    await store.create_learner(tenant, Learner(id="ada"))
    await store.create_session(tenant, make_session("s", learner="ada"))
    async with place.connect() as second:
        writers = [asyncio.create_task(bring_back(each, tenant, "ada")) for each in (store, second) * 2]
        await asyncio.sleep(wait)
        await asyncio.gather(second.erase_learner(tenant, "ada"), delete_early(store, tenant), *writers)
    assert await dump_sessions(store, tenant) == {}
    assert await store.list_records(tenant, "s", "events", limit=9) == []
    with pytest.raises(SessionDeletedError):
        await store.create_session(tenant, make_session("s"))


async def test_usage_added_at_once_adds_up(place: Place, store: Store, tenant: str) -> None:
    async with place.connect() as second:
        usage = ModelUsage(model="a/small", calls=1, input_tokens=100, output_tokens=10, cost_micros=7)
        await asyncio.gather(*((store, second)[n % 2].add_usage(tenant, TODAY, usage) for n in range(40)))
    total = ModelUsage(model="a/small", calls=40, input_tokens=4_000, output_tokens=400, cost_micros=280)
    assert await store.list_usage(tenant, TODAY) == [total]
