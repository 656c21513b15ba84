"""Times, ratios, and whether a plan is what it is to be, found out without the planner's own code."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from time import perf_counter

from planner.graph import PlanningGraph
from planner.problem import PlanningProblem


@dataclass(frozen=True, slots=True)
class Spread:
    """Several values of one measure; there is at least one.

    Attributes:
        values: In the order they were taken.
    """

    values: Sequence[float]

    @property
    def middle(self) -> float:
        """The median."""
        return median(self.values)

    @property
    def mean(self) -> float:
        """The arithmetic mean."""
        return sum(self.values) / len(self.values)

    @property
    def worst(self) -> float:
        """The largest."""
        return max(self.values)


def time_call(call: Callable[[], object], *, runs: int = 5) -> float:
    """Returns the median of the milliseconds that a call takes; other work on the machine hardly moves a median."""
    times = []
    for _ in range(runs):
        began = perf_counter()
        call()
        times.append(perf_counter() - began)
    return median(times) * 1000


def find_faults(
    problem: PlanningProblem, order: Sequence[int], teachers: Mapping[int, int], cost_units: int
) -> Iterator[str]:
    """Yields, as sentences, what is wrong with a plan.

    It looks at the curriculum only: each step is taught by its activity, comes after what it requires, and is there
    once; each goal is mastered, learned or cannot be reached; and the cost is that of the distinct activities.

    Args:
        problem: Without vetoes, pins and extra orders.
        order: Concepts in the order in which they are learned.
        teachers: Activity by concept.
        cost_units: What the plan says that it costs.
    """
    graph, names = problem.graph, problem.graph.concepts
    if len(set(order)) < len(order) or set(order) != teachers.keys():
        yield "the order and the concepts to learn differ"
    yield from (
        f"{names[concept].id} is not taught by {graph.activities[activity].id}"
        for concept, activity in teachers.items()
        if concept not in graph.activities[activity].sections
    )
    yield from (f"{names[step].id} misses what it requires" for step in find_violations(problem, order))
    reachable = find_reachable(problem)
    yield from (
        f"goal {names[goal].id} can be reached and is not covered"
        for goal in problem.goals
        if goal in reachable and goal not in teachers and goal not in problem.mastered
    )
    cost = sum(int(problem.costs[activity]) for activity in set(teachers.values()))
    if cost != cost_units:
        yield f"activities cost {cost} and not {cost_units}"


def find_violations(problem: PlanningProblem, order: Sequence[int]) -> Iterator[int]:
    """Yields the steps before which something that they require is neither known nor learned."""
    known = set(problem.mastered)
    for concept in order:
        if not is_ready(problem.graph, concept, known):
            yield concept
        known.add(concept)


def is_ready(graph: PlanningGraph, concept: int, known: Collection[int]) -> bool:
    """Says whether all that a concept requires is known."""
    return all(before in known for before in graph.prerequisites[concept]) and all(
        sum(member in known for member in graph.groups[group].members) >= graph.groups[group].need
        for group in graph.groups_of[concept]
    )


def find_reachable(problem: PlanningProblem) -> set[int]:
    """Returns the concepts of the whole curriculum that can come to be known."""
    graph = problem.graph
    known = set(problem.mastered)
    for concept in graph.arrays.by_rank.tolist():
        if graph.teachers[concept] and is_ready(graph, concept, known):
            known.add(concept)
    return known
