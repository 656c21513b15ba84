"""What is measured: the engine, and the baselines beside it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Final

from planner.bounds import bound_cost
from planner.closure import explore
from planner.cover import Cover, find_cover
from planner.graph import PlanningGraph
from planner.order import arrange, trace_goals
from planner.paths import PathPlan
from planner.plan import PlanOrder
from planner.problem import PlanningProblem

EXACT_SECONDS: Final = 10.0
"""Limit by the clock for one search of the exact solver."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnginePlan:
    """What the engine finds.

    Attributes:
        order: Concepts in the order in which they are learned.
        teachers: Activity by concept.
        cost_units: In units of 0.0001.
    """

    order: list[int]
    teachers: Mapping[int, int]
    cost_units: int


def plan_by_engine(problem: PlanningProblem, mode: PlanOrder = PlanOrder.FOCUSED) -> EnginePlan:
    """Finds which concepts to learn, by which activities, in which order."""
    cover = find_cover(problem, explore(problem))
    served = trace_goals(problem.graph, cover.teachers, problem.goals)
    order = arrange(problem, cover.teachers, served, mode)
    return EnginePlan(order=order, teachers=cover.teachers, cost_units=cover.cost_units)


def bound_by_engine(problem: PlanningProblem, plan: EnginePlan) -> int:
    """Returns what no plan costs less than, in units of 0.0001."""
    return bound_cost(problem, explore(problem), cost_units=plan.cost_units).units


def solve(problem: PlanningProblem, plan: EnginePlan) -> tuple[int, int]:
    """Returns the least cost that the exact solver finds, beginning with a plan, and what it proves none undercuts."""
    # slow to load
    from planner.exact import solve_problem  # noqa: PLC0415

    hint = Cover(teachers=dict(plan.teachers), cost_units=plan.cost_units, cut_short=False)
    found = solve_problem(problem, explore(problem), hint, seconds=EXACT_SECONDS)
    return found.total_units, found.bound_units


def complete_paths(problem: PlanningProblem, plan: PathPlan) -> int:
    """Returns what a plan by paths costs once all that it leaves out is added at a low cost, in units of 0.0001.

    All its concepts count as goals, beside the goals themselves, and the engine does the rest.
    """
    concepts = _find_positions(problem.graph, plan.concepts)
    wide = replace(problem, goals=tuple(sorted({*problem.goals, *concepts})))
    return find_cover(wide, explore(wide)).cost_units


def _find_positions(graph: PlanningGraph, concepts: Collection[str]) -> list[int]:
    return [graph.number[concept] for concept in concepts]
