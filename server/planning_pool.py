"""Plans of many learners, made in processes that each have the curriculum's graph in memory.

Processes use all cores and leave the event loop its own, but take seconds to start, so a few plans are better made in
the server's threads. Either way the plans are the same.
"""

import asyncio
import multiprocessing
import os
import pickle
import signal
import threading
import traceback
from collections.abc import Hashable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass

from kg.errors import GraphMasalError, refuse
from kg.learner import StoredPlan
from kg.operations import OperationFailure
from planner.graph import PlanningGraph
from server.backend import Backend
from server.operation_failures import note_failure
from server.plan_making import PlanTask, make_plan

CHUNK = 8
"""Plans made in one go: few enough that all processes end a page at about the same time."""

_NICENESS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanOutcome:
    """What came of one task.

    Attributes:
        plan: To be stored; None: there is none.
        failure: Why there is none; None: there is one.
        trace: Where an error arose that is not of the domain, for the log; empty: there was none.
    """

    plan: StoredPlan | None = None
    failure: OperationFailure | None = None
    trace: str = ""


class PlanningPool:
    """Makes plans on one graph at a time.

    Args:
        backend: Its threads are used where there are no processes.
        processes: How many at most; 0: none.
    """

    def __init__(self, backend: Backend, processes: int) -> None:
        self._backend = backend
        self._processes = processes
        self._version: Hashable = None
        self._executor: ProcessPoolExecutor | None = None
        self._changing = asyncio.Lock()

    async def make_plans(self, version: Hashable, graph: PlanningGraph, tasks: Sequence[PlanTask]) -> list[PlanOutcome]:
        """Makes plans, in the order of the tasks.

        Args:
            version: Says which graph it is; where it is another one than last time, the processes are started anew.
            graph: Of the curriculum and version that the tasks name.
            tasks: What to plan; one that fails does not keep the others from being done.

        Raises:
            BrokenProcessPool: A process died.
        """
        chunks = [tasks[start : start + CHUNK] for start in range(0, len(tasks), CHUNK)]
        if not self._processes:
            done = [await self._backend.run(_make_plans, graph, chunk) for chunk in chunks]
        else:
            futures = await self._submit(version, graph, chunks)
            done = await asyncio.gather(*map(asyncio.wrap_future, futures))
        return [outcome for outcomes in done for outcome in outcomes]

    async def _submit(
        self, version: Hashable, graph: PlanningGraph, chunks: Sequence[Sequence[PlanTask]]
    ) -> "list[Future[list[PlanOutcome]]]":
        async with self._changing:
            if self._executor is not None and self._version != version:
                # What was asked for on the old graph is made to its end.
                await asyncio.to_thread(self._executor.shutdown)
                self._executor = None
            if self._executor is None:
                self._executor = await asyncio.to_thread(_start, graph, self._processes)
                self._version = version
            # In a thread: what submits may start a process, and waits until that has taken the graph.
            return await asyncio.to_thread(_submit, self._executor, chunks)

    async def close(self) -> None:
        """Ends the processes once each has ended the chunk that it is at."""
        async with self._changing:
            executor, self._executor = self._executor, None
            if executor is not None:
                await asyncio.to_thread(executor.shutdown, cancel_futures=True)


def _start(graph: PlanningGraph, processes: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(
        processes,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_begin_process,
        initargs=(pickle.dumps(graph),),
    )


def _submit(executor: ProcessPoolExecutor, chunks: Sequence[Sequence[PlanTask]]) -> "list[Future[list[PlanOutcome]]]":
    return [executor.submit(_make_plans_in_process, chunk) for chunk in chunks]


# In the processes

_graph: PlanningGraph | None = None


def _begin_process(pickled: bytes) -> None:
    global _graph  # noqa: PLW0603 - what an initializer leaves to its process
    # The server decides when they end, not whoever presses Ctrl-C; calls go before batches.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(os, "nice"):
        os.nice(_NICENESS)
    threading.Thread(target=_end_with_server, name="end-with-server", daemon=True).start()
    _graph = pickle.loads(pickled)  # noqa: S301 - from the server itself


def _end_with_server() -> None:
    """Ends the process where the server was killed and can no longer do so."""
    server = multiprocessing.parent_process()
    if server is not None:
        server.join()
        os._exit(1)


def _make_plans_in_process(tasks: Sequence[PlanTask]) -> list[PlanOutcome]:
    if _graph is None:
        raise RuntimeError("the process has no graph")
    return _make_plans(_graph, tasks)


# In threads and processes


def _make_plans(graph: PlanningGraph, tasks: Sequence[PlanTask]) -> list[PlanOutcome]:
    return [_make_outcome(graph, task) for task in tasks]


def _make_outcome(graph: PlanningGraph, task: PlanTask) -> PlanOutcome:
    try:
        message, plan = make_plan(graph, task, _never)
        if plan is None:
            raise refuse("constraints", message.conflict.text)
    except GraphMasalError as error:
        return PlanOutcome(failure=note_failure(task.learner, error))
    except Exception as error:
        return PlanOutcome(failure=note_failure(task.learner, error), trace=traceback.format_exc())
    return PlanOutcome(plan=plan)


def _never() -> bool:
    return False
