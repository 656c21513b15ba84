"""What is to be planned: goals, what the learner knows, and what activities cost that learner."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np

from kg.errors import FieldViolation, InvalidInputError, refuse
from planner.costs import BY_MINUTES, CostModel
from planner.engine.arrays import Ints, ProblemArrays, flag, to_ints
from planner.graph import PlanningGraph
from planner.plan import PlanOrder

Minutes = TypeVar("Minutes", int, Ints)

UNITS_PER_MINUTE: Final = 10_000
"""Costs are counted in units of 0.0001, so that they are integers; a minute of learning costs 1."""

REFRESH_PERCENT: Final = 30
"""Share of a concept's own minutes that refreshing it takes. Our choice: neither GraphMASAL nor data give one."""

MOST_GOALS: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanSettings:
    """How to plan. Probabilities are compared in steps of 0.0001.

    Attributes:
        mastery_threshold: Mastery from which on a concept counts as mastered, in (0, 1].
        refresh_threshold: Mastery from which on it needs refreshing only, in (0, mastery_threshold].
        cost_model: How activities are priced.
        order: How steps are ordered.
        escalate_above: Ratio of cost to lower bound above which an exact solver is asked, >= 1; infinity: never.

    Raises:
        InvalidInputError: A value is out of its range.
    """

    mastery_threshold: float = 0.8
    refresh_threshold: float = 0.5
    cost_model: CostModel = BY_MINUTES
    order: PlanOrder = PlanOrder.FOCUSED
    escalate_above: float = 1.05

    def __post_init__(self) -> None:
        if not 0 < self.mastery_threshold <= 1:
            raise refuse("mastery_threshold", "must be above 0 and at most 1")
        if not 0 < self.refresh_threshold <= self.mastery_threshold:
            raise refuse("refresh_threshold", "must be above 0 and at most the mastery threshold")
        if not self.escalate_above >= 1:
            raise refuse("escalate_above", "must be at least 1")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlanningProblem:
    """An instance of planning; concepts and activities are positions in `graph`.

    Attributes:
        graph: The curriculum.
        goals: In ascending order, distinct.
        mastered: Concepts that count as mastered; they satisfy their dependents whatever they require themselves.
        faded: Concepts of middling mastery, whose own study is a refresher.
        minutes: By activity, the minutes that it takes this learner, >= 1; a resource is done as a whole.
        costs: By activity, what it costs this learner, in units of 0.0001, > 0.
        barred: Concepts that are not to be learned.
        unavailable: Activities not to be used.
        pinned: Activities that are to be done; each concept they teach is mastered or among the goals.
        orders: (before, after): where a plan learns both, in this order.
    """

    graph: PlanningGraph
    goals: tuple[int, ...]
    mastered: frozenset[int]
    faded: frozenset[int]

    minutes: Ints
    costs: Ints
    barred: frozenset[int] = frozenset()
    unavailable: frozenset[int] = frozenset()
    pinned: frozenset[int] = frozenset()
    orders: tuple[tuple[int, int], ...] = ()

    def count_minutes(self, activity: int) -> int:
        """Returns the minutes that an activity takes this learner, >= 1; a resource is done as a whole."""
        return int(self.minutes[activity])

    def count_cost(self, activity: int) -> int:
        """Returns what an activity costs this learner, in units of 0.0001, > 0."""
        return int(self.costs[activity])

    def to_arrays(self) -> ProblemArrays:
        """Returns the form in which kernels read it, in time linear in the size of the graph."""
        concepts, activities = len(self.graph.concepts), len(self.graph.activities)
        return ProblemArrays(
            goals=to_ints(self.goals),
            mastered=flag(self.mastered, concepts),
            costs=self.costs,
            barred=flag(self.barred, concepts),
            unavailable=flag(self.unavailable, activities),
            pinned=flag(self.pinned, activities),
        )


def count_minutes(graph: PlanningGraph, faded: Collection[int]) -> Ints:
    """Returns by activity the minutes that it takes, >= 1, less for the own study of a faded concept."""
    arrays = graph.arrays
    refreshed = np.zeros(len(graph.concepts), dtype=bool)
    refreshed[list(faded)] = True
    own = arrays.activity_own == 1
    shortened = own & refreshed[arrays.sections[arrays.sections_start[:-1]]]
    return np.where(shortened, shorten_to_refresh(arrays.activity_minutes), arrays.activity_minutes)


def shorten_to_refresh(minutes: Minutes) -> Minutes:
    """Returns the minutes that refreshing takes instead of so many for learning, >= 1, rounded up."""
    return -(-minutes * REFRESH_PERCENT // 100)


def pose_problem(
    graph: PlanningGraph, goals: Collection[str], mastery: Mapping[str, float], settings: PlanSettings
) -> PlanningProblem:
    """Turns ids and probabilities into a problem.

    Args:
        graph: The curriculum.
        goals: Ids of concepts, from 1 to 500, distinct.
        mastery: Probability of mastery by concept id, in [0, 1]; a concept that is absent is to be learned, and one
            that the curriculum does not have is ignored.
        settings: Thresholds.

    Raises:
        InvalidInputError: There are no goals or too many, or some are unknown or repeated.
    """
    check_goals(graph, goals)
    mastered, faded = sort_by_mastery(graph, mastery, settings)
    minutes = count_minutes(graph, faded)
    return PlanningProblem(
        graph=graph,
        goals=tuple(sorted(graph.number[goal] for goal in goals)),
        mastered=mastered,
        faded=faded,
        minutes=minutes,
        costs=minutes * UNITS_PER_MINUTE,
    )


def check_goals(graph: PlanningGraph, goals: Collection[str]) -> None:
    """Refuses goals that cannot be planned for, each with its position.

    Raises:
        InvalidInputError: There are no goals or too many, or some are unknown or repeated.
    """
    if not 1 <= len(goals) <= MOST_GOALS:
        raise refuse("goals", f"must have 1 to {MOST_GOALS} entries, not {len(goals)}")
    violations = []
    seen: dict[str, int] = {}
    for position, goal in enumerate(goals):
        if goal not in graph.number:
            violations.append(FieldViolation(f"goals[{position}]", "must be the id of a concept of the curriculum"))
        elif goal in seen:
            violations.append(FieldViolation(f"goals[{position}]", f"must not repeat goals[{seen[goal]}]"))
        seen.setdefault(goal, position)
    if violations:
        raise InvalidInputError(*violations)


def sort_by_mastery(
    graph: PlanningGraph, mastery: Mapping[str, float], settings: PlanSettings
) -> tuple[frozenset[int], frozenset[int]]:
    """Returns the mastered and the faded concepts."""
    high, low = in_steps(settings.mastery_threshold), in_steps(settings.refresh_threshold)
    mastered, faded = set(), set()
    for concept, probability in mastery.items():
        position = graph.number.get(concept)
        if position is None:
            continue
        steps = in_steps(probability)
        if steps >= high:
            mastered.add(position)
        elif steps >= low:
            faded.add(position)
    return frozenset(mastered), frozenset(faded)


def in_steps(probability: float) -> int:
    """Returns a probability in steps of 0.0001, by which probabilities are compared."""
    return round(probability * 10_000)
