"""Plans as requests ask for them: for a learner, or for a set of concepts taken as mastered."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from graphmasal.v1 import plan_pb2
from graphmasal.v1.planning_service_pb2 import GeneratePlanRequest
from kg.errors import LearnerNotFoundError, NoGoalsError
from kg.learner import Learner, StoredPlan
from kg.states import LearnerState
from planner.generation import generate_plan
from planner.graph import PlanningGraph, compile_graph
from planner.plan import Plan
from planner.problem import MOST_GOALS, PlanSettings
from server.backend import Backend
from server.calls import Context
from server.deadlines import run_in_time
from server.fields import FieldChecks
from server.names import CURRICULUM, LEARNER, make_name, parse_tenant
from server.plan_archive import pack_plan
from server.plan_messages import read_thresholds, to_plan
from server.times import to_micros, to_timestamp


async def plan_for_request(backend: Backend, request: GeneratePlanRequest, context: Context) -> plan_pb2.Plan:
    """Plans; a learner's plan is stored.

    Raises:
        InvalidInputError: Fields are wrong, or goals or mastered concepts are not in the curriculum.
        CurriculumNotFoundError: No such curriculum.
        LearnerNotFoundError: No such learner.
        NoGoalsError: Neither the request nor the learner has goals in the curriculum.
    """
    tenant, as_of, settings = _read_request(request)
    cached = await backend.curricula.get(tenant, request.curriculum)
    graph = await cached.derive(compile_graph)
    blank = plan_pb2.Plan(
        curriculum=make_name(CURRICULUM, tenant, cached.record.id), curriculum_version=cached.record.version
    )
    if request.HasField("mastered"):
        mastery = _read_mastered(graph, request.mastered.concepts)
        return await run_in_time(
            backend,
            context.time_remaining(),
            lambda stop: _fill_in(blank, generate_plan(graph, request.goals, mastery, settings, stop)),
        )
    state = await read_learner_state(backend, tenant, request.learner, request.curriculum, as_of)
    goals = request.goals or await _read_goals(backend, tenant, request.learner, graph, request.curriculum)
    if state.as_of is not None:
        blank.as_of.CopyFrom(to_timestamp(state.as_of))

    def work(stop: Callable[[], bool]) -> tuple[plan_pb2.Plan, StoredPlan]:
        message = _fill_in(blank, generate_plan(graph, goals, list_mastery(state), settings, stop))
        return message, pack_plan(tenant, request.learner, message)

    message, stored = await run_in_time(backend, context.time_remaining(), work)
    await backend.store.save_plan(tenant, replace(stored, created_at=backend.clock()))
    return message


def _read_request(request: GeneratePlanRequest) -> tuple[str, int | None, PlanSettings]:
    checks = FieldChecks()
    tenant = checks.read("", parse_tenant, request.parent)
    checks.check_id(request.curriculum, "curriculum")
    basis = request.WhichOneof("basis")
    if basis is None:
        checks.note("basis", "is required: a learner, or a set of mastered concepts")
    elif basis == "learner":
        checks.check_id(request.learner, "learner")
    elif not request.goals:
        checks.note("goals", "is required where no learner is named")
    if len(request.goals) > MOST_GOALS:
        checks.note("goals", f"must have at most {MOST_GOALS} entries")
    as_of = checks.read(None, to_micros, request.as_of, "as_of") if request.HasField("as_of") else None
    high, low = read_thresholds(request.mastery_threshold, request.refresh_threshold, checks)
    checks.finish()
    return tenant, as_of, PlanSettings(mastery_threshold=high, refresh_threshold=low)


def _read_mastered(graph: PlanningGraph, concepts: Sequence[str]) -> Mapping[str, float]:
    checks = FieldChecks()
    for position, concept in enumerate(concepts):
        if concept not in graph.number:
            checks.note(f"mastered.concepts[{position}]", "must be the id of a concept of the curriculum")
    checks.finish()
    return dict.fromkeys(concepts, 1.0)


async def _read_goals(
    backend: Backend, tenant: str, learner: str, graph: PlanningGraph, curriculum: str
) -> Sequence[str]:
    goals = list_goals(graph, await backend.store.get_learner(tenant, learner), curriculum)
    if not goals:
        raise make_no_goals_error(tenant, learner, curriculum)
    return goals


def _fill_in(blank: plan_pb2.Plan, plan: Plan) -> plan_pb2.Plan:
    """Returns the message for a plan with what `blank` says of its curriculum and learner."""
    message = to_plan(plan)
    message.MergeFrom(blank)
    return message


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
