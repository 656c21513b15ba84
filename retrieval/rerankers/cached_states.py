"""The cache of what a listwise reranker keeps of concepts; bounded in bytes, the least recently used leave first."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from kg.errors import refuse

KeptStates = NDArray[np.float16]
"""Of one text; for a reranker keys and values of each upper layer, shape [k, 2, tokens, d]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheCounts:
    """How a cache has done since it was made.

    Attributes:
        hits: Texts found.
        misses: Texts whose states had to be computed.
        evictions: Texts that left to make room.
        texts: Held now.
        bytes: Of their states, held now.
    """

    hits: int
    misses: int
    evictions: int
    texts: int
    bytes: int


class CachedStates:
    """Kept states by key; may be used by several threads at once.

    Args:
        limit_bytes: Of all states together, >= 0; 0 keeps nothing.
    """

    def __init__(self, limit_bytes: int) -> None:
        if limit_bytes < 0:
            raise refuse("cache_mebibytes", "must not be negative")
        self._limit = limit_bytes
        self._lock = Lock()
        self._states: OrderedDict[Hashable, KeptStates] = OrderedDict()
        self._bytes = self._hits = self._misses = self._evictions = 0

    def fetch(self, key: Hashable, compute: Callable[[], KeptStates]) -> KeptStates:
        """Returns the states of a key, computed if they are not held; O(1) besides that.

        Nobody waits for another's computation: two threads that miss the same key at once both compute it.

        Args:
            key: Names the text and the model.
            compute: Its result depends on the key alone.

        Returns:
            Not to be written to.
        """
        with self._lock:
            held = self._states.get(key)
            if held is not None:
                self._states.move_to_end(key)
                self._hits += 1
                return held
            self._misses += 1
        states = compute()
        states.setflags(write=False)
        self._hold(key, states)
        return states

    def count(self) -> CacheCounts:
        """Returns the counts as they are now."""
        with self._lock:
            return CacheCounts(
                hits=self._hits,
                misses=self._misses,
                evictions=self._evictions,
                texts=len(self._states),
                bytes=self._bytes,
            )

    def _hold(self, key: Hashable, states: KeptStates) -> None:
        with self._lock:
            if key in self._states or states.nbytes > self._limit:
                return
            while self._bytes + states.nbytes > self._limit:
                _, oldest = self._states.popitem(last=False)
                self._bytes -= oldest.nbytes
                self._evictions += 1
            self._states[key] = states
            self._bytes += states.nbytes
