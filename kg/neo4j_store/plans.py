"""Plans: opaque bodies, and edges to the concepts of their steps."""

from typing import Any, Final

from kg.errors import LearnerNotFoundError, PlanNotFoundError, RevisionConflictError
from kg.learner import StoredPlan
from kg.neo4j_store.database import Transaction
from kg.neo4j_store.part import StorePart

_BEYOND_ALL: Final = 2**62
"""Above every revision's number."""


def _to_plan(properties: dict[str, Any]) -> StoredPlan:
    return StoredPlan(
        id=properties["id"],
        series=properties["series"],
        revision=properties["revision"],
        learner=properties["learner"],
        curriculum=properties["curriculum"],
        created_at=properties["created_at"],
        concepts=tuple(properties["concepts"]),
        body=properties["body"],
    )


class Plans(StorePart):
    """The store's methods about plans."""

    async def save_plan(self, tenant: str, plan: StoredPlan) -> None:
        """See `Store.save_plan`."""

        async def work(transaction: Transaction) -> None:
            names = {"tenant": tenant, "learner": plan.learner}
            # A plan must not come into being while its learner is erased.
            if await transaction.find_row("lock_learner", **names) is None:
                raise LearnerNotFoundError(f"learners/{plan.learner}")
            plan_names = {**names, "plan": plan.id, "created_at": plan.created_at}
            if await transaction.find_row("renew_plan", **plan_names) is not None:
                return
            place = {"series": plan.series, "revision": plan.revision}
            if await transaction.find_row("find_plan_revision", **names, **place) is not None:
                raise RevisionConflictError(f"plan {plan.series} has another revision {plan.revision} already")
            await transaction.list_rows(
                "create_plan",
                curriculum=plan.curriculum,
                concepts=list(plan.concepts),
                body=plan.body,
                steps=[{"concept": concept, "position": place} for place, concept in enumerate(plan.concepts)],
                **plan_names,
                **place,
            )

        await self._database.write(work)

    async def get_plan(self, tenant: str, learner: str, plan: str) -> StoredPlan:
        """See `Store.get_plan`."""
        row = await self._find_row("get_plan", tenant=tenant, learner=learner, plan=plan)
        if row is None:
            raise PlanNotFoundError(f"learners/{learner}/plans/{plan}")
        return _to_plan(row[0])

    async def list_plans(
        self, tenant: str, learner: str, curriculum: str, before: tuple[int, str] | None, limit: int
    ) -> list[StoredPlan]:
        """See `Store.list_plans`."""
        before_at, before_id = before or (None, None)
        rows = await self._list_rows(
            "list_plans",
            tenant=tenant,
            learner=learner,
            curriculum=curriculum,
            before_at=before_at,
            before_id=before_id,
            limit=limit,
        )
        return [_to_plan(properties) for (properties,) in rows]

    async def list_plan_revisions(
        self, tenant: str, learner: str, series: str, before: int | None, limit: int
    ) -> list[StoredPlan]:
        """See `Store.list_plan_revisions`."""
        rows = await self._list_rows(
            "list_plan_revisions",
            tenant=tenant,
            learner=learner,
            series=series,
            before=_BEYOND_ALL if before is None else before,
            limit=limit,
        )
        return [_to_plan(properties) for (properties,) in rows]
