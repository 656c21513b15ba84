"""Whatever is wrong with a request to the learner or planning service, its caller is told which field it is."""

import math
from typing import Any

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from graphmasal.v1 import learner_service_pb2 as learners
from graphmasal.v1 import planning_service_pb2 as planning
from graphmasal.v1.learner_pb2 import Learner
from graphmasal.v1.plan_pb2 import Plan
from tests.e2e.course import ADA, ALGEBRA, TENANT, Stubs, fields_of, refuse_of

LATE = Timestamp(seconds=10**11)

CASES: list[tuple[str, Message, list[str]]] = [
    ("CreateLearner", learners.CreateLearnerRequest(), ["parent", "learner_id"]),
    (
        "CreateLearner",
        learners.CreateLearnerRequest(parent=TENANT, learner_id="a b", learner=Learner(goals=["g"])),
        ["learner_id", "learner.goals[0]"],
    ),
    ("GetLearner", learners.GetLearnerRequest(name="ada"), ["name"]),
    (
        "ListLearners",
        learners.ListLearnersRequest(parent="x", page_size=-1, external_id="x" * 257),
        ["parent", "external_id", "page_size"],
    ),
    ("ListLearners", learners.ListLearnersRequest(parent=TENANT, page_token="?"), ["page_token"]),  # noqa: S106 - no secret
    (
        "UpdateLearner",
        learners.UpdateLearnerRequest(learner=Learner(display_name="x" * 257), update_mask=FieldMask(paths=["name"])),
        ["learner.name", "learner.display_name", "update_mask"],
    ),
    (
        "UpdateLearner",
        learners.UpdateLearnerRequest(learner=Learner(name=ADA), update_mask=FieldMask(paths=["*", "goals"])),
        ["update_mask"],
    ),
    ("DeleteLearner", learners.DeleteLearnerRequest(name=f"{ADA}/"), ["name"]),
    ("BatchAppendEvidence", learners.BatchAppendEvidenceRequest(), ["parent", "evidence"]),
    (
        "ListEvidence",
        learners.ListEvidenceRequest(parent=TENANT, curriculum="a/b", page_size=-1),
        ["parent", "curriculum", "page_size"],
    ),
    ("VoidEvidence", learners.VoidEvidenceRequest(name=ADA), ["name"]),
    ("GetLearnerState", learners.GetLearnerStateRequest(as_of=LATE), ["name", "curriculum", "as_of"]),
    (
        "BatchGetLearnerStates",
        learners.BatchGetLearnerStatesRequest(curriculum=ALGEBRA, as_of=LATE),
        ["parent", "names", "curriculum", "as_of"],
    ),
    (
        "BatchGetLearnerStates",
        learners.BatchGetLearnerStatesRequest(
            parent=TENANT, names=[ADA, ADA, "ada", "tenants/other/learners/ada"], curriculum="algebra"
        ),
        ["names[1]", "names[2]", "names[3]"],
    ),
    (
        "GeneratePlan",
        planning.GeneratePlanRequest(goals=["g"] * 501, as_of=LATE, mastery_threshold=math.nan),
        ["parent", "curriculum", "basis", "goals", "as_of", "mastery_threshold"],
    ),
    (
        "GeneratePlan",
        planning.GeneratePlanRequest(parent=TENANT, curriculum="algebra", learner=ADA, refresh_threshold=0.9),
        ["learner", "refresh_threshold"],
    ),
    ("GetPlan", planning.GetPlanRequest(name=f"{ADA}/plans/"), ["name"]),
    ("ListPlans", planning.ListPlansRequest(parent="", page_size=-5), ["parent", "page_size"]),
    ("VerifyPlan", planning.VerifyPlanRequest(), ["parent", "plan"]),
    (
        "VerifyPlan",
        planning.VerifyPlanRequest(parent=TENANT, plan=Plan(name="p", as_of=LATE)),
        ["plan.curriculum", "plan.name", "plan.as_of"],
    ),
    ("NextActivity", planning.NextActivityRequest(curriculum=ALGEBRA, as_of=LATE), ["name", "curriculum", "as_of"]),
    ("ExplainPlan", planning.ExplainPlanRequest(name=ADA), ["name"]),
    ("CompareWhatIf", planning.CompareWhatIfRequest(), ["base", "edits"]),
    (
        "CompareWhatIf",
        planning.CompareWhatIfRequest(
            base=planning.GeneratePlanRequest(as_of=LATE, escalate_above=0.5),
            edits=[planning.PlanEdit(master_concept="sets")],
        ),
        ["base.parent", "base.curriculum", "base.basis", "base.as_of", "base.escalate_above"],
    ),
    ("CompareWhatIf", planning.CompareWhatIfRequest(base={}, edits=[planning.PlanEdit()]), ["edits[0]"]),
    ("CompareWhatIf", planning.CompareWhatIfRequest(base={}, edits=[planning.PlanEdit()] * 101), ["edits"]),
    ("RevisePlan", planning.RevisePlanRequest(name=ADA, as_of=LATE, least_gain=1.0), ["name", "as_of", "least_gain"]),
    ("RevisePlan", planning.RevisePlanRequest(name=f"{ADA}/plans/p", least_gain=math.nan), ["least_gain"]),
    ("ListPlanRevisions", planning.ListPlanRevisionsRequest(name=ADA, page_size=-1), ["name", "page_size"]),
    (
        "BatchGeneratePlans",
        planning.BatchGeneratePlansRequest(learners=["a b"], goals=["g"] * 501, mastery_threshold=2),
        ["parent", "curriculum", "learners[0]", "goals", "mastery_threshold"],
    ),
]

MISSING: list[tuple[str, Message]] = [
    ("GetLearner", learners.GetLearnerRequest(name=ADA)),
    ("UpdateLearner", learners.UpdateLearnerRequest(learner=Learner(name=ADA, display_name="Ada"))),
    ("DeleteLearner", learners.DeleteLearnerRequest(name=ADA)),
    ("ListEvidence", learners.ListEvidenceRequest(parent=ADA)),
    ("VoidEvidence", learners.VoidEvidenceRequest(name=f"{ADA}/evidence/e")),
    ("GetLearnerState", learners.GetLearnerStateRequest(name=ADA, curriculum="algebra")),
    ("GetLearnerState", learners.GetLearnerStateRequest(name=ADA, curriculum="none")),
    (
        "BatchGetLearnerStates",
        learners.BatchGetLearnerStatesRequest(parent=TENANT, names=[ADA], curriculum="algebra"),
    ),
    (
        "GeneratePlan",
        planning.GeneratePlanRequest(parent=TENANT, curriculum="algebra", learner="ada", goals=["sets"]),
    ),
    ("GetPlan", planning.GetPlanRequest(name=f"{ADA}/plans/p")),
    ("ListPlans", planning.ListPlansRequest(parent=ADA)),
    (
        "VerifyPlan",
        planning.VerifyPlanRequest(parent=TENANT, plan=Plan(curriculum=ALGEBRA, name=f"{ADA}/plans/p")),
    ),
    ("NextActivity", planning.NextActivityRequest(name=ADA)),
    ("ExplainPlan", planning.ExplainPlanRequest(name=f"{ADA}/plans/p")),
    ("RevisePlan", planning.RevisePlanRequest(name=f"{ADA}/plans/p")),
    ("ListPlanRevisions", planning.ListPlanRevisionsRequest(name=f"{ADA}/plans/p")),
    ("BatchGeneratePlans", planning.BatchGeneratePlansRequest(parent=TENANT, curriculum="none")),
]


def find_method(stubs: Stubs, method: str) -> Any:
    return getattr(stubs.learners, method, None) or getattr(stubs.planning, method)


@pytest.mark.parametrize(("method", "request_", "fields"), CASES)
async def test_every_wrong_field_is_named(stubs: Stubs, method: str, request_: Message, fields: list[str]) -> None:
    code, status = await refuse_of(find_method(stubs, method)(request_))

    assert (code, fields_of(status)) == (grpc.StatusCode.INVALID_ARGUMENT, fields)


@pytest.mark.parametrize(("method", "request_"), MISSING)
async def test_what_is_not_there_is_not_found(stubs: Stubs, method: str, request_: Message) -> None:
    code, _ = await refuse_of(find_method(stubs, method)(request_))

    assert code is grpc.StatusCode.NOT_FOUND
