"""A small course imported through the API, evidence about it, and how calls are refused."""

import io
import zipfile
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any, cast

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo
from google.rpc.status_pb2 import Status
from grpc_status import rpc_status

from graphmasal.v1.curriculum_service_pb2 import ImportCurriculumRequest, ImportCurriculumStart
from graphmasal.v1.curriculum_service_pb2_grpc import CurriculumServiceStub
from graphmasal.v1.evidence_pb2 import Evidence
from graphmasal.v1.learner_pb2 import LearnerState
from graphmasal.v1.learner_service_pb2 import BatchAppendEvidenceRequest, BatchAppendEvidenceResponse
from graphmasal.v1.learner_service_pb2_grpc import LearnerServiceStub
from graphmasal.v1.planning_service_pb2_grpc import PlanningServiceStub

TENANT = "tenants/t"
ADA = f"{TENANT}/learners/ada"
ALGEBRA = f"{TENANT}/curricula/algebra"
NOON = 1_750_075_200  # 2025-06-16 12:00 UTC

COURSE = """
curriculum: {title: Algebra}
concepts:
  - {id: sets, title: Sets, minutes: 20}
  - {id: maps, title: Maps, minutes: 20, requires: [sets]}
  - {id: groups, title: Groups, minutes: 40, requires: [sets]}
  - {id: rings, title: Rings, minutes: 30, requires_any: [{id: base, need: 1, of: [groups, maps]}]}
  - {id: axioms, title: Axioms, taught: false}
  - {id: models, title: Models, requires: [axioms]}
questions:
  - id: q-sets
    kind: choice
    stem: Which of these is a set?
    options: {x: "{1, 2}", y: 1 + 2}
    answer: {accepted: [x]}
    assesses: [sets]
  - {id: q-sets-2, kind: numeric, stem: How many elements has the empty set?, answer: {accepted: [0]}, assesses: [sets]}
  - {id: q-maps, kind: numeric, stem: f(x) = x / 2. What is f(1)?, answer: {accepted: [0.5]}, assesses: [maps]}
  - {id: q-essay, kind: text, stem: Explain rings., assesses: [rings]}
"""


@dataclass(frozen=True)
class Stubs:
    """Stubs of the services under test, and of the one that brings the course."""

    learners: Any
    planning: Any
    curricula: Any


def make_stubs(channel: grpc.aio.Channel) -> Stubs:
    return Stubs(LearnerServiceStub(channel), PlanningServiceStub(channel), CurriculumServiceStub(channel))


async def import_course(stubs: Stubs, *, tenant: str = "t", curriculum: str = "algebra", text: str = COURSE) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as files:
        files.writestr("course.yaml", text)
    start = ImportCurriculumStart(
        parent=f"tenants/{tenant}", curriculum_id=curriculum, format=ImportCurriculumStart.YAML
    )
    requests = [ImportCurriculumRequest(start=start), ImportCurriculumRequest(chunk=archive.getvalue())]
    response = await stubs.curricula.ImportCurriculum(iter(requests))
    assert response.report.accepted, response.report


def answer(name: str, response: str = "x", *, question: str = "q-sets", learner: str = "ada", day: int = 0) -> Evidence:
    """An answer, some days after the first; as it stands, a right one."""
    return Evidence(
        id=name,
        learner=learner,
        question=question,
        response=response,
        occurred_at=Timestamp(seconds=NOON + day * 86_400),
        source=Evidence.ANSWER,
    )


def override(name: str, concept: str, mastery: float = 1.0, *, learner: str = "ada", day: int = 0) -> Evidence:
    """A teacher's word on a concept."""
    return Evidence(
        id=name,
        learner=learner,
        concept=concept,
        score=mastery,
        occurred_at=Timestamp(seconds=NOON + day * 86_400),
        source=Evidence.TEACHER_OVERRIDE,
    )


async def append(stubs: Stubs, *items: Evidence, parent: str = TENANT) -> BatchAppendEvidenceResponse:
    """Appends items, learners being created as needed."""
    response: BatchAppendEvidenceResponse = await stubs.learners.BatchAppendEvidence(
        BatchAppendEvidenceRequest(parent=parent, evidence=items, allow_missing=True)
    )
    return response


def codes(response: BatchAppendEvidenceResponse) -> list[int]:
    return [result.status.code for result in response.results]


def mastery_of(state: LearnerState) -> dict[str, float]:
    return {reading.concept: reading.probability for reading in state.mastery}


def fields_of(status: Status) -> list[str]:
    """The fields that a status names, in order."""
    found = BadRequest()
    for detail in status.details:
        if detail.Unpack(found):
            return [violation.field for violation in found.field_violations]
    return []


def reason_of(status: Status) -> str:
    info = ErrorInfo()
    return info.reason if status.details and status.details[0].Unpack(info) else ""


async def refuse_of(call: Awaitable[Any]) -> tuple[grpc.StatusCode, Status]:
    """Returns how a call is refused."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    # It has what a call is asked for, though the types do not say so.
    status = rpc_status.from_call(cast(grpc.Call, caught.value))
    return caught.value.code(), status if status is not None else Status()
