import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from kg.errors import OverloadedError
from retrieval.candidates import Matrix
from retrieval.pace import Pace
from retrieval.scope import Reranking, Scope
from retrieval.search import Searcher
from server.search_queue import MOST_TOGETHER, SearchQueue
from tests.searchers import ShortFirst, WordBins, make_searcher

Make = Callable[[int, int], SearchQueue]


class Gated(WordBins):
    """Encodes once it is let, and notes what it was asked for at once."""

    def __init__(self) -> None:
        self.begun, self.let = threading.Event(), threading.Event()
        self.batches: list[list[str]] = []

    def encode(self, texts: Sequence[str]) -> Matrix:
        self.batches.append(list(texts))
        self.begun.set()
        assert self.let.wait(60)
        if "broken" in texts:
            raise ValueError("broken")
        return super().encode(texts)


class Endless(Pace):
    """Takes reranking to last an hour."""

    def expect(self, items: int) -> float:
        return 3600.0


def make_gated() -> tuple[Gated, Searcher]:
    """A searcher whose next searches wait at a gate."""
    gated = Gated()
    gated.let.set()
    searcher = make_searcher(encoder=gated)
    close_gate(gated)
    return gated, searcher


def close_gate(gated: Gated) -> None:
    gated.begun.clear()
    gated.let.clear()
    gated.batches.clear()


@pytest.fixture
async def make_queue() -> AsyncIterator[Make]:
    made: list[SearchQueue] = []

    def make(threads: int, most: int) -> SearchQueue:
        made.append(SearchQueue(threads, most))
        return made[-1]

    yield make
    for queue in made:
        queue.close()


async def begin(gated: Gated, work: asyncio.Future[Any]) -> None:
    """Waits until a thread is busy with the work."""
    await asyncio.to_thread(gated.begun.wait, 60)
    assert not work.done()


async def test_searches_made_together_answer_as_alone(make_queue: Make) -> None:
    queue, searcher = make_queue(2, 64), make_searcher(encoder=WordBins(), reranker=ShortFirst())
    queries = [f"number {number} lines" for number in range(64)]
    together = await asyncio.gather(*(queue.search(searcher, query, Scope(), None) for query in queries))
    assert together == [searcher.search(query, Scope()) for query in queries]


async def test_what_waits_is_made_together(make_queue: Make) -> None:
    (gated, searcher), queue = make_gated(), make_queue(1, 64)
    first = asyncio.ensure_future(queue.search(searcher, "0", Scope(), None))
    await begin(gated, first)
    rest = [asyncio.ensure_future(queue.search(searcher, str(number), Scope(), None)) for number in range(1, 21)]
    await asyncio.sleep(0)
    gated.let.set()
    await asyncio.gather(first, *rest)
    assert [len(batch) for batch in gated.batches] == [1, MOST_TOGETHER, 4]
    assert [query for batch in gated.batches for query in batch] == [str(number) for number in range(21)]


async def test_searches_of_other_indexes_are_made_by_themselves(make_queue: Make) -> None:
    (gated, searcher), queue = make_gated(), make_queue(1, 64)
    searchers = [searcher, replace(searcher)]
    first = asyncio.ensure_future(queue.search(searchers[0], "first", Scope(), None))
    await begin(gated, first)
    rest = [
        asyncio.ensure_future(queue.search(searchers[number % 2], str(number % 2), Scope(), None))
        for number in range(6)
    ]
    await asyncio.sleep(0)
    gated.let.set()
    await asyncio.gather(*rest)
    assert gated.batches == [["first"], ["0"] * 3, ["1"] * 3]


async def test_a_full_queue_refuses_and_then_takes_again(make_queue: Make) -> None:
    (gated, searcher), queue = make_gated(), make_queue(1, 2)
    taken = [asyncio.ensure_future(queue.search(searcher, "a", Scope(), None)) for _ in range(3)]
    await begin(gated, taken[0])
    with pytest.raises(OverloadedError):
        await queue.search(searcher, "b", Scope(), None)
    gated.let.set()
    await asyncio.gather(*taken)
    assert (await queue.search(searcher, "lines", Scope(), None)).kinds[0].results[0].document.id == "lines"


async def test_who_goes_away_is_not_served_and_leaves_room(make_queue: Make) -> None:
    (gated, searcher), queue = make_gated(), make_queue(1, 1)
    first = asyncio.ensure_future(queue.search(searcher, "first", Scope(), None))
    await begin(gated, first)
    gone = asyncio.ensure_future(queue.search(searcher, "gone", Scope(), None))
    await asyncio.sleep(0)
    gone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gone
    last = asyncio.ensure_future(queue.search(searcher, "last", Scope(), None))
    await asyncio.sleep(0)
    gated.let.set()
    await asyncio.gather(first, last)
    assert gated.batches == [["first"], ["last"]]


async def test_a_search_that_fails_takes_no_other_with_it(make_queue: Make) -> None:
    (gated, searcher), queue = make_gated(), make_queue(1, 64)
    queries = ["first", "lines", "broken", "roots"]
    made = []
    for query in queries:
        made.append(asyncio.ensure_future(queue.search(searcher, query, Scope(), None)))
        await begin(gated, made[0])
    gated.let.set()
    first, lines, broken, roots = await asyncio.gather(*made, return_exceptions=True)
    assert isinstance(broken, ValueError)
    assert [found.kinds[0].results[0].document.id for found in (lines, roots)] == ["lines", "roots"]  # type: ignore[union-attr]
    assert not isinstance(first, BaseException)


async def test_time_that_is_short_skips_the_reranker(make_queue: Make) -> None:
    searcher = replace(make_searcher(encoder=WordBins(), reranker=ShortFirst()), pace=Endless())
    scope = Scope(reranking=Reranking.ALWAYS)
    queue = make_queue(1, 4)
    hurried = await queue.search(searcher, "lines", scope, 60.0)
    assert {stage.stage: stage.reason for stage in hurried.kinds[0].stages if not stage.used} == {
        "reranker": "it would not have ended in time"
    }
    unhurried = await queue.search(searcher, "lines", scope, None)
    assert all(stage.used for stage in unhurried.kinds[0].stages)


async def test_other_work_learns_how_much_time_is_left(make_queue: Make) -> None:
    queue = make_queue(1, 4)
    assert await queue.run(lambda seconds: seconds, None) is None
    left = await queue.run(lambda seconds: seconds, 60.0)
    assert left is not None
    assert 0 < left <= 60


async def test_work_that_was_begun_goes_first_and_is_not_refused(make_queue: Make) -> None:
    (gated, searcher), queue = make_gated(), make_queue(1, 1)
    order: list[str] = []
    made: list[asyncio.Future[Any]] = [asyncio.ensure_future(queue.search(searcher, "first", Scope(), None))]
    await begin(gated, made[0])
    made.append(asyncio.ensure_future(queue.run(lambda _: order.append("waits"), None)))
    await asyncio.sleep(0)
    with pytest.raises(OverloadedError):
        await queue.run(lambda _: order.append("is refused"), None)
    made.append(asyncio.ensure_future(queue.run(lambda _: order.append("was begun"), None, begun=True)))
    await asyncio.sleep(0)
    gated.let.set()
    await asyncio.gather(*made)
    assert order == ["was begun", "waits"]


async def test_a_queue_that_is_closed_gives_up_what_waits() -> None:
    (gated, searcher), queue = make_gated(), SearchQueue(1, 4)
    made = [asyncio.ensure_future(queue.search(searcher, query, Scope(), None)) for query in "ab"]
    await begin(gated, made[0])
    gated.let.set()
    queue.close()
    outcomes = await asyncio.gather(*made, return_exceptions=True)
    assert isinstance(outcomes[1], asyncio.CancelledError)
