"""Planning by paths, as the GraphMASAL paper is understood to do it: the baseline that the planner is measured by.

From a description only (arXiv 2511.11035): its code is not public. Candidates are cheapest paths from a mastered
concept to a weak one, and weak concepts are covered by a greedy choice of paths. What a path does not pass, it does not
teach.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import networkx as nx

from planner.closure import count_missing
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
    """Plans by paths.

    From the paper: paths from mastered to weak concepts, chosen greedily by what they cover for their cost. Ours, where
    nothing is known: a path's cost is that of its concepts' cheapest activities, without the mastered one it begins at;
    edges are hard prerequisites and memberships of groups alike; a goal that nothing comes before is dropped; ties go
    to the smaller id.

    Args:
        graph: The curriculum.
        goals: As for `generate_plan`.
        mastery: As for `generate_plan`.
        settings: Thresholds and costs; None: the usual ones.

    Raises:
        InvalidInputError: There are no goals or too many, or some are unknown or repeated.

    Complexity is O(E + V log V), and O(n^2 * length of a path) for n goals.
    """
    problem = pose_problem(graph, goals, mastery, settings or PlanSettings())
    paths = _find_paths(problem)
    chosen = _choose_paths(problem, paths)
    order = list(dict.fromkeys(concept for goal in chosen for concept in paths[goal]))
    costs = {concept: _count_cost(problem, concept) for path in paths.values() for concept in path}
    return PathPlan(
        concepts=tuple(graph.concepts[concept].id for concept in order),
        dropped=graph.name(set(problem.goals) - problem.mastered - paths.keys()),
        cost_units=sum(costs[concept] for concept in order),
        path_cost_units=sum(costs[concept] for goal in chosen for concept in paths[goal]),
        violations=tuple(_list_violations(problem, order)),
    )


def _find_paths(problem: PlanningProblem) -> dict[int, list[int]]:
    """Finds the cheapest path from any mastered concept to each weak goal that has one, without its beginning."""
    graph = problem.graph
    edges: nx.DiGraph[int] = nx.DiGraph()
    edges.add_nodes_from(range(len(graph.concepts)))
    for concept, unlocked in enumerate(graph.unlocks):
        edges.add_edges_from((concept, after) for after in unlocked if after not in problem.mastered)
    if not problem.mastered:
        return {}
    found: Any = nx.multi_source_dijkstra(
        edges, problem.mastered, weight=lambda _before, after, _data: _count_cost(problem, after)
    )
    paths: Mapping[int, list[int]] = found[1]
    goals = [goal for goal in problem.goals if goal in paths and goal not in problem.mastered]
    return {goal: paths[goal][1:] for goal in goals}


def _count_cost(problem: PlanningProblem, concept: int) -> int:
    """Returns the cost of a concept's cheapest activity; one that nothing teaches costs nothing here."""
    return min(map(problem.count_cost, problem.graph.teachers[concept]), default=0)


def _choose_paths(problem: PlanningProblem, paths: Mapping[int, list[int]]) -> list[int]:
    """Chooses paths until all goals that have one are passed: the most new goals for the cost, at each choice."""
    costs = {goal: sum(_count_cost(problem, concept) for concept in path) for goal, path in paths.items()}
    passed = {goal: paths.keys() & set(path) for goal, path in paths.items()}
    left, chosen = set(paths), list[int]()
    while left:
        best = min(left, key=lambda goal: (costs[goal] / len(passed[goal] & left), goal))
        chosen.append(best)
        left -= passed[best]
    return chosen


def _list_violations(problem: PlanningProblem, order: Collection[int]) -> Iterator[str]:
    graph, known = problem.graph, set(problem.mastered)
    for concept in order:
        if not known.issuperset(graph.prerequisites[concept]) or any(
            count_missing(graph, group, known) > 0 for group in graph.groups_of[concept]
        ):
            yield graph.concepts[concept].id
        known.add(concept)
