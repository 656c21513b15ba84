"""What costs are multiples of, and what parts of a unit prices are counted in."""

from typing import Final

from planner.engine.arrays import GraphArrays, Ints, ProblemArrays, RegionArrays
from planner.engine.compilation import inner, lean

_FINEST: Final = 1 << 20
_LARGEST: Final = 1 << 61


@inner
def find_scale(costs: Ints) -> int:
    """Returns the parts of a unit that prices are counted in: a power of two, so that all costs fit into 61 bits."""
    total = max(1, costs.sum())
    scale = _FINEST
    while scale > 1 and total > _LARGEST // scale:
        scale >>= 1
    return scale


@lean
def find_step(graph: GraphArrays, problem: ProblemArrays, region: RegionArrays) -> int:
    """Returns the greatest common divisor of what activities of a plan cost: the cost of a plan is a multiple."""
    step = 0
    for activity in range(len(problem.pinned)):
        if problem.pinned[activity] == 1:
            step = find_divisor(step, problem.costs[activity])
    for concept in region.learnable:
        for place in range(graph.teachers_start[concept], graph.teachers_start[concept + 1]):
            if problem.unavailable[graph.teachers[place]] == 0:
                step = find_divisor(step, problem.costs[graph.teachers[place]])
    return max(step, 1)


@lean
def find_divisor(one: int, other: int) -> int:
    """Returns the greatest common divisor of two numbers >= 0."""
    while one:
        one, other = other % one, one
    return other
