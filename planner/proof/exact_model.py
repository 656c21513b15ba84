"""The planning problem stated to OR-Tools' CP-SAT; slow to import."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from math import gcd
from typing import Final

import networkx as nx
from ortools.sat.python import cp_model

from planner.content.closure import Region, count_missing
from planner.content.cover import Cover
from planner.problem import PlanningProblem


@dataclass(frozen=True, slots=True, kw_only=True)
class Omissions:
    """What a plan may do without, at a price in the units of costs, > 0.

    Attributes:
        concepts: Price of not learning a concept, by concept.
        helpers: Price of learning the second concept while the first is neither learned nor mastered, by both.
    """

    concepts: Mapping[int, int] = field(default_factory=dict)
    helpers: Mapping[tuple[int, int], int] = field(default_factory=dict)

    def price(self, problem: PlanningProblem, learned: Collection[int]) -> int:
        """Returns what learning just these concepts pays for what it omits."""
        return sum(price for concept, price in self.concepts.items() if concept not in learned) + sum(
            price
            for (before, after), price in self.helpers.items()
            if after in learned and before not in learned and before not in problem.mastered
        )


NO_OMISSIONS: Final = Omissions()


class ExactModel:
    """A model with its variables. What every plan has or does in any case has none.

    Forced concepts are learned, and activities that are pinned or the only ones for a forced concept are done; that
    makes the model as small as the choice that is left. Its objective is counted in `step`, the greatest common
    divisor of the prices.

    Attributes:
        model: The model.
        step: Units that 1 of its objective stands for.
        fixed_units: Costs that every plan has and the objective leaves out.
        least_units: Costs that no plan is below, without a search.
    """

    def __init__(self, problem: PlanningProblem, region: Region, omissions: Omissions = NO_OMISSIONS) -> None:
        self._problem, self._region, self._graph = problem, region, problem.graph
        self.model = cp_model.CpModel()
        self._given = self._find_given()
        self._learned = {each: self.model.new_bool_var("") for each in region.ways if each not in region.forced}
        self._done = {
            activity: self.model.new_bool_var("")
            for activity in sorted({each for concept in region.ways for each in self._list_teachers(concept)})
            if activity not in self._given
        }
        self._skipped: dict[tuple[int, int], cp_model.IntVar] = {}
        self._ranks: dict[int, cp_model.IntVar] = {}
        self._state_teaching()
        self._state_requirements()
        self._state_prices(omissions)

    def limit_minutes(self, most: int) -> None:
        """Adds that all activities together take at most so many minutes."""
        minutes = [self._problem.count_minutes(activity) for activity in self._done]
        given = sum(map(self._problem.count_minutes, self._given))
        self.model.add(cp_model.LinearExpr.weighted_sum(list(self._done.values()), minutes) <= most - given)

    def keep_orders(self) -> None:
        """Adds that what is learned can be put in an order that keeps to requirements and the problem's orders.

        Concepts that may be on a circle of both get ranks, and what comes before another one has the smaller rank. A
        group is content with as many of its members before its owner as it needs, whichever they are.
        """
        circles = find_circles(self._problem, self._region.ways)
        self._place = {concept: number for number, circle in enumerate(circles) for concept in circle}
        hard = [(before, after) for after in sorted(self._place) for before in self._graph.prerequisites[after]]
        for circle in circles:
            for concept in circle:
                self._ranks[concept] = self.model.new_int_var(0, len(circle) - 1, "")
        for before, after in (*hard, *self._problem.orders):
            if self._share_circle(before, after):
                self._rank(before, after, [self._learned[each] for each in (before, after) if each in self._learned])
        for owner in self._place:
            for group in self._graph.groups_of[owner]:
                self._rank_members(owner, group)

    def _share_circle(self, before: int, after: int) -> bool:
        return before in self._place and self._place[before] == self._place.get(after)

    def _rank(self, before: int, after: int, where: list[cp_model.IntVar]) -> None:
        self.model.add(self._ranks[after] >= self._ranks[before] + 1).only_enforce_if(where)

    def _rank_members(self, owner: int, group: int) -> None:
        """States that enough members of a group come before its owner, those off its circle in any case."""
        members = [each for each in self._graph.groups[group].members if each in self._region.ways]
        inside = [member for member in members if self._share_circle(member, owner)]
        missing = count_missing(self._graph, group, self._problem.mastered)
        if missing <= 0 or not inside:
            return
        outside = [member for member in members if member not in inside]
        missing -= sum(member in self._region.forced for member in outside)
        first = [self._learned[member] for member in outside if member in self._learned]
        for member in inside:
            comes_first = self.model.new_bool_var("")
            if member in self._learned:
                self.model.add_implication(comes_first, self._learned[member])
            if owner in self._learned:
                self._rank(member, owner, [comes_first, self._learned[owner]])
            else:
                self._rank(member, owner, [comes_first])
            first.append(comes_first)
        self._require(owner, first, missing)

    def hint(self, cover: Cover) -> None:
        """Adds a solution to start from."""
        learned, done = cover.teachers.keys(), set(cover.teachers.values())
        for concept, variable in self._learned.items():
            self.model.add_hint(variable, concept in learned)
        for activity, variable in self._done.items():
            self.model.add_hint(variable, activity in done)
        for (before, after), variable in self._skipped.items():
            self.model.add_hint(variable, after in learned and before not in learned)
        for concept, rank in count_ranks(self._problem, learned, self._ranks).items():
            self.model.add_hint(self._ranks[concept], rank)

    def read(self, solver: cp_model.CpSolver) -> tuple[set[int], set[int]]:
        """Returns the concepts learned and the activities done in a solution."""
        learned = {concept for concept, variable in self._learned.items() if solver.boolean_value(variable)}
        done = {activity for activity, variable in self._done.items() if solver.boolean_value(variable)}
        return learned | self._region.forced, done | self._given

    def _list_teachers(self, concept: int) -> list[int]:
        return [each for each in self._graph.teachers[concept] if each not in self._problem.unavailable]

    def _find_given(self) -> set[int]:
        teachers = (self._list_teachers(concept) for concept in self._region.forced)
        return {*self._problem.pinned, *(each[0] for each in teachers if len(each) == 1)}

    def _state_teaching(self) -> None:
        for concept in self._region.ways:
            teachers = self._list_teachers(concept)
            if self._given.isdisjoint(teachers):
                self._require(concept, [self._done[activity] for activity in teachers])

    def _state_requirements(self) -> None:
        """States prerequisites and groups; those of forced concepts are met but for the unmet groups."""
        known = (self._problem.mastered, self._region.forced)
        for concept, variable in self._learned.items():
            for before in self._graph.prerequisites[concept]:
                if before in self._learned:
                    self.model.add_implication(variable, self._learned[before])
            for group in self._graph.groups_of[concept]:
                self._require(concept, self._list_members(group), count_missing(self._graph, group, *known))
        for group, need in self._region.unmet.items():
            self._require(self._graph.groups[group].owner, self._list_members(group), need)

    def _list_members(self, group: int) -> list[cp_model.IntVar]:
        return [self._learned[each] for each in self._graph.groups[group].members if each in self._learned]

    def _require(self, concept: int, literals: list[cp_model.IntVar], need: int = 1) -> None:
        """States that learning a concept makes at least `need` of the literals true."""
        variable = self._learned.get(concept)
        if need <= 0:
            return
        if need == 1:
            self.model.add_bool_or(literals if variable is None else [*literals, ~variable])
        else:
            self.model.add(sum(literals) >= (need if variable is None else need * variable))

    def _state_prices(self, omissions: Omissions) -> None:
        terms = [(variable, self._problem.count_cost(activity)) for activity, variable in self._done.items()]
        self.fixed_units = sum(map(self._problem.count_cost, self._given))
        for concept, price in omissions.concepts.items():
            if concept in self._learned:
                terms.append((self._learned[concept], -price))
            if concept not in self._region.forced:
                self.fixed_units += price
        for (before, after), price in omissions.helpers.items():
            self._state_helper(before, after, price, terms)
        self.least_units = self.fixed_units + sum(min(price, 0) for _, price in terms)
        self.step = gcd(*(price for _, price in terms)) or 1
        variables, prices = [each for each, _ in terms], [price // self.step for _, price in terms]
        self.model.minimize(cp_model.LinearExpr.weighted_sum(variables, prices))

    def _state_helper(self, before: int, after: int, price: int, terms: list[tuple[cp_model.IntVar, int]]) -> None:
        region, learned = self._region, self._learned
        if before in self._problem.mastered or before in region.forced or after not in region.ways:
            return
        if before in learned and after in learned:
            skipped = self._skipped[before, after] = self.model.new_bool_var("")
            self.model.add_bool_or([skipped, learned[before], ~learned[after]])
            terms.append((skipped, price))
        elif after in learned:
            terms.append((learned[after], price))
        else:
            self.fixed_units += price
            if before in learned:
                terms.append((learned[before], -price))


def list_precedences(problem: PlanningProblem, concepts: Collection[int]) -> Iterable[tuple[int, int]]:
    """Lists (before, after) among concepts: by hard prerequisites, by groups, by the problem's orders."""
    for before in sorted(concepts):
        yield from ((before, after) for after in problem.graph.unlocks[before] if after in concepts)
    yield from ((before, after) for before, after in problem.orders if before in concepts and after in concepts)


def find_circles(problem: PlanningProblem, concepts: Collection[int]) -> list[list[int]]:
    """Returns the concepts of which some cannot be learned together for the problem's orders, in ascending order.

    They are the strongly connected components, of more than one, of all that is to come before something else.
    """
    graph = nx.DiGraph(list_precedences(problem, concepts))
    return sorted(sorted(each) for each in nx.strongly_connected_components(graph) if len(each) > 1)


def count_ranks(problem: PlanningProblem, learned: Collection[int], ranked: Collection[int]) -> dict[int, int]:
    """Returns by ranked concept how many steps along precedences lead to it at most; empty where they form a circle."""
    requirements: dict[int, set[int]] = {concept: set() for concept in ranked}
    for before, after in list_precedences(problem, [each for each in ranked if each in learned]):
        requirements[after].add(before)
    ranks: dict[int, int] = {}
    try:
        for concept in TopologicalSorter(requirements).static_order():
            ranks[concept] = max((ranks[before] + 1 for before in requirements[concept]), default=0)
    except CycleError:
        return {}
    return ranks
