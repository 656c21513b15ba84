"""Learners' plans: opaque bodies, in lines of revisions."""

import json
import sqlite3
from collections.abc import Sequence
from typing import Any

from kg.errors import PlanNotFoundError, RevisionConflictError
from kg.learner import StoredPlan
from kg.sqlite_store.learners import read_learner
from kg.sqlite_store.part import StorePart

_PLAN = "id, series, revision, learner, curriculum, created_at, concepts, body"


def _to_plan(row: Sequence[Any]) -> StoredPlan:
    identifier, series, revision, learner, curriculum, created_at, concepts, body = row
    return StoredPlan(
        id=identifier,
        series=series,
        revision=revision,
        learner=learner,
        curriculum=curriculum,
        created_at=created_at,
        concepts=tuple(json.loads(concepts)),
        body=body,
    )


def _save(connection: sqlite3.Connection, tenant: str, plan: StoredPlan) -> None:
    read_learner(connection, tenant, plan.learner)
    renew = "UPDATE plans SET created_at = ? WHERE tenant = ? AND learner = ? AND id = ?"
    if connection.execute(renew, (plan.created_at, tenant, plan.learner, plan.id)).rowcount:
        return
    values = (
        plan.id,
        plan.series,
        plan.revision,
        plan.learner,
        plan.curriculum,
        plan.created_at,
        json.dumps(plan.concepts),
        plan.body,
    )
    taken = "SELECT 1 FROM plans WHERE tenant = ? AND learner = ? AND series = ? AND revision = ?"
    if connection.execute(taken, (tenant, plan.learner, plan.series, plan.revision)).fetchone():
        raise RevisionConflictError(f"plan {plan.series} has another revision {plan.revision} already")
    connection.execute(f"INSERT INTO plans (tenant, {_PLAN}) VALUES (?{', ?' * len(values)})", (tenant, *values))


class Plans(StorePart):
    """The store's methods about plans."""

    async def save_plan(self, tenant: str, plan: StoredPlan) -> None:
        """See `Store.save_plan`."""
        await self._database.write(lambda connection: _save(connection, tenant, plan))

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

    async def list_plan_revisions(
        self, tenant: str, learner: str, series: str, before: int | None, limit: int
    ) -> list[StoredPlan]:
        """See `Store.list_plan_revisions`."""
        bound = "" if before is None else "AND revision < ?"
        rows = await self._select(
            f"""SELECT {_PLAN} FROM plans WHERE tenant = ? AND learner = ? AND series = ? {bound}
                ORDER BY revision DESC LIMIT ?""",
            tenant,
            learner,
            series,
            *([] if before is None else [before]),
            limit,
        )
        return [_to_plan(row) for row in rows]
