"""Operations: their leases, their progress, and what they recorded."""

import json
import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import asdict
from typing import Any

from kg.errors import OperationEndedError, OperationNotFoundError, RevisionConflictError
from kg.ledger import MasteryChange
from kg.operations import Operation, OperationFailure, OperationKind
from kg.sqlite_store.learners import is_erased
from kg.sqlite_store.ledger import to_array
from kg.sqlite_store.part import StorePart

_COLUMNS = ", ".join(Operation.__dataclass_fields__)
_WRITTEN = ("progress", "items_done", "items_total", "items_failed", "done", "error", "lease_until")
_RECORDS = ("mastery_changes", "operation_failures", "operation_items")


def _to_operation(row: Sequence[Any]) -> Operation:
    values = dict(zip(Operation.__dataclass_fields__, row, strict=True))
    return Operation(
        **{
            **values,
            "kind": OperationKind(values["kind"]),
            "questions": tuple(json.loads(values["questions"])),
            "done": bool(values["done"]),
            "cancelled": bool(values["cancelled"]),
        }
    )


def insert_operation(connection: sqlite3.Connection, tenant: str, operation: Operation) -> None:
    """Stores a new operation within a transaction."""
    values = {**asdict(operation), "kind": operation.kind.value, "questions": json.dumps(operation.questions)}
    connection.execute(
        f"INSERT INTO operations (tenant, {_COLUMNS}) VALUES (?{', ?' * len(values)})",
        (tenant, *values.values()),
    )


def _get(connection: sqlite3.Connection, tenant: str, operation: str) -> Operation:
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM operations WHERE tenant = ? AND id = ?",
        (tenant, operation),
    ).fetchone()
    if row is None:
        raise OperationNotFoundError(f"operations/{operation}")
    return _to_operation(row)


def _write_failures(
    connection: sqlite3.Connection, tenant: str, operation: str, failures: Sequence[OperationFailure]
) -> None:
    connection.executemany(
        "INSERT OR REPLACE INTO operation_failures VALUES (?, ?, ?, ?, ?, ?)",
        [
            (tenant, operation, failure.item, failure.code, failure.reason, failure.message)
            for failure in failures
            if not is_erased(connection, tenant, failure.item)
        ],
    )


class Operations(StorePart):
    """The store's methods about operations."""

    async def create_operation(self, tenant: str, operation: Operation, items: Collection[str] = ()) -> None:
        """See `Store.create_operation`."""

        def job(connection: sqlite3.Connection) -> None:
            insert_operation(connection, tenant, operation)
            connection.executemany(
                "INSERT INTO operation_items VALUES (?, ?, ?)", ((tenant, operation.id, item) for item in items)
            )

        await self._database.write(job)

    async def get_operation(self, tenant: str, operation: str) -> Operation:
        """See `Store.get_operation`."""
        return await self._database.read(lambda connection: _get(connection, tenant, operation))

    async def list_operations(self, tenant: str, after: str, limit: int) -> list[Operation]:
        """See `Store.list_operations`."""
        rows = await self._select(
            f"SELECT {_COLUMNS} FROM operations WHERE tenant = ? AND id > ? ORDER BY id LIMIT ?",
            tenant,
            after,
            limit,
        )
        return [_to_operation(row) for row in rows]

    async def delete_operation(self, tenant: str, operation: str) -> None:
        """See `Store.delete_operation`."""

        def job(connection: sqlite3.Connection) -> None:
            _get(connection, tenant, operation)
            for table in _RECORDS:
                connection.execute(f"DELETE FROM {table} WHERE tenant = ? AND operation = ?", (tenant, operation))
            connection.execute("DELETE FROM operations WHERE tenant = ? AND id = ?", (tenant, operation))

        await self._database.write(job)

    async def cancel_operation(self, tenant: str, operation: str) -> None:
        """See `Store.cancel_operation`."""

        def job(connection: sqlite3.Connection) -> None:
            if _get(connection, tenant, operation).done:
                raise OperationEndedError(f"operation {operation} has already ended", [operation])
            connection.execute("UPDATE operations SET cancelled = 1 WHERE tenant = ? AND id = ?", (tenant, operation))

        await self._database.write(job)

    async def claim_operation(
        self, owner: str, now: int, until: int, kinds: Collection[OperationKind] = frozenset(OperationKind)
    ) -> tuple[str, Operation] | None:
        """See `Store.claim_operation`."""
        # The writer is asked only where there is something to claim, since this is polled.
        claimable = """SELECT tenant, id FROM operations
                       WHERE done = 0 AND (lease_owner = '' OR lease_until < ?)
                       AND kind IN (SELECT value FROM json_each(?)) ORDER BY created_at, id LIMIT 1"""
        wanted = now, to_array(kinds)
        if not await self._select(claimable, *wanted):
            return None

        def job(connection: sqlite3.Connection) -> tuple[str, Operation] | None:
            row = connection.execute(claimable, wanted).fetchone()
            if row is None:
                return None
            connection.execute(
                "UPDATE operations SET lease_owner = ?, lease_until = ? WHERE tenant = ? AND id = ?",
                (owner, until, *row),
            )
            return row[0], _get(connection, *row)

        return await self._database.write(job)

    async def update_operation(
        self, tenant: str, operation: Operation, failures: Sequence[OperationFailure] = ()
    ) -> None:
        """See `Store.update_operation`."""

        def job(connection: sqlite3.Connection) -> None:
            if _get(connection, tenant, operation.id).lease_owner != operation.lease_owner:
                raise RevisionConflictError(f"operation {operation.id} is leased to another server")
            connection.execute(
                f"UPDATE operations SET {', '.join(f'{name} = ?' for name in _WRITTEN)} WHERE tenant = ? AND id = ?",
                (*(getattr(operation, name) for name in _WRITTEN), tenant, operation.id),
            )
            _write_failures(connection, tenant, operation.id, failures)
            if operation.done:
                connection.execute(
                    "DELETE FROM operation_items WHERE tenant = ? AND operation = ?", (tenant, operation.id)
                )

        await self._database.write(job)

    async def list_operation_items(self, tenant: str, operation: str, after: str, limit: int) -> list[str]:
        """See `Store.list_operation_items`."""
        rows = await self._select(
            "SELECT item FROM operation_items WHERE tenant = ? AND operation = ? AND item > ? ORDER BY item LIMIT ?",
            tenant,
            operation,
            after,
            limit,
        )
        return [item for (item,) in rows]

    async def list_operation_failures(
        self, tenant: str, operation: str, limit: int
    ) -> tuple[list[OperationFailure], int]:
        """See `Store.list_operation_failures`."""
        recorded = "FROM operation_failures WHERE tenant = ? AND operation = ?"

        def job(connection: sqlite3.Connection) -> tuple[list[OperationFailure], int]:
            rows = connection.execute(
                f"SELECT item, code, reason, message {recorded} ORDER BY item LIMIT ?", (tenant, operation, limit)
            ).fetchall()
            (total,) = connection.execute(f"SELECT count(*) {recorded}", (tenant, operation)).fetchone()
            failures = [
                OperationFailure(item=item, code=code, reason=reason, message=message)
                for item, code, reason, message in rows
            ]
            return failures, total

        return await self._database.read(job)

    async def list_mastery_changes(self, tenant: str, operation: str, limit: int) -> tuple[list[MasteryChange], int]:
        """See `Store.list_mastery_changes`."""
        differing = "FROM mastery_changes WHERE tenant = ? AND operation = ? AND before <> after"

        def job(connection: sqlite3.Connection) -> tuple[list[MasteryChange], int]:
            rows = connection.execute(
                f"SELECT learner, concept, before, after {differing} ORDER BY learner, concept LIMIT ?",
                (tenant, operation, limit),
            ).fetchall()
            (total,) = connection.execute(f"SELECT count(*) {differing}", (tenant, operation)).fetchone()
            return [MasteryChange(*row) for row in rows], total

        return await self._database.read(job)
