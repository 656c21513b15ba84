"""Which activities to do so that all that is asked for is covered: a density greedy over closed bundles."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from heapq import heapify, heappop, heappush

from planner.closure import Region, close_over_choices, count_missing, estimate_effort
from planner.problem import PlanningProblem
from planner.trimming import Selection, trim


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """What a plan consists of, before its order.

    Attributes:
        teachers: Activity by concept to learn.
        cost_units: Sum of the costs of the distinct activities, in units of 0.0001.
        cut_short: Stopped before the greedy was done.
    """

    teachers: dict[int, int]
    cost_units: int
    cut_short: bool


def never() -> bool:
    """Never stops anything."""
    return False


def find_cover(problem: PlanningProblem, region: Region, stop: Callable[[], bool] = never) -> Cover:
    """Finds concepts that reach all goals that can be reached, and activities that teach them, at a low cost.

    Obligations are the forced concepts, each of which needs an activity, and their unmet groups. Activities without an
    alternative come first, since every cover has them. Then the offer with the most obligations met for its cost is
    taken, again and again; what is left of the offers it touched is priced anew, since a density may rise as well as
    fall. At last everything superfluous is dropped.

    Where each member of an unmet group has what it requires among mastered and forced concepts, this is the greedy of
    weighted set cover (Chvátal 1979; for groups that need several members, of submodular cover, Wolsey 1982): an
    activity brings all members it teaches, and a bundle never meets more than an activity of the same cost.

    Args:
        problem: The problem.
        region: Its region.
        stop: Polled before every choice; True: the cheapest way for everything is taken from there on.

    Complexity is O(choices * offers touched by a choice * size of a bundle).
    """
    greedy = _Greedy(problem, region)
    if not greedy.has_choices:
        return _assign(problem, greedy.selection, cut_short=False)
    finished = greedy.run(stop)
    if not finished:
        greedy.take_cheapest()
    return _assign(problem, trim(problem, region, greedy.selection), cut_short=not finished)


def _assign(problem: PlanningProblem, selection: Selection, *, cut_short: bool) -> Cover:
    """Gives each concept the first of the chosen activities that teach it, and forgets those that are left over."""
    teachers = {
        concept: next(each for each in problem.graph.teachers[concept] if each in selection.activities)
        for concept in sorted(selection.concepts)
    }
    cost = sum(problem.count_cost(activity) for activity in set(teachers.values()))
    return Cover(teachers=teachers, cost_units=cost, cut_short=cut_short)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Offer:
    """Concepts that may be learned next by some activities.

    Attributes:
        key: (0, activity) or (1, member of an unmet group).
        concepts: New ones, closed over what they require.
        activities: That teach them and are not yet chosen.
        cost: Of these activities, in units of 0.0001.
        gain: Obligations it meets.
        watched: Concepts whose state all this depends on.
    """

    key: tuple[int, int]
    concepts: Collection[int]
    activities: Collection[int]
    cost: int
    gain: int
    watched: Collection[int]

    def __lt__(self, other: "_Offer") -> bool:
        """Says whether this one is taken first: by density, exactly; ties by cost, then key."""
        mine, others = self.gain * other.cost, other.gain * self.cost
        return mine > others if mine != others else (self.cost, self.key) < (other.cost, other.key)


class _Greedy:
    """The state of the greedy.

    Attributes:
        selection: Concepts to learn and activities chosen so far.
    """

    def __init__(self, problem: PlanningProblem, region: Region) -> None:
        self.selection = Selection(concepts=set(region.forced), activities=set())
        self._problem, self._graph, self._region = problem, problem.graph, region
        self._known = {*problem.mastered, *region.forced}
        self._taught: set[int] = set()
        self._uncovered = set(region.forced)
        self._unmet = dict(region.unmet)
        for concept in region.forced:
            if len(self._graph.teachers[concept]) == 1:
                self._choose(self._graph.teachers[concept])
        self._effort = estimate_effort(problem, region) if self.has_choices else {}

    @property
    def has_choices(self) -> bool:
        """Some obligations are not met yet."""
        return bool(self._uncovered or self._unmet)

    def run(self, stop: Callable[[], bool]) -> bool:
        """Takes offers until all obligations are met; False: it was stopped before."""
        offers = {key: self._make_offer(key) for key in self._list_keys()}
        watchers: defaultdict[int, set[tuple[int, int]]] = defaultdict(set)
        for key, offer in offers.items():
            for concept in offer.watched:
                watchers[concept].add(key)
        heap = [offer for offer in offers.values() if offer.gain]
        heapify(heap)
        while self.has_choices:
            if stop():
                return False
            best = heappop(heap)
            if offers[best.key] is not best:
                continue
            touched = self._take(best)
            for key in {key for concept in touched for key in watchers[concept]}:
                offers[key] = offer = self._make_offer(key)
                for concept in offer.watched:
                    watchers[concept].add(key)
                if offer.gain:
                    heappush(heap, offer)
        return True

    def take_cheapest(self) -> None:
        """Meets all that is left by the members of least effort and the cheapest activity of each concept."""
        chosen = self._known - self._region.forced
        concepts = close_over_choices(self._problem, self._region, self._region.forced, chosen, self._effort)
        self._choose({self._region.ways[concept] for concept in concepts - self._taught})
        self.selection.concepts.update(concepts)

    def _list_keys(self) -> list[tuple[int, int]]:
        members = {
            member
            for group in self._unmet
            for member in self._graph.groups[group].members
            if member in self._region.ways and member not in self._known
        }
        activities = {each for concept in self._uncovered | members for each in self._graph.teachers[concept]}
        return [*((0, activity) for activity in activities), *((1, member) for member in members)]

    def _make_offer(self, key: tuple[int, int]) -> _Offer:
        kind, subject = key
        if kind == 0:
            taught = self._graph.activities[subject].sections
            free = {concept for concept in taught if concept in self._region.ways and concept not in self._known}
            return self._price(key, self._keep_closed(free), [subject], free)
        concepts = close_over_choices(self._problem, self._region, [subject], self._known, self._effort)
        activities = {self._region.ways[concept] for concept in concepts - self._taught}
        return self._price(key, concepts, activities, {subject, *concepts})

    def _keep_closed(self, concepts: set[int]) -> set[int]:
        """Returns the largest part that requires nothing but itself and what is known."""
        kept = set(concepts)
        while open_ones := {concept for concept in kept if not self._is_met(concept, kept)}:
            kept -= open_ones
        return kept

    def _is_met(self, concept: int, more: set[int]) -> bool:
        graph, known = self._graph, self._known
        return all(before in known or before in more for before in graph.prerequisites[concept]) and all(
            count_missing(graph, group, known, more) <= 0 for group in graph.groups_of[concept]
        )

    def _price(
        self, key: tuple[int, int], concepts: set[int], activities: Iterable[int], looked_at: set[int]
    ) -> _Offer:
        """Completes an offer; `looked_at` are the concepts whose requirements shaped it."""
        graph = self._graph
        new = [activity for activity in activities if activity not in self.selection.activities]
        taught = {concept for activity in activities for concept in graph.activities[activity].sections}
        watched = looked_at | taught
        for concept in looked_at:
            watched.update(graph.prerequisites[concept])
            for group in graph.groups_of[concept]:
                watched.update(graph.groups[group].members)
        return _Offer(
            key=key,
            concepts=concepts,
            activities=new,
            cost=sum(map(self._problem.count_cost, new)),
            gain=len(taught & self._uncovered) + self._count_progress(concepts),
            watched=watched,
        )

    def _count_progress(self, concepts: Iterable[int]) -> int:
        counts: defaultdict[int, int] = defaultdict(int)
        for concept in concepts:
            for group in self._graph.groups_with[concept]:
                if group in self._unmet:
                    counts[group] += 1
        return sum(min(count, self._unmet[group]) for group, count in counts.items())

    def _take(self, offer: _Offer) -> set[int]:
        """Takes an offer, and returns the concepts whose state it touched."""
        touched = self._choose(offer.activities) | set(offer.concepts)
        self._known.update(offer.concepts)
        self.selection.concepts.update(offer.concepts)
        for concept in offer.concepts:
            for group in self._graph.groups_with[concept]:
                if group in self._unmet:
                    touched.update(self._graph.groups[group].members)
                    self._unmet[group] -= 1
                    if self._unmet[group] == 0:
                        del self._unmet[group]
        return touched

    def _choose(self, activities: Iterable[int]) -> set[int]:
        """Adds activities, and returns what they teach."""
        taught = {concept for activity in activities for concept in self._graph.activities[activity].sections}
        self.selection.activities.update(activities)
        self._taught |= taught
        self._uncovered -= taught
        return taught
