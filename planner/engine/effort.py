"""How hard concepts are to learn, roughly, to choose among alternatives."""

from typing import Final

import numpy as np

from planner.engine.arrays import GraphArrays, Ints, ProblemArrays, RegionArrays
from planner.engine.compilation import inner, lean

MOST_EFFORT: Final = 1 << 60
"""Efforts are counted up to here, so that no sum of two overflows: what is shared counts once for each path to it."""


@inner
def estimate_effort(graph: GraphArrays, problem: ProblemArrays, region: RegionArrays) -> Ints:
    """Estimates what it costs to learn each concept of the region, in units of 0.0001, up to MOST_EFFORT.

    It is the additive heuristic h_add of planning (Bonet and Geffner, "Planning as heuristic search", 2001): a
    concept's cheapest activity plus the efforts of its prerequisites and of the cheapest members of its groups. What
    several prerequisites share is counted for each, so it ranks alternatives and is never a price. Forced concepts are
    learned in any case and count as 0, and so do pinned activities.
    """
    effort = np.zeros(len(graph.rank), dtype=np.int64)
    _add_up(graph, problem, region, effort, np.empty(len(graph.rank), dtype=np.int64))
    return effort


@lean
def _add_up(graph: GraphArrays, problem: ProblemArrays, region: RegionArrays, effort: Ints, scratch: Ints) -> None:
    """Sets the efforts of the region's concepts, from the bottom up; `scratch` has room for the members of a group."""
    for concept in region.learnable:
        if region.forced[concept] == 1:
            continue
        way = region.way[concept]
        total = problem.costs[way] * (1 - problem.pinned[way])
        for entry in range(graph.prerequisites_start[concept], graph.prerequisites_start[concept + 1]):
            total = min(total + effort[graph.prerequisites[entry]], MOST_EFFORT)  # what is mastered has effort 0
        for asked in range(graph.groups_of_start[concept], graph.groups_of_start[concept + 1]):
            group = graph.groups_of[asked]
            missing, size = graph.group_need[group], 0
            for entry in range(graph.members_start[group], graph.members_start[group + 1]):
                member = graph.members[entry]
                if problem.mastered[member] == 1:
                    missing -= 1
                elif region.way[member] >= 0:
                    scratch[size] = effort[member]
                    size += 1
            total = _add_smallest(total, scratch, size, missing)
        effort[concept] = total


@lean
def _add_smallest(total: int, values: Ints, size: int, count: int) -> int:
    """Adds the `count` smallest of the first `size` values, which it moves about; count <= size."""
    for place in range(count):
        least = place
        for other in range(place + 1, size):
            if values[other] < values[least]:
                least = other
        total = min(total + values[least], MOST_EFFORT)
        values[least] = values[place]
    return total
