"""Does the work of regrade operations: folds learners anew after a key, a weight or a void changed.

Folding a learner twice gives the same, and who is folded is not found again.
"""

import asyncio
import contextlib
from dataclasses import replace

from kg.errors import LearnerErasedError, LearnerNotFoundError
from kg.operations import Operation, OperationKind
from kg.store import Store
from server.operation_runner import Report, Worker

PAGE = 200

_PROGRESS_SECONDS = 0.5


class Regrader(Worker):
    """Folds anew the learners who answered questions whose grading changed.

    Args:
        store: Holds them.
    """

    kind = OperationKind.REGRADE

    def __init__(self, store: Store) -> None:
        self._store = store

    async def carry_out(self, tenant: str, operation: Operation, report: Report) -> Operation:
        """Passes over the learners until a pass finds none: some may have answered under the old rules meanwhile."""
        operation = await report(operation)
        while not operation.cancelled:
            learners = await self._store.list_learners_to_regrade(
                tenant, operation.curriculum, operation.questions, operation.grading_revision, PAGE
            )
            if not learners:
                # Those that a process folded before it died, and could not count any more, are not found again.
                return replace(operation, items_total=operation.items_done)
            total = max(operation.items_total, operation.items_done + len(learners))
            operation = await self._regrade_page(tenant, replace(operation, items_total=total), learners, report)
        return operation

    async def _regrade_page(self, tenant: str, operation: Operation, learners: list[str], report: Report) -> Operation:
        loop = asyncio.get_running_loop()
        reported = loop.time()
        for learner in learners:
            with contextlib.suppress(LearnerNotFoundError, LearnerErasedError):
                await self._store.regrade_learner(tenant, operation.id, learner, operation.curriculum)
            operation = replace(operation, items_done=operation.items_done + 1)
            if loop.time() - reported > _PROGRESS_SECONDS:
                operation = await report(operation)
                reported = loop.time()
            if operation.cancelled:
                return operation
        return await report(operation)
