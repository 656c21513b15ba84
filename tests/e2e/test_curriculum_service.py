"""Curricula and operations over a real channel, on the embedded store."""

# ruff: noqa: S106 - page tokens are no passwords

import io
import zipfile
from collections.abc import Iterator
from typing import Any, cast

import grpc
import pytest
from google.longrunning import operations_pb2 as longrunning
from google.longrunning import operations_pb2_grpc
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from grpc_status import rpc_status

from graphmasal.v1 import curriculum_pb2, curriculum_service_pb2_grpc, learner_service_pb2_grpc, question_pb2
from graphmasal.v1 import curriculum_service_pb2 as api
from graphmasal.v1.evidence_pb2 import Evidence
from graphmasal.v1.learner_service_pb2 import BatchAppendEvidenceRequest
from server.application import SERVICES

CURRICULUM = "tenants/t/curricula/fractions"
QUESTION = f"{CURRICULUM}/questions/quarter"
FILES = """
curriculum: {title: Fractions, licence: CC-BY-4.0, attribution: Us}
concepts:
  - {id: numbers, title: Numbers}
  - {id: fractions, title: Fractions, requires: [{concept: numbers, strength: 0.9}]}
  - {id: line, title: The line}
  - id: adding
    title: Adding
    requires: [fractions]
    requires_any: [{id: picture, need: 1, of: [line, numbers]}]
    helped_by: [line]
resources:
  - {id: lesson, title: Lesson, sections: [{concept: adding, minutes: 20}]}
questions:
  - id: quarter
    kind: numeric
    stem: What is 1/4?
    answer: {accepted: [0.25], tolerance: 0.001}
    assesses: [fractions]
misconceptions:
  - {id: add-all, title: Adds all, about: [adding]}
"""
CYCLE = """
curriculum: {title: Circle}
concepts:
  - {id: a, title: A, requires: [{concept: b, strength: 0.5}]}
  - {id: b, title: B, requires: [a]}
  - {id: c, title: C, requires: [nothing]}
"""


@pytest.fixture
def channel(service: grpc.aio.Channel) -> grpc.aio.Channel:
    return service


@pytest.fixture
def curricula(channel: grpc.aio.Channel) -> Any:
    return curriculum_service_pb2_grpc.CurriculumServiceStub(channel)


@pytest.fixture
def operations(channel: grpc.aio.Channel) -> Any:
    return operations_pb2_grpc.OperationsStub(channel)  # type: ignore[no-untyped-call]


def pack(text: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("all.yaml", text)
    return buffer.getvalue()


def stream(content: bytes, **start: Any) -> Iterator[api.ImportCurriculumRequest]:
    given: dict[str, Any] = {"parent": "tenants/t", "curriculum_id": "fractions", "format": "YAML"} | start
    yield api.ImportCurriculumRequest(start=api.ImportCurriculumStart(**given))
    for offset in range(0, len(content), 100):
        yield api.ImportCurriculumRequest(chunk=content[offset : offset + 100])


async def bring(curricula: Any, text: str = FILES, **start: Any) -> api.ImportCurriculumResponse:
    response = await curricula.ImportCurriculum(stream(pack(text), **start))
    assert isinstance(response, api.ImportCurriculumResponse)
    return response


async def refusal(call: Any) -> tuple[grpc.StatusCode, list[str]]:
    """Code and named fields of a call that fails."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    status = rpc_status.from_call(cast(grpc.Call, caught.value))
    assert status is not None, caught.value
    info, fields = ErrorInfo(), BadRequest()
    assert status.details[0].Unpack(info)
    assert info.domain == "graphmasal"
    for detail in status.details:
        detail.Unpack(fields)
    return caught.value.code(), [violation.field for violation in fields.field_violations]


def list_ids(changes: Any) -> list[str]:
    return [f"{change.kind} {change.id}" for change in changes]


async def test_an_import_makes_a_curriculum_current(curricula: Any) -> None:
    response = await bring(curricula)
    assert (response.curriculum.name, response.curriculum.version) == (CURRICULUM, 1)
    assert response.report.accepted
    assert response.report.longest_chain == 3
    assert "group adding/picture" in list_ids(response.report.added)
    read = await curricula.GetCurriculum(api.GetCurriculumRequest(name=CURRICULUM))
    assert read == response.curriculum
    assert (read.licence, read.size.concepts, read.size.questions) == ("CC-BY-4.0", 4, 1)


async def test_an_equal_import_makes_no_new_version(curricula: Any) -> None:
    await bring(curricula)
    response = await bring(curricula)
    assert response.curriculum.version == 1
    assert [*response.report.added, *response.report.changed, *response.report.removed] == []
    assert response.regrade_operation == ""


async def test_a_second_import_tells_the_difference_and_keeps_what_is_gone(curricula: Any) -> None:
    await bring(curricula)
    text = FILES.replace("title: Numbers", "title: All numbers").replace("  - {id: add-all", "  - {id: add-some")
    response = await bring(curricula, text)
    assert response.curriculum.version == 2
    assert list_ids(response.report.added) == ["misconception add-some"]
    assert list_ids(response.report.removed) == ["misconception add-all"]
    assert [(each.id, list(each.fields)) for each in response.report.changed] == [("numbers", ["title"])]
    shown = await curricula.ListMisconceptions(api.ListMisconceptionsRequest(parent=CURRICULUM))
    assert [each.title for each in shown.misconceptions] == ["Adds all"]
    every = await curricula.ListMisconceptions(api.ListMisconceptionsRequest(parent=CURRICULUM, show_archived=True))
    assert [each.archived for each in every.misconceptions] == [True, False]


async def test_a_dry_run_reports_and_writes_nothing(curricula: Any) -> None:
    first = await bring(curricula, validate_only=True)
    assert first.report.accepted
    assert not first.HasField("curriculum")
    assert (await refusal(curricula.GetCurriculum(api.GetCurriculumRequest(name=CURRICULUM))))[0].name == "NOT_FOUND"
    await bring(curricula)
    second = await bring(curricula, FILES.replace("minutes: 20", "minutes: 30"), validate_only=True)
    assert (list_ids(second.report.added), list_ids(second.report.changed)) == ([], ["resource lesson"])


async def test_a_refused_curriculum_is_an_answer_with_its_faults(curricula: Any) -> None:
    response = await bring(curricula, CYCLE)
    assert not response.report.accepted
    assert not response.HasField("curriculum")
    kinds = {curriculum_pb2.ImportIssue.Kind.Name(issue.kind): issue for issue in response.report.issues}
    assert kinds.keys() == {"CYCLE", "DANGLING_REFERENCE"}
    assert sorted(kinds["CYCLE"].concepts) == ["a", "b"]
    assert (kinds["CYCLE"].weakest_edge.before, kinds["CYCLE"].weakest_edge.after) == ("b", "a")
    assert (await curricula.ListCurricula(api.ListCurriculaRequest(parent="tenants/t"))).curricula == []


async def test_repairs_are_made_where_they_are_asked_for(curricula: Any) -> None:
    response = await bring(curricula, CYCLE, drop_dangling=True, break_cycles=True)
    assert response.report.accepted
    assert len(response.report.repairs) == 2
    assert response.curriculum.size.prerequisites == 1


async def test_given_texts_win_over_the_files(curricula: Any) -> None:
    response = await bring(curricula, curriculum=curriculum_pb2.Curriculum(title="Mine", source_url="https://x.org"))
    found = response.curriculum
    assert (found.title, found.source_url, found.licence) == ("Mine", "https://x.org", "CC-BY-4.0")


async def test_lists_come_in_pages(curricula: Any) -> None:
    await bring(curricula)
    names: list[str] = []
    request = api.ListConceptsRequest(parent=CURRICULUM, page_size=3)
    while True:
        page = await curricula.ListConcepts(request)
        assert (page.licence, page.attribution) == ("CC-BY-4.0", "Us")
        names += [concept.name.rpartition("/")[2] for concept in page.concepts]
        request.page_token = page.next_page_token
        if not page.next_page_token:
            break
    assert names == ["adding", "fractions", "line", "numbers"]


async def test_a_concept_tells_what_comes_before(curricula: Any) -> None:
    await bring(curricula)
    concept = await curricula.GetConcept(api.GetConceptRequest(name=f"{CURRICULUM}/concepts/adding"))
    assert [(each.concept, each.kind) for each in concept.prerequisites] == [("fractions", 1), ("line", 2)]
    assert [(each.id, each.need, list(each.concepts)) for each in concept.groups] == [
        ("picture", 1, ["line", "numbers"])
    ]
    resources = await curricula.ListResources(api.ListResourcesRequest(parent=CURRICULUM))
    assert [(each.minutes, each.sections[0].concept) for each in resources.resources] == [(20, "adding")]


async def test_tenants_do_not_see_each_others_curricula(curricula: Any) -> None:
    await bring(curricula)
    other = CURRICULUM.replace("tenants/t/", "tenants/u/")
    assert (await refusal(curricula.GetCurriculum(api.GetCurriculumRequest(name=other))))[0].name == "NOT_FOUND"
    assert (await curricula.ListCurricula(api.ListCurriculaRequest(parent="tenants/u"))).curricula == []


async def test_a_deleted_curriculum_is_gone(curricula: Any) -> None:
    await bring(curricula)
    await curricula.ListConcepts(api.ListConceptsRequest(parent=CURRICULUM))
    await curricula.DeleteCurriculum(api.DeleteCurriculumRequest(name=CURRICULUM))
    assert (await refusal(curricula.ListConcepts(api.ListConceptsRequest(parent=CURRICULUM))))[0].name == "NOT_FOUND"


async def answer_wrongly(channel: grpc.aio.Channel) -> None:
    stub: Any = learner_service_pb2_grpc.LearnerServiceStub(channel)
    item = Evidence(id="e", learner="l", curriculum="fractions", question="quarter", response="0.5", source="ANSWER")
    item.occurred_at.FromSeconds(1_750_000_000)
    request = BatchAppendEvidenceRequest(parent="tenants/t", evidence=[item], allow_missing=True)
    response = await stub.BatchAppendEvidence(request)
    assert [result.status.code for result in response.results] == [0]


def correction(*accepted: str, **key: Any) -> api.CorrectAnswerKeyRequest:
    return api.CorrectAnswerKeyRequest(name=QUESTION, key=question_pb2.AnswerKey(accepted=accepted, **key))


async def wait(operations: Any, name: str) -> longrunning.Operation:
    operation = await operations.WaitOperation(longrunning.WaitOperationRequest(name=name), timeout=20)
    assert isinstance(operation, longrunning.Operation)
    assert operation.done
    return operation


async def test_a_corrected_key_regrades_who_answered(
    channel: grpc.aio.Channel, curricula: Any, operations: Any
) -> None:
    await bring(curricula)
    await answer_wrongly(channel)
    begun = await curricula.CorrectAnswerKey(correction("0.5"))
    ended = await wait(operations, begun.name)
    metadata, response = api.RegradeMetadata(), api.RegradeResponse()
    assert ended.metadata.Unpack(metadata)
    assert ended.response.Unpack(response)
    assert (metadata.learners_done, metadata.learners_total, metadata.grading_revision) == (1, 1, 2)
    assert list(metadata.questions) == ["quarter"]
    assert (response.learners, response.change_count, len(response.changes)) == (1, 1, 1)
    change = response.changes[0]
    assert (change.learner, change.concept) == ("tenants/t/learners/l", "fractions")
    assert change.probability_after > change.probability_before
    questions = await curricula.ListQuestions(api.ListQuestionsRequest(parent=CURRICULUM))
    assert (questions.questions[0].key.version, list(questions.questions[0].key.accepted)) == (2, ["0.5"])
    assert (await refusal(curricula.DeleteCurriculum(api.DeleteCurriculumRequest(name=CURRICULUM))))[0] == (
        grpc.StatusCode.FAILED_PRECONDITION
    )


async def test_a_voided_question_is_voided_and_brought_back(curricula: Any, operations: Any) -> None:
    await bring(curricula)
    for restore in (False, True):
        begun = await curricula.VoidQuestion(api.VoidQuestionRequest(name=QUESTION, restore=restore))
        await wait(operations, begun.name)
        listed = await curricula.ListQuestions(api.ListQuestionsRequest(parent=CURRICULUM))
        assert listed.questions[0].voided is not restore


async def test_an_import_that_changes_a_key_regrades(
    channel: grpc.aio.Channel, curricula: Any, operations: Any
) -> None:
    await bring(curricula)
    await answer_wrongly(channel)
    response = await bring(curricula, FILES.replace("accepted: [0.25]", "accepted: [0.5]"))
    answer = api.RegradeResponse()
    assert (await wait(operations, response.regrade_operation)).response.Unpack(answer)
    assert answer.learners == 1


async def test_operations_are_listed_and_deleted(curricula: Any, operations: Any) -> None:
    await bring(curricula)
    names = []
    for accepted in ("1", "2"):
        begun = await curricula.CorrectAnswerKey(correction(accepted))
        await wait(operations, begun.name)
        names.append(begun.name)
    request = longrunning.ListOperationsRequest(name="tenants/t", page_size=1)
    first = await operations.ListOperations(request)
    request.page_token = first.next_page_token
    second = await operations.ListOperations(request)
    assert sorted(names) == [first.operations[0].name, second.operations[0].name]
    ended = operations.CancelOperation(longrunning.CancelOperationRequest(name=names[0]))
    assert (await refusal(ended))[0] is grpc.StatusCode.FAILED_PRECONDITION
    await operations.DeleteOperation(longrunning.DeleteOperationRequest(name=names[0]))
    gone = operations.GetOperation(longrunning.GetOperationRequest(name=names[0]))
    assert (await refusal(gone))[0] is grpc.StatusCode.NOT_FOUND


@pytest.mark.parametrize(
    ("method", "request_", "field"),
    [
        ("GetCurriculum", api.GetCurriculumRequest(), "name"),
        ("GetCurriculum", api.GetCurriculumRequest(name="tenants/t/curricula/.x"), "name"),
        ("ListCurricula", api.ListCurriculaRequest(parent="t"), "parent"),
        ("ListCurricula", api.ListCurriculaRequest(parent="tenants/t", page_size=-1), "page_size"),
        ("ListCurricula", api.ListCurriculaRequest(parent="tenants/t", page_token="é"), "page_token"),
        ("DeleteCurriculum", api.DeleteCurriculumRequest(name="tenants/t/curricula/a b"), "name"),
        ("ListConcepts", api.ListConceptsRequest(parent="tenants/t"), "parent"),
        ("ListConcepts", api.ListConceptsRequest(parent=CURRICULUM, page_token="x"), "page_token"),
        ("GetConcept", api.GetConceptRequest(name=CURRICULUM), "name"),
        ("ListResources", api.ListResourcesRequest(parent=""), "parent"),
        ("ListQuestions", api.ListQuestionsRequest(parent="tenants/\0/curricula/x"), "parent"),
        ("ListMisconceptions", api.ListMisconceptionsRequest(parent=CURRICULUM, page_size=-7), "page_size"),
        ("CorrectAnswerKey", api.CorrectAnswerKeyRequest(name=QUESTION), "key"),
        ("CorrectAnswerKey", correction(), "key.accepted"),
        ("CorrectAnswerKey", correction("half"), "key.accepted[0]"),
        ("CorrectAnswerKey", correction("1", tolerance=float("nan")), "key.tolerance"),
        ("VoidQuestion", api.VoidQuestionRequest(name=f"{CURRICULUM}/concepts/x"), "name"),
    ],
)
async def test_a_malformed_request_is_refused_by_field(
    curricula: Any, method: str, request_: Message, field: str
) -> None:
    await bring(curricula)
    assert await refusal(getattr(curricula, method)(request_)) == (grpc.StatusCode.INVALID_ARGUMENT, [field])


@pytest.mark.parametrize(
    ("method", "request_", "field"),
    [
        ("GetOperation", longrunning.GetOperationRequest(name="x"), "name"),
        ("ListOperations", longrunning.ListOperationsRequest(name="operations"), "name"),
        ("ListOperations", longrunning.ListOperationsRequest(name="tenants/t", filter="done"), "filter"),
        ("ListOperations", longrunning.ListOperationsRequest(name="tenants/t", page_token="x"), "page_token"),
        ("DeleteOperation", longrunning.DeleteOperationRequest(), "name"),
        ("CancelOperation", longrunning.CancelOperationRequest(name="tenants//operations/x"), "name"),
        ("WaitOperation", longrunning.WaitOperationRequest(name="tenants/t"), "name"),
        (
            "WaitOperation",
            longrunning.WaitOperationRequest(name="tenants/t/operations/o", timeout={"seconds": -1}),
            "timeout",
        ),
    ],
)
async def test_a_malformed_request_about_operations_is_refused_by_field(
    operations: Any, method: str, request_: Message, field: str
) -> None:
    assert await refusal(getattr(operations, method)(request_)) == (grpc.StatusCode.INVALID_ARGUMENT, [field])


@pytest.mark.parametrize(
    ("messages", "field"),
    [
        ([], "start"),
        ([api.ImportCurriculumRequest()], "start"),
        ([api.ImportCurriculumRequest(chunk=b"x")], "start"),
        (list(stream(b"", parent="")), "start.parent"),
        (list(stream(b"", curriculum_id="a/b")), "start.curriculum_id"),
        (list(stream(b"", format=0)), "start.format"),
        (list(stream(b"", format=99)), "start.format"),
        (list(stream(b"")), "chunk"),
        (list(stream(b"no archive")), "chunk"),
        ([*stream(b""), *stream(b"")], "chunk"),
        ([*stream(b""), api.ImportCurriculumRequest(chunk=bytes(1024 * 1024 + 1))], "chunk"),
    ],
)
async def test_a_malformed_import_is_refused_by_field(
    curricula: Any, messages: list[api.ImportCurriculumRequest], field: str
) -> None:
    assert await refusal(curricula.ImportCurriculum(iter(messages))) == (grpc.StatusCode.INVALID_ARGUMENT, [field])


async def test_an_archive_beyond_the_limit_is_refused(curricula: Any) -> None:
    chunk = api.ImportCurriculumRequest(chunk=bytes(1024 * 1024))
    messages = iter([*stream(b""), *[chunk] * 65])
    assert (await refusal(curricula.ImportCurriculum(messages)))[0] is grpc.StatusCode.RESOURCE_EXHAUSTED


@pytest.mark.parametrize("method", [*api.DESCRIPTOR.services_by_name["CurriculumService"].methods_by_name])
async def test_bytes_that_are_no_message_are_refused(channel: Any, method: str) -> None:
    path = f"/graphmasal.v1.CurriculumService/{method}"
    no_message = b"\x0a\x02\xff\xfe"
    if method == "ImportCurriculum":
        call = channel.stream_unary(path)(iter([no_message]))
    else:
        call = channel.unary_unary(path)(no_message)
    assert await refusal(call) == (grpc.StatusCode.INVALID_ARGUMENT, ["request"])


@pytest.mark.parametrize("sent", ["mine-1", "two words", ""])
async def test_every_answer_carries_a_request_id(curricula: Any, sent: str) -> None:
    request = api.ListCurriculaRequest(parent="tenants/t")
    call = curricula.ListCurricula(request, metadata=(("x-request-id", sent),) if sent else ())
    await call
    told = dict(await call.trailing_metadata())["x-request-id"]
    assert told == sent if sent == "mine-1" else len(told) == 32


async def test_health_is_told_for_every_service(channel: grpc.aio.Channel) -> None:
    stub: Any = health_pb2_grpc.HealthStub(channel)
    for service in ("", *SERVICES):
        response = await stub.Check(health_pb2.HealthCheckRequest(service=service))
        assert response.status == health_pb2.HealthCheckResponse.SERVING


async def test_reflection_lists_the_services(channel: Any) -> None:
    stub: Any = reflection_pb2_grpc.ServerReflectionStub(channel)
    requests = iter([reflection_pb2.ServerReflectionRequest(list_services="")])
    (response,) = [answer async for answer in stub.ServerReflectionInfo(requests)]
    assert {*SERVICES} < {service.name for service in response.list_services_response.service}
