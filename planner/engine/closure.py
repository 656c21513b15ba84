"""What lies before the goals: what can be learned, what has to be in any case, and which groups are unmet by that."""

import numpy as np

from planner.engine.arrays import Flags, GraphArrays, Ints, ProblemArrays, RegionArrays
from planner.engine.compilation import inner, kernel, lean


@inner
def find_region(graph: GraphArrays, problem: ProblemArrays) -> RegionArrays:
    """Finds the region of a problem, see `planner.content.closure.Region`.

    Complexity is linear in the size of the region, but for filling a few flat arrays of the size of the graph.
    """
    size = len(graph.rank)
    line = np.empty(size, dtype=np.int64)
    seen, forced = np.zeros(size, dtype=np.uint8), np.zeros(size, dtype=np.uint8)
    way = np.full(size, -1, dtype=np.int64)
    unmet = np.zeros(len(graph.group_owner), dtype=np.int64)
    end = _find_before(graph, problem, seen, line)
    end = _find_ways(graph, problem, seen, way, line[:end])
    learnable = line[:end].copy()
    _find_forced(graph, problem, way, forced, line)
    _find_unmet(graph, problem, forced, learnable, unmet)
    return RegionArrays(way, forced, unmet, learnable)


explore = kernel(find_region)


@lean
def _find_before(graph: GraphArrays, problem: ProblemArrays, seen: Flags, line: Ints) -> int:
    """Finds the goals and all that may come before them, members of groups included, above mastered concepts.

    Args:
        graph: The curriculum.
        problem: The problem.
        seen: By rank, 1 where the concept has been found; changed.
        line: Room for what is found.

    Returns:
        How many there are.
    """
    rank, mastered = graph.rank, problem.mastered
    place, end = 0, 0
    for goal in problem.goals:
        if mastered[goal] == 0 and seen[rank[goal]] == 0:
            seen[rank[goal]] = 1
            line[end] = goal
            end += 1
    while place < end:
        concept = line[place]
        place += 1
        for entry in range(graph.prerequisites_start[concept], graph.prerequisites_start[concept + 1]):
            before = graph.prerequisites[entry]
            if mastered[before] == 0 and seen[rank[before]] == 0:
                seen[rank[before]] = 1
                line[end] = before
                end += 1
        for asked in range(graph.groups_of_start[concept], graph.groups_of_start[concept + 1]):
            group = graph.groups_of[asked]
            for entry in range(graph.members_start[group], graph.members_start[group + 1]):
                before = graph.members[entry]
                if mastered[before] == 0 and seen[rank[before]] == 0:
                    seen[rank[before]] = 1
                    line[end] = before
                    end += 1
    return end


@lean
def _find_ways(graph: GraphArrays, problem: ProblemArrays, seen: Flags, way: Ints, line: Ints) -> int:
    """Finds how to learn what can be learned, from the bottom up.

    Args:
        graph: The curriculum.
        problem: The problem.
        seen: By rank, 1 where the concept comes before a goal.
        way: By concept, -1; set to the way of those that can be learned.
        line: All concepts seen; those that can be learned come to stand first, by rank.

    Returns:
        How many can be learned.
    """
    first, last = len(seen), -1
    for concept in line:
        first, last = min(first, graph.rank[concept]), max(last, graph.rank[concept])
    end = 0
    for rank in range(first, last + 1):
        if seen[rank] == 1:
            concept = graph.by_rank[rank]
            if problem.barred[concept] == 0 and _is_open(graph, problem, way, concept):
                way[concept] = _find_way(graph, problem, concept)
                if way[concept] >= 0:
                    line[end] = concept
                    end += 1
    return end


@lean
def _is_open(graph: GraphArrays, problem: ProblemArrays, way: Ints, concept: int) -> bool:
    """Says whether what a concept requires is mastered or can be learned."""
    for entry in range(graph.prerequisites_start[concept], graph.prerequisites_start[concept + 1]):
        before = graph.prerequisites[entry]
        if way[before] < 0 and problem.mastered[before] == 0:
            return False
    for asked in range(graph.groups_of_start[concept], graph.groups_of_start[concept + 1]):
        group = graph.groups_of[asked]
        missing = graph.group_need[group]
        for entry in range(graph.members_start[group], graph.members_start[group + 1]):
            before = graph.members[entry]
            if way[before] >= 0 or problem.mastered[before] == 1:
                missing -= 1
        if missing > 0:
            return False
    return True


@lean
def _find_way(graph: GraphArrays, problem: ProblemArrays, concept: int) -> int:
    """Returns the first pinned activity that teaches a concept, else the cheapest, ties by position; -1: none does."""
    best = -1
    for entry in range(graph.teachers_start[concept], graph.teachers_start[concept + 1]):
        activity = int(graph.teachers[entry])
        if problem.unavailable[activity] == 0:
            if problem.pinned[activity] == 1:
                return activity
            if best < 0 or problem.costs[activity] < problem.costs[best]:
                best = activity
    return best


@lean
def _find_forced(graph: GraphArrays, problem: ProblemArrays, way: Ints, forced: Flags, line: Ints) -> None:
    """Flags the goals that can be learned, and what they require by hard prerequisites above mastered concepts."""
    place, end = 0, 0
    for goal in problem.goals:
        if way[goal] >= 0:
            forced[goal] = 1
            line[end] = goal
            end += 1
    while place < end:
        concept = line[place]
        place += 1
        for entry in range(graph.prerequisites_start[concept], graph.prerequisites_start[concept + 1]):
            before = graph.prerequisites[entry]
            if way[before] >= 0 and forced[before] == 0:
                forced[before] = 1
                line[end] = before
                end += 1


@lean
def _find_unmet(graph: GraphArrays, problem: ProblemArrays, forced: Flags, learnable: Ints, unmet: Ints) -> None:
    """Counts what groups of forced concepts still need beyond mastered and forced members."""
    for concept in learnable:
        if forced[concept] == 1:
            for asked in range(graph.groups_of_start[concept], graph.groups_of_start[concept + 1]):
                group = graph.groups_of[asked]
                unmet[group] = max(0, count_missing(graph, group, problem.mastered, forced))


@lean
def count_missing(graph: GraphArrays, group: int, known: Flags, more: Flags) -> int:
    """Returns how many members a group needs beyond those flagged in either array; 0 or less: it is met."""
    missing = int(graph.group_need[group])
    for entry in range(graph.members_start[group], graph.members_start[group + 1]):
        if known[graph.members[entry]] == 1 or more[graph.members[entry]] == 1:
            missing -= 1
    return missing
