"""Plans for many learners: an operation that goes through them by id, page by page, on any server.

A plan is named by what it says, and the place that was reached is written together with the failures up to there. So a
page that is done again, after a server died, leaves each learner with one plan or one failure.
"""

import contextlib
import json
from collections.abc import Sequence
from dataclasses import replace

from google.longrunning.operations_pb2 import Operation as OperationMessage
from google.protobuf import json_format

from graphmasal.v1.planning_service_pb2 import BatchGeneratePlansRequest
from kg.identifiers import is_id
from kg.operations import Operation, OperationKind
from planner.constraints import Constraints, check_constraints
from planner.costs import check_cost_model
from planner.graph import PlanningGraph, compile_graph
from planner.problem import MOST_GOALS, PlanSettings, check_goals
from server.backend import Backend
from server.batch_pages import Batch, BatchPages
from server.fields import FieldChecks
from server.names import parse_tenant
from server.operation_messages import describe_operation
from server.operation_runner import Report, Worker
from server.plan_terms import read_constraints, read_settings
from server.planning_pool import CHUNK, PlanningPool
from server.times import to_micros

MOST_LEARNERS = 100_000
PAGE = 64
"""Learners planned for between two notes of the place: what a server that dies leaves to be done again."""

FEW = 256
"""Learners up to whom a batch is planned in the server's threads: to start processes takes longer, about 3 s."""


async def start_batch(backend: Backend, request: BatchGeneratePlansRequest) -> OperationMessage:
    """Creates the operation that plans for many learners.

    Raises:
        InvalidInputError: Fields are wrong, or goals, constraints or costs are not for this curriculum.
        CurriculumNotFoundError: No such curriculum.
    """
    tenant = await backend.run(_check_request, request)
    cached = await backend.curricula.get(tenant, request.curriculum)
    graph = await cached.derive(compile_graph)
    await backend.run(_check_terms, graph, request)
    learners = sorted(set(request.learners))
    operation = Operation(
        id=backend.new_id(),
        kind=OperationKind.PLAN,
        curriculum=request.curriculum,
        request=_write_request(request),
        created_at=backend.clock(),
        items_total=len(learners),
    )
    await backend.store.create_operation(tenant, operation, learners)
    backend.operation_wanted[OperationKind.PLAN].set()
    return await describe_operation(backend.store, tenant, operation)


def _check_request(request: BatchGeneratePlansRequest) -> str:
    """Checks all that can be checked without the curriculum; returns the tenant."""
    checks = FieldChecks()
    tenant = checks.read("", parse_tenant, request.parent)
    checks.check_id(request.curriculum, "curriculum")
    if len(request.learners) > MOST_LEARNERS:
        checks.note("learners", f"must have at most {MOST_LEARNERS} entries")
    else:
        for position, learner in enumerate(request.learners):
            if not is_id(learner):
                checks.check_id(learner, f"learners[{position}]")
    if len(request.goals) > MOST_GOALS:
        checks.note("goals", f"must have at most {MOST_GOALS} entries")
    _read_terms(request, checks)
    checks.finish()
    return tenant


def _check_terms(graph: PlanningGraph, request: BatchGeneratePlansRequest) -> None:
    """Checks what would otherwise fail for every single learner."""
    checks = FieldChecks()
    _, settings, constraints = _read_terms(request, checks)
    if request.goals:
        checks.read(None, check_goals, graph, request.goals)
    # Where each learner has goals of their own, a deadline may be for any of them.
    checks.read(None, check_constraints, graph, request.goals or tuple(constraints.deadlines), constraints)
    checks.read(None, check_cost_model, graph, settings.cost_model)
    checks.finish()


def _read_terms(
    request: BatchGeneratePlansRequest, checks: FieldChecks
) -> tuple[int | None, PlanSettings, Constraints]:
    """Reads what all plans have in common: when the batch is asked for, and again by whoever carries it out."""
    as_of = checks.read(None, to_micros, request.as_of, "as_of") if request.HasField("as_of") else None
    return as_of, read_settings(request, checks), read_constraints(request.constraints, checks)


def _write_request(request: BatchGeneratePlansRequest) -> str:
    """Writes what was asked for, the learners left out: they are kept one by one, so that one can be erased."""
    terms = BatchGeneratePlansRequest()
    terms.CopyFrom(request)
    terms.ClearField("learners")
    return json.dumps({"named": bool(request.learners), "request": json_format.MessageToDict(terms)}, sort_keys=True)


def _read_batch(tenant: str, operation: Operation) -> Batch:
    """Reads what `_write_request` wrote, also what a later release wrote with further fields."""
    kept = json.loads(operation.request)
    request = json_format.ParseDict(kept["request"], BatchGeneratePlansRequest(), ignore_unknown_fields=True)
    checks = FieldChecks()
    as_of, settings, constraints = _read_terms(request, checks)
    checks.finish()
    return Batch(
        tenant=tenant,
        operation=operation.id,
        curriculum=operation.curriculum,
        named=kept["named"],
        goals=tuple(request.goals),
        as_of=as_of,
        settings=settings,
        constraints=constraints,
    )


class BatchPlanner(Worker):
    """Plans for the learners of a batch.

    Args:
        backend: What the services share.
        processes: How many may plan for one batch; 0: planning goes on in the server's threads.
    """

    kind = OperationKind.PLAN

    def __init__(self, backend: Backend, processes: int) -> None:
        self._backend = backend
        self._processes = processes

    async def carry_out(self, tenant: str, operation: Operation, report: Report) -> Operation:
        """Goes on after the learner that was reached."""
        pages = BatchPages(self._backend, _read_batch(tenant, operation))
        after = json.loads(operation.progress)["after"] if operation.progress else ""
        left = await pages.count(after)
        operation = await report(replace(operation, items_total=operation.items_done + left))
        if operation.cancelled:
            return operation
        size = max(PAGE, CHUNK * self._processes)
        pool = PlanningPool(self._backend, self._processes if left > FEW else 0)
        try:
            async with contextlib.aclosing(pages.plan(after, size, pool)) as planned:
                async for page in planned:
                    failures = [*page.failures, *await pages.save(page.plans)]
                    operation = await report(_advance(operation, page.learners, len(failures)), failures)
                    if operation.cancelled:
                        return operation
        finally:
            await pool.close()
        return replace(operation, items_total=operation.items_done)


def _advance(operation: Operation, page: Sequence[str], failed: int) -> Operation:
    done = operation.items_done + len(page)
    return replace(
        operation,
        items_done=done,
        items_total=max(operation.items_total, done),
        items_failed=operation.items_failed + failed,
        progress=json.dumps({"after": page[-1]}),
    )
