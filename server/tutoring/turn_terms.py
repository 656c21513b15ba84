"""What a request for a turn says, checked, in our own terms."""

import re
from dataclasses import dataclass
from typing import Any, Final

from graphmasal.v1.session_pb2 import TurnInput
from graphmasal.v1.tutoring_service_pb2 import StreamTurnRequest
from kg.errors import refuse
from server.fields import FieldChecks
from server.names import SESSION, parse_triple

LONGEST_TEXT: Final = 4_000
_LONGEST_PROPOSAL: Final = 64

_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnOrder:
    """A turn to take.

    Attributes:
        request: Id given by the caller.
        given: Its input, as `turn_records.Turn` has it.
        after: Sequence number of the last event that the caller has; 0: none.
    """

    request: str
    given: dict[str, Any]
    after: int


def check_request_id(text: str, field: str = "request_id") -> str:
    """Returns a request's id; raises InvalidInputError where it is none."""
    if not _REQUEST_ID.fullmatch(text):
        raise refuse(field, "must be 1 to 64 letters, digits, dots, dashes and underscores")
    return text


def read_order(request: StreamTurnRequest) -> TurnOrder:
    """Reads which turn is to be taken.

    Raises:
        InvalidInputError: Fields are wrong.
    """
    checks = FieldChecks()
    checks.read(None, parse_triple, request.name, SESSION)
    checks.read("", check_request_id, request.request_id)
    if request.after_sequence < 0:
        checks.note("after_sequence", "must be at least 0")
    given = _read_input(request.input, checks)
    checks.finish()
    return TurnOrder(request=request.request_id, given=given, after=request.after_sequence)


def _read_input(message: TurnInput, checks: FieldChecks) -> dict[str, Any]:
    kind = message.WhichOneof("input")
    given = {"kind": kind or "", "text": "", "question": "", "proposal": "", "accepted": False}
    match kind:
        case "text":
            _check_words(message.text, "input.text", checks)
            given["text"] = message.text
        case "answer":
            _check_words(message.answer.response, "input.answer.response", checks)
            _check_optional_id(message.answer.question, "input.answer.question", checks)
            given |= {"text": message.answer.response, "question": message.answer.question}
        case "hint":
            _check_optional_id(message.hint.question, "input.hint.question", checks)
            given["question"] = message.hint.question
        case "confirmation":
            if not 0 < len(message.confirmation.proposal) <= _LONGEST_PROPOSAL:
                checks.note("input.confirmation.proposal", "must be the id of a proposal")
            given |= {"proposal": message.confirmation.proposal, "accepted": message.confirmation.accepted}
        case _:
            checks.note("input", "is required: text, an answer, a hint or a confirmation")
    return given


def _check_words(text: str, field: str, checks: FieldChecks) -> None:
    if not text.strip():
        checks.note(field, "must hold words")
    checks.check_length(text, LONGEST_TEXT, field)


def _check_optional_id(text: str, field: str, checks: FieldChecks) -> None:
    if text:
        checks.check_id(text, field)
