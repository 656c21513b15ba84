"""Does the work of regrade operations: folds learners anew after a key, a weight or a void changed.

Any server may do it. One at a time holds the operation's lease; where a server dies, the lease ends and another goes
on. Folding a learner twice gives the same, so nothing depends on the lease but the work saved.
"""

import asyncio
import contextlib
from dataclasses import replace

import structlog

from kg.errors import (
    GraphMasalError,
    LearnerErasedError,
    LearnerNotFoundError,
    OperationNotFoundError,
    RevisionConflictError,
    StoreUnavailableError,
)
from kg.operations import Operation
from server.backend import Backend
from server.statuses import INTERNAL_TEXT

LEASE_SECONDS = 30
ATTEMPTS = 3
PAGE = 200

_IDLE_SECONDS = 2.0
_RETRY_SECONDS = 0.2
_PROGRESS_SECONDS = 0.5
_MICROS = 1_000_000

_log = structlog.get_logger("graphmasal.regrading")


class Regrader:
    """Claims operations and carries them out, one after another."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._store = backend.store
        self._owner = backend.new_id()

    async def run(self) -> None:
        """Works until it is cancelled."""
        while True:
            try:
                # Cleared before looking: what is made from now on wakes the wait below.
                self._backend.regrade_wanted.clear()
                if await self.run_once():
                    continue
            except StoreUnavailableError as error:
                _log.warning("the store does not answer", error=str(error))
            except Exception:
                _log.exception("regrading failed")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._backend.regrade_wanted.wait(), _IDLE_SECONDS)

    async def run_once(self) -> bool:
        """Takes one operation and works on it until it ends or is lost; False: there was none."""
        now = self._backend.clock()
        claimed = await self._store.claim_operation(self._owner, now, now + LEASE_SECONDS * _MICROS)
        if claimed is None:
            return False
        tenant, operation = claimed
        _log.info("regrade begins", tenant=tenant, operation=operation.id)
        try:
            await self._carry_out(tenant, operation)
        except (RevisionConflictError, OperationNotFoundError):
            _log.info("regrade left to others", tenant=tenant, operation=operation.id)
        except asyncio.CancelledError:
            await self._give_back(tenant, operation)
            raise
        return True

    async def _carry_out(self, tenant: str, operation: Operation) -> None:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                await self._regrade(tenant, operation)
            except (StoreUnavailableError, RevisionConflictError, OperationNotFoundError):
                raise
            except Exception as error:
                _log.exception("regrade failed", tenant=tenant, operation=operation.id, attempt=attempt)
                if attempt == ATTEMPTS:
                    text = str(error) if isinstance(error, GraphMasalError) else INTERNAL_TEXT
                    current = await self._store.get_operation(tenant, operation.id)
                    await self._store.update_operation(tenant, self._lease(replace(current, done=True, error=text)))
                else:
                    await asyncio.sleep(attempt * _RETRY_SECONDS)
                continue
            return

    async def _regrade(self, tenant: str, operation: Operation) -> None:
        """Passes over the learners until a pass finds none: some may have answered under the old rules meanwhile."""
        operation = await self._report(tenant, operation)
        while not operation.cancelled:
            learners = await self._store.list_learners_to_regrade(
                tenant, operation.curriculum, operation.questions, operation.grading_revision, PAGE
            )
            if not learners:
                break
            total = max(operation.items_total, operation.items_done + len(learners))
            operation = await self._regrade_page(tenant, replace(operation, items_total=total), learners)
        # Those that a process folded before it died, and could not count any more, are not found again.
        total = operation.items_total if operation.cancelled else operation.items_done
        ended = replace(operation, items_total=total, done=True)
        await self._store.update_operation(tenant, self._lease(ended))
        _log.info("regrade ended", tenant=tenant, operation=operation.id, learners=operation.items_done)

    async def _regrade_page(self, tenant: str, operation: Operation, learners: list[str]) -> Operation:
        loop = asyncio.get_running_loop()
        reported = loop.time()
        for learner in learners:
            with contextlib.suppress(LearnerNotFoundError, LearnerErasedError):
                await self._store.regrade_learner(tenant, operation.id, learner, operation.curriculum)
            operation = replace(operation, items_done=operation.items_done + 1)
            if loop.time() - reported > _PROGRESS_SECONDS:
                operation = await self._report(tenant, operation)
                reported = loop.time()
            if operation.cancelled:
                return operation
        return await self._report(tenant, operation)

    async def _report(self, tenant: str, operation: Operation) -> Operation:
        """Writes progress, renews the lease, and sees whether the operation was cancelled."""
        await self._store.update_operation(tenant, self._lease(operation))
        return await self._store.get_operation(tenant, operation.id)

    def _lease(self, operation: Operation) -> Operation:
        until = self._backend.clock() + LEASE_SECONDS * _MICROS
        return replace(operation, lease_owner=self._owner, lease_until=until)

    async def _give_back(self, tenant: str, operation: Operation) -> None:
        """Ends the lease, so that another server need not wait for that."""
        with contextlib.suppress(GraphMasalError):
            current = await self._store.get_operation(tenant, operation.id)
            if not current.done and current.lease_owner == self._owner:
                await self._store.update_operation(tenant, replace(current, lease_until=0))
