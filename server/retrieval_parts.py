"""Everything that retrieval consists of in a server, put together, warmed up and closed."""

from collections.abc import Awaitable, Callable, Collection

import structlog

from server.backend import Backend
from server.index_builder import IndexBuilder
from server.index_operations import IndexOperations
from server.model_library import ModelLibrary, ModelTerms
from server.operation_runner import OperationRunner
from server.ranker_library import RankerLibrary
from server.retrieval_service import RetrievalService
from server.search_indexes import SearchIndexes
from server.search_queue import SearchQueue
from server.searching import SearchParts
from server.settings import Settings

RETRIEVAL = "graphmasal.v1.RetrievalService"

_log = structlog.get_logger("graphmasal.retrieval")


class RetrievalParts:
    """The parts of retrieval; made once, by `server.application`.

    Args:
        backend: What the services share.
        settings: Of the server.
        preload: Models are loaded, and indexes built, at once rather than when somebody searches.

    Attributes:
        operations: Build indexes.
        search: What calls that search work with.
        service: The service.
    """

    def __init__(self, backend: Backend, settings: Settings, *, preload: bool) -> None:
        self._models = ModelLibrary(
            ModelTerms(
                folder=settings.model_folder,
                prepared=settings.prepared_models,
                precision=settings.encoder_precision,
                reranker_cache_mebibytes=settings.reranker_cache_mebibytes,
            )
        )
        self._rankers = RankerLibrary(backend.store, self._models, settings.ranker, settings.encoder)
        self._queue = SearchQueue(settings.retrieval_threads, settings.retrieval_queue)
        self._preload = preload
        self._starting = preload and bool(self._rankers.default.encoder)
        self._builder = IndexBuilder(backend, self._rankers)
        self._runner = OperationRunner(backend, self._builder)
        self.operations = IndexOperations(backend, self._rankers)
        indexes = SearchIndexes(backend, self._rankers, self.operations)
        self.search = SearchParts(backend=backend, indexes=indexes, queue=self._queue)
        self.service = RetrievalService(self.search, self._rankers, self.operations)

    def list_starting(self) -> Collection[str]:
        """The names of the services that are not ready yet."""
        return {RETRIEVAL} if self._starting else frozenset()

    async def warm_up(self, tell: Callable[[], Awaitable[None]]) -> None:
        """Loads the default model, where that is to be done at once.

        Args:
            tell: Called when the service is ready: with the model, or without one where there is none to be had.
        """
        if not self._starting:
            return
        try:
            await self._rankers.equip(self._rankers.default, required=False)
        except Exception:
            _log.exception("loading the default model failed")
            return
        self._starting = False
        await tell()

    async def build_indexes(self) -> None:
        """Carries out operations that build indexes until it is cancelled."""
        if not self._preload:
            await self._rankers.used.wait()
        await self._runner.run()

    def close(self) -> None:
        """Ends the threads once each has ended what it is at."""
        self._queue.close()
        self._builder.close()
        self._models.close()
