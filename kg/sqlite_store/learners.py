"""Learners, and their evidence beyond the ledger."""

import json
import sqlite3
from collections.abc import Sequence
from typing import Any

from kg.errors import LearnerAlreadyExistsError, LearnerErasedError, LearnerNotFoundError
from kg.evidence import Evidence, Position
from kg.learner import Learner, hash_learner
from kg.sqlite_store.ledger import EVIDENCE_COLUMNS, read_evidence_row, to_array
from kg.sqlite_store.part import StorePart
from kg.sqlite_store.sessions import delete_sessions

_LEARNER = "id, external_id, display_name, goals, created_at, revision"
_LEARNERS_TABLES = ("evidence", "mastery", "ledgers", "snapshots", "plans", "mastery_changes", "goal_homes")
_OPERATIONS_TABLES = ("operation_items", "operation_failures")


def _to_learner(row: Sequence[Any]) -> Learner:
    identifier, external_id, display_name, goals, created_at, revision = row
    return Learner(
        id=identifier,
        external_id=external_id,
        display_name=display_name,
        goals=tuple((curriculum, concept) for curriculum, concept in json.loads(goals)),
        created_at=created_at,
        revision=revision,
    )


def read_learner(connection: sqlite3.Connection, tenant: str, learner: str) -> Learner:
    """Reads a learner within a transaction. Raises LearnerNotFoundError."""
    row = connection.execute(
        f"SELECT {_LEARNER} FROM learners WHERE tenant = ? AND id = ?", (tenant, learner)
    ).fetchone()
    if row is None:
        raise LearnerNotFoundError(f"learners/{learner}")
    return _to_learner(row)


def is_erased(connection: sqlite3.Connection, tenant: str, learner: str) -> bool:
    """Says within a transaction whether there was a learner who was erased."""
    row = connection.execute(
        "SELECT 1 FROM erased_learners WHERE tenant = ? AND hash = ?", (tenant, hash_learner(tenant, learner))
    ).fetchone()
    return row is not None


def _check_external_id(connection: sqlite3.Connection, tenant: str, learner: Learner) -> None:
    row = connection.execute(
        "SELECT id FROM learners WHERE tenant = ? AND external_id = ? AND external_id <> '' AND id <> ?",
        (tenant, learner.external_id, learner.id),
    ).fetchone()
    if row is not None:
        raise LearnerAlreadyExistsError(
            f"learners/{row[0]}", f"external id {learner.external_id} is that of learner {row[0]}"
        )


def _write_goal_homes(connection: sqlite3.Connection, tenant: str, learner: Learner) -> None:
    connection.execute("DELETE FROM goal_homes WHERE tenant = ? AND learner = ?", (tenant, learner.id))
    connection.executemany(
        "INSERT INTO goal_homes VALUES (?, ?, ?)",
        [(tenant, curriculum, learner.id) for curriculum in sorted({curriculum for curriculum, _ in learner.goals})],
    )


class Learners(StorePart):
    """The store's methods about learners."""

    async def create_learner(self, tenant: str, learner: Learner) -> Learner:
        """See `Store.create_learner`."""

        def job(connection: sqlite3.Connection) -> Learner:
            if is_erased(connection, tenant, learner.id):
                raise LearnerErasedError(f"learner {learner.id} was erased and stays erased", [learner.id])
            taken = "SELECT 1 FROM learners WHERE tenant = ? AND id = ?"
            if connection.execute(taken, (tenant, learner.id)).fetchone():
                raise LearnerAlreadyExistsError(f"learners/{learner.id}", f"learner {learner.id} is there already")
            _check_external_id(connection, tenant, learner)
            connection.execute(
                "INSERT INTO learners VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    tenant,
                    learner.id,
                    learner.external_id,
                    learner.display_name,
                    json.dumps(learner.goals),
                    learner.created_at,
                    learner.revision,
                ),
            )
            _write_goal_homes(connection, tenant, learner)
            return learner

        return await self._database.write(job)

    async def get_learner(self, tenant: str, learner: str) -> Learner:
        """See `Store.get_learner`."""
        return await self._database.read(lambda connection: read_learner(connection, tenant, learner))

    async def get_learners(self, tenant: str, learners: Sequence[str]) -> dict[str, Learner]:
        """See `Store.get_learners`."""
        rows = await self._select(
            f"SELECT {_LEARNER} FROM learners WHERE tenant = ? AND id IN (SELECT value FROM json_each(?))",
            tenant,
            to_array(learners),
        )
        return {found.id: found for found in map(_to_learner, rows)}

    async def find_learner(self, tenant: str, external_id: str) -> Learner | None:
        """See `Store.find_learner`."""
        rows = await self._select(
            f"SELECT {_LEARNER} FROM learners WHERE tenant = ? AND external_id = ? AND external_id <> ''",
            tenant,
            external_id,
        )
        return _to_learner(rows[0]) if rows else None

    async def list_learners(self, tenant: str, after: str, limit: int) -> list[Learner]:
        """See `Store.list_learners`."""
        rows = await self._select(
            f"SELECT {_LEARNER} FROM learners WHERE tenant = ? AND id > ? ORDER BY id LIMIT ?", tenant, after, limit
        )
        return [_to_learner(row) for row in rows]

    async def list_learners_with_goals(self, tenant: str, curriculum: str, after: str, limit: int) -> list[str]:
        """See `Store.list_learners_with_goals`."""
        rows = await self._select(
            """SELECT learner FROM goal_homes WHERE tenant = ? AND curriculum = ? AND learner > ?
               ORDER BY learner LIMIT ?""",
            tenant,
            curriculum,
            after,
            limit,
        )
        return [learner for (learner,) in rows]

    async def update_learner(self, tenant: str, learner: Learner) -> Learner:
        """See `Store.update_learner`."""

        def job(connection: sqlite3.Connection) -> Learner:
            read_learner(connection, tenant, learner.id)
            _check_external_id(connection, tenant, learner)
            connection.execute(
                "UPDATE learners SET external_id = ?, display_name = ?, goals = ? WHERE tenant = ? AND id = ?",
                (learner.external_id, learner.display_name, json.dumps(learner.goals), tenant, learner.id),
            )
            _write_goal_homes(connection, tenant, learner)
            return read_learner(connection, tenant, learner.id)

        return await self._database.write(job)

    async def erase_learner(self, tenant: str, learner: str) -> None:
        """See `Store.erase_learner`."""

        def job(connection: sqlite3.Connection) -> None:
            if is_erased(connection, tenant, learner):
                return
            read_learner(connection, tenant, learner)
            talks = connection.execute("SELECT id FROM sessions WHERE tenant = ? AND learner = ?", (tenant, learner))
            delete_sessions(connection, tenant, [session for (session,) in talks.fetchall()])
            for table in _LEARNERS_TABLES:
                connection.execute(f"DELETE FROM {table} WHERE tenant = ? AND learner = ?", (tenant, learner))
            for table in _OPERATIONS_TABLES:
                connection.execute(f"DELETE FROM {table} WHERE tenant = ? AND item = ?", (tenant, learner))
            connection.execute("DELETE FROM learners WHERE tenant = ? AND id = ?", (tenant, learner))
            connection.execute("INSERT INTO erased_learners VALUES (?, ?)", (tenant, hash_learner(tenant, learner)))

        await self._database.write(job)

    async def list_evidence(
        self, tenant: str, learner: str, curriculum: str, after: Position, limit: int
    ) -> list[Evidence]:
        """See `Store.list_evidence`."""
        rows = await self._select(
            f"""SELECT {EVIDENCE_COLUMNS} FROM evidence
                WHERE tenant = ? AND learner = ? AND (occurred_at, id) > (?, ?) AND ? IN ('', curriculum)
                ORDER BY occurred_at, id LIMIT ?""",
            tenant,
            learner,
            *after,
            curriculum,
            limit,
        )
        return [read_evidence_row(row) for row in rows]
