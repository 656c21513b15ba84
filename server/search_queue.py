"""The queue of searches: bounded, in threads of its own, those that wait for the same index made together."""

import asyncio
import math
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeVar, cast

from kg.errors import OverloadedError
from retrieval.results import Results
from retrieval.scope import Scope
from retrieval.search import Searcher

MOST_TOGETHER: Final = 16
"""Searches made in one go: they share the encoding, and the thread's way there and back."""

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class _Search:
    """A search that may be made together with others by the same searcher."""

    searcher: Searcher
    query: str
    scope: Scope


@dataclass(frozen=True, slots=True)
class _Work:
    """Work that is done by itself; it is given the seconds that are left."""

    do: Callable[[float | None], Any]


@dataclass(slots=True, eq=False)
class _Waiting:
    """Something in the queue.

    Attributes:
        task: What is to be done.
        ends: When its caller's time is up, as of the monotonic clock; None: never.
        done: Gets what comes of it.
    """

    task: _Search | _Work
    ends: float | None
    done: asyncio.Future[Any] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class SearchQueue:
    """Makes searches outside the event loop, as many at once as there are threads.

    While a thread is free nothing waits. Once all are busy, what has gathered is shared out among the threads as they
    get free. Who goes away before being served is not served.

    Args:
        threads: How many searches go on at once, >= 1.
        most: How many may wait, >= 1.
    """

    def __init__(self, threads: int, most: int) -> None:
        self._threads = threads
        self._most = most
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="search")
        self._waiting: deque[_Waiting] = deque()
        self._busy = 0

    async def search(self, searcher: Searcher, query: str, scope: Scope, remaining: float | None) -> Results:
        """Makes a search.

        Args:
            searcher: What is searched and how.
            query: Words.
            scope: What to look for; its seconds are set here.
            remaining: Seconds until the answer should be there; None: as long as it takes.

        Raises:
            OverloadedError: As many searches wait as may.
        """
        return cast(Results, await self._wait(_Search(searcher, query, scope), remaining))

    async def run(self, do: Callable[[float | None], Value], remaining: float | None, *, begun: bool = False) -> Value:
        """Does other work of a search's size, by itself.

        Args:
            do: Is given the seconds that are left when it begins.
            remaining: As in `search`.
            begun: It goes on with what was done here before: it goes before all that waits, and is not refused.

        Raises:
            OverloadedError: As many searches wait as may.
        """
        return cast(Value, await self._wait(_Work(do), remaining, begun=begun))

    def close(self) -> None:
        """Ends the threads once each has ended what it is at; what waits is given up."""
        while self._waiting:
            self._waiting.popleft().done.cancel()
        self._executor.shutdown(wait=True, cancel_futures=True)

    async def _wait(self, task: _Search | _Work, remaining: float | None, *, begun: bool = False) -> Any:
        if len(self._waiting) >= self._most and not begun:
            raise OverloadedError(f"{self._most} searches wait already; try again a little later")
        waiting = _Waiting(task, None if remaining is None else time.monotonic() + remaining)
        # To refuse what is half done, or to let it wait behind what is not, would waste what was done.
        self._waiting.insert(0 if begun else len(self._waiting), waiting)
        self._begin_all()
        try:
            return await waiting.done
        finally:
            if waiting in self._waiting:
                self._waiting.remove(waiting)

    def _begin_all(self) -> None:
        """Gives each free thread its share of what waits."""
        while self._waiting and self._busy < self._threads:
            share = math.ceil(len(self._waiting) / (self._threads - self._busy))
            self._begin(self._take(min(share, MOST_TOGETHER)))

    def _take(self, most: int) -> list[_Waiting]:
        """Takes the one that waits longest, and others that may be made with it."""
        first = self._waiting.popleft()
        taken = [first]
        if isinstance(first.task, _Search):
            searcher = first.task.searcher
            for other in list(self._waiting):
                if len(taken) == most:
                    break
                if isinstance(other.task, _Search) and other.task.searcher is searcher:
                    taken.append(other)
                    self._waiting.remove(other)
        return taken

    def _begin(self, taken: Sequence[_Waiting]) -> None:
        self._busy += 1
        tasks = [(waiting.task, waiting.ends) for waiting in taken]
        running = asyncio.wrap_future(self._executor.submit(_carry_out, tasks))

        def end(ended: asyncio.Future[list[Any]]) -> None:
            self._busy -= 1
            for at, waiting in enumerate(taken):
                if ended.cancelled():
                    waiting.done.cancel()
                else:
                    _tell(waiting.done, ended.result()[at])
            self._begin_all()

        running.add_done_callback(end)


def _tell(done: asyncio.Future[Any], outcome: Any) -> None:
    if done.done():
        # Its caller has gone.
        return
    if isinstance(outcome, Exception):
        done.set_exception(outcome)
    else:
        done.set_result(outcome)


# In the threads


def _carry_out(tasks: Sequence[tuple[_Search | _Work, float | None]]) -> list[Any]:
    """Returns what comes of each task, or the exception that it raised."""
    try:
        return _search_all(tasks)
    except Exception as error:
        if len(tasks) == 1:
            return [error]
    # One of them is to blame; the others are not to suffer for it.
    return [outcome for task in tasks for outcome in _carry_out([task])]


def _search_all(tasks: Sequence[tuple[_Search | _Work, float | None]]) -> list[Any]:
    first, ends = tasks[0]
    if isinstance(first, _Work):
        return [first.do(_find_left(ends))]
    searches = [task for task, _ in tasks if isinstance(task, _Search)]
    scopes = [
        replace(search.scope, seconds=_find_left(ends)) for search, (_, ends) in zip(searches, tasks, strict=True)
    ]
    return list(first.searcher.search_all([search.query for search in searches], scopes))


def _find_left(ends: float | None) -> float | None:
    return None if ends is None else max(0.0, ends - time.monotonic())
