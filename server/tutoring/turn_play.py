"""A turn played: the graph is run, or taken up where it was, and what it tells is kept and handed on."""

import asyncio
import importlib
from collections.abc import Sequence
from typing import Any, Final, cast

from graphmasal.v1.session_pb2 import ResetEvent, TurnEvent
from server.backend import Backend
from server.searching import SearchParts
from server.times import to_timestamp
from server.tutoring.event_messages import EventScribe
from server.tutoring.turn_log import pack_event
from server.tutoring.turn_run import TurnRun
from server.tutoring.turn_surroundings import TurnSurroundings
from tutoring.events import Event
from tutoring.models.chat_model import ChatModel
from tutoring.state import TurnInput, TutorState

_MOST_STEPS: Final = 12
"""Above what any turn needs."""


class TurnPlay:
    """Runs turns through the graph.

    Args:
        backend: What the services share.
        search: Where searches are made.
    """

    def __init__(self, backend: Backend, search: SearchParts) -> None:
        self._backend = backend
        self._search = search

    async def load(self) -> None:
        """Imports the graph's libraries, which takes seconds, beside the event loop; once."""
        loop = asyncio.get_running_loop()
        for name in ("tutoring.graph", "tutoring.checkpoints"):
            await loop.run_in_executor(None, importlib.import_module, name)

    async def play(self, run: TurnRun, model: ChatModel | None) -> None:
        """Plays a turn to its end.

        Args:
            run: The turn; what it tells is added to it.
            model: What writes and judges, or None.

        Raises:
            GraphMasalError: Something that the turn needs is not there, or the session is gone or taken.
        """
        await self.load()
        graph = self._build_graph(run)
        config = {"configurable": {"thread_id": run.terms.session}, "recursion_limit": _MOST_STEPS}
        record = (await self._backend.curricula.get(run.terms.tenant, run.terms.curriculum)).record
        scribe = EventScribe(terms=run.terms, record=record)
        given: TutorState | None = self._make_input(run)
        if run.resumed:
            snapshot = await graph.aget_state(config)
            begun = snapshot.values.get("turn", {}).get("request") == run.turn.request
            kept = run.turn.before
            if begun:
                # A node that has ended counts also where the step that it is in has not been put on record.
                results = [task.result or {} for task in snapshot.tasks]
                kept = max([snapshot.values["told"], *(result.get("told", 0) for result in results)])
                given = None
            if run.told > kept:
                await self._keep(run, [TurnEvent(reset=ResetEvent(discard_after=kept))])
            if begun and not snapshot.next:
                run.question = _find_question(cast(TutorState, snapshot.values))
                return

        async def tell(events: Sequence[Event], by_model: bool) -> int:
            messages = [scribe.write(event) for event in events]
            for message in messages:
                message.without_model = not by_model
            await self._keep(run, messages)
            return run.told

        surroundings = TurnSurroundings(
            self._backend,
            self._search,
            terms=run.terms,
            request=run.turn.request,
            now=run.turn.started_at,
            model=model,
            tell=tell,
            told=run.told,
        )
        state = await graph.ainvoke(given, config, context=surroundings, durability="sync")
        run.question = _find_question(cast(TutorState, state))

    async def prune(self, run: TurnRun) -> None:
        """Lets go of all checkpoints of a session but the latest."""
        await self._make_saver(run).aprune([run.terms.session], strategy="keep_latest")

    async def _keep(self, run: TurnRun, messages: Sequence[TurnEvent]) -> None:
        """Numbers events, keeps them in one step and hands them on."""
        number_events(run, messages, self._backend.clock())
        await self._backend.store.write_records(
            run.terms.tenant,
            run.terms.session,
            [pack_event(message) for message in messages],
            owner=run.owner,
            now=self._backend.clock(),
        )
        run.add(*messages)

    def _build_graph(self, run: TurnRun) -> Any:
        return importlib.import_module("tutoring.graph").build_graph(self._make_saver(run))

    def _make_saver(self, run: TurnRun) -> Any:
        module = importlib.import_module("tutoring.checkpoints")
        return module.SessionSaver(self._backend.store, run.terms.tenant, owner=run.owner, clock=self._backend.clock)

    @staticmethod
    def _make_input(run: TurnRun) -> TutorState:
        turn = {**run.turn.input, "request": run.turn.request, "started_at": run.turn.started_at}
        return {"turn": cast(TurnInput, turn), "told": run.turn.before}


def number_events(run: TurnRun, messages: Sequence[TurnEvent], now: int) -> None:
    """Fills in number, request and time of events that are about to be kept."""
    for place, message in enumerate(messages, start=1):
        message.sequence = run.told + place
        message.request_id = run.turn.request
        message.time.CopyFrom(to_timestamp(now))


def _find_question(state: TutorState) -> str:
    exercise = state.get("exercise")
    return exercise["question"] if exercise and not exercise["solved"] else ""
