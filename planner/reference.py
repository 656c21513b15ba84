"""Region and cover said plainly, with networkx and sets, without regard to speed; the engine finds the same."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

import networkx as nx

from planner.content.closure import count_missing
from planner.content.cover import Cover
from planner.content.trimming import Selection
from planner.engine.effort import MOST_EFFORT
from planner.problem import PlanningProblem


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceRegion:
    """See `planner.content.closure.Region`.

    Attributes:
        ways: By concept.
        forced: Concepts.
        unmet: By group.
    """

    ways: Mapping[int, int]
    forced: frozenset[int]
    unmet: Mapping[int, int]


def explore(problem: PlanningProblem) -> ReferenceRegion:
    """Does what `planner.content.closure.explore` does."""
    graph, mastered = problem.graph, problem.mastered
    requirements = nx.DiGraph((before, after) for before, later in enumerate(graph.unlocks) for after in later)
    requirements.add_nodes_from(range(len(graph.concepts)))
    requirements.remove_nodes_from(mastered)
    goals = [goal for goal in problem.goals if goal not in mastered]
    before_goals = requirements.subgraph(
        {*goals, *(each for goal in goals for each in nx.ancestors(requirements, goal))}
    )
    ways: dict[int, int] = {}
    for concept in nx.topological_sort(before_goals):
        teachers = _list_teachers(problem, concept)
        if teachers and concept not in problem.barred and _is_met(problem, concept, {*mastered, *ways}):
            pinned = [each for each in teachers if each in problem.pinned]
            ways[concept] = pinned[0] if pinned else min(teachers, key=problem.count_cost)
    hard = nx.DiGraph((before, after) for after in ways for before in graph.prerequisites[after] if before in ways)
    hard.add_nodes_from(ways)
    reached = [goal for goal in goals if goal in ways]
    forced = frozenset({*reached, *(each for goal in reached for each in nx.ancestors(hard, goal))})
    missing = {
        group: count_missing(graph, group, mastered, forced) for each in forced for group in graph.groups_of[each]
    }
    unmet = {group: count for group, count in missing.items() if count > 0}
    return ReferenceRegion(ways=ways, forced=forced, unmet=unmet)


def find_cover(problem: PlanningProblem) -> Cover:
    """Does what `planner.content.cover.find_cover` does, pricing every offer in every round."""
    region = explore(problem)
    greedy = _Greedy(problem, region)
    has_choices = greedy.has_obligations()
    while greedy.has_obligations():
        greedy.take(min(greedy.list_offers(), key=_rank_offer))
    chosen = Selection(greedy.known - problem.mastered, greedy.activities)
    return _assign(problem, trim(problem, region, chosen) if has_choices else chosen)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Offer:
    """See `planner.engine.choices`.

    Attributes:
        key: (0, activity) or (1, member of an unmet group).
        concepts: New ones, closed over what they require.
        activities: That teach them and are not chosen.
        cost: Of these, in units of 0.0001.
        gain: Obligations that it meets, > 0.
    """

    key: tuple[int, int]
    concepts: set[int]
    activities: set[int]
    cost: int
    gain: int


def _rank_offer(offer: _Offer) -> tuple[Fraction, int, tuple[int, int]]:
    return Fraction(offer.cost, offer.gain), offer.cost, offer.key


class _Greedy:
    """The state of the greedy.

    Attributes:
        known: Concepts that count as learned, mastered ones included.
        activities: Those chosen.
    """

    def __init__(self, problem: PlanningProblem, region: ReferenceRegion) -> None:
        self._problem, self._graph, self._region = problem, problem.graph, region
        self.known = {*problem.mastered, *region.forced}
        pinned = {way for way in region.ways.values() if way in problem.pinned}
        alone = {region.ways[each] for each in region.forced if len(_list_teachers(problem, each)) == 1}
        self.activities = pinned | alone
        self._members = {
            member
            for group in region.unmet
            for member in self._graph.groups[group].members
            if member in region.ways and member not in self.known
        }
        self._on_offer = {
            activity
            for concept in self._find_uncovered() | self._members
            for activity in _list_teachers(problem, concept)
        }
        self._effort = _estimate_effort(problem, region)

    def has_obligations(self) -> bool:
        return bool(self._find_uncovered() or self._count_unmet())

    def list_offers(self) -> Iterator[_Offer]:
        for activity in self._on_offer:
            concepts = self._keep_closed({*self._graph.activities[activity].sections} & self._region.ways.keys())
            yield from self._price((0, activity), concepts, {activity})
        for member in self._members - self.known:
            concepts = set(self._close_over_choices(member))
            untaught = concepts - self._find_taught(self.activities)
            yield from self._price((1, member), concepts, {self._region.ways[each] for each in untaught})

    def take(self, offer: _Offer) -> None:
        self.known |= offer.concepts
        self.activities |= offer.activities

    def _find_uncovered(self) -> set[int]:
        return set(self._region.forced) - self._find_taught(self.activities)

    def _find_taught(self, activities: Iterable[int]) -> set[int]:
        return {concept for each in activities for concept in self._graph.activities[each].sections}

    def _count_unmet(self) -> dict[int, int]:
        missing = {group: count_missing(self._graph, group, self.known) for group in self._region.unmet}
        return {group: count for group, count in missing.items() if count > 0}

    def _price(self, key: tuple[int, int], concepts: set[int], activities: set[int]) -> Iterator[_Offer]:
        new = activities - self.activities
        progress = sum(
            min(need, len(concepts.intersection(self._graph.groups[group].members)))
            for group, need in self._count_unmet().items()
        )
        gain = progress + len(self._find_uncovered() & self._find_taught(new))
        if gain:
            cost = sum(map(self._problem.count_cost, new))
            yield _Offer(key=key, concepts=concepts, activities=new, cost=cost, gain=gain)

    def _keep_closed(self, concepts: set[int]) -> set[int]:
        kept = concepts - self.known
        while stuck := {each for each in kept if not _is_met(self._problem, each, self.known | kept)}:
            kept -= stuck
        return kept

    def _close_over_choices(self, member: int) -> list[int]:
        """Closes over hard prerequisites, then adds one member to the first group still short, until none is."""
        found = [member]
        while True:
            for concept in found:  # grows meanwhile
                found += [
                    each for each in self._graph.prerequisites[concept] if each not in self.known and each not in found
                ]
            groups = (group for concept in found for group in self._graph.groups_of[concept])
            short = next((each for each in groups if count_missing(self._graph, each, self.known, found) > 0), None)
            if short is None:
                return found
            free = set(self._graph.groups[short].members) & self._region.ways.keys() - self.known - set(found)
            found.append(min(free, key=lambda each: (self._effort[each], each)))


def _estimate_effort(problem: PlanningProblem, region: ReferenceRegion) -> dict[int, int]:
    """See `planner.engine.effort.estimate_effort`."""
    effort: dict[int, int] = {}
    for concept, way in region.ways.items():
        total = 0 if way in problem.pinned else problem.count_cost(way)
        total += sum(effort.get(before, 0) for before in problem.graph.prerequisites[concept])
        for group in problem.graph.groups_of[concept]:
            missing = max(0, count_missing(problem.graph, group, problem.mastered))
            members = (effort[each] for each in problem.graph.groups[group].members if each in effort)
            total += sum(sorted(members)[:missing])
        effort[concept] = 0 if concept in region.forced else min(total, MOST_EFFORT)
    return effort


def trim(problem: PlanningProblem, region: ReferenceRegion, selection: Selection) -> Selection:
    """Does what `planner.content.trimming.trim` does: drops the dearest thing that can go, again and again."""
    concepts, activities = set(selection.concepts), set(selection.activities)
    while superfluous := {each for each in concepts - region.forced if not _is_needed(problem, each, concepts)}:
        concepts.remove(max(superfluous, key=lambda each: (problem.count_cost(region.ways[each]), -each)))
    while superfluous := set(_list_superfluous(problem, concepts, activities)):
        activities.remove(max(superfluous, key=lambda each: (problem.count_cost(each), -each)))
    return Selection(concepts, activities)


def _is_needed(problem: PlanningProblem, concept: int, concepts: set[int]) -> bool:
    rest = (concepts | problem.mastered) - {concept}
    return not all(_is_met(problem, after, rest) for after in concepts & set(problem.graph.unlocks[concept]))


def _list_superfluous(problem: PlanningProblem, concepts: set[int], activities: set[int]) -> Iterator[int]:
    sections = {each: problem.graph.activities[each].sections.keys() & concepts for each in activities}
    teachers = Counter(concept for taught in sections.values() for concept in taught)
    for activity in activities - problem.pinned:
        if all(teachers[concept] > 1 for concept in sections[activity]):
            yield activity


def _assign(problem: PlanningProblem, selection: Selection) -> Cover:
    teachers = {
        concept: min(
            selection.activities.intersection(problem.graph.teachers[concept]),
            key=lambda each: (each not in problem.pinned, each),
        )
        for concept in sorted(selection.concepts)
    }
    cost = sum(map(problem.count_cost, set(teachers.values())))
    return Cover(teachers=teachers, cost_units=cost, cut_short=False)


def _list_teachers(problem: PlanningProblem, concept: int) -> list[int]:
    return [each for each in problem.graph.teachers[concept] if each not in problem.unavailable]


def _is_met(problem: PlanningProblem, concept: int, known: set[int]) -> bool:
    """Says whether all that a concept requires is known."""
    return known.issuperset(problem.graph.prerequisites[concept]) and all(
        count_missing(problem.graph, group, known) <= 0 for group in problem.graph.groups_of[concept]
    )
