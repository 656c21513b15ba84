"""Stages of an order: all steps of a stage come before any of the next."""

import numpy as np

from planner.engine.arrays import Ints
from planner.engine.compilation import inner
from planner.engine.order_precedence import Precedence, compress_arcs


@inner
def set_levels(precedence: Precedence, goals: Ints, levels: Ints, last: int) -> Ints:
    """Finds for each step the lowest level of the goals that it is needed for.

    Args:
        precedence: Of the plan, without a circle.
        goals: Concepts; those that the plan does not have are passed over.
        levels: Of each goal.
        last: Level of the steps that no goal needs, at least as high as all others.

    Returns:
        By step, its level.

    Complexity is linear in the plan.
    """
    lowest = np.full(len(precedence.sorted), last, dtype=np.int64)
    for goal in range(len(goals)):
        step = precedence.place[goals[goal]]
        if step >= 0:
            lowest[step] = min(lowest[step], levels[goal])
    for place in range(len(lowest) - 1, -1, -1):
        step = precedence.sorted[place]
        for arc in range(precedence.start[step], precedence.start[step + 1]):
            lowest[step] = min(lowest[step], lowest[precedence.after[arc]])
    return lowest


@inner
def gather_stages(levels: Ints) -> tuple[Ints, Ints]:
    """Returns the steps by ascending level, and where each stage of equal levels starts among them, and the end.

    Args:
        levels: By step, >= 0; at least one.

    Complexity is linear in the number of steps and the highest level.
    """
    starts, stages = compress_arcs(levels.max() + 1, levels, np.arange(len(levels)))
    count = 0
    for level in range(len(starts) - 1):
        if starts[level] < starts[level + 1]:
            starts[count] = starts[level]
            count += 1
    starts[count] = len(levels)
    return stages, starts[: count + 1]
