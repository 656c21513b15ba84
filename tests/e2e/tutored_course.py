"""A server that tutors on the bundled curriculum, and what its turns tell."""

from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
from google.rpc.status_pb2 import Status

from graphmasal.v1.learner_pb2 import Learner
from graphmasal.v1.learner_service_pb2 import CreateLearnerRequest
from graphmasal.v1.session_pb2 import Session, TurnAnswer, TurnConfirmation, TurnEvent, TurnHint, TurnInput
from graphmasal.v1.tutoring_service_pb2 import StartSessionRequest, StreamTurnRequest
from graphmasal.v1.tutoring_service_pb2_grpc import TutoringServiceStub
from kg.store import Store
from server.application import Application
from server.settings import Settings
from tests.e2e.course import ADA, NOON, TENANT, Stubs, fields_of, make_stubs, reason_of, refuse_of
from tests.tutoring_surroundings import read_bundled

CURRICULUM = "algebra-to-ml"


@dataclass(frozen=True)
class Tutored:
    """A server under test.

    Attributes:
        application: The server.
        stubs: Of its other services.
        tutoring: Of TutoringService.
        store: Of the server; for what the API does not show.
    """

    application: Application
    stubs: Stubs
    tutoring: Any


@asynccontextmanager
async def tutor_at(folder: Path, store: str = "", **settings: Any) -> AsyncIterator[Tutored]:
    """Runs a server that tutors."""
    chosen = Settings(
        home=folder,
        store=store or f"sqlite:{folder / 'store.db'}",
        listen="127.0.0.1:0",
        drain_seconds=0,
        metrics_listen="",
        **settings,
    )
    application = Application(chosen)
    address = await application.start()
    try:
        async with grpc.aio.insecure_channel(address) as channel:
            yield Tutored(application, make_stubs(channel), TutoringServiceStub(channel))
    finally:
        await application.stop()


async def bring_course(store: Store, tenant: str = "t") -> None:
    """Puts the bundled curriculum and a learner into a store."""
    await store.import_curriculum(tenant, read_bundled(), NOON * 1_000_000, "op")


async def create_learner(tutored: Tutored, learner: str = "ada", goals: Sequence[str] = ()) -> None:
    names = [f"{TENANT}/curricula/{CURRICULUM}/concepts/{goal}" for goal in goals]
    await tutored.stubs.learners.CreateLearner(
        CreateLearnerRequest(parent=TENANT, learner_id=learner, learner=Learner(goals=names))
    )


async def start(tutored: Tutored, parent: str = ADA, **session: Any) -> Session:
    request = StartSessionRequest(parent=parent, session=Session(curriculum=CURRICULUM, **session))
    started: Session = await tutored.tutoring.StartSession(request)
    return started


def order(session: Session, request: str, given: TurnInput, after: int = 0) -> StreamTurnRequest:
    return StreamTurnRequest(name=session.name, request_id=request, input=given, after_sequence=after)


def words(text: str) -> TurnInput:
    return TurnInput(text=text)


def response(text: str, question: str = "") -> TurnInput:
    return TurnInput(answer=TurnAnswer(question=question, response=text))


def hint(question: str = "") -> TurnInput:
    return TurnInput(hint=TurnHint(question=question))


def confirm(proposal: str, *, accepted: bool = True) -> TurnInput:
    return TurnInput(confirmation=TurnConfirmation(proposal=proposal, accepted=accepted))


async def take(tutored: Tutored, session: Session, request: str, given: TurnInput, after: int = 0) -> list[TurnEvent]:
    """Takes a turn and returns all that it tells."""
    return [event async for event in tutored.tutoring.StreamTurn(order(session, request, given, after))]


async def refused_with(call: Awaitable[Any], code: grpc.StatusCode, reason: str) -> Status:
    """Checks with which code and reason a call is refused; returns its status."""
    found, status = await refuse_of(call)
    assert (found, reason_of(status)) == (code, reason)
    return status


async def refused_fields(call: Awaitable[Any]) -> list[str]:
    """Returns the fields that a call is refused for."""
    code, status = await refuse_of(call)
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    return fields_of(status)


def pick(events: Sequence[TurnEvent], kind: str) -> list[Any]:
    """Those of one kind, in their order."""
    return [getattr(event, kind) for event in events if event.HasField(kind)]


def read_text(events: Sequence[TurnEvent]) -> str:
    """All that the tutor says."""
    return "".join(text.text for text in pick(events, "text"))
