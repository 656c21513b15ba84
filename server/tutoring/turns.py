"""Turns: taken once, kept as they are told, and taken up again wherever they were left."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any, Final

from graphmasal.v1.session_pb2 import TurnEvent
from kg.errors import (
    LimitExceededError,
    OverloadedError,
    RequestConflictError,
    SessionBusyError,
    StoreUnavailableError,
    TurnNotFoundError,
)
from kg.sessions import Session, SessionRecord
from server.backend import Backend
from server.curriculum_cache import SingleFlight
from server.tutoring.turn_log import read_events, read_last_sequence
from server.tutoring.turn_records import (
    CANCELS,
    TURNS,
    Turn,
    TurnStatus,
    fingerprint_input,
    head_place,
    pack_head,
    pack_turn,
    unpack_head,
    unpack_turn,
)
from server.tutoring.turn_run import TurnRun
from server.tutoring.turn_worker import TurnWorker
from tutoring.surroundings import Terms

_POLL_SECONDS: Final = 0.1
"""How often a turn that another server works on is looked at."""
_POLLS: Final = 10
"""After so many looks it is tried whether the other server has left it."""
_PAGE: Final = 200


class Turns:
    """The turns of all sessions, as far as this server works on them.

    Args:
        backend: What the services share.
        worker: Works on a turn.
        most: Turns that this server works on at once.
    """

    def __init__(self, backend: Backend, worker: TurnWorker, most: int) -> None:
        self._backend = backend
        self._store = backend.store
        self._worker = worker
        self._most = most
        self._runs: dict[tuple[str, str, str], TurnRun] = {}
        self._flight: SingleFlight[tuple[str, str, str]] = SingleFlight()
        self._closed = False

    async def stream(
        self, tenant: str, session: Session, request: str, given: dict[str, Any], after: int
    ) -> AsyncIterator[TurnEvent]:
        """Takes a turn, or goes on with it, and yields its events with a number greater than `after`, to its end.

        Args:
            tenant: Id.
            session: Whose turn it is.
            request: Id given by the caller.
            given: The input, as `turn_records.Turn` has it.
            after: Sequence number; 0: all events of the turn.

        Raises:
            RequestConflictError: The turn was taken with another input.
            SessionBusyError: Another turn of the session is under way.
            OverloadedError: This server works on as many turns as it may.
            SessionNotFoundError: The session was deleted meanwhile.
        """
        fingerprint = fingerprint_input(given)
        for look in itertools.count():
            turn = await self._read_turn(tenant, session.id, request)
            if turn is not None and turn.fingerprint != fingerprint:
                raise RequestConflictError(
                    f"learners/{session.learner}/sessions/{session.id}",
                    f"request {request} was a turn with another input",
                )
            if turn is None or (turn.status is TurnStatus.RUNNING and look % _POLLS == 0):
                run = await self._take_up(tenant, session, request, given, known=turn is not None)
                if run is not None:
                    async for event in run.follow(after):
                        after = event.sequence
                        yield event
                    if not run.given_up:
                        return
            async for event in self._read(tenant, session.id, request, after):
                after = event.sequence
                yield event
            if turn is not None and turn.status is not TurnStatus.RUNNING:
                return
            await asyncio.sleep(_POLL_SECONDS)

    async def cancel(self, tenant: str, session: Session, request: str) -> bool:
        """Ends a turn.

        Returns:
            Whether it had ended already.

        Raises:
            TurnNotFoundError: There is no such turn.
        """
        run = self._runs.get((tenant, session.id, request))
        if run is not None:
            try:
                # On record first: should this server die now, whoever takes the turn up ends it.
                with contextlib.suppress(LimitExceededError):
                    await self._mark_cancelled(tenant, session.id, request)
            finally:
                run.cancel()
            return False
        turn = await self._read_turn(tenant, session.id, request)
        if turn is None:
            raise TurnNotFoundError(f"learners/{session.learner}/sessions/{session.id}/turns/{request}")
        if turn.status is not TurnStatus.RUNNING:
            return True
        await self._mark_cancelled(tenant, session.id, request)
        # Where no server works on it any more, it is taken up to be ended.
        with contextlib.suppress(SessionBusyError, OverloadedError):
            await self._take_up(tenant, session, request, turn.input, known=True)
        return False

    async def _mark_cancelled(self, tenant: str, session: str, request: str) -> None:
        mark = SessionRecord(space=CANCELS, key=request, value=b"1")
        await self._store.write_records(tenant, session, [mark], now=self._backend.clock())

    async def close(self) -> None:
        """Leaves the turns under way where they are; whoever asks for them again has them taken up."""
        self._closed = True
        runs = list(self._runs.values())
        for run in runs:
            run.give_up()
        await asyncio.gather(*(run.task for run in runs if run.task is not None), return_exceptions=True)

    async def _read_turn(self, tenant: str, session: str, request: str) -> Turn | None:
        value = await self._store.read_record(tenant, session, TURNS, request)
        return None if value is None else unpack_turn(value)

    async def _read(self, tenant: str, session: str, request: str, after: int) -> AsyncIterator[TurnEvent]:
        while True:
            events = await read_events(self._store, tenant, session, after=after, limit=_PAGE)
            for event in events:
                after = event.sequence
                if event.request_id == request:
                    yield event
            if len(events) < _PAGE:
                return

    async def _take_up(
        self, tenant: str, session: Session, request: str, given: dict[str, Any], *, known: bool
    ) -> TurnRun | None:
        """Returns the turn as this server works on it; None: another server does."""
        key = tenant, session.id, request
        if key in self._runs:
            return self._runs[key]
        return await self._flight.run(key, lambda: self._begin(tenant, session, request, given, known=known))

    async def _begin(
        self, tenant: str, session: Session, request: str, given: dict[str, Any], *, known: bool
    ) -> TurnRun | None:
        if self._closed:
            raise StoreUnavailableError("this server is about to stop")
        if len(self._runs) >= self._most:
            raise OverloadedError(f"this server works on {self._most} turns already")
        owner = self._backend.new_id()
        if not await self._worker.claim(tenant, session.id, owner):
            if known or await self._read_turn(tenant, session.id, request) is not None:
                return None
            raise SessionBusyError(f"another turn of session {session.id} is under way")
        try:
            run = await self._prepare(tenant, session, request, given, owner)
        except BaseException:
            await self._store.release_session(tenant, session.id, owner)
            raise
        if run is None:
            await self._store.release_session(tenant, session.id, owner)
            return None
        self._runs[tenant, session.id, run.turn.request] = run
        run.task = asyncio.create_task(self._work(run))
        run.task.add_done_callback(lambda _: self._forget(run))
        if run.turn.request == request:
            return run
        # A turn that a server left behind comes first; it is ended, whether anybody asks for it or not.
        await asyncio.shield(run.task)
        return await self._begin(tenant, session, request, given, known=known)

    async def _prepare(
        self, tenant: str, session: Session, request: str, given: dict[str, Any], owner: str
    ) -> TurnRun | None:
        """Reads what the session is at and puts a new turn on record; None: the turn has ended meanwhile."""
        head = unpack_head(await self._store.read_record(tenant, session.id, *head_place()))
        terms = Terms(
            tenant=tenant,
            session=session.id,
            learner=session.learner,
            curriculum=session.curriculum,
            activity=head.activity,
        )
        left = await self._read_turn(tenant, session.id, head.active or request)
        if left is not None and left.status is TurnStatus.RUNNING:
            events = await read_events(self._store, tenant, session.id, after=left.before, limit=10 * _PAGE)
            return TurnRun(terms=terms, head=head, turn=left, owner=owner, resumed=True, events=events)
        if left is not None and left.request == request:
            return None
        now = self._backend.clock()
        turn = Turn(
            request=request,
            fingerprint=fingerprint_input(given),
            input=given,
            started_at=now,
            before=await read_last_sequence(self._store, tenant, session.id),
        )
        head = replace(head, turns=head.turns + 1, active=request)
        records = [pack_head(head), pack_turn(turn)]
        await self._store.write_records(tenant, session.id, records, owner=owner, now=now)
        return TurnRun(terms=terms, head=head, turn=turn, owner=owner)

    async def _work(self, run: TurnRun) -> None:
        await self._worker.work(run)
        self._forget(run)

    def _forget(self, run: TurnRun) -> None:
        if self._runs.pop((run.terms.tenant, run.terms.session, run.turn.request), None) and not run.ended:
            # It was cancelled before it began to work; once its lease has ended, it can be taken up again.
            run.given_up = True
            run.end()
