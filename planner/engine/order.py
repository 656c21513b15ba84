"""The order of a plan's steps, from the arrays of the plan."""

from typing import Final

import numpy as np

from planner.engine.arrays import Flags, GraphArrays, Ints
from planner.engine.compilation import inner, kernel
from planner.engine.order_focus import arrange_focused
from planner.engine.order_goals import Words, trace_words, weigh_steps
from planner.engine.order_precedence import Precedence, set_precedence, set_strict_precedence
from planner.engine.order_sheet import fill_sheet
from planner.engine.order_stages import gather_stages, set_levels
from planner.engine.order_switches import bound_changes
from planner.engine.order_wins import rank_goals

FOCUSED: Final = 0
EARLY_WINS: Final = 1


@inner
def put_in_order(
    graph: GraphArrays,
    mastered: Flags,
    minutes: Ints,
    goals: Ints,
    concepts: Ints,
    activities: Ints,
    first: Ints,
    orders: Ints,
    due: Ints,
    mode: int,
) -> Ints:
    """Orders the concepts of a plan; see `planner.sequence.order.arrange`.

    Args:
        graph: The curriculum.
        mastered: By concept, 1 if it counts as mastered; read where there are extra orders only.
        minutes: By activity, of the whole; read by EARLY_WINS only.
        goals: Concepts, distinct; read by EARLY_WINS only.
        concepts: Those of the plan, ascending, distinct.
        activities: The activity that teaches each.
        first: By concept of the plan, the number of the first goal that it serves, from 0; for those that serve none,
            a larger one than all others'. See `planner.engine.order_goals.find_first_goals`.
        orders: (before, after) concepts, one row each; they hold where the plan has both.
        due: (goal, number of its deadline), one row each; deadlines are numbered ascending from 0.
        mode: FOCUSED or EARLY_WINS.

    Returns:
        The concepts, in order; none if extra orders form a circle.
    """
    precedence = set_precedence(graph, mastered, concepts, orders)
    if len(precedence.sorted) < len(concepts) or len(concepts) == 0:
        return concepts[:0]
    return arrange_by_precedence(graph, precedence, minutes, goals, concepts, activities, first, due, mode)


@inner
def arrange_by_precedence(
    graph: GraphArrays,
    precedence: Precedence,
    minutes: Ints,
    goals: Ints,
    concepts: Ints,
    activities: Ints,
    first: Ints,
    due: Ints,
    mode: int,
) -> Ints:
    """Orders the concepts of a plan, at least one, by a precedence without a circle; see `put_in_order`."""
    levels = _set_deadline_levels(precedence, due)
    if mode == EARLY_WINS:
        words = trace_words(precedence, goals)
        weights = weigh_steps(graph, minutes, concepts, activities)
        rank = rank_goals(precedence, words, goals, weights, levels)
        levels = levels * (len(goals) + 1) + set_levels(precedence, goals, rank, len(goals))
    sheet, arcs = fill_sheet(graph, precedence, concepts, activities, first)
    stages, stage_start = gather_stages(levels)
    order: Ints = concepts[arrange_focused(sheet, arcs, stages, stage_start)]
    return order


@inner
def _set_deadline_levels(precedence: Precedence, due: Ints) -> Ints:
    last = 0
    for row in range(len(due)):
        last = max(last, due[row, 1] + 1)
    return set_levels(precedence, due[:, 0], due[:, 1], last)


arrange_steps = kernel(put_in_order)


@kernel
def trace_served(graph: GraphArrays, concepts: Ints, goals: Ints) -> Words:
    """Returns by concept of a plan, ascending, the bits of the goals that it serves."""
    no_orders = np.empty((0, 2), dtype=np.int64)
    return trace_words(set_strict_precedence(graph, concepts, no_orders), goals)


@kernel
def set_deadlines(graph: GraphArrays, mastered: Flags, concepts: Ints, orders: Ints, due: Ints) -> Ints:
    """Finds by when each concept of a plan is needed.

    Args:
        graph: The curriculum.
        mastered: By concept, 1 if it counts as mastered; read where there are extra orders only.
        concepts: Those of the plan, ascending.
        orders: (before, after) concepts, one row each.
        due: (goal, number of its deadline), one row each; deadlines are numbered ascending from 0.

    Returns:
        By concept of the plan, the number of the first deadline that it is needed for, one more than all where it is
        needed for none. Nothing if extra orders form a circle.
    """
    precedence = set_precedence(graph, mastered, concepts, orders)
    if len(precedence.sorted) < len(concepts):
        return concepts[:0]
    return _set_deadline_levels(precedence, due)


@kernel
def bound_topic_changes(graph: GraphArrays, mastered: Flags, concepts: Ints, orders: Ints) -> int:
    """Returns how often each order of a plan changes topic at least; -1 if extra orders form a circle."""
    precedence = set_precedence(graph, mastered, concepts, orders)
    if len(precedence.sorted) < len(concepts):
        return -1
    return bound_changes(graph, mastered, concepts, orders, precedence)
