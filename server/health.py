"""Health by the standard protocol, true to whether the store answers and would take a write."""

import asyncio
from collections.abc import Callable, Collection, Sequence

import structlog
from grpc_health.v1 import health_pb2
from grpc_health.v1.health import aio

from kg.errors import GraphMasalError
from kg.store import Store

CHECK_SECONDS = 2.0
"""Time between two looks at the store, and how long it may take to answer."""

_log = structlog.get_logger("graphmasal.health")


class HealthWatch:
    """Looks at the store from time to time and tells who asks for health.

    Args:
        store: To be looked at.
        services: Full names; the server as a whole is told of as well.
        still_starting: Which of the services are not ready yet, whatever the store says.

    Attributes:
        servicer: The health service.
    """

    def __init__(
        self, store: Store, services: Sequence[str], still_starting: Callable[[], Collection[str]] = frozenset
    ) -> None:
        self.servicer = aio.HealthServicer()
        self._store = store
        self._services = ("", *services)
        self._still_starting = still_starting
        self._told: dict[str, bool] = {}

    async def run(self) -> None:
        """Looks until it is cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(CHECK_SECONDS)

    async def look(self) -> None:
        """Looks once."""
        try:
            async with asyncio.timeout(CHECK_SECONDS):
                await self._store.check()
            problem = ""
        except (GraphMasalError, TimeoutError) as error:
            problem = str(error) or "no answer in time"
        except Exception:
            _log.exception("looking at the store failed")
            problem = "internal error"
        starting = self._still_starting()
        await self._tell({service: not problem and service not in starting for service in self._services}, problem)

    async def _tell(self, serving: dict[str, bool], problem: str) -> None:
        if serving[""] != self._told.get(""):
            _log.info("health changed", serving=serving[""], problem=problem)
        status = health_pb2.HealthCheckResponse
        for service, serves in serving.items():
            if serves != self._told.get(service):
                await self.servicer.set(service, status.SERVING if serves else status.NOT_SERVING)
        self._told = serving

    async def end(self) -> None:
        """Says that nothing is served any more, for good."""
        await self.servicer.enter_graceful_shutdown()
