"""What a learner should do now: the next step of the latest plan, or of one made just now."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from graphmasal.v1.planning_service_pb2 import NextActivityRequest, NextActivityResponse
from kg.learner import StoredPlan
from planner.generation import generate_plan
from planner.graph import PlanningGraph, compile_graph
from planner.next_step import find_next_step
from planner.plan import Plan, PlanStep
from planner.problem import PlanSettings, sort_by_mastery
from server.backend import Backend
from server.calls import Context
from server.deadlines import run_in_time
from server.fields import FieldChecks
from server.names import LEARNER, parse_pair
from server.open_questions import list_open_questions
from server.plan_archive import unpack_plan
from server.plan_generation import list_goals, list_mastery, make_no_goals_error, read_learner_state
from server.plan_messages import cap_minutes, read_plan, to_step, to_unreachable
from server.times import to_micros


@dataclass(frozen=True, slots=True, kw_only=True)
class _Standing:
    """Where a learner stands.

    Attributes:
        plan: The plan that holds.
        name: Its name; empty where it is not stored.
        left: Its steps that are still to be done.
        next: The one of them to do now; None where there is none left.
    """

    plan: Plan
    name: str = ""
    left: Sequence[PlanStep]
    next: PlanStep | None


async def find_next_activity(backend: Backend, request: NextActivityRequest, context: Context) -> NextActivityResponse:
    """Finds what a learner should do now.

    Raises:
        InvalidInputError: Fields are wrong.
        LearnerNotFoundError: No such learner.
        CurriculumNotFoundError: No such curriculum.
        NoGoalsError: The learner has neither goals nor a plan in the curriculum.
    """
    tenant, name, as_of = _read_request(request)
    learner = await backend.store.get_learner(tenant, name)
    curriculum = request.curriculum or (learner.goals[0][0] if learner.goals else "")
    latest = await backend.store.list_plans(tenant, name, curriculum, None, 1)
    if not curriculum and not latest:
        raise make_no_goals_error(tenant, name, request.curriculum)
    curriculum = curriculum or latest[0].curriculum
    cached = await backend.curricula.get(tenant, curriculum)
    graph = await cached.derive(compile_graph)
    state = await read_learner_state(backend, tenant, name, curriculum, as_of)
    mastery = list_mastery(state)

    def work(stop: Callable[[], bool]) -> _Standing | None:
        stored = latest[0] if latest else None
        return _find_standing(graph, mastery, stored, list_goals(graph, learner, curriculum), stop)

    standing = await run_in_time(backend, context.time_remaining(), work)
    if standing is None:
        raise make_no_goals_error(tenant, name, curriculum)
    response = _to_response(standing)
    if standing.next is not None:
        response.questions.extend(await list_open_questions(backend, tenant, state, cached, standing.next.concept))
    return response


def _read_request(request: NextActivityRequest) -> tuple[str, str, int | None]:
    checks = FieldChecks()
    tenant, learner = checks.read(("", ""), parse_pair, request.name, LEARNER)
    if request.curriculum:
        checks.check_id(request.curriculum, "curriculum")
    as_of = checks.read(None, to_micros, request.as_of, "as_of") if request.HasField("as_of") else None
    checks.finish()
    return tenant, learner, as_of


def _find_standing(
    graph: PlanningGraph,
    mastery: Mapping[str, float],
    latest: StoredPlan | None,
    goals: Sequence[str],
    stop: Callable[[], bool],
) -> _Standing | None:
    """Finds where a learner stands in the latest plan or else in one made now; None: there is nothing to plan for."""
    if latest is not None:
        message = unpack_plan(latest)
        stored = read_plan(message)
        standing = _stand_in(graph, stored, mastery)
        if standing.next is not None:
            return replace(standing, name=message.name)
        goals = goals or [goal for goal in stored.goals if goal in graph.number]
    if not goals:
        return None
    fresh = generate_plan(graph, goals, mastery, PlanSettings(), stop)
    return _Standing(plan=fresh, left=fresh.steps, next=fresh.steps[0] if fresh.steps else None)


def _stand_in(graph: PlanningGraph, plan: Plan, mastery: Mapping[str, float]) -> _Standing:
    """Finds where a learner stands in a stored plan, by the thresholds it was made with."""
    settings = PlanSettings(mastery_threshold=plan.mastery_threshold, refresh_threshold=plan.refresh_threshold)
    mastered, _ = sort_by_mastery(graph, mastery, settings)
    left = [step for step in plan.steps if step.concept in graph.number and graph.number[step.concept] not in mastered]
    position = find_next_step(graph, plan, mastery, settings)
    step = None if position is None else plan.steps[position]
    # The curriculum may have changed since: what no longer teaches the concept is not to be done.
    if step is not None and not _is_taught_by(graph, step):
        step = None
    return _Standing(plan=plan, left=left, next=step)


def _is_taught_by(graph: PlanningGraph, step: PlanStep) -> bool:
    activity = graph.activity_number.get(step.activity)
    return activity is not None and graph.number[step.concept] in graph.activities[activity].sections


def _to_response(standing: _Standing) -> NextActivityResponse:
    response = NextActivityResponse(plan=standing.name, unreachable=to_unreachable(standing.plan.unreachable))
    if standing.next is not None:
        response.outcome = NextActivityResponse.DO_STEP
        response.step.CopyFrom(to_step(standing.next))
        response.steps_left = len(standing.left)
        response.minutes_left = cap_minutes(sum(step.minutes for step in standing.left))
    elif standing.plan.unreachable:
        response.outcome = NextActivityResponse.GOALS_UNREACHABLE
    else:
        response.outcome = NextActivityResponse.GOALS_REACHED
    return response
