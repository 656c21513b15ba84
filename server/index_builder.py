"""Does the work of operations that build indexes. What was encoded before a server died is not encoded again."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from kg.indexes import IndexRecord
from kg.operations import Operation, OperationKind
from retrieval.candidates import Matrix
from retrieval.encoders.encoder import Encoder
from retrieval.index_building import Order, build_index
from server.backend import Backend
from server.index_operations import find_record, read_order
from server.operation_runner import Report, Worker
from server.ranker_library import RankerLibrary


class IndexBuilder(Worker):
    """Builds indexes, one after another, in a thread of its own beside those that search.

    Args:
        backend: What the services share.
        rankers: Have the encoders.
    """

    kind = OperationKind.INDEX

    def __init__(self, backend: Backend, rankers: RankerLibrary) -> None:
        self._backend = backend
        self._store = backend.store
        self._rankers = rankers
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="index")

    async def carry_out(self, tenant: str, operation: Operation, report: Report) -> Operation:
        """Builds the index of the curriculum's version, and anew as long as there is a newer one at the end."""
        curriculum = operation.curriculum
        before = await self._store.list_indexes(tenant, curriculum)
        ranker = await self._rankers.find(tenant, curriculum, read_order(operation).ranker, before)
        encoder = (await self._rankers.equip(ranker, required=True)).encoder
        version = 0
        while True:
            cached = await self._backend.curricula.get(tenant, curriculum)
            if cached.record.version == version:
                break
            version = cached.record.version
            order = Order(
                tenant=tenant,
                curriculum=cached.curriculum,
                ranker=ranker.id,
                encoder=encoder.fingerprint if encoder else "",
            )
            building = _Building(operation, report, encoder, self._executor)
            record = await build_index(self._store, order, building.encode, building.note, self._backend.clock)
            operation = building.operation
            if record is None:
                return operation
        await self._drop_outdated(tenant, curriculum, find_record(before, ranker.id))
        return operation

    async def _drop_outdated(self, tenant: str, curriculum: str, before: IndexRecord | None) -> None:
        """Removes the vectors of an encoder that the index had before and none has any more."""
        records = await self._store.list_indexes(tenant, curriculum)
        if before is None or before.encoder in {"", *(record.encoder for record in records)}:
            return
        names = tenant, curriculum, before.encoder
        await self._store.drop_vectors(*names, await self._store.list_vector_hashes(*names))

    def close(self) -> None:
        """Waits for the texts that are being encoded."""
        self._executor.shutdown(wait=True, cancel_futures=True)


class _Building:
    """The building of one version.

    Attributes:
        operation: As it was reported last.
    """

    def __init__(
        self, operation: Operation, report: Report, encoder: Encoder | None, executor: ThreadPoolExecutor
    ) -> None:
        self.operation = operation
        self._report = report
        self._encoder = encoder
        self._executor = executor

    async def encode(self, texts: Sequence[str]) -> Matrix:
        """Encodes texts in the thread for it."""
        if self._encoder is None:
            raise RuntimeError("an index of words only has nothing to encode")
        return await asyncio.get_running_loop().run_in_executor(self._executor, self._encoder.encode, texts)

    async def note(self, done: int, total: int) -> bool:
        """Reports progress; returns whether to go on."""
        self.operation = await self._report(replace(self.operation, items_done=done, items_total=total))
        return not self.operation.cancelled
