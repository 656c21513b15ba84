"""Parts of a batch in processes of this machine."""

import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field

from planner.batch.job import Part
from planner.batch.partition import PartOutcome, plan_partition


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessRunner:
    """Runs parts in a pool of processes, each of which loads the graph once.

    Attributes:
        processes: How many, >= 1; by default one for each core.
    """

    processes: int = field(default_factory=lambda: os.cpu_count() or 1)

    def run(self, parts: Sequence[Part]) -> Iterator[PartOutcome]:
        """See `planner.batch.job.Runner`."""
        # by spawn: a fork would copy locks that threads of this process hold
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(min(self.processes, len(parts)), mp_context=context) as pool:
            waiting = [pool.submit(run_part, part) for part in parts]
            try:
                for done in as_completed(waiting):
                    yield done.result()
            finally:
                pool.shutdown(wait=True, cancel_futures=True)


def run_part(part: Part) -> PartOutcome:
    """Runs a part in this process."""
    return plan_partition(part.source, part.target, part.graph_file, part.terms)
