"""In which order to learn: prerequisites first, and with few changes of resource and topic."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from heapq import heappop, heappush

from planner.graph import PlanningGraph

_Entry = tuple[int, int, int]  # pending soft prerequisites, first goal served, concept


def trace_goals(graph: PlanningGraph, concepts: Collection[int], goals: Sequence[int]) -> dict[int, int]:
    """Finds the goals that each concept of a plan serves, itself included where it is one.

    Args:
        graph: The curriculum.
        concepts: Those to learn.
        goals: Those of the plan.

    Returns:
        By concept, a set of positions in `goals` as bits.
    """
    own = {goal: 1 << position for position, goal in enumerate(goals)}
    served: dict[int, int] = {}
    for concept in sorted(concepts, key=graph.rank.__getitem__, reverse=True):
        goals_served = own.get(concept, 0)
        for after in graph.unlocks[concept]:
            goals_served |= served.get(after, 0)
        served[concept] = goals_served
    return served


def arrange(graph: PlanningGraph, teachers: Mapping[int, int], served: Mapping[int, int]) -> list[int]:
    """Orders concepts so that hard prerequisites and chosen members of groups come first (Kahn 1962).

    Among those that are ready, the ones with the fewest soft prerequisites of the plan still to come go first; of
    these one of the resource before, else of the topic before; of these the one that serves the first goal, then the
    one with the smallest id. Soft prerequisites never stand in the way.

    Args:
        graph: The curriculum.
        teachers: Activity by concept to learn.
        served: By concept, see `trace_goals`.

    Complexity is O((V + E) log V) in the part of the graph to learn.
    """
    line = _Line(graph, teachers, served)
    pending = Counter(after for concept in teachers for after in graph.unlocks[concept] if after in teachers)
    for concept in teachers:
        if concept not in pending:
            line.join(concept)
    order: list[int] = []
    while len(order) < len(teachers):
        concept = line.pop(order[-1] if order else None)
        order.append(concept)
        for after in graph.unlocks[concept]:
            if after in teachers:
                pending[after] -= 1
                if pending[after] == 0:
                    line.join(after)
    return order


class _Line:
    """Concepts that are ready, as a heap of all, one for each resource and one for each topic.

    A concept stands in several heaps and joins again when a soft prerequisite is placed; entries that are out of date
    are dropped when they come up.
    """

    def __init__(self, graph: PlanningGraph, teachers: Mapping[int, int], served: Mapping[int, int]) -> None:
        self._graph, self._teachers = graph, teachers
        self._first_goal = {concept: goals & -goals for concept, goals in served.items()}
        self._pending_soft = Counter(
            after for concept in teachers for after in graph.soft_dependents[concept] if after in teachers
        )
        self._ready: set[int] = set()
        self._heaps: defaultdict[object, list[_Entry]] = defaultdict(list)

    def join(self, concept: int) -> None:
        """Adds a concept that is ready, or moves it up."""
        self._ready.add(concept)
        entry = self._pending_soft[concept], self._first_goal[concept], concept
        for name in self._list_heaps(concept):
            heappush(self._heaps[name], entry)

    def pop(self, previous: int | None) -> int:
        """Takes the next concept out; `previous` is the one before."""
        best = self._find_first("all")
        assert best is not None, "the graph has no circles, so some concept is ready"
        if previous is not None:
            for name in self._list_heaps(previous)[1:]:
                near = self._find_first(name)
                if near is not None and near[0] == best[0]:
                    best = near
                    break
        concept = best[2]
        self._ready.remove(concept)
        for after in self._graph.soft_dependents[concept]:
            self._pending_soft[after] -= 1
            if after in self._ready:
                self.join(after)
        return concept

    def _list_heaps(self, concept: int) -> list[object]:
        """Names the heaps a concept stands in: all, its resource, its topic."""
        names: list[object] = ["all"]
        if not self._graph.activities[self._teachers[concept]].own:
            names.append(("resource", self._teachers[concept]))
        if topic := self._graph.concepts[concept].topic:
            names.append(("topic", topic))
        return names

    def _find_first(self, name: object) -> _Entry | None:
        heap = self._heaps[name]
        while heap and (heap[0][2] not in self._ready or heap[0][0] != self._pending_soft[heap[0][2]]):
            heappop(heap)
        return heap[0] if heap else None
