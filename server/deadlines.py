"""Work that ends by a call's deadline with the best it has, and that ends soon after its caller has gone."""

import time
from collections.abc import Callable
from typing import TypeVar

from server.backend import Backend

Result = TypeVar("Result")

MARGIN_SHARE = 0.2
"""Share of the time left that is kept for storing and sending the answer."""

SHORTEST_MARGIN_SECONDS = 0.005


class _Stop:
    """Says when work should end; asked from a thread, told from the event loop."""

    def __init__(self, seconds: float | None) -> None:
        self._moment = None if seconds is None else time.monotonic() + seconds
        self._abandoned = False

    def __call__(self) -> bool:
        return self._abandoned or (self._moment is not None and time.monotonic() >= self._moment)

    def abandon(self) -> None:
        """Says that nobody waits any more."""
        self._abandoned = True


def find_time_to_work(remaining: float | None) -> float | None:
    """Returns how many seconds work may take, the answer's way back being kept.

    Args:
        remaining: Seconds to the call's deadline; None: it has none.
    """
    return None if remaining is None else remaining - max(remaining * MARGIN_SHARE, SHORTEST_MARGIN_SECONDS)


async def run_in_time(
    backend: Backend, remaining: float | None, work: Callable[[Callable[[], bool]], Result]
) -> Result:
    """Runs CPU-bound work in the executor, until some time before the call's deadline.

    Args:
        backend: What the services share.
        remaining: Seconds to the call's deadline; None: it has none.
        work: Is given a function to poll, which is true when the work should end with what it has.
    """
    stop = _Stop(find_time_to_work(remaining))
    try:
        return await backend.run(work, stop)
    finally:
        stop.abandon()
