"""Sets of activities of which every plan does at least one, found where groups leave a choice, and their prices."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from planner.closure import Region, count_missing
from planner.problem import PlanningProblem

_MOST_HEIGHTS: Final = 20_000
"""Largest number of heights to reckon, some 40 ms; a problem with many open concepts gets fewer cuts."""


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
    """Prices cuts until the unmet groups come free: LM-cut, for choices instead of planning operators.

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

    Complexity is O(cuts * concepts outside the forced ones); cuts end when some 20,000 heights have been reckoned.
    """
    choices = _Choices(problem, region)
    value = 0
    for _ in range(_MOST_HEIGHTS // max(1, len(choices.of_concept))):
        cut = choices.find_cut(left)
        if not cut:
            break
        price = min(left[activity] for activity in cut)
        for activity in cut:
            left[activity] -= price
        value += price
    return value


class _Choices:
    """What the concepts outside the forced ones require, as choices among each other.

    Attributes:
        of_concept: Its requirements, by concept, by rank.
        open: Of the unmet groups.
    """

    def __init__(self, problem: PlanningProblem, region: Region) -> None:
        self._problem, self._region = problem, region
        self._teachers = problem.graph.teachers
        self.of_concept = {
            concept: self._list_requirements(concept) for concept in region.ways if concept not in region.forced
        }
        self.open = [choice for group in region.unmet for choice in self._read_group(group)]

    def find_cut(self, left: Mapping[int, int]) -> set[int]:
        """Finds a cut of activities that all have something left; none: the open choices come free."""
        height: dict[int, int] = {}
        below: dict[int, Sequence[int]] = {}
        for concept, choices in self.of_concept.items():
            below[concept], rest = _find_hardest_choice(choices, height)
            height[concept] = rest + min(left[activity] for activity in self._teachers[concept])
        start, highest = _find_hardest_choice(self.open, height)
        cut: set[int] = set()
        seen: set[int] = set()
        waiting = list(start) if highest else []
        while waiting:
            concept = waiting.pop()
            if concept in seen:
                continue
            seen.add(concept)
            teachers = self._teachers[concept]
            if all(left[activity] for activity in teachers):
                cut.update(teachers)
            else:
                waiting.extend(below[concept])
        return cut

    def _list_requirements(self, concept: int) -> list[_Choice]:
        graph = self._problem.graph
        single = [_Choice((before,), 1) for before in graph.prerequisites[concept] if self._is_open(before)]
        return single + [choice for group in graph.groups_of[concept] for choice in self._read_group(group)]

    def _read_group(self, group: int) -> list[_Choice]:
        """Returns the choice that a group leaves; none if it is met."""
        missing = count_missing(self._problem.graph, group, self._problem.mastered, self._region.forced)
        members = [member for member in self._problem.graph.groups[group].members if self._is_open(member)]
        return [_Choice(members, len(members) - missing + 1)] if missing > 0 else []

    def _is_open(self, concept: int) -> bool:
        return concept in self._region.ways and concept not in self._region.forced


def _find_hardest_choice(choices: Sequence[_Choice], height: Mapping[int, int]) -> tuple[Sequence[int], int]:
    """Returns the hardest members of the hardest choice, and the height that all of them have at least."""
    best: tuple[Sequence[int], int] = ((), 0)
    for choice in choices:
        members = choice.find_hardest(height)
        if height[members[-1]] > best[1]:
            best = members, height[members[-1]]
    return best
