"""Operations: their leases, their progress and the differences they recorded."""

from dataclasses import asdict
from typing import Any

from kg.errors import OperationEndedError, OperationNotFoundError, RevisionConflictError
from kg.ledger import MasteryChange
from kg.neo4j_store.database import ATTEMPTS, Transaction
from kg.neo4j_store.part import StorePart
from kg.operations import Operation, OperationKind


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

    async def create_operation(self, tenant: str, operation: Operation) -> None:
        """See `Store.create_operation`."""
        await self._database.write(lambda transaction: put_operation(transaction, tenant, operation))

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
            await transaction.delete_batches("delete_mastery_changes", **names)
            await transaction.list_rows("delete_operation", **names)

        await self._database.write(work)

    async def cancel_operation(self, tenant: str, operation: str) -> None:
        """See `Store.cancel_operation`."""

        async def work(transaction: Transaction) -> None:
            if (await _lock_operation(transaction, tenant, operation)).done:
                raise OperationEndedError(f"operation {operation} has already ended", [operation])
            await transaction.list_rows("cancel_operation", tenant=tenant, operation=operation)

        await self._database.write(work)

    async def claim_operation(self, owner: str, now: int, until: int) -> tuple[str, Operation] | None:
        """See `Store.claim_operation`."""

        async def work(transaction: Transaction) -> tuple[str, Operation] | None:
            for _ in range(ATTEMPTS):
                found = await transaction.find_row("find_claimable_operation", now=now)
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

    async def update_operation(self, tenant: str, operation: Operation) -> None:
        """See `Store.update_operation`."""

        async def work(transaction: Transaction) -> None:
            stored = await _lock_operation(transaction, tenant, operation.id)
            if stored.lease_owner != operation.lease_owner:
                raise RevisionConflictError(f"operation {operation.id} is leased to another server")
            written = ("items_done", "items_total", "done", "error", "lease_owner", "lease_until")
            properties = {name: getattr(operation, name) for name in written}
            await transaction.list_rows(
                "update_operation", tenant=tenant, operation=operation.id, properties=properties
            )

        await self._database.write(work)

    async def list_mastery_changes(self, tenant: str, operation: str, limit: int) -> tuple[list[MasteryChange], int]:
        """See `Store.list_mastery_changes`."""

        async def work(transaction: Transaction) -> tuple[list[MasteryChange], int]:
            names = {"tenant": tenant, "operation": operation}
            rows = await transaction.list_rows("list_mastery_changes", limit=limit, **names)
            ((total,),) = await transaction.list_rows("count_mastery_changes", **names)
            return [MasteryChange(*row) for row in rows], total

        return await self._database.read(work)
