"""What is kept of sessions and turns besides their events: JSON in the session's records."""

import hashlib
import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Final

from kg.sessions import SessionRecord
from tutoring.surroundings import Activity

HEAD: Final = "head"
TURNS: Final = "turns"
CANCELS: Final = "cancels"
FEEDBACK: Final = "feedback"

_HEAD_KEY: Final = "head"


class TurnStatus(StrEnum):
    """How far a turn has come."""

    RUNNING = "running"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What a session is at.

    Attributes:
        activity: What it is for.
        turns: Turns begun.
        active: Request id of the turn that has begun and not ended; empty: none.
        first: Sequence number of the first event that is kept.
        question: Id of the question at hand; empty: none.
    """

    activity: Activity = Activity.EXERCISE
    turns: int = 0
    active: str = ""
    first: int = 1
    question: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A turn.

    Attributes:
        request: Id given by the caller.
        fingerprint: Of its input.
        input: Of the turn, without request and started_at, as `tutoring.state.TurnInput` has it.
        started_at: Microseconds since 1970 UTC.
        status: How far it has come.
        before: Sequence number of the last event before it.
        last: Sequence number of its last event; 0 while it runs.
    """

    request: str
    fingerprint: str
    input: dict[str, Any]
    started_at: int
    status: TurnStatus = TurnStatus.RUNNING
    before: int = 0
    last: int = 0


def fingerprint_input(given: dict[str, Any]) -> str:
    """Returns what tells inputs apart: SHA-256, hexadecimal."""
    return hashlib.sha256(json.dumps(given, sort_keys=True).encode()).hexdigest()


def pack_head(head: Head) -> SessionRecord:
    """Returns the record of a head."""
    return SessionRecord(space=HEAD, key=_HEAD_KEY, value=json.dumps(asdict(head)).encode())


def unpack_head(value: bytes | None) -> Head:
    """Reads a head; one that was never written is that of a new session."""
    if value is None:
        return Head()
    content = json.loads(value)
    return Head(**{**content, "activity": Activity(content["activity"])})


def pack_turn(turn: Turn) -> SessionRecord:
    """Returns the record of a turn."""
    return SessionRecord(space=TURNS, key=turn.request, value=json.dumps(asdict(turn)).encode())


def unpack_turn(value: bytes) -> Turn:
    """Reads a turn."""
    content = json.loads(value)
    return Turn(**{**content, "status": TurnStatus(content["status"])})


def head_place() -> tuple[str, str]:
    """Space and key of a head."""
    return HEAD, _HEAD_KEY
