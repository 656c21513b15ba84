"""From problem to plan without leaving compiled code, for many learners one after another."""

from typing import NamedTuple

import numpy as np

from planner.engine.arrays import GraphArrays, Ints, ProblemArrays
from planner.engine.bounds import bound_region
from planner.engine.closure import find_region
from planner.engine.compilation import inner, kernel
from planner.engine.cover import cover_region
from planner.engine.order import arrange_by_precedence
from planner.engine.order_goals import find_first_goals, trace_words
from planner.engine.order_precedence import set_precedence


class SolutionArrays(NamedTuple):
    """Plans of several learners.

    Attributes:
        start: Where each learner's steps start, one entry more than there are learners; int64.
        concepts: By step, in the order of learning; int64.
        activities: By step; int64.
        costs: By learner, in units of 0.0001; int64.
        bounds: By learner, what no plan costs less than, in units of 0.0001; int64.
        kinds: By learner, the kind of bound, see `planner.engine.bounds`; int64.
    """

    start: Ints
    concepts: Ints
    activities: Ints
    costs: Ints
    bounds: Ints
    kinds: Ints


class Terms(NamedTuple):
    """What holds for all learners of a call.

    Attributes:
        mastered_from: Mastery from which on a concept is mastered, in steps of 0.0001.
        faded_from: Mastery from which on it needs refreshing only.
        units_per_minute: What a minute costs.
        refresh_percent: Share of a concept's own minutes that refreshing it takes.
        mode: FOCUSED or EARLY_WINS of `planner.engine.order`.
        bounded: False: no bounds are reckoned; they are 0.
    """

    mastered_from: int
    faded_from: int
    units_per_minute: int
    refresh_percent: int
    mode: int
    bounded: bool


@inner
def pose(graph: GraphArrays, goals: Ints, mastery: Ints, terms: Terms) -> tuple[ProblemArrays, Ints]:
    """Returns a learner's problem, priced by minutes, and the minutes of each activity.

    Args:
        graph: The curriculum.
        goals: Ascending, distinct.
        mastery: By concept, in steps of 0.0001.
        terms: What holds for all.
    """
    mastered = (mastery >= terms.mastered_from).astype(np.uint8)
    minutes = graph.activity_minutes.copy()
    for concept in range(len(mastery)):
        if mastery[concept] >= terms.faded_from and mastered[concept] == 0:
            for entry in range(graph.teachers_start[concept], graph.teachers_start[concept + 1]):
                activity = graph.teachers[entry]
                if graph.activity_own[activity] == 1:
                    minutes[activity] = -(-minutes[activity] * terms.refresh_percent // 100)
    concepts, activities = np.zeros(len(mastery), dtype=np.uint8), np.zeros(len(minutes), dtype=np.uint8)
    return ProblemArrays(goals, mastered, minutes * terms.units_per_minute, concepts, activities, activities), minutes


@inner
def solve(graph: GraphArrays, problem: ProblemArrays, minutes: Ints, terms: Terms) -> tuple[Ints, Ints, int, int, int]:
    """Returns a plan's concepts in order, activities by concept of the curriculum, cost, bound and kind of bound."""
    region = find_region(graph, problem)
    cover = cover_region(graph, problem, region)
    no_rows = np.empty((0, 2), dtype=np.int64)
    concepts = cover.concepts
    order = concepts
    if len(concepts) > 0:
        precedence = set_precedence(graph, problem.mastered, concepts, no_rows)
        first = find_first_goals(trace_words(precedence, problem.goals), len(problem.goals))
        activities = cover.teacher[concepts]
        order = arrange_by_precedence(
            graph, precedence, minutes, problem.goals, concepts, activities, first, no_rows, terms.mode
        )
    bound, kind = 0, 0
    if terms.bounded:
        found = bound_region(graph, problem, region, cover.cost, True)
        bound, kind = found.units, found.kind
    return order, cover.teacher, cover.cost, bound, kind


@kernel
def solve_many(graph: GraphArrays, goals_start: Ints, goals: Ints, mastery: Ints, terms: Terms) -> SolutionArrays:
    """Plans for learners, priced by minutes and without constraints.

    Args:
        graph: The curriculum.
        goals_start: Where each learner's goals start, one entry more than there are learners.
        goals: Each learner's goals, ascending, distinct.
        mastery: By learner and concept, in steps of 0.0001; two-dimensional.
        terms: What holds for all.
    """
    learners = len(goals_start) - 1
    start = np.zeros(learners + 1, dtype=np.int64)
    concepts, activities = np.empty(1024, dtype=np.int64), np.empty(1024, dtype=np.int64)
    costs, bounds = np.zeros(learners, dtype=np.int64), np.zeros(learners, dtype=np.int64)
    kinds = np.zeros(learners, dtype=np.int64)
    for learner in range(learners):
        own = goals[goals_start[learner] : goals_start[learner + 1]]
        problem, minutes = pose(graph, own, mastery[learner], terms)
        order, teacher, costs[learner], bounds[learner], kinds[learner] = solve(graph, problem, minutes, terms)
        first, last = start[learner], start[learner] + len(order)
        while last > len(concepts):
            concepts = np.concatenate((concepts, np.empty_like(concepts)))
            activities = np.concatenate((activities, np.empty_like(activities)))
        concepts[first:last] = order
        activities[first:last] = teacher[order]
        start[learner + 1] = last
    return SolutionArrays(start, concepts[: start[-1]], activities[: start[-1]], costs, bounds, kinds)
