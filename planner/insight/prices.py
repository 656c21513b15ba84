"""What a plan would cost if one thing were otherwise, found by planning again."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from planner.checks.terms import fit_constraints, fit_settings, read_settings
from planner.constraints import Constraints
from planner.content.closure import explore
from planner.graph import PlanningGraph
from planner.insight.edits import lift_constraints
from planner.plan import Plan
from planner.problem import build_problem
from planner.revisions.continuation import Aim, Teachers, complete, find_fresh, find_nearby, read_teachers


@dataclass(frozen=True, slots=True, kw_only=True)
class MasteryPrice:
    """What mastering a concept would save.

    Attributes:
        saving_units: In units of 0.0001, >= 0.
        dropped: Other concepts that would not be learned either, ascending.
        added: Concepts that would be learned instead, ascending.
    """

    saving_units: int
    dropped: tuple[int, ...]
    added: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Substitute:
    """What would take the place of an activity.

    Attributes:
        concept: The concept that would be learned for the step's; mostly the same.
        activity: Its activity.
        cost_units: What the plan would cost more, in units of 0.0001, >= 0.
    """

    concept: int
    activity: int
    cost_units: int


class PlanPrices:
    """Prices in a plan. Each is found by mending the plan and, if it is the planner's best, by the greedy as well.

    Under deadlines, orders or a budget, and where the greedy finds a cheaper plan as things are, only mending counts:
    the greedy's gain would have another cause. Then a price is what the plan's own content shows.

    Attributes:
        teachers: Activity by concept to learn of the plan, completed where the curriculum asks for more by now.
        cost_units: What it costs, penalties included, in units of 0.0001.
    """

    def __init__(self, graph: PlanningGraph, plan: Plan, mastery: Mapping[str, float]) -> None:
        self._graph, self._plan = graph, plan
        self._mastery = {**mastery, **dict.fromkeys(plan.mastered, 1.0)}
        self._aim = self._pose(self._mastery, plan.constraints)
        self.teachers: Teachers = complete(self._aim, self._aim.keep_possible(read_teachers(self._aim, plan)))
        self.cost_units = self._aim.price(self.teachers)
        limits = plan.constraints.deadlines, plan.constraints.orders, plan.constraints.budget_minutes
        self._mends_only = any(limits) or self._aim.price(find_fresh(self._aim, {})) < self.cost_units

    def price_mastery(self, concept: int) -> MasteryPrice:
        """Returns what the plan would cost less if one of its concepts were mastered."""
        aim = self._pose({**self._mastery, self._graph.concepts[concept].id: 1.0}, self._plan.constraints)
        changed = self._solve(aim, aim.keep_possible(self.teachers))
        return MasteryPrice(
            saving_units=self.cost_units - aim.price(changed),
            dropped=tuple(sorted(self.teachers.keys() - changed.keys() - {concept})),
            added=tuple(sorted(changed.keys() - self.teachers.keys())),
        )

    def find_substitute(self, concept: int) -> Substitute | None:
        """Finds what would take the place of a concept's activity if that were not to be had.

        Returns:
            None: some goal could not be reached, or the plan does as well without it.
        """
        activity, problem = self.teachers[concept], self._aim.problem
        without = replace(problem, unavailable=problem.unavailable | {activity}, pinned=problem.pinned - {activity})
        ways = explore(without).ways
        if any(goal in self.teachers and goal not in ways for goal in problem.goals):
            return None
        aim = replace(self._aim, problem=without)
        changed = self._solve(aim, aim.keep_possible(self.teachers))
        taken = self._find_instead(concept, changed)
        if taken is None:
            return None
        more = max(0, aim.price(changed) - self.cost_units)
        return Substitute(concept=taken, activity=changed[taken], cost_units=more)

    def price_constraint(self, field: str) -> int:
        """Returns what the plan would cost less without a pin, a veto or the penalty, in units of 0.0001, >= 0."""
        aim = self._pose(self._mastery, lift_constraints(self._plan.constraints, [field]))
        return self.cost_units - aim.price(self._solve(aim, aim.keep_possible(self.teachers)))

    def _pose(self, mastery: Mapping[str, float], constraints: Constraints) -> Aim:
        """States what the plan is for: the goals that it reaches."""
        plan, graph = self._plan, self._graph
        missed = {*(each.concept for each in plan.unreachable), *(each.concept for each in plan.left_out)}
        goals = [] if plan.conflict else [goal for goal in plan.goals if goal in graph.number and goal not in missed]
        settings = fit_settings(graph, read_settings(plan))
        problem = build_problem(graph, goals, mastery, settings, fit_constraints(graph, constraints))
        return Aim(problem=problem, penalty_units=constraints.soft_penalty_units)

    def _solve(self, aim: Aim, start: Teachers) -> Teachers:
        return complete(aim, start) if self._mends_only else find_nearby(aim, start)

    def _find_instead(self, concept: int, changed: Teachers) -> int | None:
        """Finds the concept that is learned for another: itself, a member of the same group, or any that is new."""
        if concept in changed:
            return concept
        graph = self._graph
        new = changed.keys() - self.teachers.keys()
        beside = {
            member
            for group in graph.groups_with[concept]
            if graph.groups[group].owner in changed
            for member in graph.groups[group].members
        }
        return min(beside & new, default=min(new, default=None))
