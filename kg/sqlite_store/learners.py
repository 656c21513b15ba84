"""Learners, their evidence beyond the ledger, and their plans."""

import json
import sqlite3
from collections.abc import Sequence
from typing import Any

from kg.errors import LearnerAlreadyExistsError, LearnerErasedError, LearnerNotFoundError, PlanNotFoundError
from kg.evidence import Evidence, Position
from kg.learner import Learner, StoredPlan, hash_learner
from kg.sqlite_store.ledger import EVIDENCE_COLUMNS, read_evidence_row
from kg.sqlite_store.part import StorePart

_LEARNER = "id, external_id, display_name, goals, created_at, revision"
_PLAN = "id, learner, curriculum, created_at, concepts, body"


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


def _to_plan(row: Sequence[Any]) -> StoredPlan:
    identifier, learner, curriculum, created_at, concepts, body = row
    return StoredPlan(
        id=identifier,
        learner=learner,
        curriculum=curriculum,
        created_at=created_at,
        concepts=tuple(json.loads(concepts)),
        body=body,
    )


def _get_learner(connection: sqlite3.Connection, tenant: str, learner: str) -> Learner:
    row = connection.execute(
        f"SELECT {_LEARNER} FROM learners WHERE tenant = ? AND id = ?", (tenant, learner)
    ).fetchone()
    if row is None:
        raise LearnerNotFoundError(f"learners/{learner}")
    return _to_learner(row)


def _is_erased(connection: sqlite3.Connection, tenant: str, learner: str) -> bool:
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


class Learners(StorePart):
    """The store's methods about learners."""

    async def create_learner(self, tenant: str, learner: Learner) -> Learner:
        """See `Store.create_learner`."""

        def job(connection: sqlite3.Connection) -> Learner:
            if _is_erased(connection, tenant, learner.id):
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
            return learner

        return await self._database.write(job)

    async def get_learner(self, tenant: str, learner: str) -> Learner:
        """See `Store.get_learner`."""
        return await self._database.read(lambda connection: _get_learner(connection, tenant, learner))

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

    async def update_learner(self, tenant: str, learner: Learner) -> Learner:
        """See `Store.update_learner`."""

        def job(connection: sqlite3.Connection) -> Learner:
            _get_learner(connection, tenant, learner.id)
            _check_external_id(connection, tenant, learner)
            connection.execute(
                "UPDATE learners SET external_id = ?, display_name = ?, goals = ? WHERE tenant = ? AND id = ?",
                (learner.external_id, learner.display_name, json.dumps(learner.goals), tenant, learner.id),
            )
            return _get_learner(connection, tenant, learner.id)

        return await self._database.write(job)

    async def erase_learner(self, tenant: str, learner: str) -> None:
        """See `Store.erase_learner`."""

        def job(connection: sqlite3.Connection) -> None:
            if _is_erased(connection, tenant, learner):
                return
            _get_learner(connection, tenant, learner)
            # What was deleted is overwritten, so that no page of the file still holds it.
            connection.execute("PRAGMA secure_delete = ON")
            for table in ("evidence", "mastery", "ledgers", "snapshots", "plans", "mastery_changes"):
                connection.execute(f"DELETE FROM {table} WHERE tenant = ? AND learner = ?", (tenant, learner))
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

    async def save_plan(self, tenant: str, plan: StoredPlan) -> None:
        """See `Store.save_plan`."""

        def job(connection: sqlite3.Connection) -> None:
            _get_learner(connection, tenant, plan.learner)
            connection.execute(
                """INSERT INTO plans VALUES (?, ?, ?, ?, ?, ?, ?)
                   ON CONFLICT DO UPDATE SET created_at = excluded.created_at""",
                (
                    tenant,
                    plan.learner,
                    plan.id,
                    plan.curriculum,
                    plan.created_at,
                    json.dumps(plan.concepts),
                    plan.body,
                ),
            )

        await self._database.write(job)

    async def get_plan(self, tenant: str, learner: str, plan: str) -> StoredPlan:
        """See `Store.get_plan`."""
        rows = await self._select(
            f"SELECT {_PLAN} FROM plans WHERE tenant = ? AND learner = ? AND id = ?", tenant, learner, plan
        )
        if not rows:
            raise PlanNotFoundError(f"learners/{learner}/plans/{plan}")
        return _to_plan(rows[0])

    async def list_plans(
        self, tenant: str, learner: str, curriculum: str, before: tuple[int, str] | None, limit: int
    ) -> list[StoredPlan]:
        """See `Store.list_plans`."""
        bound = "AND (created_at, id) < (?, ?)" if before else ""
        rows = await self._select(
            f"""SELECT {_PLAN} FROM plans WHERE tenant = ? AND learner = ? {bound} AND ? IN ('', curriculum)
                ORDER BY created_at DESC, id DESC LIMIT ?""",
            tenant,
            learner,
            *(before or ()),
            curriculum,
            limit,
        )
        return [_to_plan(row) for row in rows]
