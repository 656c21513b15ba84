"""A turn at work on this server: under a lease on its session, within a time, and to an end whatever happens."""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import structlog

from graphmasal.v1.session_pb2 import DoneEvent, TurnEvent, TurnUsage
from kg.errors import GraphMasalError, RevisionConflictError, SessionNotFoundError
from server.backend import Backend
from server.tutoring.turn_log import find_old_events, pack_event
from server.tutoring.turn_play import TurnPlay, number_events
from server.tutoring.turn_records import CANCELS, Head, TurnStatus, pack_head, pack_turn
from server.tutoring.turn_run import TurnRun
from tutoring.events import Usage
from tutoring.models.chat_model import ChatModel

_STATUSES: Final = {
    TurnStatus.COMPLETED: DoneEvent.COMPLETED,
    TurnStatus.CANCELLED: DoneEvent.CANCELLED,
    TurnStatus.FAILED: DoneEvent.FAILED,
}

_log = structlog.get_logger("graphmasal.turns")


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnLimits:
    """Bounds.

    Attributes:
        seconds: How long a turn may take, whether anybody listens or not.
        lease_seconds: After so long without a sign of life of a server, another takes its turns up.
    """

    seconds: float = 120.0
    lease_seconds: float = 10.0


class TurnWorker:
    """Works on turns.

    Args:
        backend: What the services share.
        play: Plays a turn.
        make_model: Gives a turn of a tenant its chat model, or none.
        limits: Bounds.
    """

    def __init__(
        self,
        backend: Backend,
        play: TurnPlay,
        make_model: Callable[[str], ChatModel | None],
        limits: TurnLimits,
    ) -> None:
        self._backend = backend
        self._store = backend.store
        self._play = play
        self._make_model = make_model
        self._limits = limits

    async def claim(self, tenant: str, session: str, owner: str) -> bool:
        """Takes a session's lease, or renews it; False: another server has it."""
        now = self._backend.clock()
        until = now + round(self._limits.lease_seconds * 1_000_000)
        return await self._store.claim_session(tenant, session, owner, now=now, until=until)

    async def work(self, run: TurnRun) -> None:
        """Works on a turn and ends it, whatever happens; cancelling this cancels the turn."""
        model: ChatModel | None = None
        keeper = asyncio.create_task(self._keep_lease(run))
        status, reason = TurnStatus.COMPLETED, ""
        try:
            if await self._store.read_record(run.terms.tenant, run.terms.session, CANCELS, run.turn.request):
                raise asyncio.CancelledError
            model = self._make_model(run.terms.tenant)
            async with asyncio.timeout(self._limits.seconds):
                await self._play.play(run, model)
        except TimeoutError:
            status, reason = TurnStatus.FAILED, "turn_timeout"
        except asyncio.CancelledError:
            status = TurnStatus.CANCELLED
        except RevisionConflictError:
            run.given_up = True
        except GraphMasalError as error:
            status, reason = TurnStatus.FAILED, error.reason
        except Exception:
            _log.exception("turn failed", tenant=run.terms.tenant, session=run.terms.session)
            status, reason = TurnStatus.FAILED, "INTERNAL"
        finally:
            run.ending = True
            keeper.cancel()
        await self._finish(run, status, reason, model.usage if model else None)

    async def _finish(self, run: TurnRun, status: TurnStatus, reason: str, usage: Usage | None) -> None:
        tenant, session = run.terms.tenant, run.terms.session
        error: Exception | None = None
        try:
            if not run.given_up:
                await self._put_end(run, status, reason, usage)
        except RevisionConflictError:
            run.given_up = True
        except Exception as raised:
            error = raised
            if not isinstance(raised, SessionNotFoundError):
                _log.exception("turn could not be ended", tenant=tenant, session=session)
        finally:
            with contextlib.suppress(GraphMasalError):
                await self._store.release_session(tenant, session, run.owner)
            run.end(error)

    async def _put_end(self, run: TurnRun, status: TurnStatus, reason: str, usage: Usage | None) -> None:
        tenant, session = run.terms.tenant, run.terms.session
        done = TurnEvent(done=DoneEvent(status=_STATUSES[status], reason=reason, usage=_write_usage(usage)))
        done.without_model = not (usage and usage.calls)
        now = self._backend.clock()
        number_events(run, [done], now)
        removed, first = await find_old_events(self._store, tenant, session)
        head = Head(
            activity=run.head.activity,
            turns=run.head.turns,
            first=first or run.head.first,
            question=run.question if status is TurnStatus.COMPLETED else run.head.question,
        )
        turn = replace(run.turn, status=status, last=done.sequence)
        await self._store.write_records(
            tenant,
            session,
            [pack_head(head), pack_turn(turn), pack_event(done)],
            removed=[*removed, (CANCELS, run.turn.request)],
            owner=run.owner,
            now=now,
        )
        run.add(done)
        with contextlib.suppress(GraphMasalError):
            await self._play.prune(run)

    async def _keep_lease(self, run: TurnRun) -> None:
        """Shows that this server is alive, and looks whether somebody wants the turn to end."""
        tenant, session = run.terms.tenant, run.terms.session
        while True:
            await asyncio.sleep(self._limits.lease_seconds / 4)
            try:
                held = await self.claim(tenant, session, run.owner)
                cancelled = await self._store.read_record(tenant, session, CANCELS, run.turn.request)
            except SessionNotFoundError:
                held, cancelled = True, b"deleted"
            except GraphMasalError:
                # The store may answer again before the lease ends; if not, the next write says so.
                continue
            if not held:
                run.given_up = True
            if not held or cancelled:
                run.cancel()
                return


def _write_usage(usage: Usage | None) -> TurnUsage | None:
    if usage is None or not usage.calls:
        return None
    return TurnUsage(
        model=usage.model,
        calls=usage.calls,
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cost_micros=usage.cost_micros,
        estimated=usage.estimated,
    )
