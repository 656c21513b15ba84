"""Dropping what a selection can do without."""

from dataclasses import dataclass

import numpy as np

from planner.content.closure import Region
from planner.engine.arrays import flag
from planner.engine.trimming import trim as trim_arrays
from planner.problem import PlanningProblem


@dataclass(frozen=True, slots=True)
class Selection:
    """Concepts to learn, and activities that teach them all.

    Attributes:
        concepts: Closed over what they require.
        activities: Each concept is taught by at least one.
    """

    concepts: set[int]
    activities: set[int]


def trim(problem: PlanningProblem, region: Region, selection: Selection) -> Selection:
    """Drops concepts that nothing needs, then activities whose concepts are all taught by others (reverse-delete).

    Where one of several could go, it is the dearest, ties by position; a concept is as dear as its way. Pinned
    activities stay. Nothing more can be dropped from the answer.

    Args:
        problem: The problem.
        region: Its region; forced concepts stay.
        selection: What to trim, all of it in the region; it is not changed.
    """
    graph = problem.graph
    concepts = flag(selection.concepts, len(graph.concepts))
    activities = flag(selection.activities, len(graph.activities))
    trim_arrays(graph.arrays, problem.to_arrays(), region.arrays, concepts, activities)
    return Selection(set(np.flatnonzero(concepts).tolist()), set(np.flatnonzero(activities).tolist()))
