"""A curriculum as integer arrays, the form in which kernels read it."""

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Flags = NDArray[np.uint8]


class GraphArrays(NamedTuple):
    """All of `planner.graph.PlanningGraph` that kernels need, as one-dimensional arrays of int64.

    Lists of lists are in compressed rows: the entries of row i of `x` are x[x_start[i] : x_start[i + 1]], ascending.
    Concepts, groups and activities are positions, as in the graph.

    Attributes:
        rank: By concept, its place in a topological order of hard prerequisites and group members.
        by_rank: Concepts by rank.
        topic: By concept, a number for its topic, by ascending name; -1 where it has none.
        prerequisites: By concept, its hard prerequisites.
        dependents: By concept, those it is a hard prerequisite of.
        soft_prerequisites: By concept, its soft prerequisites.
        soft_dependents: By concept, those it is a soft prerequisite of.
        unlocks: By concept, its dependents and the owners of the groups it is a member of.
        group_owner: By group, the concept that asks.
        group_need: By group, how many members it needs.
        members: By group, its members.
        groups_of: By concept, the groups it asks for.
        groups_with: By concept, the groups it is a member of.
        teachers: By concept, the activities that teach it.
        sections: By activity, the concepts it teaches.
        section_minutes: Minutes of each entry of `sections`.
        activity_minutes: By activity, of the whole.
        activity_own: By activity, 1 if it is a concept's own study, else 0.
        concept_minutes: By concept, time to learn it from nothing, > 0.
        concept_difficulty: By concept, in steps of 0.0001, from 0 to 10,000.
    """

    rank: Ints
    by_rank: Ints
    topic: Ints
    prerequisites_start: Ints
    prerequisites: Ints
    dependents_start: Ints
    dependents: Ints
    soft_prerequisites_start: Ints
    soft_prerequisites: Ints
    soft_dependents_start: Ints
    soft_dependents: Ints
    unlocks_start: Ints
    unlocks: Ints
    group_owner: Ints
    group_need: Ints
    members_start: Ints
    members: Ints
    groups_of_start: Ints
    groups_of: Ints
    groups_with_start: Ints
    groups_with: Ints
    teachers_start: Ints
    teachers: Ints
    sections_start: Ints
    sections: Ints
    section_minutes: Ints
    activity_minutes: Ints
    activity_own: Ints
    concept_minutes: Ints
    concept_difficulty: Ints


def to_ints(values: Iterable[int]) -> Ints:
    """Returns integers as an array."""
    return np.fromiter(values, dtype=np.int64)


def compress(rows: Sequence[Sequence[int]]) -> tuple[Ints, Ints]:
    """Returns where the rows start, one entry more than there are rows, and all their entries."""
    starts = np.zeros(len(rows) + 1, dtype=np.int64)
    np.cumsum(to_ints(map(len, rows)), out=starts[1:])
    return starts, to_ints(chain.from_iterable(rows))


class ProblemArrays(NamedTuple):
    """What kernels need of `planner.problem.PlanningProblem`, beside its graph.

    Attributes:
        goals: Concepts, ascending, distinct; int64.
        mastered: By concept, 1 if it counts as mastered; uint8.
        costs: By activity, > 0, in units of 0.0001; int64.
        barred: By concept, 1 if it is not to be learned; uint8.
        unavailable: By activity, 1 if it is not to be used; uint8.
        pinned: By activity, 1 if it is to be done; uint8.
    """

    goals: Ints
    mastered: Flags
    costs: Ints
    barred: Flags
    unavailable: Flags
    pinned: Flags


class RegionArrays(NamedTuple):
    """What kernels need of `planner.content.closure.Region`.

    Attributes:
        way: By concept, the cheapest activity that teaches it, -1 where it cannot be learned or is not in the region;
            int64.
        forced: By concept, 1 if every plan learns it; uint8.
        unmet: By group, members still needed, 0 if it is met or its owner not forced; int64.
        learnable: Concepts that have a way, by rank; int64.
    """

    way: Ints
    forced: Flags
    unmet: Ints
    learnable: Ints


def flag(positions: Iterable[int], size: int) -> Flags:
    """Returns an array of `size` with 1 at the positions and 0 elsewhere."""
    flags = np.zeros(size, dtype=np.uint8)
    flags[to_ints(positions)] = 1
    return flags
