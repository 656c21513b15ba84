import asyncio
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from pathlib import Path

import pytest

from graphmasal.v1.learner_service_pb2 import AppendEvidenceRequest
from kg.evidence import Evidence
from kg.ledger import BEGINNING, AppendOutcome
from kg.sqlite_store.store import SqliteStore
from server.backend import Backend
from server.curriculum_cache import CurriculumCache
from server.evidence_messages import to_evidence
from server.evidence_stream import MOST_WAITING, append_stream
from server.submissions import MOST_ITEMS
from tests.samples import NOON, answer, make_curriculum


class GatedStore(SqliteStore):
    """A store that appends only while its gate is open, and notes the batches."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.gate = asyncio.Event()
        self.batches: list[int] = []

    async def append_evidence(
        self, tenant: str, batch: Sequence[Evidence], *, allow_missing: bool, now: int
    ) -> list[AppendOutcome]:
        await self.gate.wait()
        self.batches.append(len(batch))
        return await super().append_evidence(tenant, batch, allow_missing=allow_missing, now=now)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[GatedStore]:
    opened = GatedStore(tmp_path / "store.db")
    await opened.open()
    await opened.import_curriculum("t", make_curriculum(), NOON, "op")
    yield opened
    await opened.close()


@pytest.fixture
async def backend(store: GatedStore) -> AsyncIterator[Backend]:
    with ThreadPoolExecutor(1) as executor:
        yield Backend(store=store, executor=executor, curricula=CurriculumCache(store, executor))


class Sender:
    """Sends messages of so many answers each, and counts the items that were taken from it."""

    def __init__(self, messages: int, size: int = 1) -> None:
        self._messages = messages
        self._size = size
        self.taken = 0

    async def send(self) -> AsyncIterator[AppendEvidenceRequest]:
        for message in range(self._messages):
            items = [to_evidence("t", answer(f"e{message:05}-{each:03}"), None) for each in range(self._size)]
            self.taken += self._size
            yield AppendEvidenceRequest(parent="tenants/t", evidence=items, allow_missing=True)


async def wait_until_still(sender: Sender) -> None:
    """Returns once no more is taken from a sender."""
    before = -1
    while sender.taken != before:
        before = sender.taken
        await asyncio.sleep(0.05)


@pytest.mark.parametrize(("messages", "size"), [(5000, 1), (200, 30), (8, 1000)])
async def test_no_more_is_read_than_may_wait(backend: Backend, store: GatedStore, messages: int, size: int) -> None:
    sender = Sender(messages, size)
    answered: list[str] = []

    async def receive() -> None:
        async for response in append_stream(backend, sender.send()):
            answered.extend(result.id for result in response.results)

    receiving = asyncio.create_task(receive())
    await wait_until_still(sender)
    assert sender.taken <= MOST_WAITING + 3 * max(size, MOST_ITEMS)
    assert not answered
    store.gate.set()
    await receiving

    assert answered == sorted(answered)
    assert len(answered) == sum(store.batches) == messages * size
    assert max(store.batches) <= MOST_ITEMS
    assert len(store.batches) < max(20, messages / 50)


async def test_ending_early_ends_reading(backend: Backend, store: GatedStore) -> None:
    store.gate.set()
    sender = Sender(100_000)

    async with aclosing(append_stream(backend, sender.send())) as answers:
        first = await anext(answers)
    taken = sender.taken
    await asyncio.sleep(0.05)

    assert first.results[0].id == "e00000-000"
    assert sender.taken == taken
    assert [item.id for item in await store.list_evidence("t", "ada", "", BEGINNING, 1)] == ["e00000-000"]


async def test_being_cancelled_while_the_store_works_leaves_nothing_running(
    backend: Backend, store: GatedStore
) -> None:
    before = asyncio.all_tasks()
    call = asyncio.ensure_future(anext(append_stream(backend, Sender(10).send())))
    await asyncio.sleep(0.05)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call

    assert asyncio.all_tasks() == before
    assert store.batches == []
