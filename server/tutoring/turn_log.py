"""The events of a session: numbered, kept, and only then sent."""

from collections.abc import Sequence
from typing import Final

from graphmasal.v1.session_pb2 import TurnEvent
from kg.sessions import MOST_SESSION_BYTES, SessionRecord
from kg.store import Store

EVENTS: Final = "events"

_PAGE: Final = 500
_TRIM_ABOVE: Final = MOST_SESSION_BYTES * 3 // 4
_TRIM_TO: Final = MOST_SESSION_BYTES // 2


def make_key(sequence: int) -> str:
    """Returns a key that sorts as the sequence number does."""
    return f"{sequence:012d}"


def pack_event(event: TurnEvent) -> SessionRecord:
    """Returns the record of an event."""
    return SessionRecord(space=EVENTS, key=make_key(event.sequence), value=event.SerializeToString())


async def read_last_sequence(store: Store, tenant: str, session: str) -> int:
    """Returns the number of the last event; 0: there is none."""
    last = await store.list_records(tenant, session, EVENTS, limit=1, last=True)
    return int(last[0][0]) if last else 0


async def read_events(
    store: Store, tenant: str, session: str, *, after: int, limit: int, request: str = ""
) -> list[TurnEvent]:
    """Reads events in order.

    Args:
        store: Where they are.
        tenant: Id.
        session: Id.
        after: Their numbers are greater.
        limit: At most so many are read.
        request: Only those of this turn; empty: of all.
    """
    kept = await store.list_records(tenant, session, EVENTS, after=make_key(after), limit=limit)
    events = [TurnEvent.FromString(value) for _, value in kept]
    return [event for event in events if request in ("", event.request_id)]


async def find_old_events(store: Store, tenant: str, session: str) -> tuple[Sequence[tuple[str, str]], int]:
    """Finds events to be let go, the oldest first, where a session has grown near its bound; ends of turns stay.

    Returns:
        Their spaces and keys, and the number of the first event that is kept whole; (), 0: nothing is to go.
    """
    size = (await store.get_session(tenant, session)).size
    if size <= _TRIM_ABOVE:
        return (), 0
    removed: list[tuple[str, str]] = []
    after = ""
    while size > _TRIM_TO:
        kept = await store.list_records(tenant, session, EVENTS, after=after, limit=_PAGE)
        for key, value in kept:
            after = key
            if not TurnEvent.FromString(value).HasField("done"):
                removed.append((EVENTS, key))
                size -= len(key) + len(value)
            if size <= _TRIM_TO:
                break
        if len(kept) < _PAGE:
            break
    return removed, int(after) + 1 if after else 0
