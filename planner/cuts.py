"""Sets of activities of which every plan does at least one, found where groups leave a choice, and their prices."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from typing import Final

from planner.closure import Region, count_missing
from planner.problem import PlanningProblem

_MOST_HEIGHTS: Final = 20_000
"""Largest number of heights to reckon anew, some 40 ms; a large problem gets fewer cuts and so a weaker bound."""


@dataclass(frozen=True, slots=True)
class _Choice:
    """Concepts of which so many are learned that every `width` of them include one that is.

    Attributes:
        members: At least one.
        width: From 1 to the number of members.
    """

    members: Sequence[int]
    width: int

    def find_hardest(self, height: Mapping[int, int]) -> Sequence[int]:
        """Returns the `width` highest members, in descending order."""
        if len(self.members) == 1:
            return self.members
        return sorted(self.members, key=lambda member: (-height[member], member))[: self.width]


def price_cuts(problem: PlanningProblem, region: Region, left: dict[int, int]) -> int:
    """Prices cuts until the unmet groups come free, the hardest first: LM-cut, for choices instead of operators.

    A group that needs k of its n members that can be learned has one learned of every n - k + 1. Take the hardest of
    these, and go on from each member: an activity teaches it, or it is replaced by the hardest of what it requires.
    Every plan does one of the activities met in this way: a row with demand 1, which may be priced at the least that
    they have left. The height of a concept, the least that its activities have left plus the height of its hardest
    requirement (h_max), leads to cuts in which all have something left. Sources: Helmert and Domshlak, "Landmarks,
    critical paths and abstractions", ICAPS 2009; h_max: Bonet and Geffner 2001. Forced concepts count as learned.

    Args:
        problem: The problem.
        region: Its region.
        left: What activities have left of their costs, by activity, >= 0; the prices are taken off.

    Returns:
        The sum of the prices, in the units of `left`.

    Complexity is O(cuts * heights that a cut changes); cuts end when some 20,000 heights have been reckoned anew.
    """
    heights = _Heights(problem, region, left)
    value = 0
    # Heights only fall, so a choice whose height is up to date when it comes up is the hardest.
    heap = [(-heights.measure(choice), number) for number, choice in enumerate(heights.open)]
    heapify(heap)
    while heap and heap[0][0] < 0 and heights.reckoned < _MOST_HEIGHTS:
        believed, number = heappop(heap)
        choice = heights.open[number]
        if heights.measure(choice) == -believed:
            cut = heights.find_cut(choice)
            price = min(left[activity] for activity in cut)
            for activity in cut:
                left[activity] -= price
            heights.update(cut)
            value += price
        heappush(heap, (-heights.measure(choice), number))
    return value


class _Heights:
    """How hard it is at least to learn each concept outside the forced ones.

    Attributes:
        open: The choices that the unmet groups leave.
        reckoned: Number of heights that were reckoned anew.
    """

    def __init__(self, problem: PlanningProblem, region: Region, left: Mapping[int, int]) -> None:
        self._problem, self._region, self._graph, self._left = problem, region, problem.graph, left
        self._choices = {
            concept: self._list_requirements(concept) for concept in region.ways if concept not in region.forced
        }
        self._height: dict[int, int] = {}
        self._below: dict[int, Sequence[int]] = {}
        for concept in self._choices:
            self._reckon(concept)
        self.open = [choice for group in region.unmet for choice in self._read_group(group)]
        self.reckoned = 0

    def measure(self, choice: _Choice) -> int:
        """Returns the height that its hardest members have at least."""
        return self._height[choice.find_hardest(self._height)[-1]]

    def find_cut(self, choice: _Choice) -> set[int]:
        """Finds a cut for a choice of height above 0, of activities that all have something left."""
        cut: set[int] = set()
        seen: set[int] = set()
        waiting = list(choice.find_hardest(self._height))
        while waiting:
            concept = waiting.pop()
            if concept in seen:
                continue
            seen.add(concept)
            teachers = self._graph.teachers[concept]
            if all(self._left[activity] for activity in teachers):
                cut.update(teachers)
            else:
                waiting.extend(self._below[concept])
        return cut

    def update(self, activities: Iterable[int]) -> None:
        """Reckons anew what depends on what activities have left, from the bottom up."""
        rank = self._graph.rank
        taught = {concept for activity in activities for concept in self._graph.activities[activity].sections}
        heap = [(rank[concept], concept) for concept in taught if concept in self._choices]
        heapify(heap)
        previous = None
        while heap:
            _, concept = heappop(heap)
            if concept == previous:
                continue
            previous = concept
            self.reckoned += 1
            if self._reckon(concept):
                for after in self._graph.unlocks[concept]:
                    if after in self._choices:
                        heappush(heap, (rank[after], after))

    def _reckon(self, concept: int) -> bool:
        """Reckons the height of a concept; True: it is another than before."""
        before = self._height.get(concept)
        self._below[concept], rest = self._find_hardest_choice(concept)
        self._height[concept] = rest + min(self._left[activity] for activity in self._graph.teachers[concept])
        return self._height[concept] != before

    def _find_hardest_choice(self, concept: int) -> tuple[Sequence[int], int]:
        """Returns the hardest members of the hardest choice, and the height that all of them have at least."""
        best: tuple[Sequence[int], int] = ((), 0)
        for choice in self._choices[concept]:
            members = choice.find_hardest(self._height)
            lowest = self._height[members[-1]]
            if lowest > best[1]:
                best = members, lowest
        return best

    def _list_requirements(self, concept: int) -> list[_Choice]:
        graph = self._graph
        single = [_Choice((before,), 1) for before in graph.prerequisites[concept] if self._is_open(before)]
        return single + [choice for group in graph.groups_of[concept] for choice in self._read_group(group)]

    def _read_group(self, group: int) -> list[_Choice]:
        """Returns the choice that a group leaves; none if it is met."""
        missing = count_missing(self._graph, group, self._problem.mastered, self._region.forced)
        members = [member for member in self._graph.groups[group].members if self._is_open(member)]
        return [_Choice(members, len(members) - missing + 1)] if missing > 0 else []

    def _is_open(self, concept: int) -> bool:
        return concept in self._region.ways and concept not in self._region.forced
