"""A turn survives kill -9 of its server, goes on at another, and is never taken twice."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import grpc
import pytest

from graphmasal.client import Client
from graphmasal.v1.learner_pb2 import Learner
from graphmasal.v1.learner_service_pb2 import CreateLearnerRequest, ListEvidenceRequest
from graphmasal.v1.session_pb2 import DoneEvent, Session, TurnEvent, TurnInput
from graphmasal.v1.tutoring_service_pb2 import CancelTurnRequest, StartSessionRequest, StreamTurnRequest
from tests.contract.places import Place
from tests.e2e.server_process import ServerProcess
from tests.e2e.tutored_course import CURRICULUM, bring_course, pick, response, words
from tests.model_server import ModelServer, say

SLOPE = "q-slope-1"
SENTENCES = ("The slope is the rise ", "divided by the run [1].")


@contextmanager
def _model_settings(server: ModelServer) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRAPHMASAL_MODEL", "openai:test")
        patch.setenv("GRAPHMASAL_MODEL_BASE_URL", server.base_url)
        patch.setenv("GRAPHMASAL_MODEL_API_KEY", "key")
        patch.setenv("GRAPHMASAL_TUTORING_LEASE_SECONDS", "1")
        yield


def _begin(client: Client) -> str:
    client.learners.CreateLearner(
        CreateLearnerRequest(parent=client.parent, learner_id="ada", learner=Learner(display_name="Ada"))
    )
    request = StartSessionRequest(parent=client.learner_name("ada"), session=Session(curriculum=CURRICULUM))
    return client.tutoring.StartSession(request).name


def _stream(client: Client, session: str, given: TurnInput, told: list[TurnEvent]) -> grpc.StatusCode | None:
    """Takes turn r1 or goes on with it; returns what broke the stream."""
    after = told[-1].sequence if told else 0
    request = StreamTurnRequest(name=session, request_id="r1", input=given, after_sequence=after)
    try:
        told += client.tutoring.StreamTurn(request)
    except grpc.RpcError as error:
        return error.code()
    return None


def _keep_what_holds(told: Sequence[TurnEvent]) -> list[TurnEvent]:
    """What a client is left with once it has followed the resets."""
    kept: list[TurnEvent] = []
    for event in told:
        if event.HasField("reset"):
            kept = [earlier for earlier in kept if earlier.sequence <= event.reset.discard_after]
        else:
            kept.append(event)
    return kept


async def test_a_turn_killed_in_the_middle_is_taken_up_and_repeats_no_effect(
    place: Place, tenant: str, tmp_path: Path
) -> None:
    async with place.connect() as store:
        await bring_course(store, tenant)
    replies = iter([say(*SENTENCES[:1], ends="silence")])
    async with ModelServer(lambda _: next(replies, say(*SENTENCES))) as model:
        with _model_settings(model), ServerProcess(place.setting, tmp_path) as server:
            given, told = response("b", SLOPE), list[TurnEvent]()
            with server.connect(tenant) as client:
                session = await asyncio.to_thread(_begin, client)
                streaming = asyncio.create_task(asyncio.to_thread(_stream, client, session, given, told))
                await asyncio.wait_for(model.asked.wait(), 60)
                server.kill()
                assert await streaming is grpc.StatusCode.UNAVAILABLE
            assert pick(told, "evidence")
            assert not pick(told, "done")
            server.start()
            with server.connect(tenant) as client:
                assert await asyncio.to_thread(_stream, client, session, given, told) is None
                evidence = client.learners.ListEvidence(ListEvidenceRequest(parent=client.learner_name("ada"))).evidence
            assert len(evidence) == 1
            assert [event.sequence for event in told] == list(range(1, len(told) + 1))
            kept = _keep_what_holds(told)
            assert len(pick(kept, "evidence")) == len(pick(kept, "route")) == len(pick(kept, "done")) == 1
            assert pick(kept, "done")[0].status == DoneEvent.COMPLETED
            assert pick(kept, "text")


async def test_a_turn_goes_on_at_another_server_once_its_own_is_dead(place: Place, tenant: str, tmp_path: Path) -> None:
    async with place.connect() as store:
        await bring_course(store, tenant)
    homes = [tmp_path / name for name in ("one", "two")]
    for home in homes:
        home.mkdir()
    replies = iter([say(*SENTENCES[:1], ends="silence")])
    async with ModelServer(lambda _: next(replies, say(*SENTENCES))) as model:
        with (
            _model_settings(model),
            ServerProcess(place.setting, homes[0]) as one,
            ServerProcess(place.setting, homes[1]) as two,
        ):
            given = words("What is the slope of a line?")
            with one.connect(tenant) as first, two.connect(tenant) as second:
                session = await asyncio.to_thread(_begin, first)
                lost, followed = list[TurnEvent](), list[TurnEvent]()
                streaming = asyncio.create_task(asyncio.to_thread(_stream, first, session, given, lost))
                await asyncio.wait_for(model.asked.wait(), 60)
                # Another server only listens as long as the first one is alive.
                following = asyncio.create_task(asyncio.to_thread(_stream, second, session, given, followed))
                await asyncio.sleep(2.0)
                assert not following.done()
                one.kill()
                assert await streaming is grpc.StatusCode.UNAVAILABLE
                assert await following is None
            assert pick(followed, "done")[0].status == DoneEvent.COMPLETED
            assert followed[: len(lost)] == lost
            assert pick(_keep_what_holds(followed), "text")


async def test_a_cancelled_turn_stays_cancelled_though_its_server_died(
    place: Place, tenant: str, tmp_path: Path
) -> None:
    async with place.connect() as store:
        await bring_course(store, tenant)
    async with ModelServer(lambda _: say(*SENTENCES[:1], ends="silence")) as model:
        with _model_settings(model), ServerProcess(place.setting, tmp_path) as server:
            given, told = words("What is the slope of a line?"), list[TurnEvent]()
            with server.connect(tenant) as client:
                session = await asyncio.to_thread(_begin, client)
                streaming = asyncio.create_task(asyncio.to_thread(_stream, client, session, given, told))
                await asyncio.wait_for(model.asked.wait(), 60)
                server.kill()
                await streaming
            server.start()
            with server.connect(tenant) as client:
                client.tutoring.CancelTurn(CancelTurnRequest(name=session, request_id="r1"))
                assert await asyncio.to_thread(_stream, client, session, given, told) is None
            assert pick(told, "done")[0].status == DoneEvent.CANCELLED
            assert len(model.requests) == 1


async def test_a_turn_that_nobody_asks_for_again_is_ended_before_the_next(
    place: Place, tenant: str, tmp_path: Path
) -> None:
    async with place.connect() as store:
        await bring_course(store, tenant)
    replies = iter([say(*SENTENCES[:1], ends="silence")])
    async with ModelServer(lambda _: next(replies, say(*SENTENCES))) as model:
        with _model_settings(model), ServerProcess(place.setting, tmp_path) as server:
            with server.connect(tenant) as client:
                session = await asyncio.to_thread(_begin, client)
                told = list[TurnEvent]()
                first = asyncio.create_task(asyncio.to_thread(_stream, client, session, response("b", SLOPE), told))
                await asyncio.wait_for(model.asked.wait(), 60)
                server.kill()
                await first
            server.start()
            with server.connect(tenant) as client:
                request = StreamTurnRequest(name=session, request_id="r2", input=response("a", SLOPE))

                def take() -> list[TurnEvent]:
                    while True:
                        try:
                            return list(client.tutoring.StreamTurn(request))
                        except grpc.RpcError as error:
                            if error.code() is not grpc.StatusCode.ABORTED:
                                raise

                events = await asyncio.to_thread(take)
                assert events[-1].done.status == DoneEvent.COMPLETED
                evidence = client.learners.ListEvidence(ListEvidenceRequest(parent=client.learner_name("ada"))).evidence
            assert [item.response for item in evidence] == ["b", "a"]
