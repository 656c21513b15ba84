"""One turn under way on this server: its events in memory, and who listens to them."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from graphmasal.v1.session_pb2 import TurnEvent
from server.tutoring.turn_records import Head, Turn
from tutoring.surroundings import Terms


@dataclass(eq=False, kw_only=True)
class TurnRun:
    """A turn that this server works on.

    Attributes:
        terms: Of the session.
        head: Of the session, as it was when the turn was taken up.
        turn: The turn.
        owner: Holds the session's lease.
        resumed: It was begun before, here or elsewhere.
        events: Those kept so far, in order.
        question: Id of the question at hand at its end.
        given_up: It goes on elsewhere, or later: the lease was lost, or the server stops.
        ending: Its end is being put on record.
        ended: Nothing more will come.
        error: What listeners are to be told instead of an end.
        task: Does the work.
    """

    terms: Terms
    head: Head
    turn: Turn
    owner: str
    resumed: bool = False
    events: list[TurnEvent] = field(default_factory=list)
    question: str = ""
    given_up: bool = False
    ending: bool = False
    ended: bool = False
    error: Exception | None = None
    task: asyncio.Task[None] | None = None
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def told(self) -> int:
        """Number of the last event of the session."""
        return self.events[-1].sequence if self.events else self.turn.before

    def add(self, *events: TurnEvent) -> None:
        """Hands on events that were kept."""
        self.events.extend(events)
        self._tell()

    def end(self, error: Exception | None = None) -> None:
        """Says that nothing more will come."""
        self.ended, self.error = True, error
        self._tell()

    def cancel(self) -> None:
        """Has the work end, unless its end is being put on record."""
        if self.task is not None and not self.ending:
            self.task.cancel()

    def give_up(self) -> None:
        """Leaves the turn to whoever takes it up next, unless its end is being put on record."""
        self.given_up = self.given_up or not self.ending
        self.cancel()

    async def follow(self, after: int) -> AsyncIterator[TurnEvent]:
        """Yields events with a greater number as they come, to the end.

        Raises:
            Exception: What went wrong, where the turn has no end of its own.
        """
        position = 0
        while True:
            changed = self._changed
            while position < len(self.events):
                event = self.events[position]
                position += 1
                if event.sequence > after:
                    yield event
            if self.ended and position == len(self.events):
                if self.error is not None:
                    raise self.error
                return
            if changed is self._changed:
                await changed.wait()

    def _tell(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()
