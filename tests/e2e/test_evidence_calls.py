import asyncio
from collections.abc import Iterable, Sequence

import grpc
import pytest

from graphmasal.v1.evidence_pb2 import Evidence
from graphmasal.v1.learner_pb2 import LearnerState
from graphmasal.v1.learner_service_pb2 import (
    AppendEvidenceRequest,
    AppendEvidenceResponse,
    GetLearnerStateRequest,
    ListEvidenceRequest,
    ListEvidenceResponse,
    VoidEvidenceRequest,
)
from tests.e2e.course import (
    ADA,
    TENANT,
    Stubs,
    answer,
    append,
    codes,
    fields_of,
    mastery_of,
    override,
    reason_of,
    refuse_of,
)

OK = grpc.StatusCode.OK.value[0]
INVALID = grpc.StatusCode.INVALID_ARGUMENT.value[0]
CONFLICT = grpc.StatusCode.ALREADY_EXISTS.value[0]


async def read_state(stubs: Stubs, learner: str = "ada") -> LearnerState:
    request = GetLearnerStateRequest(name=f"{TENANT}/learners/{learner}", curriculum="algebra")
    state: LearnerState = await stubs.learners.GetLearnerState(request)
    return state


async def list_evidence(stubs: Stubs, **options: object) -> ListEvidenceResponse:
    request = ListEvidenceRequest(parent=ADA, **options)  # type: ignore[arg-type]
    response: ListEvidenceResponse = await stubs.learners.ListEvidence(request)
    return response


async def stream(stubs: Stubs, requests: Iterable[AppendEvidenceRequest]) -> Sequence[AppendEvidenceResponse]:
    return [response async for response in stubs.learners.AppendEvidence(iter(requests))]


async def test_sending_again_changes_nothing(stubs: Stubs) -> None:
    items = [answer("e1"), override("e2", "rings", 0.9)]
    await append(stubs, *items)
    before = await read_state(stubs)

    again = await append(stubs, *items)

    assert [(result.status.code, result.duplicate) for result in again.results] == [(OK, True)] * 2
    assert await read_state(stubs) == before


async def test_another_body_under_the_same_id_is_refused(stubs: Stubs) -> None:
    await append(stubs, answer("e1"))

    response = await append(stubs, answer("e1", "y"))

    assert (codes(response), reason_of(response.results[0].status)) == ([CONFLICT], "EVIDENCE_CONFLICT")


async def test_each_item_succeeds_or_fails_by_itself(stubs: Stubs) -> None:
    broken = Evidence(id="e 2", learner="ada")
    items = [broken, answer("e1"), answer("e3", "z"), answer("e4", question="none"), answer("e5")]

    response = await append(stubs, *items)

    assert codes(response) == [INVALID, OK, INVALID, INVALID, OK]
    assert [result.id for result in response.results] == ["e 2", "e1", "e3", "e4", "e5"]
    assert fields_of(response.results[2].status) == ["evidence[2].response"]
    assert fields_of(response.results[3].status) == ["evidence[3].question"]
    assert (await read_state(stubs)).evidence_count == 2


async def test_late_evidence_counts_as_if_it_had_come_in_order(stubs: Stubs) -> None:
    responses = ["x", "y", "x", "x"]
    in_order = [answer(f"a{day}", given, learner="ada", day=day) for day, given in enumerate(responses)]
    late = [answer(f"b{day}", given, learner="bob", day=day) for day, given in enumerate(responses)]
    await append(stubs, *in_order)
    for item in (late[3], late[0], late[2], late[1]):
        await append(stubs, item)

    assert list((await read_state(stubs, "bob")).mastery) == list((await read_state(stubs, "ada")).mastery)


async def test_evidence_is_listed_in_order_with_its_outcome(stubs: Stubs) -> None:
    await append(stubs, override("e3", "rings", 0.9, day=2), answer("e2", "y", day=1), answer("e1"))

    first = await list_evidence(stubs, page_size=2)
    rest = await list_evidence(stubs, page_size=2, page_token=first.next_page_token)

    assert [(item.id, item.outcome) for item in (*first.evidence, *rest.evidence)] == [
        ("e1", 1.0),
        ("e2", 0.0),
        ("e3", 0.9),
    ]
    assert (first.evidence[0].name, first.evidence[0].curriculum) == (f"{ADA}/evidence/e1", "algebra")
    assert rest.next_page_token == ""
    assert not (await list_evidence(stubs, curriculum="other")).evidence


async def test_a_page_of_long_responses_still_fits_a_message(stubs: Stubs) -> None:
    long = [answer(f"e{number:03}", "ü" * 8192, question="q-essay") for number in range(250)]
    for item in long:
        item.score = 1.0
    await append(stubs, *long)

    first = await list_evidence(stubs, page_size=1000)
    rest = await list_evidence(stubs, page_size=1000, page_token=first.next_page_token)

    assert 100 < len(first.evidence) < 250
    assert [item.id for item in (*first.evidence, *rest.evidence)] == [item.id for item in long]


async def test_voiding_takes_the_effect_back(stubs: Stubs) -> None:
    await append(stubs, answer("e1"))
    before = await read_state(stubs)
    await append(stubs, answer("e2", "y", day=1))

    voided = await stubs.learners.VoidEvidence(VoidEvidenceRequest(name=f"{ADA}/evidence/e2"))
    again = await stubs.learners.VoidEvidence(VoidEvidenceRequest(name=f"{ADA}/evidence/e2"))

    assert voided.evidence.voided
    assert not voided.evidence.HasField("outcome")
    assert [change.concept for change in voided.changes] == ["sets"]
    assert voided.changes[0].probability_before < voided.changes[0].probability_after
    assert not again.changes
    assert mastery_of(await read_state(stubs)) == mastery_of(before)
    assert [item.voided for item in (await list_evidence(stubs)).evidence] == [False, True]


async def test_voiding_what_is_not_there(stubs: Stubs) -> None:
    await append(stubs, answer("e1"))

    for name in (f"{ADA}/evidence/none", f"{TENANT}/learners/eve/evidence/e1"):
        code, _ = await refuse_of(stubs.learners.VoidEvidence(VoidEvidenceRequest(name=name)))
        assert code is grpc.StatusCode.NOT_FOUND


async def test_a_stream_answers_message_by_message(stubs: Stubs) -> None:
    sizes = [1, 7, 100, 1]
    names = [[f"e{message}-{number}" for number in range(size)] for message, size in enumerate(sizes)]

    responses = await stream(
        stubs,
        [
            AppendEvidenceRequest(
                parent=TENANT if message == 0 else "",
                evidence=[answer(name, day=message) for name in ids],
                allow_missing=message == 0,
            )
            for message, ids in enumerate(names)
        ],
    )

    assert [[result.id for result in response.results] for response in responses] == names
    assert {result.status.code for response in responses for result in response.results} == {OK}
    assert (await read_state(stubs)).evidence_count == sum(sizes)


async def test_a_malformed_item_does_not_end_the_stream(stubs: Stubs) -> None:
    first, second = await stream(
        stubs,
        [
            AppendEvidenceRequest(parent=TENANT, evidence=[answer("e1"), Evidence()], allow_missing=True),
            AppendEvidenceRequest(evidence=[answer("e2", "z"), answer("e3")]),
        ],
    )

    assert [result.status.code for result in first.results] == [OK, INVALID]
    assert [result.status.code for result in second.results] == [INVALID, OK]
    assert fields_of(second.results[0].status) == ["evidence[0].response"]


@pytest.mark.parametrize(
    ("requests", "field"),
    [
        ([AppendEvidenceRequest(evidence=[answer("e1")])], "parent"),
        ([AppendEvidenceRequest(parent="t", evidence=[answer("e1")])], "parent"),
        ([AppendEvidenceRequest(parent=TENANT)], "evidence"),
        ([AppendEvidenceRequest(parent=TENANT, evidence=[answer("e1")] * 1001)], "evidence"),
    ],
)
async def test_a_first_message_that_is_wrong_ends_the_stream(
    stubs: Stubs, requests: Sequence[AppendEvidenceRequest], field: str
) -> None:
    code, status = await refuse_of(stream(stubs, requests))

    assert (code, fields_of(status)) == (grpc.StatusCode.INVALID_ARGUMENT, [field])


async def test_what_came_before_a_wrong_message_is_stored_and_answered(stubs: Stubs) -> None:
    call = stubs.learners.AppendEvidence()
    await call.write(AppendEvidenceRequest(parent=TENANT, evidence=[answer("e1")], allow_missing=True))
    await call.write(AppendEvidenceRequest(parent="tenants/other", evidence=[answer("e2")]))

    answered = await call.read()
    code, status = await refuse_of(call.read())

    assert [result.id for result in answered.results] == ["e1"]
    assert (code, fields_of(status)) == (grpc.StatusCode.INVALID_ARGUMENT, ["parent"])
    assert [item.id for item in (await list_evidence(stubs)).evidence] == ["e1"]


async def test_an_empty_stream_is_no_error(stubs: Stubs) -> None:
    assert await stream(stubs, []) == []


async def test_what_was_answered_stays_when_the_caller_goes_away(stubs: Stubs) -> None:
    call = stubs.learners.AppendEvidence()
    await call.write(AppendEvidenceRequest(parent=TENANT, evidence=[answer("e1")], allow_missing=True))
    await call.read()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call.read()

    assert [item.id for item in (await list_evidence(stubs)).evidence] == ["e1"]
    assert codes(await append(stubs, answer("e1"), answer("e2"))) == [OK, OK]


async def test_a_learner_that_is_not_there_is_created_only_if_allowed(stubs: Stubs) -> None:
    (refused,) = await stream(stubs, [AppendEvidenceRequest(parent=TENANT, evidence=[answer("e1")])])

    assert reason_of(refused.results[0].status) == "LEARNER_NOT_FOUND"
