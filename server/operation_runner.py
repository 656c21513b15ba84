"""Carries out operations: takes them by lease, keeps the lease while work goes on, tries again, ends or gives back.

Any server may do it. One at a time holds an operation's lease; where a server dies, the lease ends and another goes on
from the progress written last. Work may therefore be done twice, in part, and a worker does such work only whose second
time changes nothing: then nothing depends on the lease but the work saved.
"""

import asyncio
import contextlib
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import ClassVar, Protocol

import structlog

from kg.errors import (
    GraphMasalError,
    OperationNotFoundError,
    RevisionConflictError,
    StoreUnavailableError,
)
from kg.operations import Operation, OperationFailure, OperationKind
from server.backend import Backend
from server.statuses import INTERNAL_TEXT

LEASE_SECONDS = 30
ATTEMPTS = 3
"""How often work is tried that fails without getting further."""

_RENEWAL_SECONDS = 10.0
_IDLE_SECONDS = 2.0
_RETRY_SECONDS = 0.2
_MICROS = 1_000_000

_log = structlog.get_logger("graphmasal.operations")


class Report(Protocol):
    """Writes how far an operation is."""

    async def __call__(self, operation: Operation, failures: Sequence[OperationFailure] = ()) -> Operation:
        """Writes progress and failures together, and renews the lease.

        Returns:
            The operation as it is then; `cancelled` says whether the work should end where it is.

        Raises:
            OperationNotFoundError: It was deleted.
            RevisionConflictError: Another server has it. In both cases the worker has nothing more to do.
        """


class Worker(ABC):
    """Knows what is to be done for operations of one kind."""

    kind: ClassVar[OperationKind]

    @abstractmethod
    async def carry_out(self, tenant: str, operation: Operation, report: Report) -> Operation:
        """Works from where the operation is to its end, or until a report says that it was cancelled.

        Args:
            tenant: Id.
            operation: As it was written last, maybe by a server that died.
            report: To be called from time to time.

        Returns:
            The operation as it is at the end; the runner writes it, marked as done.
        """


class OperationRunner:
    """Claims the operations of one kind and carries them out, one after another.

    Args:
        backend: What the services share.
        worker: Does the work.
    """

    def __init__(self, backend: Backend, worker: Worker) -> None:
        self._backend = backend
        self._worker = worker
        self._wanted = backend.operation_wanted[worker.kind]
        self._owner = backend.new_id()

    async def run(self) -> None:
        """Works until it is cancelled."""
        while True:
            try:
                # Cleared before looking: what is made from now on wakes the wait below.
                self._wanted.clear()
                if await self.run_once():
                    continue
            except StoreUnavailableError as error:
                _log.warning("the store does not answer", error=str(error))
            except Exception:
                _log.exception("carrying out operations failed", kind=self._worker.kind.value)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wanted.wait(), _IDLE_SECONDS)

    async def run_once(self) -> bool:
        """Takes one operation and works on it until it ends or is lost; False: there was none."""
        now = self._backend.clock()
        claimed = await self._backend.store.claim_operation(
            self._owner, now, now + LEASE_SECONDS * _MICROS, {self._worker.kind}
        )
        if claimed is None:
            return False
        tenant, operation = claimed
        log = _log.bind(kind=operation.kind.value, tenant=tenant, operation=operation.id)
        log.info("operation begins", done=operation.items_done)
        held = _HeldOperation(self._backend, self._owner, tenant, operation)
        try:
            async with held.kept():
                await self._carry_out(held, log)
        except (RevisionConflictError, OperationNotFoundError):
            log.info("operation left to others")
        except asyncio.CancelledError:
            await held.give_back()
            raise
        return True

    async def _carry_out(self, held: "_HeldOperation", log: structlog.stdlib.BoundLogger) -> None:
        """Tries until it succeeds, or has failed too often without getting further."""
        failed, reached = 0, held.operation.items_done
        while True:
            try:
                ended = await self._worker.carry_out(held.tenant, held.operation, held.report)
                await held.report(replace(ended, progress="", done=True))
            except (StoreUnavailableError, RevisionConflictError, OperationNotFoundError):
                raise
            except Exception as error:
                failed = 1 if held.operation.items_done > reached else failed + 1
                reached = held.operation.items_done
                log.exception("operation failed", attempt=failed)
                if failed == ATTEMPTS:
                    text = str(error) if isinstance(error, GraphMasalError) else INTERNAL_TEXT
                    await held.report(replace(held.operation, progress="", done=True, error=text))
                    return
                await asyncio.sleep(failed * _RETRY_SECONDS)
            else:
                log.info("operation ended", done=ended.items_done, failed=ended.items_failed)
                return


class _HeldOperation:
    """An operation whose lease this server holds.

    Attributes:
        tenant: Id.
        operation: As it was written last.
    """

    def __init__(self, backend: Backend, owner: str, tenant: str, operation: Operation) -> None:
        self._backend = backend
        self._store = backend.store
        self._owner = owner
        # A renewal must not write older progress over that of a report.
        self._writing = asyncio.Lock()
        self.tenant = tenant
        self.operation = operation

    async def report(self, operation: Operation, failures: Sequence[OperationFailure] = ()) -> Operation:
        """See `Report`."""
        async with self._writing:
            return await self._write(operation, failures)

    async def _write(self, operation: Operation, failures: Sequence[OperationFailure] = ()) -> Operation:
        until = self._backend.clock() + LEASE_SECONDS * _MICROS
        leased = replace(operation, lease_owner=self._owner, lease_until=until)
        await self._store.update_operation(self.tenant, leased, failures)
        self.operation = await self._store.get_operation(self.tenant, operation.id)
        return self.operation

    @contextlib.asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        """Renews the lease from time to time while the block runs, however long one piece of its work takes."""
        renewing = asyncio.create_task(self._renew_repeatedly())
        try:
            yield
        finally:
            renewing.cancel()
            await asyncio.wait([renewing])

    async def _renew_repeatedly(self) -> None:
        while True:
            await asyncio.sleep(_RENEWAL_SECONDS)
            # What is wrong the next report tells, to whom it concerns.
            with contextlib.suppress(GraphMasalError):
                async with self._writing:
                    await self._write(self.operation)

    async def give_back(self) -> None:
        """Ends the lease, so that another server need not wait for that."""
        with contextlib.suppress(GraphMasalError):
            current = await self._store.get_operation(self.tenant, self.operation.id)
            if not current.done and current.lease_owner == self._owner:
                await self._store.update_operation(self.tenant, replace(current, lease_until=0))
