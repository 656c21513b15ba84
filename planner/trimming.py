"""Dropping what a selection can do without."""

from collections import Counter
from collections.abc import Set
from dataclasses import dataclass
from heapq import heapify, heappop, heappush

from planner.closure import Region, count_missing
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

    Where one of several could go, it is the dearest, ties by id; a concept is as dear as its cheapest activity.
    Nothing more can be dropped from the answer.

    Args:
        problem: The problem.
        region: Its region; forced concepts stay.
        selection: What to trim, all of it in the region; it is not changed.
    """
    concepts = _drop_concepts(problem, region, selection.concepts)
    return Selection(concepts, _drop_activities(problem, concepts, selection.activities))


def _drop_concepts(problem: PlanningProblem, region: Region, concepts: Set[int]) -> set[int]:
    graph = problem.graph
    kept = set(concepts)
    heap = [(-problem.count_cost(region.ways[concept]), concept) for concept in kept - region.forced]
    heapify(heap)
    while heap:
        _, concept = heappop(heap)
        if concept not in kept or _is_needed(problem, concept, kept):
            continue
        kept.remove(concept)
        members = (graph.groups[group].members for group in graph.groups_of[concept])
        for before in (kept & set().union(graph.prerequisites[concept], *members)) - region.forced:
            heappush(heap, (-problem.count_cost(region.ways[before]), before))
    return kept


def _is_needed(problem: PlanningProblem, concept: int, kept: Set[int]) -> bool:
    graph = problem.graph
    return not kept.isdisjoint(graph.dependents[concept]) or any(
        graph.groups[group].owner in kept and count_missing(graph, group, problem.mastered, kept) == 0
        for group in graph.groups_with[concept]
    )


def _drop_activities(problem: PlanningProblem, concepts: Set[int], activities: Set[int]) -> set[int]:
    sections = {activity: concepts & problem.graph.activities[activity].sections.keys() for activity in activities}
    teachers = Counter(concept for taught in sections.values() for concept in taught)
    kept = set(activities)
    for activity in sorted(activities, key=lambda activity: (-problem.count_cost(activity), activity)):
        if all(teachers[concept] > 1 for concept in sections[activity]):
            kept.remove(activity)
            teachers.subtract(sections[activity])
    return kept
