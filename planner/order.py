"""In which order to learn: prerequisites first, and with few changes of resource and topic."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from heapq import heappop, heappush
from typing import Final

from planner.graph import PlanningGraph

_Entry = tuple[int, int, int]  # pending soft prerequisites, first goal served, concept
_Heap = tuple[str, str]  # kind of company and its name
_ALL: Final = ("all", "")


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
        self._heaps: defaultdict[_Heap, list[_Entry]] = defaultdict(list)

    def join(self, concept: int) -> None:
        """Adds a concept that is ready, or moves it up."""
        self._ready.add(concept)
        entry = self._pending_soft[concept], self._first_goal[concept], concept
        for name in self._list_heaps(concept):
            heappush(self._heaps[name], entry)

    def pop(self, previous: int | None) -> int:
        """Takes the next concept out; `previous` is the one before."""
        names = [_ALL] if previous is None else self._list_heaps(previous)
        firsts = [entry for name in names for entry in self._refresh(name)[:1]]
        fewest = min(firsts)[0]
        concept = next(concept for pending, _, concept in firsts if pending == fewest)
        self._ready.remove(concept)
        for after in self._graph.soft_dependents[concept]:
            self._pending_soft[after] -= 1
            if after in self._ready:
                self.join(after)
        return concept

    def _list_heaps(self, concept: int) -> list[_Heap]:
        """Names the heaps a concept stands in, the closest company first."""
        activity, topic = self._teachers[concept], self._graph.concepts[concept].topic
        names = [] if self._graph.activities[activity].own else [("resource", str(activity))]
        return [*names, ("topic", topic), _ALL] if topic else [*names, _ALL]

    def _refresh(self, name: _Heap) -> list[_Entry]:
        """Returns a heap whose first entry, if it has one, is up to date."""
        heap = self._heaps[name]
        while heap and not (heap[0][2] in self._ready and heap[0][0] == self._pending_soft[heap[0][2]]):
            heappop(heap)
        return heap
