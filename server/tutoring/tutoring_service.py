"""TutoringService: conversations with learners, grounded and cited, with any chat model or none."""

# ruff: noqa: N802 - the methods have the names of the API's

from collections.abc import AsyncIterator

from google.protobuf import empty_pb2

from graphmasal.v1 import session_pb2, tutoring_service_pb2_grpc
from graphmasal.v1 import tutoring_service_pb2 as messages
from server.backend import Backend
from server.calls import Context
from server.fields import FieldChecks
from server.names import SESSION, parse_triple
from server.tutoring.sessions import (
    delete_session,
    find_session,
    get_session,
    list_sessions,
    list_turn_events,
    start_session,
    submit_feedback,
)
from server.tutoring.turn_terms import check_request_id, read_order
from server.tutoring.turns import Turns


class TutoringService(tutoring_service_pb2_grpc.TutoringServiceServicer):
    """Conversations with learners."""

    def __init__(self, backend: Backend, turns: Turns) -> None:
        self._backend = backend
        self._turns = turns

    async def StartSession(self, request: messages.StartSessionRequest, context: Context) -> session_pb2.Session:
        """Starts a session."""
        return await start_session(self._backend, request)

    async def GetSession(self, request: messages.GetSessionRequest, context: Context) -> session_pb2.Session:
        """Reads a session."""
        return await get_session(self._backend, request.name)

    async def ListSessions(
        self, request: messages.ListSessionsRequest, context: Context
    ) -> messages.ListSessionsResponse:
        """Lists a learner's sessions, the latest first."""
        return await list_sessions(self._backend, request)

    async def DeleteSession(self, request: messages.DeleteSessionRequest, context: Context) -> empty_pb2.Empty:
        """Deletes a session for good."""
        await delete_session(self._backend, request.name)
        return empty_pb2.Empty()

    async def ListTurnEvents(
        self, request: messages.ListTurnEventsRequest, context: Context
    ) -> messages.ListTurnEventsResponse:
        """Lists what was told in a session."""
        return await list_turn_events(self._backend, request)

    async def StreamTurn(
        self, request: messages.StreamTurnRequest, context: Context
    ) -> AsyncIterator[session_pb2.TurnEvent]:
        """Takes a turn, or goes on with it."""
        order = read_order(request)
        tenant, session = await find_session(self._backend, request.name)
        async for event in self._turns.stream(tenant, session, order.request, order.given, order.after):
            yield event

    async def CancelTurn(self, request: messages.CancelTurnRequest, context: Context) -> messages.CancelTurnResponse:
        """Ends a turn under way."""
        checks = FieldChecks()
        checks.read(None, parse_triple, request.name, SESSION)
        checks.read("", check_request_id, request.request_id)
        checks.finish()
        tenant, session = await find_session(self._backend, request.name)
        return messages.CancelTurnResponse(ended=await self._turns.cancel(tenant, session, request.request_id))

    async def SubmitFeedback(
        self, request: messages.SubmitFeedbackRequest, context: Context
    ) -> messages.SubmitFeedbackResponse:
        """Keeps what somebody thinks of a turn."""
        await submit_feedback(self._backend, request)
        return messages.SubmitFeedbackResponse()
