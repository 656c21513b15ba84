"""The terms of an earlier plan, as far as the curriculum as it is now has a use for them."""

from dataclasses import replace

from planner.constraints import Constraints
from planner.graph import PlanningGraph
from planner.plan import Plan
from planner.problem import PlanSettings


def read_settings(plan: Plan) -> PlanSettings:
    """Returns the settings of a plan; when an exact solver was asked, a plan does not say, so it is as usual.

    Raises:
        InvalidInputError: Its thresholds are out of range.
    """
    return PlanSettings(
        mastery_threshold=plan.mastery_threshold,
        refresh_threshold=plan.refresh_threshold,
        cost_model=plan.cost_model,
        order=plan.order,
    )


def fit_settings(graph: PlanningGraph, settings: PlanSettings) -> PlanSettings:
    """Returns settings without the custom costs of activities that the curriculum does not have."""
    costs = settings.cost_model.custom_units
    known = {activity: units for activity, units in costs.items() if activity in graph.activity_number}
    if len(known) == len(costs):
        return settings
    return replace(settings, cost_model=replace(settings.cost_model, custom_units=known))


def fit_constraints(graph: PlanningGraph, constraints: Constraints) -> Constraints:
    """Returns constraints without those on concepts and resources that the curriculum does not have."""
    return replace(
        constraints,
        pinned=tuple(subject for subject in constraints.pinned if is_known(graph, subject)),
        vetoed=tuple(subject for subject in constraints.vetoed if is_known(graph, subject)),
        orders=tuple(pair for pair in constraints.orders if all(concept in graph.number for concept in pair)),
        deadlines={goal: minutes for goal, minutes in constraints.deadlines.items() if goal in graph.number},
    )


def is_known(graph: PlanningGraph, subject: str) -> bool:
    """Says whether the curriculum has what a pin or a veto names, `concepts/{id}` or `resources/{id}`."""
    kind, _, name = subject.partition("/")
    return name in graph.number if kind == "concepts" else subject in graph.activity_number
