"""Deadlines, orders and a limit of minutes as a CP-SAT model; slow to import and needed only where these are tight."""

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from ortools.sat.python import cp_model

from planner.content.closure import Region, count_missing
from planner.content.pins import list_pinned_teachers
from planner.problem import PlanningProblem

_MOST_TIME: Final = 2.0
"""Limit of a search in CP-SAT's deterministic time, roughly seconds, so that where it ends depends on no clock."""

_MOST_PRICE: Final = 1 << 60
"""Sum of costs up to which they are minimised; CP-SAT counts in 64 bits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Solution:
    """What the solver says.

    Attributes:
        found: There is a plan.
        impossible: It is proven that there is none.
        cheapest: It is proven that nothing costs less than the plan.
        levels: By concept to learn, the first level at which it is learned.
        teachers: By concept to learn, an activity begun by that level.
        supports: (group, member) pairs in the knot of which the solution knows that the member comes before the owner.
    """

    found: bool = False
    impossible: bool = False
    cheapest: bool = False
    levels: Mapping[int, int] = field(default_factory=dict)
    teachers: Mapping[int, int] = field(default_factory=dict)
    supports: Mapping[tuple[int, int], bool] = field(default_factory=dict)


class FeasibilityModel:
    """A model with its variables; `learned` and `begun` are by level and then by concept or activity.

    Args:
        problem: Its pinned resources can be shared out, see `planner.content.pins.share_pinned`.
        region: Its region; all goals are in it or mastered.
        due: By goal to be learned, minutes > 0 in which it is reached.
        most_minutes: That all activities may take; None: no limit.
        knot: Concepts whose order has to be found with the rest.
    """

    def __init__(
        self,
        problem: PlanningProblem,
        region: Region,
        *,
        due: Mapping[int, int],
        most_minutes: int | None,
        knot: Iterable[int],
    ) -> None:
        self._model = cp_model.CpModel()
        self._problem, self._region, self._due, self._most_minutes = problem, region, due, most_minutes
        self._limits = sorted(set(due.values()))
        pinned = list_pinned_teachers(problem)
        self._teachers = {concept: pinned.get(concept) or self._list_available(concept) for concept in region.ways}
        levels = range(len(self._limits) + 1)
        activities = sorted({each for teachers in self._teachers.values() for each in teachers})
        self._learned = [self._make_variables("learn", region.ways, level) for level in levels]
        self._begun = [self._make_variables("do", activities, level) for level in levels]
        self._knot = sorted(knot)
        self._place = {each: self._model.new_int_var(0, len(self._knot) - 1, f"place {each}") for each in self._knot}
        self._supports: dict[tuple[int, int], cp_model.IntVar] = {}
        self._state_groups_in_knot()
        for level in levels:
            self._state_level(level)
        self._state_places()
        self._state_pins(pinned)

    def _list_available(self, concept: int) -> list[int]:
        problem = self._problem
        return [each for each in problem.graph.teachers[concept] if each not in problem.unavailable]

    def _make_variables(self, verb: str, subjects: Iterable[int], level: int) -> dict[int, cp_model.IntVar]:
        return {subject: self._model.new_bool_var(f"{verb} {subject} by {level}") for subject in subjects}

    def _state_level(self, level: int) -> None:
        problem, model, learned = self._problem, self._model, self._learned[level]
        graph, begun = problem.graph, self._begun[level]
        for concept, variable in learned.items():
            model.add_bool_or([begun[each] for each in self._teachers[concept]]).only_enforce_if(variable)
            for before in graph.prerequisites[concept]:
                if before in learned:
                    model.add_implication(variable, learned[before])
            for group in graph.groups_of[concept]:
                self._state_group(group, level)
        for before, after in problem.orders:
            if before in learned and after in learned:
                model.add_bool_or([~learned[after], ~self._learned[-1][before], learned[before]])
        if level:
            for now, earlier in ((learned, self._learned[level - 1]), (begun, self._begun[level - 1])):
                for subject, variable in earlier.items():
                    model.add_implication(variable, now[subject])
        self._state_limits(level)

    def _state_limits(self, level: int) -> None:
        last = level == len(self._limits)
        due = self._due
        limit = self._most_minutes if last else self._limits[level]
        for goal in self._problem.goals:
            if goal in self._learned[level] and (last or (goal in due and due[goal] <= self._limits[level])):
                self._model.add(self._learned[level][goal] == 1)
        if limit is not None:
            begun = self._begun[level].items()
            self._model.add(sum(self._problem.count_minutes(each) * variable for each, variable in begun) <= limit)

    def _state_group(self, group: int, level: int) -> None:
        """States that at a level enough members come before the owner, if that is learned."""
        learned, found = self._learned[level], self._problem.graph.groups[group]
        missing = count_missing(self._problem.graph, group, self._problem.mastered)
        if missing <= 0:
            return
        counted = []
        for member in found.members:
            support = self._supports.get((group, member))
            if support is not None:
                self._model.add_bool_or([~learned[found.owner], ~support, learned[member]])
                counted.append(support)
            elif member in learned:
                counted.append(learned[member])
        self._model.add(sum(counted) >= missing).only_enforce_if(learned[found.owner])

    def _state_groups_in_knot(self) -> None:
        """Says of a member in the knot whether it supports an owner there, which it then comes before."""
        graph = self._problem.graph
        for owner in self._knot:
            for group in graph.groups_of[owner]:
                for member in graph.groups[group].members:
                    if member in self._place:
                        support = self._model.new_bool_var(f"{member} supports {group}")
                        self._supports[group, member] = support
                        before = self._place[member] < self._place[owner]
                        self._model.add(before).only_enforce_if(support, self._learned[-1][owner])

    def _state_places(self) -> None:
        graph, learned, place = self._problem.graph, self._learned[-1], self._place
        for after in self._knot:
            for before in graph.prerequisites[after]:
                if before in place:
                    self._model.add(place[before] < place[after]).only_enforce_if(learned[after])
        for before, after in self._problem.orders:
            if before in place and after in place:
                both = learned[before], learned[after]
                self._model.add(place[before] < place[after]).only_enforce_if(*both)

    def _state_pins(self, pinned: Mapping[int, Sequence[int]]) -> None:
        """Has each pinned resource teach something, also where several teach the same."""
        lessons: defaultdict[int, list[cp_model.IntVar]] = defaultdict(list)
        self._lessons: dict[tuple[int, int], cp_model.IntVar] = {}
        for concept, teachers in pinned.items():
            options = {each: self._model.new_bool_var(f"learn {concept} by {each}") for each in teachers}
            self._model.add_exactly_one(options.values())
            for teacher, option in options.items():
                lessons[teacher].append(option)
                self._lessons[concept, teacher] = option
                for learned, begun in zip(self._learned, self._begun, strict=True):
                    self._model.add_bool_or([~option, ~learned[concept], begun[teacher]])
        for options_of_one in lessons.values():
            self._model.add_bool_or(options_of_one)

    def solve(self, hint: Container[int], *, cheapest: bool) -> Solution:
        """Solves it, with one worker, a fixed seed and a limit that no clock has a part in.

        Args:
            hint: Concepts to learn, from where the search begins.
            cheapest: Look for the cheapest plan; False: for any.
        """
        for concept, variable in self._learned[-1].items():
            self._model.add_hint(variable, concept in hint)
        costs = {each: self._problem.count_cost(each) for each in self._begun[-1]}
        if cheapest and sum(costs.values()) < _MOST_PRICE:
            self._model.minimize(sum(cost * self._begun[-1][each] for each, cost in costs.items()))
        solver = cp_model.CpSolver()
        solver.parameters.max_deterministic_time = _MOST_TIME
        solver.parameters.num_workers = 1
        solver.parameters.random_seed = 0
        # Without it one worker has no linear relaxation of the implications, and bounds of covers stay at 0.
        solver.parameters.linearization_level = 2
        status = solver.solve(self._model)
        if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            return Solution(impossible=status == cp_model.INFEASIBLE)
        levels = {
            concept: next(
                level for level, learned in enumerate(self._learned) if solver.boolean_value(learned[concept])
            )
            for concept, variable in self._learned[-1].items()
            if solver.boolean_value(variable)
        }
        return Solution(
            found=True,
            cheapest=status == cp_model.OPTIMAL and cheapest,
            levels=levels,
            teachers={concept: self._read_teacher(solver, concept, level) for concept, level in levels.items()},
            supports={pair: solver.boolean_value(support) for pair, support in self._supports.items()},
        )

    def _read_teacher(self, solver: cp_model.CpSolver, concept: int, level: int) -> int:
        for teacher in self._teachers[concept]:
            lesson = self._lessons.get((concept, teacher))
            if solver.boolean_value(self._begun[level][teacher] if lesson is None else lesson):
                return teacher
        raise AssertionError("a learned concept has an activity")
