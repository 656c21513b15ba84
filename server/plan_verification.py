"""Checking plans, also those made elsewhere and those made to break things."""

from collections.abc import Mapping
from dataclasses import dataclass

from graphmasal.v1 import plan_pb2
from graphmasal.v1.planning_service_pb2 import VerifyPlanRequest, VerifyPlanResponse
from planner.checks.verification import verify_plan
from planner.graph import PlanningGraph, compile_graph
from server.backend import Backend
from server.fields import FieldChecks
from server.names import CURRICULUM, PLAN, parse_pair, parse_tenant, parse_triple
from server.plan_generation import list_mastery, read_learner_state
from server.plan_messages import read_plan, to_violation
from server.times import to_micros


@dataclass(frozen=True, slots=True, kw_only=True)
class _Whose:
    """Where a plan belongs, as its names say.

    Attributes:
        tenant: Id.
        curriculum: Id.
        learner: Id; empty where the plan has no name.
        as_of: Moment at which mastery was reckoned, or None.
    """

    tenant: str
    curriculum: str
    learner: str
    as_of: int | None


async def verify_for_request(backend: Backend, request: VerifyPlanRequest) -> VerifyPlanResponse:
    """Checks a plan against the current version of its curriculum, and against its learner's state if it has a name.

    Raises:
        InvalidInputError: It is no plan of this tenant: names, times or numbers are wrong.
        CurriculumNotFoundError: No such curriculum.
        LearnerNotFoundError: No such learner.
    """
    whose = _read_names(request)
    cached = await backend.curricula.get(whose.tenant, whose.curriculum)
    graph = await cached.derive(compile_graph)
    mastery = None
    if whose.learner:
        mastery = list_mastery(
            await read_learner_state(backend, whose.tenant, whose.learner, whose.curriculum, whose.as_of)
        )
    violations = await backend.run(_verify, graph, request.plan, mastery)
    return VerifyPlanResponse(valid=not violations, violations=violations, curriculum_version=cached.record.version)


def _verify(
    graph: PlanningGraph, message: plan_pb2.Plan, mastery: Mapping[str, float] | None
) -> list[plan_pb2.PlanViolation]:
    return [to_violation(violation) for violation in verify_plan(graph, read_plan(message), mastery)]


def _read_names(request: VerifyPlanRequest) -> _Whose:
    checks = FieldChecks()
    tenant = checks.read("", parse_tenant, request.parent)
    if not request.HasField("plan"):
        checks.note("plan", "is required")
        checks.finish()
    plan = request.plan
    home, curriculum = checks.read(("", ""), parse_pair, plan.curriculum, CURRICULUM, "plan.curriculum")
    if tenant and home and home != tenant:
        checks.note("plan.curriculum", "must be of the tenant that parent names")
    learner = ""
    if plan.name:
        home, learner, _ = checks.read(("", "", ""), parse_triple, plan.name, PLAN, "plan.name")
        if tenant and home and home != tenant:
            checks.note("plan.name", "must be of the tenant that parent names")
    as_of = checks.read(None, to_micros, plan.as_of, "plan.as_of") if plan.HasField("as_of") else None
    checks.finish()
    return _Whose(tenant=tenant, curriculum=curriculum, learner=learner, as_of=as_of)
