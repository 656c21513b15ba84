"""Operations: their leases, their progress, and what they recorded."""

from collections.abc import Collection, Sequence
from dataclasses import asdict
from typing import Any

from kg.errors import OperationEndedError, OperationNotFoundError, RevisionConflictError
from kg.learner import hash_learner
from kg.ledger import MasteryChange
from kg.neo4j_store.database import ATTEMPTS, Transaction
from kg.neo4j_store.part import StorePart
from kg.operations import Operation, OperationFailure, OperationKind

_WRITTEN = ("progress", "items_done", "items_total", "items_failed", "done", "error", "lease_owner", "lease_until")


def _to_operation(properties: dict[str, Any]) -> Operation:
    known = {name: value for name, value in properties.items() if name != "tenant"}
    kind, questions = OperationKind(known.pop("kind")), tuple(known.pop("questions"))
    return Operation(kind=kind, questions=questions, **known)


async def put_operation(transaction: Transaction, tenant: str, operation: Operation) -> None:
    """Creates an operation's node."""
    properties = {**asdict(operation), "kind": operation.kind.value, "questions": list(operation.questions)}
    await transaction.list_rows("create_operation", tenant=tenant, operation=operation.id, properties=properties)


async def _lock_operation(transaction: Transaction, tenant: str, operation: str) -> Operation:
    """Reads an operation under its lock. Raises OperationNotFoundError."""
    names = {"tenant": tenant, "operation": operation}
    await transaction.list_rows("lock_operation", **names)
    row = await transaction.find_row("get_operation", **names)
    if row is None:
        raise OperationNotFoundError(f"operations/{operation}")
    return _to_operation(row[0])


class Operations(StorePart):
    """The store's methods about operations."""

    async def create_operation(self, tenant: str, operation: Operation, items: Collection[str] = ()) -> None:
        """See `Store.create_operation`."""

        async def work(transaction: Transaction) -> None:
            await put_operation(transaction, tenant, operation)
            rows = [{"item": item} for item in items]
            await transaction.write_batches("create_operation_items", rows, tenant=tenant, operation=operation.id)

        await self._database.write(work)

    async def get_operation(self, tenant: str, operation: str) -> Operation:
        """See `Store.get_operation`."""
        row = await self._find_row("get_operation", tenant=tenant, operation=operation)
        if row is None:
            raise OperationNotFoundError(f"operations/{operation}")
        return _to_operation(row[0])

    async def list_operations(self, tenant: str, after: str, limit: int) -> list[Operation]:
        """See `Store.list_operations`."""
        rows = await self._list_rows("list_operations", tenant=tenant, after=after, limit=limit)
        return [_to_operation(properties) for (properties,) in rows]

    async def delete_operation(self, tenant: str, operation: str) -> None:
        """See `Store.delete_operation`."""

        async def work(transaction: Transaction) -> None:
            await _lock_operation(transaction, tenant, operation)
            names = {"tenant": tenant, "operation": operation}
            for part in ("mastery_changes", "operation_failures", "operation_items"):
                await transaction.delete_batches(f"delete_{part}", **names)
            await transaction.list_rows("delete_operation", **names)

        await self._database.write(work)

    async def cancel_operation(self, tenant: str, operation: str) -> None:
        """See `Store.cancel_operation`."""

        async def work(transaction: Transaction) -> None:
            if (await _lock_operation(transaction, tenant, operation)).done:
                raise OperationEndedError(f"operation {operation} has already ended", [operation])
            await transaction.list_rows("cancel_operation", tenant=tenant, operation=operation)

        await self._database.write(work)

    async def claim_operation(
        self, owner: str, now: int, until: int, kinds: Collection[OperationKind] = frozenset(OperationKind)
    ) -> tuple[str, Operation] | None:
        """See `Store.claim_operation`."""
        wanted = [kind.value for kind in kinds]

        async def work(transaction: Transaction) -> tuple[str, Operation] | None:
            for _ in range(ATTEMPTS):
                found = await transaction.find_row("find_claimable_operation", now=now, kinds=wanted)
                if found is None:
                    return None
                tenant, name = found
                try:
                    stored = await _lock_operation(transaction, tenant, name)
                except OperationNotFoundError:  # deleted since it was found
                    continue
                if not stored.done and (not stored.lease_owner or stored.lease_until < now):
                    row = await transaction.find_row(
                        "claim_operation", tenant=tenant, operation=name, owner=owner, until=until
                    )
                    return (tenant, _to_operation(row[0])) if row is not None else None
            return None

        return await self._database.write(work)

    async def update_operation(
        self, tenant: str, operation: Operation, failures: Sequence[OperationFailure] = ()
    ) -> None:
        """See `Store.update_operation`."""
        names = {"tenant": tenant, "operation": operation.id}
        rows = [
            {**asdict(failure), "hash": hash_learner(tenant, failure.item)}
            for failure in sorted(failures, key=lambda failure: failure.item)
        ]

        async def work(transaction: Transaction) -> None:
            await transaction.write_batches("lock_items", rows, tenant=tenant)
            stored = await _lock_operation(transaction, tenant, operation.id)
            if stored.lease_owner != operation.lease_owner:
                raise RevisionConflictError(f"operation {operation.id} is leased to another server")
            properties = {name: getattr(operation, name) for name in _WRITTEN}
            await transaction.list_rows("update_operation", properties=properties, **names)
            await transaction.write_batches("write_operation_failures", rows, **names)
            if operation.done:
                await transaction.delete_batches("delete_operation_items", **names)

        await self._database.write(work)

    async def list_operation_items(self, tenant: str, operation: str, after: str, limit: int) -> list[str]:
        """See `Store.list_operation_items`."""
        rows = await self._list_rows(
            "list_operation_items", tenant=tenant, operation=operation, after=after, limit=limit
        )
        return [item for (item,) in rows]

    async def list_operation_failures(
        self, tenant: str, operation: str, limit: int
    ) -> tuple[list[OperationFailure], int]:
        """See `Store.list_operation_failures`."""

        async def work(transaction: Transaction) -> tuple[list[OperationFailure], int]:
            names = {"tenant": tenant, "operation": operation}
            rows = await transaction.list_rows("list_operation_failures", limit=limit, **names)
            ((total,),) = await transaction.list_rows("count_operation_failures", **names)
            failures = [
                OperationFailure(item=item, code=code, reason=reason, message=message)
                for item, code, reason, message in rows
            ]
            return failures, total

        return await self._database.read(work)

    async def list_mastery_changes(self, tenant: str, operation: str, limit: int) -> tuple[list[MasteryChange], int]:
        """See `Store.list_mastery_changes`."""

        async def work(transaction: Transaction) -> tuple[list[MasteryChange], int]:
            names = {"tenant": tenant, "operation": operation}
            rows = await transaction.list_rows("list_mastery_changes", limit=limit, **names)
            ((total,),) = await transaction.list_rows("count_mastery_changes", **names)
            return [MasteryChange(*row) for row in rows], total

        return await self._database.read(work)
