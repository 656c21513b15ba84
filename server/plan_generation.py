"""Plans as requests ask for them: for a learner, or for a set of concepts taken as mastered."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from graphmasal.v1 import plan_pb2
from graphmasal.v1.planning_service_pb2 import GeneratePlanRequest
from kg.errors import LearnerNotFoundError, NoGoalsError
from kg.learner import Learner
from kg.states import LearnerState
from planner.constraints import Constraints
from planner.graph import PlanningGraph, compile_graph
from planner.problem import MOST_GOALS, PlanSettings
from server.backend import Backend
from server.curriculum_cache import CachedCurriculum
from server.deadlines import run_in_time
from server.fields import FieldChecks
from server.names import LEARNER, make_name, parse_tenant
from server.plan_making import PlanTask, make_plan
from server.plan_terms import read_constraints, read_settings
from server.times import to_micros


async def plan_for_request(backend: Backend, request: GeneratePlanRequest, remaining: float | None) -> plan_pb2.Plan:
    """Plans; a learner's plan is stored, unless its constraints conflict.

    Args:
        backend: What the services share.
        request: What to plan.
        remaining: Seconds to the caller's deadline; None: there is none.

    Raises:
        InvalidInputError: Fields are wrong, or goals, mastered concepts or constraints are not in the curriculum.
        CurriculumNotFoundError: No such curriculum.
        LearnerNotFoundError: No such learner.
        NoGoalsError: Neither the request nor the learner has goals in the curriculum.
    """
    task, cached = await read_task(backend, request)
    graph = await cached.derive(compile_graph)
    message, stored = await run_in_time(backend, remaining, lambda stop: make_plan(graph, task, stop))
    if stored is not None:
        await backend.store.save_plan(task.tenant, replace(stored, created_at=backend.clock()))
    return message


async def read_task(
    backend: Backend, request: GeneratePlanRequest, place: str = ""
) -> tuple[PlanTask, CachedCurriculum]:
    """Reads what a request asks to plan, and the curriculum it is about.

    Args:
        backend: What the services share.
        request: What to plan.
        place: What stands before the fields' names, such as `base.`.

    Raises:
        As for `plan_for_request`.
    """
    tenant, as_of, settings, constraints = _read_request(request, place)
    cached = await backend.curricula.get(tenant, request.curriculum)
    graph = await cached.derive(compile_graph)
    task = PlanTask(
        tenant=tenant,
        curriculum=cached.record.id,
        curriculum_version=cached.record.version,
        goals=request.goals,
        mastery={},
        settings=settings,
        constraints=constraints,
        include_reviews=request.include_reviews,
    )
    if request.HasField("mastered"):
        return replace(task, mastery=_read_mastered(graph, request.mastered.concepts, place)), cached
    state = await read_learner_state(backend, tenant, request.learner, request.curriculum, as_of)
    goals = request.goals or await _read_goals(backend, tenant, request.learner, graph, request.curriculum)
    return replace(task, learner=request.learner, goals=goals, mastery=list_mastery(state), as_of=state.as_of), cached


def _read_request(request: GeneratePlanRequest, place: str) -> tuple[str, int | None, PlanSettings, Constraints]:
    checks = FieldChecks()
    tenant = checks.read("", parse_tenant, request.parent, f"{place}parent")
    checks.check_id(request.curriculum, f"{place}curriculum")
    basis = request.WhichOneof("basis")
    if basis is None:
        checks.note(f"{place}basis", "is required: a learner, or a set of mastered concepts")
    elif basis == "learner":
        checks.check_id(request.learner, f"{place}learner")
    elif not request.goals:
        checks.note(f"{place}goals", "is required where no learner is named")
    if len(request.goals) > MOST_GOALS:
        checks.note(f"{place}goals", f"must have at most {MOST_GOALS} entries")
    as_of = checks.read(None, to_micros, request.as_of, f"{place}as_of") if request.HasField("as_of") else None
    settings = read_settings(request, checks, place, request.escalate_above)
    constraints = read_constraints(request.constraints, checks, place)
    checks.finish()
    return tenant, as_of, settings, constraints


def _read_mastered(graph: PlanningGraph, concepts: Sequence[str], place: str) -> Mapping[str, float]:
    checks = FieldChecks()
    for position, concept in enumerate(concepts):
        if concept not in graph.number:
            checks.note(f"{place}mastered.concepts[{position}]", "must be the id of a concept of the curriculum")
    checks.finish()
    return dict.fromkeys(concepts, 1.0)


async def _read_goals(
    backend: Backend, tenant: str, learner: str, graph: PlanningGraph, curriculum: str
) -> Sequence[str]:
    goals = list_goals(graph, await backend.store.get_learner(tenant, learner), curriculum)
    if not goals:
        raise make_no_goals_error(tenant, learner, curriculum)
    return goals


async def read_learner_state(
    backend: Backend, tenant: str, learner: str, curriculum: str, as_of: int | None
) -> LearnerState:
    """Reads a learner's state.

    Raises:
        LearnerNotFoundError: No such learner.
    """
    states = await backend.store.read_states(tenant, [learner], curriculum, as_of)
    if learner not in states:
        raise LearnerNotFoundError(make_name(LEARNER, tenant, learner))
    return states[learner]


def list_mastery(state: LearnerState) -> Mapping[str, float]:
    """Returns the probability of mastery by concept, of the concepts with evidence."""
    return {concept: reading.probability for concept, reading in state.mastery.items()}


def list_goals(graph: PlanningGraph, learner: Learner, curriculum: str) -> list[str]:
    """Lists a learner's goals in a curriculum, without those that it no longer has."""
    return [concept for home, concept in learner.goals if home == curriculum and concept in graph.number]


def make_no_goals_error(tenant: str, learner: str, curriculum: str) -> NoGoalsError:
    """Returns the error for a learner whose way has no end to plan for; the caller raises it."""
    name = make_name(LEARNER, tenant, learner)
    place = f"curriculum {curriculum}" if curriculum else "any curriculum"
    return NoGoalsError(f"{name} has no goals in {place} and none were given", [name])
