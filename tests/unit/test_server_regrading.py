from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from kg.errors import LimitExceededError
from kg.operations import Operation
from kg.sqlite_store.store import SqliteStore
from kg.store import Store
from server.backend import Backend
from server.curriculum_cache import CurriculumCache
from server.operation_runner import LEASE_SECONDS, OperationRunner
from server.regrading import Regrader
from tests.contract.calls import append, correct, load
from tests.samples import answer

SECOND = 1_000_000


class Clock:
    def __init__(self) -> None:
        self.now = SECOND

    def __call__(self) -> int:
        return self.now


class FailingStore(SqliteStore):
    """A store in which folding always fails."""

    tries = 0

    async def regrade_learner(self, tenant: str, operation: str, learner: str, curriculum: str) -> int:
        self.tries += 1
        raise LimitExceededError("too much")


class CancellingStore(SqliteStore):
    """A store in which somebody cancels while the first learner is folded."""

    async def regrade_learner(self, tenant: str, operation: str, learner: str, curriculum: str) -> int:
        await self.cancel_operation(tenant, operation)
        return await super().regrade_learner(tenant, operation, learner, curriculum)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def executor() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as made:
        yield made


def make_regrader(store: Store, executor: ThreadPoolExecutor, clock: Clock) -> OperationRunner:
    curricula = CurriculumCache(store, executor)
    backend = Backend(store=store, executor=executor, curricula=curricula, clock=clock)
    return OperationRunner(backend, Regrader(store))


async def prepare(store: Store) -> None:
    """Two learners who answered, and a corrected key."""
    await store.open()
    await load(store, "t")
    await append(store, "t", answer("e1"), answer("e2", learner="bob"))
    await correct(store, "t", "y", operation="op")


async def read(store: Store) -> Operation:
    return await store.get_operation("t", "op")


async def test_an_operation_is_carried_out(tmp_path: Path, executor: ThreadPoolExecutor, clock: Clock) -> None:
    store = SqliteStore(tmp_path / "s.db")
    await prepare(store)
    regrader = make_regrader(store, executor, clock)
    assert await regrader.run_once()
    assert not await regrader.run_once()
    ended = await read(store)
    assert (ended.done, ended.error, ended.items_done, ended.items_total) == (True, "", 2, 2)
    assert (await store.list_mastery_changes("t", "op", 10))[1] == 2
    await store.close()


async def test_another_takes_over_where_one_died(tmp_path: Path, executor: ThreadPoolExecutor, clock: Clock) -> None:
    store = SqliteStore(tmp_path / "s.db")
    await prepare(store)
    assert await store.claim_operation("the-dead", clock(), clock() + LEASE_SECONDS * SECOND)
    regrader = make_regrader(store, executor, clock)
    assert not await regrader.run_once()
    clock.now += (LEASE_SECONDS + 1) * SECOND
    assert await regrader.run_once()
    assert (await read(store)).done
    await store.close()


async def test_what_fails_three_times_ends_with_its_error(
    tmp_path: Path, executor: ThreadPoolExecutor, clock: Clock
) -> None:
    store = FailingStore(tmp_path / "s.db")
    await prepare(store)
    assert await make_regrader(store, executor, clock).run_once()
    ended = await read(store)
    assert (ended.done, ended.error, store.tries) == (True, "too much", 3)
    await store.close()


async def test_a_cancelled_operation_ends_where_it_is(
    tmp_path: Path, executor: ThreadPoolExecutor, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.regrading._PROGRESS_SECONDS", 0)
    store = CancellingStore(tmp_path / "s.db")
    await prepare(store)
    assert await make_regrader(store, executor, clock).run_once()
    ended = await read(store)
    assert (ended.done, ended.cancelled, ended.items_done) == (True, True, 1)
    await store.close()
