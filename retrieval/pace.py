"""Pace: how long a piece of work is likely to take, from how long it took of late."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

_SHARE = 0.2


class Pace:
    """Seconds per item as a running mean; threads may share it, a lost update only delays it."""

    def __init__(self) -> None:
        self._seconds = 0.0

    def expect(self, items: int) -> float:
        """Returns seconds that so many items are likely to take; 0 before anything was timed."""
        return self._seconds * items

    @contextmanager
    def timed(self, items: int) -> Iterator[None]:
        """Times the block, in which so many items (>= 1) are worked on."""
        began = time.perf_counter()
        yield
        taken = (time.perf_counter() - began) / items
        self._seconds = taken if not self._seconds else self._seconds + _SHARE * (taken - self._seconds)
