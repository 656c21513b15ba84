"""What lies before the goals: what can be reached, what has to be learned in any case, and what is missing."""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass

from planner.graph import PlanningGraph
from planner.problem import PlanningProblem


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """The part of the graph that a problem is about.

    Attributes:
        ways: The cheapest activity that teaches it, by concept that can be learned: goals and what may come before
            them, outside the mastered concepts; by rank.
        forced: Those that every plan learns: the goals that can be reached, and all that they require by hard
            prerequisites, not going below mastered concepts.
        unmet: Members still needed, by group of a forced concept that mastered and forced ones do not meet; > 0.
    """

    ways: Mapping[int, int]
    forced: frozenset[int]
    unmet: Mapping[int, int]


def explore(problem: PlanningProblem) -> Region:
    """Finds the region of a problem, in time linear in its size but for sorting by rank."""
    graph, mastered = problem.graph, problem.mastered
    ways = _find_ways(problem)
    goals = [goal for goal in problem.goals if goal in ways]
    forced = close_over_prerequisites(graph, goals, mastered)
    unmet = {
        group: missing
        for concept in sorted(forced)
        for group in graph.groups_of[concept]
        if (missing := count_missing(graph, group, mastered, forced)) > 0
    }
    return Region(ways=ways, forced=frozenset(forced), unmet=unmet)


def _find_ways(problem: PlanningProblem) -> dict[int, int]:
    graph, mastered = problem.graph, problem.mastered
    ways: dict[int, int] = {}
    for concept in sorted(_find_before(problem), key=graph.rank.__getitem__):
        if (
            graph.teachers[concept]
            and all(before in ways or before in mastered for before in graph.prerequisites[concept])
            and all(count_missing(graph, group, mastered, ways) <= 0 for group in graph.groups_of[concept])
        ):
            ways[concept] = min(graph.teachers[concept], key=problem.count_cost)
    return ways


def _find_before(problem: PlanningProblem) -> set[int]:
    """Finds the goals and all that may come before them, members of groups included, above mastered concepts."""
    graph, mastered = problem.graph, problem.mastered
    found: set[int] = set()
    waiting = [goal for goal in problem.goals if goal not in mastered]
    while waiting:
        concept = waiting.pop()
        if concept not in found:
            found.add(concept)
            waiting.extend(before for before in graph.prerequisites[concept] if before not in mastered)
            for group in graph.groups_of[concept]:
                waiting.extend(member for member in graph.groups[group].members if member not in mastered)
    return found


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
    _add_required(graph, found, start, known)
    return found


def _add_required(graph: PlanningGraph, found: set[int], start: Iterable[int], known: Container[int]) -> list[int]:
    """Adds to `found` what `start` requires by hard prerequisites, and returns what was new."""
    added = []
    waiting = list(start)
    while waiting:
        concept = waiting.pop()
        if concept not in found and concept not in known:
            found.add(concept)
            added.append(concept)
            waiting.extend(graph.prerequisites[concept])
    return added


def close_over_choices(
    problem: PlanningProblem, region: Region, start: Iterable[int], known: Container[int], effort: Mapping[int, int]
) -> set[int]:
    """Returns what has to be learned for `start`, with members chosen for each group that asks for some.

    Each group takes the members of least effort, ties by id, after those that are known or in the answer already.

    Args:
        problem: The problem.
        region: Its region.
        start: Concepts that can be reached.
        known: Concepts that count as learned, mastered ones included.
        effort: By concept that can be reached, see `estimate_effort`.
    """
    graph = problem.graph
    found: set[int] = set()
    groups: list[int] = []
    waiting = list(start)
    while waiting or groups:
        added = _add_required(graph, found, waiting, known)
        groups.extend(group for concept in added for group in graph.groups_of[concept])
        waiting = []
        while groups and not waiting:
            group = groups.pop()
            missing = count_missing(graph, group, known, found)
            if missing > 0:
                free = [
                    member
                    for member in graph.groups[group].members
                    if member in region.ways and member not in known and member not in found
                ]
                waiting = sorted(free, key=lambda member: (effort[member], member))[:missing]
    return found


def estimate_effort(problem: PlanningProblem, region: Region) -> dict[int, int]:
    """Estimates what it costs to learn each concept of the region, in units of 0.0001.

    It is the additive heuristic h_add of planning (Bonet and Geffner, "Planning as heuristic search", 2001): a
    concept's cheapest activity plus the efforts of its prerequisites and of the cheapest members of its groups. What
    several prerequisites share is counted for each, so it ranks alternatives and is never a price. Forced concepts are
    learned in any case and count as 0.
    """
    graph = problem.graph
    effort: dict[int, int] = {}
    for concept, way in region.ways.items():
        if concept in region.forced:
            effort[concept] = 0
            continue
        total = problem.count_cost(way)
        total += sum(effort.get(before, 0) for before in graph.prerequisites[concept])
        for group in graph.groups_of[concept]:
            missing = count_missing(graph, group, problem.mastered)
            if missing > 0:
                members = (effort[member] for member in graph.groups[group].members if member in effort)
                total += sum(sorted(members)[:missing])
        effort[concept] = total
    return effort


def find_missing(problem: PlanningProblem, region: Region, goal: int) -> set[int]:
    """Finds why a goal cannot be reached: concepts that nothing teaches, below it and not below anything mastered.

    Args:
        problem: The problem.
        region: Its region.
        goal: A goal that is neither mastered nor can be reached.

    Returns:
        At least one concept; of a group that is short of members, those below its members that cannot be reached.
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
        if not graph.teachers[concept]:
            missing.add(concept)
        waiting.extend(graph.prerequisites[concept])
        for group in graph.groups_of[concept]:
            if count_missing(graph, group, problem.mastered, region.ways) > 0:
                waiting.extend(graph.groups[group].members)
    return missing
