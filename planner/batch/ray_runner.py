"""Parts of a batch as tasks of a Ray cluster; needs the extra `ray`, and folders that all machines see."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import ray

from planner.batch.job import Part
from planner.batch.partition import PartOutcome
from planner.batch.process_runner import run_part


@dataclass(frozen=True, slots=True, kw_only=True)
class RayRunner:
    """Runs each part as a task.

    Attributes:
        address: Of the cluster, such as "auto" or "ray://host:10001"; None: one is started on this machine.
    """

    address: str | None = None

    def run(self, parts: Sequence[Part]) -> Iterator[PartOutcome]:
        """See `planner.batch.job.Runner`."""
        was_there = ray.is_initialized()
        if not was_there:
            ray.init(address=self.address, include_dashboard=False, log_to_driver=False, logging_level=logging.WARNING)
        try:
            task: Any = ray.remote(run_part)
            waiting = [task.remote(part) for part in parts]
            while waiting:
                done, waiting = ray.wait(waiting)
                yield from ray.get(done)
        finally:
            if not was_there:
                ray.shutdown()
