"""A plan made anew for what is known by now, as the next revision of the one before."""

from collections.abc import Callable
from dataclasses import replace

from graphmasal.v1 import plan_pb2
from graphmasal.v1.planning_service_pb2 import RevisePlanRequest
from kg.learner import StoredPlan
from kg.states import LearnerState
from planner.graph import compile_graph
from planner.revisions.revision import revise_plan
from server.backend import Backend
from server.deadlines import run_in_time
from server.fields import FieldChecks
from server.names import PLAN, parse_triple
from server.plan_archive import pack_plan, unpack_plan
from server.plan_generation import list_mastery, read_learner_state
from server.plan_making import PlanTask, to_message
from server.plan_messages import read_plan, to_changes
from server.plan_terms import read_settings
from server.times import to_micros

DEFAULT_LEAST_GAIN = 0.1


async def revise_for_request(backend: Backend, request: RevisePlanRequest, remaining: float | None) -> plan_pb2.Plan:
    """Revises a learner's plan and stores the revision; where nothing has changed, the plan itself is the answer.

    Args:
        backend: What the services share.
        request: Which plan to revise.
        remaining: Seconds to the caller's deadline; None: there is none.

    Raises:
        InvalidInputError: Fields are wrong.
        PlanNotFoundError: No such plan.
        CurriculumNotFoundError: Its curriculum is gone.
        RevisionConflictError: The plan has been revised already; its latest revision is the one to revise.
    """
    (tenant, learner, plan_id), as_of, least_gain = _read_request(request)
    stored = await backend.store.get_plan(tenant, learner, plan_id)
    old = await backend.run(unpack_plan, stored)
    cached = await backend.curricula.get(tenant, stored.curriculum)
    graph = await cached.derive(compile_graph)
    state = await read_learner_state(backend, tenant, learner, stored.curriculum, as_of)
    started = _list_started(state, old)

    def work(stop: Callable[[], bool]) -> tuple[plan_pb2.Plan, StoredPlan | None]:
        before = read_plan(old)
        settings = read_settings(old, FieldChecks())
        revision = revise_plan(before, graph, list_mastery(state), settings, started, least_gain=least_gain, stop=stop)
        if revision.plan.steps == before.steps and not revision.changes:
            return old, None
        task = PlanTask(
            tenant=tenant,
            curriculum=stored.curriculum,
            curriculum_version=cached.record.version,
            learner=learner,
            goals=old.goals,
            mastery={},
            as_of=state.as_of,
            settings=settings,
        )
        message = to_message(revision.plan, task)
        message.revision, message.revises = stored.revision + 1, old.name
        message.changes.extend(to_changes(revision.changes))
        if revision.plan.conflict is not None:
            return message, None
        return message, pack_plan(tenant, learner, message, stored.series)

    message, revised = await run_in_time(backend, remaining, work)
    if revised is not None:
        await backend.store.save_plan(tenant, replace(revised, created_at=backend.clock()))
    return message


def _read_request(request: RevisePlanRequest) -> tuple[tuple[str, str, str], int | None, float]:
    checks = FieldChecks()
    names = checks.read(("", "", ""), parse_triple, request.name, PLAN)
    as_of = checks.read(None, to_micros, request.as_of, "as_of") if request.HasField("as_of") else None
    least_gain = request.least_gain if request.HasField("least_gain") else DEFAULT_LEAST_GAIN
    if not 0 <= least_gain < 1:
        checks.note("least_gain", "must be in [0, 1)")
    checks.finish()
    return names, as_of, least_gain


def _list_started(state: LearnerState, plan: plan_pb2.Plan) -> list[str]:
    """Lists the concepts with evidence later than what a plan was made on."""
    since = to_micros(plan.as_of, "as_of") if plan.HasField("as_of") else 0
    return [
        concept
        for concept, reading in state.mastery.items()
        if reading.practised_at is not None and reading.practised_at > since
    ]
