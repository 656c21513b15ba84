import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from kg.sqlite_store.store import SqliteStore
from server.backend import Backend
from server.curriculum_cache import CurriculumCache
from server.deadlines import run_in_time

Stop = Callable[[], bool]


@pytest.fixture
async def backend(tmp_path: Path) -> AsyncIterator[Backend]:
    store = SqliteStore(tmp_path / "store.db")
    with ThreadPoolExecutor(1) as executor:
        yield Backend(store=store, executor=executor, curricula=CurriculumCache(store, executor))


def work_until_stopped(stop: Stop) -> float:
    """Returns how long it took until it was told to end, at most ten seconds."""
    begun = time.monotonic()
    while not stop() and time.monotonic() < begun + 10:
        time.sleep(0.001)
    return time.monotonic() - begun


async def test_work_without_a_deadline_is_not_stopped(backend: Backend) -> None:
    assert await run_in_time(backend, None, lambda stop: stop()) is False


async def test_work_ends_some_time_before_the_deadline(backend: Backend) -> None:
    took = await run_in_time(backend, 0.5, work_until_stopped)

    assert 0.3 < took < 0.5


async def test_work_that_comes_too_late_is_stopped_at_once(backend: Backend) -> None:
    assert await run_in_time(backend, 0.004, lambda stop: stop()) is True


async def test_work_ends_when_its_caller_has_gone(backend: Backend) -> None:
    begun, ended = threading.Event(), threading.Event()

    def work(stop: Stop) -> None:
        begun.set()
        work_until_stopped(stop)
        ended.set()

    call = asyncio.create_task(run_in_time(backend, None, work))
    await asyncio.to_thread(begun.wait, 5)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call

    assert await asyncio.to_thread(ended.wait, 5)
