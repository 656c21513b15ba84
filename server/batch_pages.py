"""The learners of a batch by pages: found, planned for one page ahead, and their plans stored."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import structlog

from kg.errors import GraphMasalError, LearnerNotFoundError, StoreUnavailableError
from kg.learner import Learner, StoredPlan
from kg.operations import OperationFailure
from kg.states import LearnerState
from planner.constraints import Constraints
from planner.graph import PlanningGraph, compile_graph
from planner.problem import PlanSettings
from server.backend import Backend
from server.names import LEARNER, make_name
from server.operation_failures import note_failure
from server.plan_generation import list_goals, list_mastery, make_no_goals_error
from server.plan_making import PlanTask
from server.planning_pool import PlanningPool

_COUNTED = 1_000
_SAVED_AT_ONCE = 16

_log = structlog.get_logger("graphmasal.batches")


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What a batch was asked to do.

    Attributes:
        tenant: Id.
        operation: Id.
        curriculum: Id.
        named: True: it is for the learners it was created with; False: for all who have goals in the curriculum.
        goals: Ids of concepts; empty: each learner's own.
        as_of: Microseconds since 1970 UTC; None: each learner's latest evidence.
        settings: How to plan.
        constraints: What each plan is to keep to.
    """

    tenant: str
    operation: str
    curriculum: str
    named: bool
    goals: Sequence[str]
    as_of: int | None
    settings: PlanSettings
    constraints: Constraints


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedPage:
    """Learners in a row, with what came of planning for them.

    Attributes:
        learners: Ids, ascending.
        plans: Still to be stored.
        failures: For whom there is no plan, and why.
    """

    learners: Sequence[str]
    plans: Sequence[StoredPlan]
    failures: Sequence[OperationFailure]


class BatchPages:
    """The learners of one batch.

    Args:
        backend: What the services share.
        batch: What it was asked to do.
    """

    def __init__(self, backend: Backend, batch: Batch) -> None:
        self._backend = backend
        self._store = backend.store
        self._batch = batch

    async def count(self, after: str) -> int:
        """Counts the learners whose id is greater than `after`."""
        count = 0
        while page := await self._list(after, _COUNTED):
            count += len(page)
            after = page[-1]
        return count

    async def _list(self, after: str, limit: int) -> list[str]:
        batch = self._batch
        if batch.named:
            return await self._store.list_operation_items(batch.tenant, batch.operation, after, limit)
        return await self._store.list_learners_with_goals(batch.tenant, batch.curriculum, after, limit)

    async def plan(self, after: str, size: int, pool: PlanningPool) -> AsyncGenerator[PlannedPage]:
        """Plans page by page; while one is in the caller's hands the next is under way.

        Args:
            after: The learner who was reached; empty: none.
            size: Learners on a page.
            pool: Makes the plans.
        """
        under_way: asyncio.Task[PlannedPage] | None = None
        try:
            while page := await self._list(after, size):
                after = page[-1]
                ready, under_way = under_way, asyncio.create_task(self._plan_page(page, pool))
                if ready is not None:
                    yield await ready
            if under_way is not None:
                yield await under_way
        finally:
            if under_way is not None:
                under_way.cancel()
                with suppress(asyncio.CancelledError, Exception):
                    await under_way

    async def _plan_page(self, page: Sequence[str], pool: PlanningPool) -> PlannedPage:
        batch = self._batch
        cached = await self._backend.curricula.get(batch.tenant, batch.curriculum)
        graph = await cached.derive(compile_graph)
        states = await self._store.read_states(batch.tenant, page, batch.curriculum, batch.as_of)
        learners = {} if batch.goals else await self._store.get_learners(batch.tenant, page)
        template = PlanTask(
            tenant=batch.tenant,
            curriculum=batch.curriculum,
            curriculum_version=cached.record.version,
            goals=batch.goals,
            mastery={},
            settings=batch.settings,
            constraints=batch.constraints,
        )
        tasks, failures = [], []
        for name in page:
            try:
                tasks.append(_pose_task(template, graph, name, states, learners))
            except GraphMasalError as error:
                failures.append(note_failure(name, error))
        outcomes = await pool.make_plans(cached.record, graph, tasks)
        if traces := [outcome.trace for outcome in outcomes if outcome.trace]:
            # One of a page will do: what is wrong with a curriculum is wrong for all.
            _log.error(
                "planning failed", tenant=batch.tenant, operation=batch.operation, count=len(traces), trace=traces[0]
            )
        failures += [outcome.failure for outcome in outcomes if outcome.failure is not None]
        plans = [outcome.plan for outcome in outcomes if outcome.plan is not None]
        return PlannedPage(learners=page, plans=plans, failures=failures)

    async def save(self, plans: Sequence[StoredPlan]) -> list[OperationFailure]:
        """Stores plans; returns for whom that could not be done."""
        turns = asyncio.Semaphore(_SAVED_AT_ONCE)

        async def save(plan: StoredPlan) -> OperationFailure | None:
            async with turns:
                try:
                    await self._store.save_plan(self._batch.tenant, replace(plan, created_at=self._backend.clock()))
                except StoreUnavailableError:
                    raise
                except GraphMasalError as error:  # such as a learner erased meanwhile
                    return note_failure(plan.learner, error)
                return None

        return [failure for failure in await asyncio.gather(*map(save, plans)) if failure is not None]


def _pose_task(
    template: PlanTask,
    graph: PlanningGraph,
    name: str,
    states: Mapping[str, LearnerState],
    learners: Mapping[str, Learner],
) -> PlanTask:
    """Returns what to plan for a learner.

    Raises:
        LearnerNotFoundError: No such learner.
        NoGoalsError: The learner has no goals in the curriculum, and none were given.
    """
    state = states.get(name)
    if state is None or not (template.goals or name in learners):
        raise LearnerNotFoundError(make_name(LEARNER, template.tenant, name))
    goals = template.goals or list_goals(graph, learners[name], template.curriculum)
    if not goals:
        raise make_no_goals_error(template.tenant, name, template.curriculum)
    return replace(template, learner=name, goals=goals, mastery=list_mastery(state), as_of=state.as_of)
