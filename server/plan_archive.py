"""Plans as they are kept: protobuf's JSON under an id that follows from it."""

import hashlib
import json
from collections.abc import Sequence

from google.protobuf import json_format

from graphmasal.v1 import plan_pb2
from graphmasal.v1.planning_service_pb2 import (
    GetPlanRequest,
    ListPlanRevisionsRequest,
    ListPlanRevisionsResponse,
    ListPlansRequest,
    ListPlansResponse,
)
from kg.learner import StoredPlan
from server.backend import Backend
from server.fields import FieldChecks
from server.names import CURRICULUM, LEARNER, PLAN, make_name, parse_pair, parse_triple
from server.page_bytes import shrink_page
from server.pages import read_page


def pack_plan(tenant: str, learner: str, message: plan_pb2.Plan, series: str = "") -> StoredPlan:
    """Names a learner's plan and returns it as it is to be stored, its time of storing not set.

    Args:
        tenant: Id.
        learner: Id.
        message: The plan without a name; it is given one that follows from all else in it.
        series: Id of the first plan of the line that it goes on; empty: it is the first itself.
    """
    content = json_format.MessageToDict(message)
    plan_id = hashlib.sha256(_write_json(content).encode()).hexdigest()[:24]
    message.name = content["name"] = make_name(PLAN, tenant, learner, plan_id)
    return StoredPlan(
        id=plan_id,
        series=series or plan_id,
        revision=message.revision,
        learner=learner,
        curriculum=parse_pair(message.curriculum, CURRICULUM, "curriculum")[1],
        created_at=0,
        concepts=tuple(step.concept for step in message.steps),
        body=_write_json(content),
    )


def _write_json(content: object) -> str:
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def unpack_plan(stored: StoredPlan) -> plan_pb2.Plan:
    """Returns the message of a stored plan, also of one that a later release stored with further fields."""
    return json_format.Parse(stored.body, plan_pb2.Plan(), ignore_unknown_fields=True)


def _unpack_plans(plans: Sequence[StoredPlan]) -> Sequence[plan_pb2.Plan]:
    return [unpack_plan(plan) for plan in plans]


async def get_plan(backend: Backend, request: GetPlanRequest) -> plan_pb2.Plan:
    """Reads a stored plan.

    Raises:
        InvalidInputError: The name has not the form of a plan's.
        PlanNotFoundError: No such plan.
    """
    tenant, learner, plan = parse_triple(request.name, PLAN)
    return await backend.run(unpack_plan, await backend.store.get_plan(tenant, learner, plan))


async def list_plans(backend: Backend, request: ListPlansRequest) -> ListPlansResponse:
    """Lists a page of a learner's plans, the latest first.

    Raises:
        InvalidInputError: Fields are wrong.
        LearnerNotFoundError: No such learner.
    """
    checks = FieldChecks()
    tenant, learner = checks.read(("", ""), parse_pair, request.parent, LEARNER, "parent")
    page = checks.finish_with(read_page, request, int, str)
    # An empty list must not be the answer for a learner who is not there.
    await backend.store.get_learner(tenant, learner)
    before = (int(page.after[0]), str(page.after[1])) if page.after else None
    plans = await backend.store.list_plans(tenant, learner, "", before, page.limit)
    # No message is larger than its JSON, and those that do not fit need not be read.
    page = shrink_page(page, (len(plan.body.encode()) for plan in plans))
    shown, token = page.cut(plans, lambda plan: (plan.created_at, plan.id))
    return ListPlansResponse(plans=await backend.run(_unpack_plans, shown), next_page_token=token)


async def list_plan_revisions(backend: Backend, request: ListPlanRevisionsRequest) -> ListPlanRevisionsResponse:
    """Lists a page of the revisions of a plan, the latest first.

    Raises:
        InvalidInputError: Fields are wrong.
        PlanNotFoundError: No such plan.
    """
    checks = FieldChecks()
    tenant, learner, plan = checks.read(("", "", ""), parse_triple, request.name, PLAN)
    page = checks.finish_with(read_page, request, int)
    series = (await backend.store.get_plan(tenant, learner, plan)).series
    before = int(page.after[0]) if page.after else None
    plans = await backend.store.list_plan_revisions(tenant, learner, series, before, page.limit)
    page = shrink_page(page, (len(plan.body.encode()) for plan in plans))
    shown, token = page.cut(plans, lambda plan: (plan.revision,))
    return ListPlanRevisionsResponse(plans=await backend.run(_unpack_plans, shown), next_page_token=token)
