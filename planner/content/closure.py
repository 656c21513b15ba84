"""What lies before the goals: what can be reached, what has to be learned in any case, and what is missing."""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from planner.engine.arrays import RegionArrays
from planner.engine.closure import explore as explore_arrays
from planner.graph import PlanningGraph
from planner.problem import PlanningProblem


@dataclass(frozen=True, kw_only=True, eq=False)
class Region:
    """The part of the graph that a problem is about.

    Attributes:
        arrays: All of it, for kernels.
    """

    arrays: RegionArrays

    @cached_property
    def ways(self) -> Mapping[int, int]:
        """How to learn what can be learned: goals and what may come before them, outside the mastered concepts.

        By concept, in order of rank, the first pinned activity that teaches it, else the cheapest, ties by position.
        """
        concepts = self.arrays.learnable
        return dict(zip(concepts.tolist(), self.arrays.way[concepts].tolist(), strict=True))

    @cached_property
    def forced(self) -> frozenset[int]:
        """What every plan learns: the goals that can be reached, and all they require by hard prerequisites.

        What lies below mastered concepts does not belong to it.
        """
        return frozenset(np.flatnonzero(self.arrays.forced).tolist())

    @cached_property
    def unmet(self) -> Mapping[int, int]:
        """Members still needed, by group of a forced concept that mastered and forced ones do not meet; > 0."""
        groups = np.flatnonzero(self.arrays.unmet)
        return dict(zip(groups.tolist(), self.arrays.unmet[groups].tolist(), strict=True))


def explore(problem: PlanningProblem) -> Region:
    """Finds the region of a problem, in time linear in its size, but for filling arrays of the size of the graph."""
    return Region(arrays=explore_arrays(problem.graph.arrays, problem.to_arrays()))


def is_taught(problem: PlanningProblem, concept: int) -> bool:
    """Says whether a concept is not barred and some activity that may be used teaches it."""
    return concept not in problem.barred and not problem.unavailable.issuperset(problem.graph.teachers[concept])


def count_missing(graph: PlanningGraph, group: int, *known: Container[int]) -> int:
    """Returns how many members a group needs beyond those known; 0 or less: it is met.

    Args:
        graph: The curriculum.
        group: Position of the group.
        known: Sets whose members count.
    """
    found = graph.groups[group]
    return found.need - sum(any(member in each for each in known) for member in found.members)


def close_over_prerequisites(graph: PlanningGraph, start: Iterable[int], known: Container[int]) -> set[int]:
    """Returns `start` and all that it requires by hard prerequisites, without what is known and lies below that."""
    found: set[int] = set()
    waiting = list(start)
    while waiting:
        concept = waiting.pop()
        if concept not in found and concept not in known:
            found.add(concept)
            waiting.extend(graph.prerequisites[concept])
    return found


def find_missing(problem: PlanningProblem, region: Region, goal: int) -> set[int]:
    """Finds why a goal cannot be reached: concepts that nothing teaches, below it and not below anything mastered.

    Args:
        problem: The problem.
        region: Its region.
        goal: A goal that is neither mastered nor can be reached.

    Returns:
        At least one concept, barred ones included; of a group that is short of members, those below its members that
        cannot be reached.
    """
    graph = problem.graph
    missing: set[int] = set()
    seen: set[int] = set()
    waiting = [goal]
    while waiting:
        concept = waiting.pop()
        if concept in seen or concept in region.ways or concept in problem.mastered:
            continue
        seen.add(concept)
        if not is_taught(problem, concept):
            missing.add(concept)
        waiting.extend(graph.prerequisites[concept])
        for group in graph.groups_of[concept]:
            if count_missing(graph, group, problem.mastered, region.ways) > 0:
                waiting.extend(graph.groups[group].members)
    return missing
