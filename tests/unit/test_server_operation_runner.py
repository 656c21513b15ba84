import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kg.errors import LimitExceededError
from kg.operations import Operation, OperationFailure, OperationKind
from kg.sqlite_store.store import SqliteStore
from server.backend import Backend
from server.curriculum_cache import CurriculumCache
from server.operation_runner import ATTEMPTS, LEASE_SECONDS, OperationRunner, Report, Worker

SECOND = 1_000_000
Work = Callable[[Operation, Report], Coroutine[Any, Any, Operation]]


class Clock:
    def __init__(self) -> None:
        self.now = SECOND

    def __call__(self) -> int:
        return self.now


class Planning(Worker):
    """Does what the test says with operations that plan."""

    kind = OperationKind.PLAN

    def __init__(self, work: Work) -> None:
        self._work = work

    async def carry_out(self, tenant: str, operation: Operation, report: Report) -> Operation:
        return await self._work(operation, report)


class Regrading(Planning):
    kind = OperationKind.REGRADE


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def backend(tmp_path: Path, clock: Clock) -> AsyncIterator[Backend]:
    store = SqliteStore(tmp_path / "s.db")
    await store.open()
    with ThreadPoolExecutor(1) as executor:
        yield Backend(store=store, executor=executor, curricula=CurriculumCache(store, executor), clock=clock)
    await store.close()


async def create(backend: Backend, name: str = "op", kind: OperationKind = OperationKind.PLAN) -> None:
    await backend.store.create_operation("t", Operation(id=name, kind=kind, curriculum="c", created_at=1))


async def read(backend: Backend, name: str = "op") -> Operation:
    return await backend.store.get_operation("t", name)


async def wait_until(condition: Callable[[], Coroutine[Any, Any, bool]]) -> None:
    async with asyncio.timeout(60):
        while True:
            if await condition():
                return
            await asyncio.sleep(0.005)


def advance(operation: Operation, place: str) -> Operation:
    return replace(operation, items_done=operation.items_done + 1, progress=place)


async def test_what_the_worker_returns_is_the_end(backend: Backend) -> None:
    async def work(operation: Operation, report: Report) -> Operation:
        return await report(advance(operation, "here"), [])

    await create(backend)
    runner = OperationRunner(backend, Planning(work))
    assert await runner.run_once()
    ended = await read(backend)
    assert (ended.done, ended.items_done, ended.progress, ended.error) == (True, 1, "", "")
    assert not await runner.run_once()


async def test_a_runner_takes_its_own_kind_only(backend: Backend) -> None:
    async def work(operation: Operation, report: Report) -> Operation:
        return operation

    await create(backend, kind=OperationKind.REGRADE)
    assert not await OperationRunner(backend, Planning(work)).run_once()
    assert await OperationRunner(backend, Regrading(work)).run_once()


async def test_the_lease_is_renewed_while_one_piece_of_work_goes_on(
    backend: Backend, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.operation_runner._RENEWAL_SECONDS", 0.001)

    async def work(operation: Operation, report: Report) -> Operation:
        reported = await report(advance(operation, "here"))
        clock.now += 10 * LEASE_SECONDS * SECOND

        async def is_renewed() -> bool:
            return (await read(backend)).lease_until == clock.now + LEASE_SECONDS * SECOND

        await wait_until(is_renewed)
        assert await backend.store.claim_operation("other", clock(), clock() + SECOND) is None
        current = await read(backend)
        assert (current.items_done, current.progress) == (reported.items_done, "here")
        return reported

    await create(backend)
    assert await OperationRunner(backend, Planning(work)).run_once()
    assert (await read(backend)).done


async def test_work_that_gets_further_is_tried_again_and_again(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.operation_runner._RETRY_SECONDS", 0)
    seen: list[str] = []

    async def work(operation: Operation, report: Report) -> Operation:
        seen.append(operation.progress)
        if len(seen) > 2 * ATTEMPTS:
            return operation
        await report(advance(operation, str(len(seen))))
        raise LimitExceededError("too much")

    await create(backend)
    await OperationRunner(backend, Planning(work)).run_once()
    ended = await read(backend)
    assert (ended.done, ended.error, ended.items_done) == (True, "", 2 * ATTEMPTS)
    assert seen == ["", "1", "2", "3", "4", "5", "6"]


async def test_what_is_not_of_the_domain_is_not_told(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.operation_runner._RETRY_SECONDS", 0)

    async def work(operation: Operation, report: Report) -> Operation:
        raise ValueError("a secret")

    await create(backend)
    await OperationRunner(backend, Planning(work)).run_once()
    ended = await read(backend)
    assert ended.done
    assert ended.error.startswith("internal error")


async def test_who_lost_the_operation_writes_no_more(backend: Backend, clock: Clock) -> None:
    async def work(operation: Operation, report: Report) -> Operation:
        clock.now += (LEASE_SECONDS + 1) * SECOND
        await backend.store.claim_operation("other", clock(), clock() + SECOND)
        failure = OperationFailure(item="ada", code=5, reason="LEARNER_NOT_FOUND", message="gone")
        return await report(advance(operation, "here"), [failure])

    await create(backend)
    assert await OperationRunner(backend, Planning(work)).run_once()
    left = await read(backend)
    assert (left.done, left.items_done, left.lease_owner) == (False, 0, "other")
    assert await backend.store.list_operation_failures("t", "op", 10) == ([], 0)


async def test_a_deleted_operation_ends_the_work(backend: Backend) -> None:
    async def work(operation: Operation, report: Report) -> Operation:
        await backend.store.delete_operation("t", "op")
        return await report(operation)

    await create(backend)
    assert await OperationRunner(backend, Planning(work)).run_once()
    assert await backend.store.list_operations("t", "", 10) == []


async def test_a_server_that_stops_gives_its_operation_back(backend: Backend) -> None:
    begun = asyncio.Event()

    async def work(operation: Operation, report: Report) -> Operation:
        await report(advance(operation, "here"))
        begun.set()
        await asyncio.Event().wait()
        return operation

    await create(backend)
    task = asyncio.create_task(OperationRunner(backend, Planning(work)).run())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    taken = await backend.store.claim_operation("other", backend.clock(), backend.clock() + SECOND)
    assert taken is not None
    assert (taken[1].progress, taken[1].items_done) == ("here", 1)


async def test_kinds_do_not_wait_for_each_other(backend: Backend) -> None:
    release = asyncio.Event()

    async def wait(operation: Operation, report: Report) -> Operation:
        await release.wait()
        return operation

    async def end(operation: Operation, report: Report) -> Operation:
        return operation

    await create(backend, "long")
    workers = (Planning(wait), Regrading(end))
    tasks = [asyncio.create_task(OperationRunner(backend, worker).run()) for worker in workers]
    await create(backend, "short", OperationKind.REGRADE)
    backend.operation_wanted[OperationKind.REGRADE].set()

    async def is_short_done() -> bool:
        return (await read(backend, "short")).done

    await wait_until(is_short_done)
    assert not (await read(backend, "long")).done
    release.set()

    async def is_long_done() -> bool:
        return (await read(backend, "long")).done

    await wait_until(is_long_done)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
