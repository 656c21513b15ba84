"""The minutes and costs of a plan, held against what its activities take and its cost model says."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from planner.costs import UNITS_PER_MINUTE, CostKind, CostModel, price_activities, shorten_to_refresh
from planner.plan import Plan, PlanStep, StepKind
from planner.problem import PlanningProblem
from planner.proof.certification import is_amount
from planner.sequence.order import count_switches


class Accounts:
    """The amounts of a plan.

    Args:
        plan: Any plan.
        problem: What it is for.
        cost_model: How the plan prices activities; a sensible one.
        mastery: Probability of mastery by concept id, in [0, 1].
        mastery_is_known: `mastery` is all there is to know; otherwise what is absent is not known.
    """

    def __init__(
        self,
        plan: Plan,
        problem: PlanningProblem,
        cost_model: CostModel,
        *,
        mastery: Mapping[str, float],
        mastery_is_known: bool,
    ) -> None:
        self._plan, self._problem, self._graph = plan, problem, problem.graph
        self._cost_model, self._mastery, self._mastery_is_known = cost_model, mastery, mastery_is_known

    def find_activity(self, step: PlanStep) -> int | None:
        """Returns the step's activity; None: it is unknown or does not teach the concept."""
        activity = self._graph.activity_number.get(step.activity)
        concept = self._graph.number.get(step.concept)
        if activity is None or concept not in self._graph.activities[activity].sections:
            return None
        return activity

    def list_minutes(self) -> dict[str, int]:
        """Returns the minutes of each activity as a whole, by its id."""
        found = ((step, self.find_activity(step)) for step in self._plan.steps)
        return {step.activity: self._count_minutes(each, step) for step, each in found if each is not None}

    def check(self) -> Iterator[tuple[str, int | None]]:
        """Yields what does not add up, as sentences, each with the position of its step where it is about one."""
        shares: defaultdict[int, list[PlanStep]] = defaultdict(list)
        for position, step in enumerate(self._plan.steps):
            if not (is_amount(step.minutes) and is_amount(step.cost_units)):
                yield "minutes or cost are no sensible numbers", position
                continue
            activity = self.find_activity(step)
            if activity is None:
                continue
            if not self._graph.activities[activity].own:
                shares[activity].append(step)
            elif not self._adds_up(activity, [step]):
                name, minutes = self._graph.activities[activity].id, self._count_minutes(activity, step)
                text = f"{name} takes {minutes} minutes and costs what its cost model says"
                yield text, position
        for activity, steps in shares.items():
            if not self._adds_up(activity, steps):
                found = self._graph.activities[activity]
                text = f"the shares of {found.id} do not sum to its {found.minutes} minutes and their cost"
                yield text, None
        if self._plan.minutes != _sum_up(step.minutes for step in self._plan.steps):
            yield "the plan's minutes are not the sum of its steps' minutes", None
        certificate = self._plan.certificate
        paid = _sum_up((*(step.cost_units for step in self._plan.steps), certificate.penalty_units))
        if certificate.cost_units != paid:
            text = "the certificate's cost is not the sum of the steps' costs and the penalty"
            yield text, None
        if not self._counts_switches():
            yield "the changes of topic are not those of the steps, or below their bound", None

    def _adds_up(self, activity: int, steps: list[PlanStep]) -> bool:
        """Says whether the steps of an activity sum to its minutes and to a cost that its cost model allows."""
        minutes, cost = sum(step.minutes for step in steps), sum(step.cost_units for step in steps)
        least, most = self._bound_cost(activity, steps)
        return minutes == self._count_minutes(activity, steps[0]) and least <= cost <= most

    def _count_minutes(self, activity: int, step: PlanStep) -> int:
        found = self._graph.activities[activity]
        return shorten_to_refresh(found.minutes) if found.own and step.kind is StepKind.REFRESH else found.minutes

    def _bound_cost(self, activity: int, steps: list[PlanStep]) -> tuple[int, int]:
        """Returns what an activity may cost at least and at most, which differ where not all mastery is known."""
        model, found = self._cost_model, self._graph.activities[activity]
        if model.kind is CostKind.MINUTES and found.id not in model.custom_units:
            exact = self._count_minutes(activity, steps[0]) * UNITS_PER_MINUTE
            return exact, exact
        most = self._problem.count_cost(activity)
        taught = {self._graph.number[step.concept] for step in steps}
        unknown = found.sections.keys() - self._problem.mastered - taught
        if found.own or not unknown or self._mastery_is_known:
            return most, most
        known = {**self._mastery, **dict.fromkeys(self._graph.name(unknown), 1.0)}
        mastered = self._problem.mastered | unknown
        least = price_activities(self._graph, self._problem.faded, known, model, mastered=mastered)
        return int(least[activity]), most

    def _counts_switches(self) -> bool:
        """Says whether the plan counts its changes of topic rightly; one that names none says nothing about them."""
        switches, bound = self._plan.switches, self._plan.switches_lower_bound
        if (switches, bound) == (0, 0):
            return True
        numbers = (self._graph.number.get(step.concept) for step in self._plan.steps)
        counted = count_switches(self._graph, [number for number in numbers if number is not None])
        return is_amount(bound) and bound <= switches == counted

    def price_as_claimed(self) -> PlanningProblem:
        """Returns the problem in which resources of the plan cost what their steps sum to, where that may be so."""
        if self._mastery_is_known or self._cost_model.kind is CostKind.MINUTES:
            return self._problem
        shares: defaultdict[int, list[PlanStep]] = defaultdict(list)
        for step in self._plan.steps:
            activity = self.find_activity(step)
            if activity is not None and is_amount(step.minutes) and is_amount(step.cost_units):
                shares[activity].append(step)
        costs = self._problem.costs.copy()
        for activity, steps in shares.items():
            if self._adds_up(activity, steps):
                costs[activity] = max(1, sum(step.cost_units for step in steps))
        return replace(self._problem, costs=costs)


def _sum_up(amounts: Iterable[int]) -> int:
    """Sums what makes sense; what does not is a violation of its step."""
    return sum(filter(is_amount, amounts))
