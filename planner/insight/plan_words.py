"""The facts of an explanation as sentences."""

from collections.abc import Iterable, Mapping, Sequence

from planner.difference import costs_minutes, count_steps, tell_activity, tell_cost
from planner.graph import PlanningGraph
from planner.insight.edits import tell_constraint
from planner.insight.prices import MasteryPrice, Substitute
from planner.plan import Plan, PlanStep, StepKind
from planner.reasons import list_in_words


class PlanTeller:
    """Puts the facts about a plan into sentences.

    Attributes:
        graph: The curriculum.
    """

    def __init__(self, graph: PlanningGraph, plan: Plan, titles: Mapping[str, str]) -> None:
        self.graph = graph
        self._plan, self._titles = plan, titles
        self._minutes = costs_minutes(plan)

    def tell_step(self, step: PlanStep, saved: MasteryPrice, substitute: Substitute | None) -> str:
        """Says what a step costs, what knowing its concept would save, and what could take its place."""
        verb = "Refreshing" if step.kind is StepKind.REFRESH else "Learning"
        return (
            f"{verb} {step.title} costs {self._cost(step.cost_units)}. {self._tell_saving(saved)} "
            f"{self._tell_substitute(step, substitute)}"
        )

    def _tell_saving(self, saved: MasteryPrice) -> str:
        less = f"{self._cost(saved.saving_units)} less" if saved.saving_units else "as much"
        changes = []
        if saved.dropped:
            changes.append(f"{self._name(saved.dropped)} would not be needed either")
        if saved.added:
            changes.append(f"{self._name(saved.added)} would be learned instead")
        cause = f", since {' and '.join(changes)}" if changes else ""
        return f"Were it known already, the plan would cost {less}{cause}."

    def _tell_substitute(self, step: PlanStep, substitute: Substitute | None) -> str:
        present = tell_activity(step.activity, self._titles)
        if substitute is None:
            return f"Nothing can take the place of {present}."
        activity = tell_activity(self.graph.activities[substitute.activity].id, self._titles)
        concept = self.graph.concepts[substitute.concept]
        taken = (
            f"{activity} would take its place"
            if concept.id == step.concept
            else f"{concept.title} would be learned instead, by {activity}"
        )
        more = f"{self._cost(substitute.cost_units)} more" if substitute.cost_units else "as much"
        return f"Were {present} not to be had, {taken} and the plan would cost {more}."

    def tell_constraint(self, field: str, saving: int) -> str:
        """Says what the constraint at a field costs."""
        subject = tell_constraint(field, self._titles, self._plan.constraints)
        if saving:
            return f"Without {subject} the plan would cost {self._cost(saving)} less."
        return f"{subject[0].upper()}{subject[1:]} costs nothing."

    def tell_plan(self, left: int) -> str:
        """Sums up the plan; `left` steps were left out for want of time."""
        plan = self._plan
        if plan.conflict is not None:
            return plan.conflict.text
        sentences = [*self._tell_goals(), *self._tell_proof()]
        if left:
            sentences.append(f"Time ran out before {left} of the steps asked for.")
        return " ".join(sentences)

    def _tell_goals(self) -> Iterable[str]:
        plan = self._plan
        missed = {
            "cannot be reached": [each.concept for each in plan.unreachable],
            "does not fit into the budget": [each.concept for each in plan.left_out],
        }
        reached = len(plan.goals) - sum(map(len, missed.values()))
        if plan.steps:
            cost = self._cost(plan.certificate.cost_units)
            yield f"{_count_goals(reached)} in {count_steps(plan.steps)}, at a cost of {cost}."
        elif reached:
            yield f"{_count_goals(reached)} without a step."
        for words, goals in missed.items():
            if goals:
                number = "One goal" if len(goals) == 1 else f"{len(goals)} goals"
                yield f"{number} {words if len(goals) == 1 else words.replace('does', 'do')}."

    def _tell_proof(self) -> Iterable[str]:
        certificate = self._plan.certificate
        if not self._plan.steps:
            return
        if certificate.cost_units == certificate.lower_bound_units:
            yield "No plan costs less."
        elif certificate.lower_bound_units:
            above = 100 * (certificate.ratio - 1)
            yield (
                f"No plan costs less than {self._cost(certificate.lower_bound_units)}, so this one is at most "
                f"{above:.2g} % dearer than the cheapest."
            )
        if certificate.theorem == "T1":
            yield "There was nothing to choose: every plan learns all of it, by these activities."
        elif certificate.theorem == "T2":
            yield (
                "What could be chosen requires nothing further, so the way it is chosen never costs more than "
                f"{certificate.guarantee:.3g} times the least there is."
            )

    def _cost(self, units: int) -> str:
        return tell_cost(units, minutes=self._minutes)

    def _name(self, concepts: Sequence[int]) -> str:
        return list_in_words([self.graph.concepts[concept].title for concept in concepts])


def _count_goals(count: int) -> str:
    return "The goal is reached" if count == 1 else f"{count} goals are reached"
