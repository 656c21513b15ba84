"""TutoringService over a real channel: sessions, turns that are taken once, and a conversation without any model."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from graphmasal.v1.learner_service_pb2 import DeleteLearnerRequest, GetLearnerStateRequest, ListEvidenceRequest
from graphmasal.v1.session_pb2 import DoneEvent, RouteEvent, Session
from graphmasal.v1.tutoring_service_pb2 import (
    CancelTurnRequest,
    DeleteSessionRequest,
    GetSessionRequest,
    ListSessionsRequest,
    ListTurnEventsRequest,
    StartSessionRequest,
    StreamTurnRequest,
    SubmitFeedbackRequest,
)
from kg.stores import create_store
from tests.e2e.course import ADA, TENANT
from tests.e2e.tutored_course import (
    CURRICULUM,
    Tutored,
    bring_course,
    confirm,
    create_learner,
    hint,
    pick,
    read_text,
    refused_fields,
    refused_with,
    response,
    start,
    take,
    tutor_at,
    words,
)
from tests.model_server import ModelServer, say

SLOPE = "q-slope-1"


@pytest.fixture
async def tutored(tmp_path: Path) -> AsyncIterator[Tutored]:
    async with _open(tmp_path) as made:
        yield made


class _open:  # noqa: N801 - used like a function
    """A server with course and learner; settings as given."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self._folder, self._settings = folder, settings
        self._serving = tutor_at(folder, **settings)

    async def __aenter__(self) -> Tutored:
        tutored = await self._serving.__aenter__()
        store = create_store(f"sqlite:{self._folder / 'store.db'}", "", "")
        await store.open()
        await bring_course(store)
        await store.close()
        await create_learner(tutored)
        return tutored

    async def __aexit__(self, *error: object) -> None:
        await self._serving.__aexit__(*error)  # type: ignore[arg-type]


async def test_a_session_is_started_read_listed_and_deleted_for_good(tutored: Tutored) -> None:
    first, second = await start(tutored), await start(tutored, activity=Session.READING)
    read = await tutored.tutoring.GetSession(GetSessionRequest(name=second.name))
    assert read == second
    assert (read.activity, read.turns, read.last_sequence) == (Session.READING, 0, 0)
    listed = await tutored.tutoring.ListSessions(ListSessionsRequest(parent=ADA))
    assert {each.name for each in listed.sessions} == {first.name, second.name}
    await take(tutored, first, "r1", words("What is a slope?"))
    await tutored.tutoring.DeleteSession(DeleteSessionRequest(name=first.name))
    await refused_with(
        tutored.tutoring.GetSession(GetSessionRequest(name=first.name)), grpc.StatusCode.NOT_FOUND, "SESSION_NOT_FOUND"
    )
    identifier = first.name.rsplit("/", 1)[1]
    again = StartSessionRequest(parent=ADA, session_id=identifier, session=Session(curriculum=CURRICULUM))
    await refused_with(tutored.tutoring.StartSession(again), grpc.StatusCode.FAILED_PRECONDITION, "SESSION_DELETED")


async def test_sessions_are_listed_in_pages(tutored: Tutored) -> None:
    names = [(await start(tutored)).name for _ in range(5)]
    listed, token = [], ""
    while True:
        page = await tutored.tutoring.ListSessions(ListSessionsRequest(parent=ADA, page_size=2, page_token=token))
        listed += [each.name for each in page.sessions]
        token = page.next_page_token
        if not token:
            break
    assert listed == names[::-1]


async def test_bad_requests_name_their_fields(tutored: Tutored) -> None:
    session = await start(tutored)
    bad = StreamTurnRequest(name=session.name, request_id="no spaces", after_sequence=-1)
    assert await refused_fields(_drain(tutored, bad)) == ["request_id", "after_sequence", "input"]
    bad = StreamTurnRequest(name=session.name, request_id="r", input=words(" "))
    assert await refused_fields(_drain(tutored, bad)) == ["input.text"]
    bad = StreamTurnRequest(name=session.name, request_id="r", input=words("x" * 4_001))
    assert await refused_fields(_drain(tutored, bad)) == ["input.text"]
    started = StartSessionRequest(parent=ADA, session=Session(curriculum="?"))
    started.session.activity = 7  # type: ignore[assignment]
    assert await refused_fields(tutored.tutoring.StartSession(started)) == ["session.curriculum", "session.activity"]
    feedback = SubmitFeedbackRequest(name=session.name, request_id="r")
    assert await refused_fields(tutored.tutoring.SubmitFeedback(feedback)) == ["rating"]
    nobody = StartSessionRequest(parent=f"{TENANT}/learners/nobody", session=Session(curriculum=CURRICULUM))
    await refused_with(tutored.tutoring.StartSession(nobody), grpc.StatusCode.NOT_FOUND, "LEARNER_NOT_FOUND")
    nowhere = StartSessionRequest(parent=ADA, session=Session(curriculum="nowhere"))
    await refused_with(tutored.tutoring.StartSession(nowhere), grpc.StatusCode.NOT_FOUND, "CURRICULUM_NOT_FOUND")


async def _drain(tutored: Tutored, request: StreamTurnRequest) -> None:
    async for _ in tutored.tutoring.StreamTurn(request):
        pass


async def test_a_session_is_only_found_under_its_learner_and_tenant(tutored: Tutored) -> None:
    await create_learner(tutored, "bob")
    session = await start(tutored)
    identifier = session.name.rsplit("/", 1)[1]
    for parent in (f"{TENANT}/learners/bob", "tenants/u/learners/ada"):
        request = GetSessionRequest(name=f"{parent}/sessions/{identifier}")
        await refused_with(tutored.tutoring.GetSession(request), grpc.StatusCode.NOT_FOUND, "SESSION_NOT_FOUND")


async def test_a_question_is_answered_with_citations_and_without_a_model(tutored: Tutored) -> None:
    session = await start(tutored)
    events = await take(tutored, session, "r1", words("What is the slope of a line?"))
    assert [event.sequence for event in events] == list(range(1, len(events) + 1))
    assert all(event.without_model for event in events)
    (route,) = pick(events, "route")
    assert route.route == RouteEvent.CONCEPT
    (found,) = pick(events, "retrieval")
    assert found.results
    assert all(result.scores.fused for result in found.results[:1])
    numbers = {citation.number for citation in pick(events, "citation")}
    claims = [text for text in pick(events, "text") if text.citations]
    assert claims
    assert all(set(text.citations) <= numbers for text in claims)
    (done,) = pick(events, "done")
    assert done.status == DoneEvent.COMPLETED
    assert events[-1].HasField("done")


async def test_a_wrong_answer_is_diagnosed_hinted_at_and_put_right(tutored: Tutored) -> None:
    session = await start(tutored)
    wrong = await take(tutored, session, "r1", response("b", SLOPE))
    (diagnosis,) = pick(wrong, "diagnosis")
    assert diagnosis.outcome == 0
    assert diagnosis.misconceptions[0].source == "distractor"
    (evidence,) = pick(wrong, "evidence")
    assert any(change.after < change.before for change in evidence.changes)
    hinted = await take(tutored, session, "r2", hint())
    assert [each.rung for each in pick(hinted, "hint")] == [2] or [each.rung for each in pick(hinted, "hint")] == [1]
    right = await take(tutored, session, "r3", response("a"))
    (diagnosis,) = pick(right, "diagnosis")
    assert diagnosis.outcome == 1
    (evidence,) = pick(right, "evidence")
    assert any(change.after > change.before for change in evidence.changes)
    listed = await tutored.stubs.learners.ListEvidence(ListEvidenceRequest(parent=ADA))
    assert [item.response for item in listed.evidence] == ["b", "a"]


async def test_the_key_of_a_question_is_never_sent(tutored: Tutored) -> None:
    session = await start(tutored)
    events = await take(tutored, session, "r1", words("quiz me on slope"))
    asked = pick(events, "question")
    for question in asked:
        assert "accepted" not in str(question)


async def test_the_same_request_again_is_the_same_turn(tutored: Tutored) -> None:
    session = await start(tutored)
    first = await take(tutored, session, "r1", response("b", SLOPE))
    again = await take(tutored, session, "r1", response("b", SLOPE))
    assert again == first
    rest = await take(tutored, session, "r1", response("b", SLOPE), after=first[2].sequence)
    assert rest == first[3:]
    listed = await tutored.stubs.learners.ListEvidence(ListEvidenceRequest(parent=ADA))
    assert len(listed.evidence) == 1
    conflict = StreamTurnRequest(name=session.name, request_id="r1", input=response("a", SLOPE))
    await refused_with(_drain(tutored, conflict), grpc.StatusCode.ALREADY_EXISTS, "REQUEST_CONFLICT")


async def test_both_streams_of_one_request_tell_one_turn(tutored: Tutored) -> None:
    session = await start(tutored)
    both = await asyncio.gather(*(take(tutored, session, "r1", response("b", SLOPE)) for _ in range(8)))
    assert all(events == both[0] for events in both)
    listed = await tutored.stubs.learners.ListEvidence(ListEvidenceRequest(parent=ADA))
    assert len(listed.evidence) == 1


async def test_events_are_listed_in_pages(tutored: Tutored) -> None:
    session = await start(tutored)
    told = await take(tutored, session, "r1", words("What is the slope of a line?"))
    told += await take(tutored, session, "r2", hint())
    listed, token = [], ""
    while True:
        request = ListTurnEventsRequest(parent=session.name, page_size=3, page_token=token)
        page = await tutored.tutoring.ListTurnEvents(request)
        listed += list(page.turn_events)
        token = page.next_page_token
        if not token:
            break
    assert listed == told
    read = await tutored.tutoring.GetSession(GetSessionRequest(name=session.name))
    assert (read.turns, read.last_sequence, read.first_sequence, read.active_request) == (2, len(told), 1, "")


async def test_inferred_evidence_waits_for_a_yes(tutored: Tutored) -> None:
    session = await start(tutored)
    events = await take(tutored, session, "r1", words("I don't understand the slope of a line"))
    (proposed,) = pick(events, "proposed_evidence")
    assert 0 < proposed.weight < 1
    state = await tutored.stubs.learners.GetLearnerState(GetLearnerStateRequest(name=ADA, curriculum=CURRICULUM))
    assert not state.mastery
    await take(tutored, session, "r2", confirm(proposed.proposal))
    state = await tutored.stubs.learners.GetLearnerState(GetLearnerStateRequest(name=ADA, curriculum=CURRICULUM))
    assert [entry.concept for entry in state.mastery] == [proposed.concept]


async def test_a_wish_becomes_a_plan_once_it_is_confirmed(tutored: Tutored) -> None:
    session = await start(tutored)
    events = await take(tutored, session, "r1", words("I want to understand the chain rule in 20 hours"))
    (terms,) = pick(events, "constraints")
    assert (list(terms.goals), terms.constraints.budget_minutes) == (["chain-rule"], 1_200)
    assert not pick(events, "plan")
    events = await take(tutored, session, "r2", words("yes"))
    (plan,) = pick(events, "plan")
    assert plan.plan.startswith(f"{ADA}/plans/")
    assert plan.steps[-1].concept == "chain-rule"
    events = await take(tutored, session, "r3", words("what should I do next?"))
    (again,) = pick(events, "plan")
    assert again.plan == plan.plan


async def test_feedback_is_kept_for_turns_that_there_were(tutored: Tutored) -> None:
    session = await start(tutored)
    feedback = SubmitFeedbackRequest(name=session.name, request_id="r1", rating=SubmitFeedbackRequest.HELPFUL)
    await refused_with(tutored.tutoring.SubmitFeedback(feedback), grpc.StatusCode.NOT_FOUND, "TURN_NOT_FOUND")
    await take(tutored, session, "r1", words("What is a slope?"))
    await tutored.tutoring.SubmitFeedback(feedback)


async def test_an_erased_learner_has_no_sessions(tutored: Tutored) -> None:
    session = await start(tutored)
    await take(tutored, session, "r1", words("What is a slope?"))
    await tutored.stubs.learners.DeleteLearner(DeleteLearnerRequest(name=ADA))
    await refused_with(
        tutored.tutoring.GetSession(GetSessionRequest(name=session.name)),
        grpc.StatusCode.NOT_FOUND,
        "SESSION_NOT_FOUND",
    )
    turn = StreamTurnRequest(name=session.name, request_id="r2", input=words("And now?"))
    await refused_with(_drain(tutored, turn), grpc.StatusCode.NOT_FOUND, "SESSION_NOT_FOUND")


def _with_model(folder: Path, server: ModelServer, **settings: Any) -> _open:
    return _open(
        folder,
        model="openai:test",
        model_base_url=server.base_url,
        model_api_key="key",
        model_retries=0,
        **settings,
    )


async def test_a_turn_under_way_keeps_others_out_and_can_be_cancelled(tmp_path: Path) -> None:
    async with (
        ModelServer(lambda _: say("Thinking", ends="silence")) as server,
        _with_model(tmp_path, server) as tutored,
    ):
        session = await start(tutored)
        stream = aiter(
            tutored.tutoring.StreamTurn(
                StreamTurnRequest(name=session.name, request_id="r1", input=words("What is the slope of a line?"))
            )
        )
        await anext(stream)
        await asyncio.wait_for(server.asked.wait(), 60)
        second = StreamTurnRequest(name=session.name, request_id="r2", input=words("And now?"))
        await refused_with(_drain(tutored, second), grpc.StatusCode.ABORTED, "SESSION_BUSY")
        answer = await tutored.tutoring.CancelTurn(CancelTurnRequest(name=session.name, request_id="r1"))
        assert not answer.ended
        rest = [event async for event in stream]
        assert rest[-1].done.status == DoneEvent.CANCELLED
        await asyncio.wait_for(server.gone.wait(), 30)
        answer = await tutored.tutoring.CancelTurn(CancelTurnRequest(name=session.name, request_id="r1"))
        assert answer.ended
        # The session goes on.
        events = await take(tutored, session, "r3", hint(SLOPE))
        assert events[-1].done.status == DoneEvent.COMPLETED


async def test_a_lost_stream_leaves_the_turn_running(tmp_path: Path) -> None:
    async with (
        ModelServer(lambda _: say("Thinking", ends="silence")) as server,
        _with_model(tmp_path, server) as tutored,
    ):
        session = await start(tutored)
        request = StreamTurnRequest(name=session.name, request_id="r1", input=words("What is the slope of a line?"))
        lost = tutored.tutoring.StreamTurn(request)
        first = await anext(aiter(lost))
        lost.cancel()
        request.after_sequence = first.sequence
        again = aiter(tutored.tutoring.StreamTurn(request))
        following = await anext(again)
        assert following.sequence == first.sequence + 1
        read = await tutored.tutoring.GetSession(GetSessionRequest(name=session.name))
        assert read.active_request == "r1"
        await tutored.tutoring.CancelTurn(CancelTurnRequest(name=session.name, request_id="r1"))
        assert [event async for event in again][-1].done.status == DoneEvent.CANCELLED


async def test_more_turns_than_the_server_works_on_are_refused(tmp_path: Path) -> None:
    async with (
        ModelServer(lambda _: say("Thinking", ends="silence")) as server,
        _with_model(tmp_path, server, tutoring_turns=1) as tutored,
    ):
        first, second = await start(tutored), await start(tutored)
        stream = aiter(
            tutored.tutoring.StreamTurn(
                StreamTurnRequest(name=first.name, request_id="r1", input=words("What is the slope of a line?"))
            )
        )
        await anext(stream)
        turn = StreamTurnRequest(name=second.name, request_id="r1", input=words("What is the slope of a line?"))
        status = await refused_with(_drain(tutored, turn), grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED")
        assert any(detail.type_url.endswith("RetryInfo") for detail in status.details)
        await tutored.tutoring.CancelTurn(CancelTurnRequest(name=first.name, request_id="r1"))
        assert [event async for event in stream][-1].done.status == DoneEvent.CANCELLED


async def test_a_turn_that_takes_too_long_fails(tmp_path: Path) -> None:
    async with (
        ModelServer(lambda _: say("Thinking", ends="silence")) as server,
        _with_model(tmp_path, server, tutoring_turn_seconds=1.0) as tutored,
    ):
        session = await start(tutored)
        events = await take(tutored, session, "r1", words("What is the slope of a line?"))
        assert (events[-1].done.status, events[-1].done.reason) == (DoneEvent.FAILED, "turn_timeout")


async def test_a_deleted_session_ends_its_turn(tmp_path: Path) -> None:
    async with (
        ModelServer(lambda _: say("Thinking", ends="silence")) as server,
        _with_model(tmp_path, server, tutoring_lease_seconds=1.0) as tutored,
    ):
        session = await start(tutored)
        request = StreamTurnRequest(name=session.name, request_id="r1", input=words("What is the slope of a line?"))
        stream = aiter(tutored.tutoring.StreamTurn(request))
        await anext(stream)
        await asyncio.wait_for(server.asked.wait(), 60)
        await tutored.tutoring.DeleteSession(DeleteSessionRequest(name=session.name))

        async def drain() -> None:
            async for _ in stream:
                pass

        await refused_with(drain(), grpc.StatusCode.NOT_FOUND, "SESSION_NOT_FOUND")
        await asyncio.wait_for(server.gone.wait(), 30)


async def test_a_model_that_fails_is_done_without(tmp_path: Path) -> None:
    async with ModelServer([]) as server, _with_model(tmp_path, server) as tutored:
        session = await start(tutored)
        events = await take(tutored, session, "r1", words("What is the slope of a line?"))
        assert "model_failed" in [notice.code for notice in pick(events, "notice")]
        assert events[-1].done.status == DoneEvent.COMPLETED
        assert pick(events, "citation")
        assert "slope" in read_text(events).lower()
