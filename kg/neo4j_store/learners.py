"""Learners: creating, finding and erasing them."""

from collections.abc import Sequence
from typing import Any

from kg.errors import LearnerAlreadyExistsError, LearnerErasedError, LearnerNotFoundError
from kg.learner import Learner, hash_learner
from kg.neo4j_store.database import Transaction
from kg.neo4j_store.part import StorePart
from kg.neo4j_store.sessions import delete_sessions

_PARTS = (
    "evidence",
    "mastery",
    "snapshots",
    "plans",
    "mastery_changes",
    "goal_homes",
    "operation_items",
    "operation_failures",
)


def _to_learner(properties: dict[str, Any]) -> Learner:
    return Learner(
        id=properties["id"],
        external_id=properties.get("external_id", ""),
        display_name=properties["display_name"],
        goals=tuple(_split_goal(goal) for goal in properties["goals"]),
        created_at=properties["created_at"],
        revision=properties["revision"],
    )


def _split_goal(goal: str) -> tuple[str, str]:
    curriculum, _, concept = goal.partition("/")
    return curriculum, concept


def _describe(learner: Learner) -> dict[str, Any]:
    """What a caller may change. An empty external id is left out, so that any number of learners may have none."""
    return {
        "external_id": learner.external_id or None,
        "display_name": learner.display_name,
        "goals": [f"{curriculum}/{concept}" for curriculum, concept in learner.goals],
    }


class Learners(StorePart):
    """The store's methods about learners."""

    async def create_learner(self, tenant: str, learner: Learner) -> Learner:
        """See `Store.create_learner`."""

        async def work(transaction: Transaction) -> Learner:
            erased, taken, holder = await _find_taken(transaction, tenant, learner)
            if erased:
                raise LearnerErasedError(f"learner {learner.id} was erased and stays erased", [learner.id])
            if taken:
                raise LearnerAlreadyExistsError(f"learners/{learner.id}", f"learner {learner.id} is there already")
            if holder is not None:
                raise _external_id_taken(learner, holder)
            properties = {**_describe(learner), "created_at": learner.created_at, "revision": learner.revision}
            await transaction.list_rows("create_learner", tenant=tenant, learner=learner.id, properties=properties)
            await _write_goal_homes(transaction, tenant, learner)
            return learner

        return await self._database.write(work)

    async def get_learner(self, tenant: str, learner: str) -> Learner:
        """See `Store.get_learner`."""
        row = await self._find_row("get_learner", tenant=tenant, learner=learner)
        if row is None:
            raise LearnerNotFoundError(f"learners/{learner}")
        return _to_learner(row[0])

    async def get_learners(self, tenant: str, learners: Sequence[str]) -> dict[str, Learner]:
        """See `Store.get_learners`."""
        rows = await self._list_rows("get_learners", tenant=tenant, learners=list(learners))
        return {properties["id"]: _to_learner(properties) for (properties,) in rows}

    async def find_learner(self, tenant: str, external_id: str) -> Learner | None:
        """See `Store.find_learner`."""
        row = await self._find_row("find_learner", tenant=tenant, external_id=external_id)
        return _to_learner(row[0]) if row is not None else None

    async def list_learners(self, tenant: str, after: str, limit: int) -> list[Learner]:
        """See `Store.list_learners`."""
        rows = await self._list_rows("list_learners", tenant=tenant, after=after, limit=limit)
        return [_to_learner(properties) for (properties,) in rows]

    async def list_learners_with_goals(self, tenant: str, curriculum: str, after: str, limit: int) -> list[str]:
        """See `Store.list_learners_with_goals`."""
        rows = await self._list_rows(
            "list_learners_with_goals", tenant=tenant, curriculum=curriculum, after=after, limit=limit
        )
        return [learner for (learner,) in rows]

    async def update_learner(self, tenant: str, learner: Learner) -> Learner:
        """See `Store.update_learner`."""

        async def work(transaction: Transaction) -> Learner:
            _, there, holder = await _find_taken(transaction, tenant, learner)
            if not there:
                raise LearnerNotFoundError(f"learners/{learner.id}")
            if holder not in (None, learner.id):
                raise _external_id_taken(learner, holder)
            row = await transaction.find_row("update_learner", tenant=tenant, learner=learner.id, **_describe(learner))
            if row is None:
                raise LearnerNotFoundError(f"learners/{learner.id}")
            await _write_goal_homes(transaction, tenant, learner)
            return _to_learner(row[0])

        return await self._database.write(work)

    async def erase_learner(self, tenant: str, learner: str) -> None:
        """See `Store.erase_learner`."""

        async def work(transaction: Transaction) -> None:
            names = {"tenant": tenant, "learner": learner}
            if await transaction.find_row("lock_learner", **names) is None:
                erased, _, _ = await _find_taken(transaction, tenant, Learner(id=learner))
                if not erased:
                    raise LearnerNotFoundError(f"learners/{learner}")
                return
            for part in _PARTS:
                await transaction.delete_batches(f"erase_{part}", **names)
            sessions = await transaction.list_rows("find_sessions_of_learner", **names)
            await delete_sessions(transaction, tenant, [session for (session,) in sessions])
            await transaction.list_rows("erase_learner", hash=hash_learner(tenant, learner), **names)

        await self._database.write(work)


async def _write_goal_homes(transaction: Transaction, tenant: str, learner: Learner) -> None:
    curricula = sorted({curriculum for curriculum, _ in learner.goals})
    await transaction.list_rows("write_goal_homes", tenant=tenant, learner=learner.id, curricula=curricula)


async def _find_taken(transaction: Transaction, tenant: str, learner: Learner) -> tuple[bool, bool, str | None]:
    """Returns whether the learner was erased, whether there is one, and which learner has the external id."""
    ((erased, taken, holder),) = await transaction.list_rows(
        "find_taken_learner_ids",
        tenant=tenant,
        learner=learner.id,
        hash=hash_learner(tenant, learner.id),
        external_id=learner.external_id or None,
    )
    return erased, taken, holder


def _external_id_taken(learner: Learner, holder: str) -> LearnerAlreadyExistsError:
    return LearnerAlreadyExistsError(
        f"learners/{holder}", f"external id {learner.external_id} is that of learner {holder}"
    )
