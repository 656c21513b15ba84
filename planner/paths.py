"""Planning by paths, as the GraphMASAL paper is understood to do it: the baseline that the planner is measured by.

From a description only (arXiv 2511.11035): its code is not public. Candidates are cheapest paths from a mastered
concept to a weak one, and weak concepts are covered by a greedy choice of paths. What a path does not pass, it does not
teach.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from heapq import heapify, heappop, heappush

from planner.content.closure import count_missing
from planner.graph import PlanningGraph
from planner.problem import PlanningProblem, PlanSettings, pose_problem


@dataclass(frozen=True, slots=True, kw_only=True)
class PathPlan:
    """What a plan by paths comes to.

    Attributes:
        concepts: Ids in the order in which paths bring them, each once.
        dropped: Ids of the goals that no path leads to, in ascending order.
        cost_units: Of the concepts' cheapest activities, in units of 0.0001.
        path_cost_units: The same with what several paths share paid for by each.
        violations: Ids of the concepts that come before something they require, in order.
    """

    concepts: tuple[str, ...]
    dropped: tuple[str, ...]
    cost_units: int
    path_cost_units: int
    violations: tuple[str, ...]

    @property
    def repeated_units(self) -> int:
        """What is paid again for what several paths share, in units of 0.0001."""
        return self.path_cost_units - self.cost_units


def plan_by_paths(
    graph: PlanningGraph, goals: Collection[str], mastery: Mapping[str, float], settings: PlanSettings | None = None
) -> PathPlan:
    """Plans by paths; as a rule the result is no sound plan.

    The paper's, second-hand: a candidate is a cheapest path over prerequisites from any mastered concept to a weak one;
    paths are chosen greedily, most goals newly covered for their cost first, and a path covers all goals that it
    passes. So a goal without a mastered concept before it is dropped, and what chosen paths share is paid by each.

    Guessed: a path costs its concepts' cheapest activities, without the mastered one it begins at; hard prerequisites
    and memberships of groups are edges alike; no path passes what nothing teaches; ties go to the smaller id.

    Args:
        graph: The curriculum.
        goals: As for `generate_plan`.
        mastery: As for `generate_plan`.
        settings: Thresholds and costs; None: the usual ones.

    Raises:
        InvalidInputError: There are no goals or too many, or some are unknown or repeated.

    Complexity is O(E log V), and O(n^2 * length of a path) for n goals.
    """
    problem = pose_problem(graph, goals, mastery, settings or PlanSettings())
    costs = _price_concepts(problem)
    paths = _find_paths(problem, costs)
    chosen = list(_choose_paths(paths, costs))
    order = list(dict.fromkeys(concept for goal in chosen for concept in paths[goal]))
    return PathPlan(
        concepts=tuple(graph.concepts[concept].id for concept in order),
        dropped=graph.name(set(problem.goals) - problem.mastered - paths.keys()),
        cost_units=sum(costs[concept] for concept in order),
        path_cost_units=sum(costs[concept] for goal in chosen for concept in paths[goal]),
        violations=tuple(_list_violations(problem, order)),
    )


def _price_concepts(problem: PlanningProblem) -> dict[int, int]:
    """Returns the cost of the cheapest activity of each concept that something teaches."""
    costs = problem.costs.tolist()
    return {
        concept: min(costs[activity] for activity in activities)
        for concept, activities in enumerate(problem.graph.teachers)
        if activities
    }


def _find_paths(problem: PlanningProblem, costs: Mapping[int, int]) -> dict[int, list[int]]:
    """Finds the cheapest path from any mastered concept to each weak goal that has one, without its beginning."""
    graph, mastered = problem.graph, problem.mastered
    before: dict[int, int] = {}
    heap = [
        (costs[concept], concept, -1)
        for concept in {after for known in mastered for after in graph.unlocks[known]} - mastered
        if concept in costs
    ]
    heapify(heap)
    while heap:  # Dijkstra 1959, from all mastered concepts at once
        distance, concept, came_from = heappop(heap)
        if concept not in before:
            before[concept] = came_from
            for after in graph.unlocks[concept]:
                if after in costs and after not in before and after not in mastered:
                    heappush(heap, (distance + costs[after], after, concept))
    return {goal: _trace(goal, before) for goal in problem.goals if goal in before}


def _trace(goal: int, before: Mapping[int, int]) -> list[int]:
    path = [goal]
    while before[path[-1]] >= 0:
        path.append(before[path[-1]])
    return path[::-1]


def _choose_paths(paths: Mapping[int, Sequence[int]], costs: Mapping[int, int]) -> Iterator[int]:
    """Chooses goals whose paths pass all goals that have one: the most new ones for the cost, at each choice."""
    prices = {goal: sum(costs[concept] for concept in path) for goal, path in paths.items()}
    passed = {goal: paths.keys() & set(path) for goal, path in paths.items()}
    left = set(paths)
    while left:
        gains = {goal: len(left & passed[goal]) for goal in left}
        best = min(left, key=lambda goal: (Fraction(prices[goal], gains[goal]), goal))
        yield best
        left -= passed[best]


def _list_violations(problem: PlanningProblem, order: Collection[int]) -> Iterator[str]:
    graph, known = problem.graph, set(problem.mastered)
    for concept in order:
        if not known.issuperset(graph.prerequisites[concept]) or any(
            count_missing(graph, group, known) > 0 for group in graph.groups_of[concept]
        ):
            yield graph.concepts[concept].id
        known.add(concept)
