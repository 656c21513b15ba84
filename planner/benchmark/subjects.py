"""What is measured: the engine, and the baselines beside it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Final, NamedTuple

import numpy as np

from planner.content.closure import explore
from planner.content.cover import Cover, find_cover
from planner.costs import REFRESH_PERCENT, UNITS_PER_MINUTE, count_steps, in_steps
from planner.engine.arrays import Ints, to_ints
from planner.engine.order import FOCUSED
from planner.engine.solution import SolutionArrays, Terms, solve_many
from planner.graph import PlanningGraph
from planner.paths import PathPlan
from planner.plan import PlanOrder
from planner.problem import PlanningProblem, PlanSettings
from planner.proof.bounds import bound_cost
from planner.sequence.order import arrange, trace_goals

Learner = tuple[Mapping[str, float], Sequence[str]]
"""Mastery by concept, and goals."""

EXACT_SECONDS: Final = 10.0
"""Limit by the clock for one search of the exact solver."""


class Packed(NamedTuple):
    """Learners as the engine reads them when it plans for many.

    Attributes:
        start: Where each learner's goals start, one entry more than there are learners.
        goals: Each learner's goals, ascending.
        mastery: By learner and concept, in steps of 0.0001.
    """

    start: Ints
    goals: Ints
    mastery: Ints


def pack(graph: PlanningGraph, learners: Sequence[Learner]) -> Packed:
    """Returns learners, at least one, in the form for many."""
    goals = [sorted(graph.number[goal] for goal in each) for _, each in learners]
    start = np.zeros(len(learners) + 1, dtype=np.int64)
    np.cumsum([len(each) for each in goals], out=start[1:])
    mastery = np.stack([count_steps(graph, each) for each, _ in learners])
    return Packed(start, to_ints(chain.from_iterable(goals)), mastery)


def plan_for_many(graph: PlanningGraph, packed: Packed, *, bounded: bool) -> SolutionArrays:
    """Plans for learners by one call of the engine, with the usual settings.

    Args:
        graph: The curriculum.
        packed: The learners.
        bounded: With bounds.
    """
    usual = PlanSettings()
    thresholds = in_steps(usual.mastery_threshold), in_steps(usual.refresh_threshold)
    terms = Terms(*thresholds, UNITS_PER_MINUTE, REFRESH_PERCENT, FOCUSED, bounded)
    return solve_many(graph.arrays, *packed, terms)


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
    """Finds which concepts to learn, by which activities, in which order, step by step as a service does."""
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
    from planner.proof.exact import solve_problem  # noqa: PLC0415

    hint = Cover(teachers=dict(plan.teachers), cost_units=plan.cost_units, cut_short=False)
    found = solve_problem(problem, explore(problem), hint, seconds=EXACT_SECONDS)
    return found.total_units, found.bound_units


def complete_paths(problem: PlanningProblem, plan: PathPlan) -> int:
    """Returns what a plan by paths costs once all that it leaves out is added at a low cost, in units of 0.0001.

    All its concepts count as goals, beside the goals themselves, and the engine does the rest.
    """
    concepts = (problem.graph.number[concept] for concept in plan.concepts)
    wide = replace(problem, goals=tuple(sorted({*problem.goals, *concepts})))
    return find_cover(wide, explore(wide)).cost_units
