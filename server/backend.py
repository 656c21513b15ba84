"""What every service works with: the store, the clock, threads for work that would block the event loop, a cache."""

import asyncio
import time
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import ParamSpec, TypeVar

from kg.operations import OperationKind
from kg.store import Store
from server.curriculum_cache import CurriculumCache

Params = ParamSpec("Params")
Result = TypeVar("Result")


def read_clock() -> int:
    """Returns the time of day in microseconds since 1970 UTC."""
    return time.time_ns() // 1000


def make_id() -> str:
    """Returns an id that nobody has used before."""
    return uuid.uuid4().hex


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """What the services share; made once, by `server.application`.

    Attributes:
        store: Where everything is kept.
        executor: Threads for CPU-bound work, as many as the settings say.
        curricula: Curricula in memory.
        clock: Microseconds since 1970 UTC.
        new_id: Makes an id that nobody has used before.
        operation_wanted: By kind, set by whoever makes an operation of it, so that it is begun at once.
    """

    store: Store
    executor: ThreadPoolExecutor
    curricula: CurriculumCache
    clock: Callable[[], int] = read_clock
    new_id: Callable[[], str] = make_id
    operation_wanted: Mapping[OperationKind, asyncio.Event] = field(
        default_factory=lambda: {kind: asyncio.Event() for kind in OperationKind}
    )

    async def run(self, work: Callable[Params, Result], *args: Params.args, **kwargs: Params.kwargs) -> Result:
        """Runs CPU-bound work in the executor and waits for it.

        A cancelled call stops waiting; work that has begun ends by itself.
        """
        return await asyncio.wrap_future(self.executor.submit(work, *args, **kwargs))
