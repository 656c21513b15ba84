"""How long one query takes, in milliseconds."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Final, TypeVar

import numpy as np

WARM_UP: Final = 5
"""Queries that are asked before the clock runs."""
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """Milliseconds of one query each.

    Attributes:
        middle: The median.
        worst: The 99th percentile.
        count: How many were timed.
    """

    middle: float
    worst: float
    count: int


def time_calls(calls: Sequence[Callable[[], Result]], *, warm_up: int = WARM_UP) -> tuple[list[Result], Times]:
    """Makes each call once, timed by itself.

    Args:
        calls: One query each, at least one.
        warm_up: How many of them are made before, unmeasured; 0: the first one meets everything cold.

    Returns:
        What each call returned, and the times.
    """
    for call in calls[:warm_up]:
        call()
    results, times = [], []
    for call in calls:
        began = perf_counter()
        results.append(call())
        times.append((perf_counter() - began) * 1000.0)
    middle, worst = np.quantile(times, [0.5, 0.99])
    return results, Times(middle=float(middle), worst=float(worst), count=len(times))
