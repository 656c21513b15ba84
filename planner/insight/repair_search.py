"""The search for the fewest changes that make one goal reachable, and of these the ones with the cheapest plan."""

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from planner.content.closure import count_missing, explore
from planner.content.cover import Cover, find_cover
from planner.insight.edits import LiftConstraint, PlanEdit, TeachConcept
from planner.problem import PlanningProblem

if TYPE_CHECKING:
    from planner.insight.repair_model import Best

Edits = frozenset[PlanEdit]
_NONE: Final[Edits] = frozenset()

MOST_CONCEPTS: Final = 20_000
"""Concepts before a goal up to which, of the smallest sets of changes, the one with the cheapest plan is sought."""


@dataclass(frozen=True, slots=True)
class Blocks:
    """What stands in the way, with the changes that clear it away.

    Attributes:
        concepts: By concept, the changes without which it cannot be learned.
        activities: By activity, the changes without which it cannot be used.
    """

    concepts: Mapping[int, Edits]
    activities: Mapping[int, Edits]

    def hold(self, problem: PlanningProblem, edits: Edits = _NONE) -> PlanningProblem:
        """Returns a problem in which all that stands in the way does so, but for what changes clear away."""
        return replace(
            problem,
            barred=frozenset(concept for concept, needed in self.concepts.items() if not needed <= edits),
            unavailable=frozenset(activity for activity, needed in self.activities.items() if not needed <= edits),
        )


class RepairSearch:
    """The search for the repair of one goal.

    Attributes:
        problem: It has one goal, and nothing in its way.
        blocks: What is in its way.
        known: Concepts that are mastered or can be reached as things are.
        cone: The goal and what stands before it and cannot be reached, in an order in which prerequisites come first.
    """

    def __init__(self, problem: PlanningProblem, blocks: Blocks, known: Container[int]) -> None:
        self.problem, self.blocks, self.known = problem, blocks, known
        self.cone = find_cone(problem, known)

    def run(self, stop: Callable[[], bool]) -> tuple[Edits, int, bool]:
        """Returns the changes, the cost of a plan with them, and whether fewer do not suffice."""
        edits = self._drop_superfluous(self._choose())
        if not self._has_choices():
            return edits, self._cover(edits).cost_units, True
        if stop():
            return edits, self._cover(edits).cost_units, len(edits) == 1
        smallest = self._solve(self.cone, self.known, edits)
        if smallest.edits is not None and not smallest.optimal:
            smallest = replace(smallest, edits=self._drop_superfluous(smallest.edits))
        edits = min(filter(None, (smallest.edits, edits)), key=len)
        cover = self._cover(edits)
        found = edits, cover.cost_units
        cone = find_cone(self.problem, self.problem.mastered)
        if len(cone) <= MOST_CONCEPTS and not stop():
            cheapest = self._solve(cone, self.problem.mastered, edits, cover.teachers)
            if cheapest.edits is not None:
                price = min(self._cover(cheapest.edits).cost_units, cheapest.value)
                found = min(found, (cheapest.edits, price), key=lambda pair: pair[1])
        return *found, smallest.optimal or len(edits) == 1

    def _has_choices(self) -> bool:
        graph = self.problem.graph
        return any(
            len(self._list_ways(concept)) > 1
            or any(
                0 < count_missing(graph, group, self.known) < sum(each not in self.known for each in members)
                for group in graph.groups_of[concept]
                for members in [graph.groups[group].members]
            )
            for concept in self.cone
        )

    def _list_ways(self, concept: int) -> list[Edits]:
        """Lists sets of changes with which some activity teaches a concept, an empty one alone if none is needed."""
        ways = {self.blocks.activities.get(activity, _NONE) for activity in self.problem.graph.teachers[concept]}
        return [_NONE] if _NONE in ways else sorted(ways, key=lambda way: (len(way), sorted(map(rank_edit, way))))

    def _choose(self) -> Edits:
        """Chooses for each group the members that take the fewest changes, shared ones counted for each."""
        effort: dict[int, int] = {}
        for concept in self.cone:
            total = len(self.blocks.concepts.get(concept, _NONE)) + len(self._list_ways(concept)[0])
            effort[concept] = total + sum(effort[each] for each in self._list_before(concept, effort))
        edits: set[PlanEdit] = set()
        seen: set[int] = set()
        waiting = [self.cone[-1]]
        while waiting:
            concept = waiting.pop()
            if concept not in seen:
                seen.add(concept)
                edits |= self.blocks.concepts.get(concept, _NONE) | self._list_ways(concept)[0]
                waiting.extend(self._list_before(concept, effort))
        return frozenset(edits)

    def _list_before(self, concept: int, effort: Mapping[int, int]) -> list[int]:
        graph = self.problem.graph
        found = [before for before in graph.prerequisites[concept] if before not in self.known]
        for group in graph.groups_of[concept]:
            members = [member for member in graph.groups[group].members if member not in self.known]
            missing = max(count_missing(graph, group, self.known), 0)
            found.extend(sorted(members, key=lambda member: (effort.get(member, 0), member))[:missing])
        return found

    def _drop_superfluous(self, edits: Edits) -> Edits:
        """Drops changes one after the other as long as the goal stays within reach."""
        for edit in sorted(edits, key=rank_edit, reverse=True):
            if self._suffices(edits - {edit}):
                edits -= {edit}
        return edits

    def _suffices(self, edits: Edits) -> bool:
        graph = self.problem.graph
        learned: set[int] = set()
        for concept in self.cone:
            if (
                self.blocks.concepts.get(concept, _NONE) <= edits
                and any(way <= edits for way in self._list_ways(concept))
                and all(before in self.known or before in learned for before in graph.prerequisites[concept])
                and all(count_missing(graph, group, self.known, learned) <= 0 for group in graph.groups_of[concept])
            ):
                learned.add(concept)
        return self.cone[-1] in learned

    def _cover(self, edits: Edits) -> Cover:
        """Returns the planner's cover of the goal once changes are made."""
        problem = self.blocks.hold(self.problem, edits)
        return find_cover(problem, explore(problem))

    def _solve(
        self, cone: list[int], known: Container[int], edits: Edits, teachers: Mapping[int, int] | None = None
    ) -> "Best":
        # Here, not above: OR-Tools takes most of a second to import, and most goals can be reached.
        from planner.insight.repair_model import solve_repair  # noqa: PLC0415

        return solve_repair(
            self.problem,
            concept_blocks=self.blocks.concepts,
            activity_blocks=self.blocks.activities,
            cone=cone,
            known=known,
            edits=edits,
            teachers=teachers,
        )


def find_cone(problem: PlanningProblem, known: Container[int]) -> list[int]:
    """Returns the goal of a problem and all that may come before it above what is known, by rank: the goal is last."""
    graph = problem.graph
    found: set[int] = set()
    waiting = list(problem.goals)
    while waiting:
        concept = waiting.pop()
        if concept not in found and concept not in known:
            found.add(concept)
            waiting.extend(graph.prerequisites[concept])
            for group in graph.groups_of[concept]:
                if count_missing(graph, group, known) > 0:
                    waiting.extend(graph.groups[group].members)
    return sorted(found, key=graph.rank.__getitem__)


def rank_edit(edit: PlanEdit) -> tuple[int, int, str]:
    """Orders vetoes by position, which their fields tell by length first, and then concepts by id."""
    if isinstance(edit, LiftConstraint):
        return 0, len(edit.field), edit.field
    return 1, 0, edit.concept if isinstance(edit, TeachConcept) else ""
