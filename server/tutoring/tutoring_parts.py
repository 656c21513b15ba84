"""Everything that tutoring consists of in a server, put together, warmed up and closed."""

import asyncio

import structlog

from server.backend import Backend
from server.searching import SearchParts
from server.settings import Settings
from server.tutoring.turn_play import TurnPlay
from server.tutoring.turn_worker import TurnLimits, TurnWorker
from server.tutoring.turns import Turns
from server.tutoring.tutoring_service import TutoringService
from tutoring.models.chat_model import ChatModel
from tutoring.models.providers import ProviderSettings, load_provider
from tutoring.models.turn_model import begin_turn

TUTORING = "graphmasal.v1.TutoringService"

_SETTLE_SECONDS = 5.0

_log = structlog.get_logger("graphmasal.tutoring")


class TutoringParts:
    """The parts of tutoring; made once, by `server.application`.

    Args:
        backend: What the services share.
        search: Where searches are made.
        settings: Of the server.

    Attributes:
        service: The service.

    Raises:
        InvalidInputError: The model is not named as it must be.
        ModelUnavailableError: Packages of the model are missing.
    """

    def __init__(self, backend: Backend, search: SearchParts, settings: Settings) -> None:
        self._backend = backend
        self._provider = load_provider(_read_provider(settings)) if settings.model else None
        self._play = TurnPlay(backend, search)
        limits = TurnLimits(seconds=settings.tutoring_turn_seconds, lease_seconds=settings.tutoring_lease_seconds)
        worker = TurnWorker(backend, self._play, self._make_model, limits)
        self._turns = Turns(backend, worker, settings.tutoring_turns)
        self.service = TutoringService(backend, self._turns)

    async def warm_up(self) -> None:
        """Loads what the first turn would wait for; what cannot be had is told by the turn that misses it.

        That takes seconds of work beside the event loop, so what comes right after the start goes first.
        """
        await asyncio.sleep(_SETTLE_SECONDS)
        try:
            await self._play.load()
            if self._provider is not None:
                await self._provider.load()
        except Exception:
            _log.exception("tutoring could not be warmed up")

    async def close(self) -> None:
        """Leaves turns under way for others, and ends a model of this machine."""
        await self._turns.close()
        if self._provider is not None:
            await self._provider.close()

    def _make_model(self, tenant: str) -> ChatModel | None:
        return None if self._provider is None else begin_turn(self._provider, self._backend.store, tenant)


def _read_provider(settings: Settings) -> ProviderSettings:
    return ProviderSettings(
        model=settings.model,
        base_url=settings.model_base_url,
        api_key=settings.model_api_key,
        timeout_seconds=settings.model_timeout_seconds,
        retries=settings.model_retries,
        input_price=settings.model_input_price,
        output_price=settings.model_output_price,
        tokens_per_day=settings.model_tokens_per_day,
    )
