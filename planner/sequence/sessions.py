"""Sessions: the steps of a plan cut into sittings of so many minutes."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from planner.plan import PlanSession


def pack_sessions(minutes: Sequence[int], session_minutes: int) -> tuple[PlanSession, ...]:
    """Packs steps into sessions, in their order.

    A step that does not fit any more begins the next session, so no step is torn that need not be. One longer than a
    session begins a new one, goes on through as many as it needs and shares none of them.

    Args:
        minutes: Of each step, > 0.
        session_minutes: > 0.

    Returns:
        Sessions of at most so many minutes; their minutes sum to those of the steps.

    For sessions that tear no step, as few as there can be: greedy packing in a given order is optimal.
    """
    sessions: list[PlanSession] = []
    first = filled = 0
    for step, needed in enumerate(minutes):
        if filled and filled + needed > session_minutes:
            sessions.append(PlanSession(first_step=first, last_step=step - 1, minutes=filled))
            first, filled = step, 0
        if needed > session_minutes:
            sessions.extend(_tear(step, needed, session_minutes))
            first = step + 1
        else:
            filled += needed
    if filled:
        sessions.append(PlanSession(first_step=first, last_step=len(minutes) - 1, minutes=filled))
    return tuple(sessions)


def _tear(step: int, minutes: int, session_minutes: int) -> Iterator[PlanSession]:
    """Spreads a long step over sessions of its own."""
    for done in range(0, minutes, session_minutes):
        yield PlanSession(first_step=step, last_step=step, minutes=min(session_minutes, minutes - done))


def check_sessions(
    minutes: Sequence[int], sessions: Sequence[PlanSession], session_minutes: int | None
) -> Iterator[str]:
    """Yields what is wrong with sessions, as sentences. How steps are spread over them is free otherwise.

    Args:
        minutes: Of each step.
        sessions: Any.
        session_minutes: That a session may take; None: no sessions are asked for.
    """
    if session_minutes is None:
        if sessions:
            yield "there are sessions, and none are asked for"
        return
    expected = 0
    for (first, last), group in groupby(sessions, key=lambda session: (session.first_step, session.last_step)):
        parts = [session.minutes for session in group]
        if first != expected or not first <= last < len(minutes):
            yield f"a session goes from step {first} to step {last}, and step {expected} is next"
            return
        if not all(0 < part <= session_minutes for part in parts):
            yield f"a session from step {first} is not of 1 to {session_minutes} minutes"
        if len(parts) > 1 and first != last:
            yield f"sessions repeat steps {first} to {last}"
        if sum(parts) != sum(minutes[first : last + 1]):
            yield f"the sessions of steps {first} to {last} do not sum to the steps' minutes"
        expected = last + 1
    if expected != len(minutes):
        yield f"step {expected} is in no session"
