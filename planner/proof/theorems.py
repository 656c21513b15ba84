"""Which of the theorems on plans applies to a problem; docs name them T1 and T2."""

from collections import Counter
from math import fsum

from planner.content.closure import Region, count_missing
from planner.problem import PlanningProblem


def find_theorem(problem: PlanningProblem, region: Region) -> tuple[str, float]:
    """Says what holds for the plan of a problem without reckoning it.

    T1: groups are met and each forced concept has one activity, so the forced concepts are the unique minimal plan.
    T2: each member of an unmet group has what it requires among mastered and forced concepts, so the problem is a
    weighted set cover, or a submodular one where groups need several members, and the greedy of
    `planner.content.cover` is within H(d) = 1 + 1/2 + ... + 1/d of the optimum, d the largest number of obligations
    that one activity meets (Chvátal 1979, Wolsey 1982). Activities without an alternative, taken first, are in every
    cover, and what is left is again such a problem with no larger d; trimming and exchanges only lower the cost.

    Returns:
        "T1" and 1, "T2" and H(d), or "" and 0.
    """
    if applies_t1(problem, region):
        return "T1", 1.0
    if applies_t2(problem, region):
        return "T2", find_guarantee(problem, region)
    return "", 0.0


def applies_t1(problem: PlanningProblem, region: Region) -> bool:
    """Says whether T1 applies."""
    return not region.unmet and all(len(problem.graph.teachers[concept]) == 1 for concept in region.forced)


def applies_t2(problem: PlanningProblem, region: Region) -> bool:
    """Says whether T2 applies."""
    graph, mastered, forced = problem.graph, problem.mastered, region.forced
    return all(
        all(before in mastered or before in forced for before in graph.prerequisites[member])
        and all(count_missing(graph, inner, mastered, forced) <= 0 for inner in graph.groups_of[member])
        for group in region.unmet
        for member in graph.groups[group].members
        if member not in mastered and member not in forced
    )


def find_guarantee(problem: PlanningProblem, region: Region) -> float:
    """Returns H(d) of T2, >= 1, whether or not T2 applies."""
    graph = problem.graph
    gains: Counter[int] = Counter(activity for concept in region.forced for activity in graph.teachers[concept])
    for group, need in region.unmet.items():
        outside = (
            member
            for member in graph.groups[group].members
            if member not in problem.mastered and member not in region.forced
        )
        members = Counter(activity for member in outside for activity in graph.teachers[member])
        gains.update({activity: min(count, need) for activity, count in members.items()})
    largest = max(gains.values(), default=1)
    return fsum(1 / each for each in range(1, largest + 1))
