"""A conversation over the API: each turn is taken once, however often its stream breaks."""

import time
import uuid
from collections.abc import Iterator

import grpc

from graphmasal.client import Client
from graphmasal.v1.session_pb2 import Session, TurnAnswer, TurnConfirmation, TurnEvent, TurnHint, TurnInput
from graphmasal.v1.tutoring_service_pb2 import (
    CancelTurnRequest,
    StartSessionRequest,
    StreamTurnRequest,
    SubmitFeedbackRequest,
)

_TRIES = 10
_WAIT_SECONDS = 0.5
_PASSING = {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.ABORTED, grpc.StatusCode.RESOURCE_EXHAUSTED}


class Talk:
    """A tutoring session as its client sees it.

    Args:
        client: Of the server.
        session: Name of the session.

    Attributes:
        session: Name of the session.
        request: Id of the latest turn; empty: none was taken.
        proposal: Id of the proposal that waits for a yes or no; empty: none.
    """

    def __init__(self, client: Client, session: str) -> None:
        self._client = client
        self.session = session
        self.request = ""
        self.proposal = ""

    @classmethod
    def start(cls, client: Client, learner: str, curriculum: str, *, reading: bool = False) -> "Talk":
        """Starts a session."""
        activity = Session.READING if reading else Session.EXERCISE
        request = StartSessionRequest(
            parent=client.learner_name(learner), session=Session(curriculum=curriculum, activity=activity)
        )
        return cls(client, client.tutoring.StartSession(request).name)

    def say(self, text: str) -> Iterator[TurnEvent]:
        """Says something."""
        return self.take(TurnInput(text=text))

    def answer(self, response: str, question: str = "") -> Iterator[TurnEvent]:
        """Answers a question, by default the one at hand."""
        return self.take(TurnInput(answer=TurnAnswer(question=question, response=response)))

    def ask_hint(self, question: str = "") -> Iterator[TurnEvent]:
        """Asks for the next hint."""
        return self.take(TurnInput(hint=TurnHint(question=question)))

    def confirm(self, *, accepted: bool) -> Iterator[TurnEvent]:
        """Accepts or declines the latest proposal."""
        return self.take(TurnInput(confirmation=TurnConfirmation(proposal=self.proposal, accepted=accepted)))

    def take(self, given: TurnInput) -> Iterator[TurnEvent]:
        """Takes a turn and yields its events; a stream that breaks is gone on with."""
        self.request = uuid.uuid4().hex
        self.proposal = ""
        request = StreamTurnRequest(name=self.session, request_id=self.request, input=given)
        for tried in range(_TRIES):
            try:
                for event in self._client.tutoring.StreamTurn(request):
                    request.after_sequence = event.sequence
                    self._note(event)
                    yield event
                return
            except grpc.RpcError as error:
                if error.code() not in _PASSING or tried == _TRIES - 1:
                    raise
                time.sleep(_WAIT_SECONDS)

    def cancel(self) -> None:
        """Ends the turn under way."""
        self._client.tutoring.CancelTurn(CancelTurnRequest(name=self.session, request_id=self.request))

    def rate(self, rating: "SubmitFeedbackRequest.Rating", comment: str = "") -> None:
        """Says what the latest turn was worth."""
        self._client.tutoring.SubmitFeedback(
            SubmitFeedbackRequest(name=self.session, request_id=self.request, rating=rating, comment=comment)
        )

    def _note(self, event: TurnEvent) -> None:
        if event.HasField("proposed_evidence"):
            self.proposal = event.proposed_evidence.proposal
        elif event.HasField("constraints"):
            self.proposal = event.constraints.proposal
