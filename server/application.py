"""The composition root: everything a server consists of is made here, started in order and stopped in reverse."""

import asyncio
import contextlib
import signal
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from typing import Any

import grpc
import prometheus_client
import structlog
from google.longrunning import operations_pb2_grpc
from grpc_health.v1 import health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from graphmasal.v1 import (
    curriculum_service_pb2_grpc,
    learner_service_pb2_grpc,
    planning_service_pb2_grpc,
    retrieval_service_pb2_grpc,
    tutoring_service_pb2_grpc,
)
from kg.errors import refuse
from kg.stores import create_store
from server.backend import Backend
from server.batch_planning import BatchPlanner
from server.calls import CallInterceptor
from server.curriculum_cache import CurriculumCache
from server.curriculum_service import CurriculumService
from server.health import HealthWatch
from server.learner_service import LearnerService
from server.logs import configure_logs
from server.metrics import CallMetrics
from server.operation_runner import OperationRunner
from server.operations_service import OperationsService
from server.planning_service import PlanningService
from server.regrading import Regrader
from server.retrieval_parts import RETRIEVAL, RetrievalParts
from server.settings import Settings
from server.tutoring.tutoring_parts import TUTORING, TutoringParts

SERVICES = (
    "graphmasal.v1.CurriculumService",
    "graphmasal.v1.LearnerService",
    "graphmasal.v1.PlanningService",
    RETRIEVAL,
    TUTORING,
    "google.longrunning.Operations",
)
_HEALTH = "grpc.health.v1.Health"

_log = structlog.get_logger("graphmasal.application")


class Application:
    """A server. `start` it and `stop` it, or `run` it until the process is told to end.

    Args:
        settings: What the installation chose.
        preload: Models are loaded and indexes built at once; otherwise once somebody searches, as suits a server that
            lives for a single command.
    """

    def __init__(self, settings: Settings, *, preload: bool = True) -> None:
        self._settings = settings
        self._preload = preload
        self._parts = AsyncExitStack()

    async def start(self) -> str:
        """Opens the store and begins to serve.

        Returns:
            The address it listens at, with the port that was chosen.

        Raises:
            InvalidInputError: The store's URL names no store, or the address cannot be listened at.
            GraphMasalError: The store cannot be opened.
        """
        try:
            return await self._start()
        except BaseException:
            await self._parts.aclose()
            raise

    async def _start(self) -> str:
        settings = self._settings
        store = create_store(settings.store_url, settings.neo4j_user, settings.neo4j_password.get_secret_value())
        # Closed even where it could not be opened whole.
        self._parts.push_async_callback(store.close)
        await store.open()
        executor = ThreadPoolExecutor(settings.workers, thread_name_prefix="work")
        self._parts.callback(executor.shutdown, wait=True, cancel_futures=True)
        backend = Backend(store=store, executor=executor, curricula=CurriculumCache(store, executor))
        retrieval = RetrievalParts(backend, settings, preload=self._preload)
        self._parts.callback(retrieval.close)
        tutoring = TutoringParts(backend, retrieval.search, settings)
        self._parts.push_async_callback(tutoring.close)
        metrics = CallMetrics()
        if settings.metrics_listen:
            self._serve_metrics(settings.metrics_listen, metrics)
        health = HealthWatch(store, SERVICES, retrieval.list_starting)
        for worker in (Regrader(store), BatchPlanner(backend, settings.planning_processes)):
            self._begin(OperationRunner(backend, worker).run())
        self._begin(retrieval.build_indexes())
        await health.look()
        self._begin(health.run())
        self._begin(retrieval.warm_up(health.look))
        server = self._make_server(backend, retrieval, tutoring, metrics, health)
        address = self._listen(server, settings.listen)
        await server.start()
        self._parts.push_async_callback(server.stop, settings.drain_seconds)
        self._parts.push_async_callback(health.end)
        if self._preload:
            # Once it serves: what the first turn needs takes seconds to load.
            self._begin(tutoring.warm_up())
        _log.info("serving", address=address, store=type(store).__name__)
        return address

    def _make_server(
        self,
        backend: Backend,
        retrieval: RetrievalParts,
        tutoring: TutoringParts,
        metrics: CallMetrics,
        health: HealthWatch,
    ) -> grpc.aio.Server:
        largest = self._settings.max_message_mebibytes * 1024 * 1024
        server = grpc.aio.server(
            interceptors=[CallInterceptor(metrics)],
            options=[("grpc.max_receive_message_length", largest), ("grpc.so_reuseport", 0)],
        )
        curricula = CurriculumService(backend, retrieval.operations)
        curriculum_service_pb2_grpc.add_CurriculumServiceServicer_to_server(curricula, server)
        learner_service_pb2_grpc.add_LearnerServiceServicer_to_server(LearnerService(backend), server)
        planning_service_pb2_grpc.add_PlanningServiceServicer_to_server(PlanningService(backend), server)
        retrieval_service_pb2_grpc.add_RetrievalServiceServicer_to_server(retrieval.service, server)
        tutoring_service_pb2_grpc.add_TutoringServiceServicer_to_server(tutoring.service, server)
        operations_pb2_grpc.add_OperationsServicer_to_server(OperationsService(backend), server)  # type: ignore[no-untyped-call]
        health_pb2_grpc.add_HealthServicer_to_server(health.servicer, server)
        reflection.enable_server_reflection((*SERVICES, _HEALTH, reflection.SERVICE_NAME), server)
        return server

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)

        async def end() -> None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

        self._parts.push_async_callback(end)

    def _serve_metrics(self, address: str, metrics: CallMetrics) -> None:
        host, _, port = address.rpartition(":")
        try:
            served, thread = prometheus_client.start_http_server(int(port), host.strip("[]"), metrics.registry)
        except OSError as error:
            raise refuse("metrics_listen", f"must be an address that can be listened at: {error}") from error
        self._parts.callback(thread.join)
        self._parts.callback(served.server_close)
        self._parts.callback(served.shutdown)

    @staticmethod
    def _listen(server: grpc.aio.Server, address: str) -> str:
        try:
            port = server.add_insecure_port(address)
        except RuntimeError as error:
            raise refuse("listen", f"must be an address that can be listened at, not {address}: {error}") from error
        return address if address.startswith("unix:") else f"{address.rpartition(':')[0]}:{port}"

    async def stop(self) -> None:
        """Tells that it ends, lets calls under way end within the settings' time, and closes everything."""
        await self._parts.aclose()
        _log.info("stopped")

    async def run(self) -> None:
        """Serves until the process gets SIGTERM or SIGINT; logs as the settings say."""
        configure_logs(self._settings.log_format, self._settings.log_level)
        loop = asyncio.get_running_loop()
        ended = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, ended.set)
        try:
            await self.start()
            try:
                await ended.wait()
            finally:
                await self.stop()
        finally:
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(number)
