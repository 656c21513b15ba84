"""Pinned resources: which of them teaches what they share, so that each has something to teach."""

from collections.abc import Mapping
from dataclasses import replace

from planner.content.cover import Cover
from planner.problem import PlanningProblem


def list_pinned_teachers(problem: PlanningProblem) -> dict[int, list[int]]:
    """Returns the pinned resources by concept that is to be learned by them, both ascending."""
    teachers: dict[int, list[int]] = {}
    for resource in sorted(problem.pinned):
        for concept in problem.graph.activities[resource].sections.keys() - problem.mastered:
            teachers.setdefault(concept, []).append(resource)
    return dict(sorted(teachers.items()))


def share_pinned(problem: PlanningProblem) -> Mapping[int, int] | None:
    """Chooses the resource by which each concept of pinned resources is learned, so that each of them has one.

    A concept is learned by one activity, so resources that share concepts may be too many for them. Augmenting paths
    of bipartite matching (Kuhn 1955) find whether they are.

    Returns:
        Resource by concept; None: there is no such choice.

    Complexity is O(pinned resources * their sections).
    """
    teachers = list_pinned_teachers(problem)
    chosen: dict[int, int] = {}
    for resource in sorted(problem.pinned):
        if not _give(problem, resource, chosen):
            return None
    return {concept: chosen.get(concept, offered[0]) for concept, offered in teachers.items()}


def _give(problem: PlanningProblem, resource: int, chosen: dict[int, int]) -> bool:
    """Gives a resource a concept, another one to the resource that had it, and so on; False: that cannot be."""
    seen: set[int] = set()
    takes: dict[int, tuple[int, int]] = {}  # by resource, who takes which concept from it
    waiting = [resource]
    while waiting:
        taker = waiting.pop()
        for concept in sorted(problem.graph.activities[taker].sections.keys() - problem.mastered - seen):
            seen.add(concept)
            holder = chosen.get(concept)
            if holder is None:
                chosen[concept] = taker
                while taker in takes:
                    taker, taken = takes[taker]
                    chosen[taken] = taker
                return True
            takes[holder] = taker, concept
            waiting.append(holder)
    return False


def assign_pinned(problem: PlanningProblem, cover: Cover) -> Cover:
    """Returns a cover in which each pinned resource teaches something; it is the same where nothing is pinned.

    Args:
        problem: Its pinned resources can be shared out.
        cover: One that learns all that they teach.
    """
    if not problem.pinned:
        return cover
    teachers = {**cover.teachers, **(share_pinned(problem) or {})}
    cost = sum(map(problem.count_cost, set(teachers.values())))
    return replace(cover, teachers=teachers, cost_units=cost)
