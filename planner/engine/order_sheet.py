"""What is known of the steps of a plan when they are ordered, and how far that is."""

from typing import Final

import numpy as np

from planner.engine.arrays import GraphArrays, Ints
from planner.engine.compilation import inner, lean
from planner.engine.order_precedence import Precedence, list_later
from planner.engine.order_switches import number_topics

# The sheet has a row for each of these, and a column for each step or topic and two more. Few large arrays, because
# each array that is handed to a function costs some time.

TOPIC: Final = 0
"""By step, a number for its topic, from 0 without gaps; -1 where it has none."""
RESOURCE: Final = 1
"""By step, the first step that the same resource teaches; -1 where it is taught by the concept's own study."""
NEXT_LESSON: Final = 2
"""By step, the next that the same resource teaches, or -1."""
TIE: Final = 3
"""By step, the first goal that it serves * number of steps + step: what decides where nothing else does."""
CHAIN: Final = 4
"""By step, the most changes of topic along a chain of arcs from it, at most `MOST_CHAINED`."""
START: Final = 5
"""By step, where its row of later steps starts in `arcs`; the row ends where the next one starts."""
SOFT_START: Final = 6
"""By step, the same for the row of steps that it is a soft prerequisite of."""
PENDING: Final = 7
"""By step, arcs into it that are not done, and one more until its stage begins; -1 once it is placed."""
CLOSED: Final = 8
"""The same, but arcs from steps of the same topic that a run reaches do not count: at 0 a run reaches it."""
SOFT: Final = 9
"""By step, its soft prerequisites in the plan that are not placed."""
NEXT_READY: Final = 10
"""By step that is ready and not in the line, the next of its topic, or -1."""
STACK: Final = 11
"""Room for steps that a run has just reached."""
RUN: Final = 12
"""By topic, how many steps can be done in a row: those that are ready and those that become ready thereby."""
LEFT: Final = 13
"""By topic, how many steps of the stage are not placed."""
LONGEST: Final = 14
"""By topic, the longest chain from a step of its run."""
BEST: Final = 15
"""By topic, the smallest tie in its run."""
READY: Final = 16
"""By topic, the first step that is ready and not in the line, or -1."""
HAND: Final = 17
"""What is at hand, see `TOPIC_AT`, `RESOURCE_AT` and `SPAN_AT`."""
ROWS: Final = 18

TOPIC_AT: Final = 0
"""Column of the topic at hand, -2 before the first."""
RESOURCE_AT: Final = 1
"""Column of the resource at hand, -1: none."""
SPAN_AT: Final = 2
"""Column of a multiple of the number of steps above all ties."""
SPARE: Final = 2
"""Columns besides those of steps."""

MOST_CHAINED: Final = 4095
"""Longer chains count as so long, so that keys of topics are below 2^63 with some million steps."""


@inner
def fill_sheet(
    graph: GraphArrays, precedence: Precedence, concepts: Ints, activities: Ints, first: Ints
) -> tuple[Ints, Ints]:
    """Draws up what is known of each step.

    Args:
        graph: The curriculum.
        precedence: Of the plan, without a circle.
        concepts: Those of the plan, ascending, at least one.
        activities: The activity that teaches each.
        first: By step, the number of the first goal that it serves.

    Returns:
        The sheet with rows TOPIC to SOFT_START filled in; and the arcs: rows of later steps, then rows of steps that
        others are soft prerequisites of.
    """
    size = len(concepts)
    soft_start, soft_after = list_later(graph.soft_dependents_start, graph.soft_dependents, concepts, precedence.place)
    first_lesson = np.empty(len(graph.activity_own), dtype=np.int64)
    sheet = np.empty((ROWS, size + SPARE), dtype=np.int64)
    topics = number_topics(graph, concepts)
    for step in range(size):
        first_lesson[activities[step]] = -1
    for step in range(size - 1, -1, -1):
        sheet[NEXT_LESSON, step] = first_lesson[activities[step]]
        first_lesson[activities[step]] = step
    for step in range(size):
        sheet[RESOURCE, step] = -1 if graph.activity_own[activities[step]] else first_lesson[activities[step]]
        sheet[TIE, step] = first[step] * size + step
        sheet[TOPIC, step] = topics[step]
    for step in range(size + 1):
        sheet[START, step] = precedence.start[step]
        sheet[SOFT_START, step] = len(precedence.after) + soft_start[step]
    _measure_chains(sheet, precedence)
    return sheet, np.concatenate((precedence.after, soft_after))


@lean
def _measure_chains(sheet: Ints, precedence: Precedence) -> None:
    for place in range(len(precedence.sorted) - 1, -1, -1):
        step = precedence.sorted[place]
        topic, chain = sheet[TOPIC, step], 0
        for arc in range(precedence.start[step], precedence.start[step + 1]):
            after = precedence.after[arc]
            changes = topic >= 0 and sheet[TOPIC, after] >= 0 and sheet[TOPIC, after] != topic
            chain = max(chain, sheet[CHAIN, after] + changes)
        sheet[CHAIN, step] = min(chain, MOST_CHAINED)


@lean
def count_steps(sheet: Ints) -> int:
    """Returns the number of steps on a sheet."""
    return int(sheet.shape[1] - SPARE)
