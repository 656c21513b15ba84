"""Which goals each step serves, as bits: goal g of the plan is bit g % 64 of word g // 64."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from planner.engine.arrays import GraphArrays, Ints
from planner.engine.compilation import inner, lean
from planner.engine.order_precedence import Precedence

Words = NDArray[np.uint64]

BITS: Final = 64


@inner
def trace_words(precedence: Precedence, goals: Ints) -> Words:
    """Finds the goals that each step serves, itself included where it is one.

    Args:
        precedence: Of the plan, without a circle.
        goals: Concepts, distinct; those that are not in the plan are served by nothing.

    Returns:
        A row of words for each step.

    Complexity is O((V + E) * words) in the plan.
    """
    size, width = len(precedence.sorted), (len(goals) + BITS - 1) // BITS
    words = np.zeros((size, width), dtype=np.uint64)
    for goal in range(len(goals)):
        step = precedence.place[goals[goal]]
        if step >= 0:
            words[step, goal // BITS] |= np.uint64(1) << np.uint64(goal % BITS)
    for place in range(size - 1, -1, -1):
        step = precedence.sorted[place]
        for arc in range(precedence.start[step], precedence.start[step + 1]):
            for word in range(width):
                words[step, word] |= words[precedence.after[arc], word]
    return words


@lean
def serves(words: Words, step: int, goal: int) -> bool:
    """Returns whether a step serves a goal."""
    return bool(words[step, goal // BITS] >> np.uint64(goal % BITS) & np.uint64(1))


@inner
def find_first_goals(words: Words, goals: int) -> Ints:
    """Returns by step the first of so many goals that it serves; the number of goals where it serves none."""
    first = np.full(len(words), goals, dtype=np.int64)
    for step in range(len(words)):
        word = 0
        while word < words.shape[1] and words[step, word] == 0:
            word += 1
        if word < words.shape[1]:
            goal = BITS * word
            while not serves(words, step, goal):
                goal += 1
            first[step] = goal
    return first


@inner
def weigh_steps(graph: GraphArrays, minutes: Ints, concepts: Ints, activities: Ints) -> Ints:
    """Returns by step its share of its activity's minutes, in thousandths, rounded down.

    Args:
        graph: The curriculum.
        minutes: By activity, of the whole.
        concepts: Those of the plan, ascending.
        activities: The activity that teaches each.

    An activity's minutes are shared in proportion to those of its sections that the plan uses.
    """
    section = np.empty(len(concepts), dtype=np.int64)
    used = np.zeros(len(minutes), dtype=np.int64)
    for step in range(len(concepts)):
        start, end = graph.sections_start[activities[step]], graph.sections_start[activities[step] + 1]
        entry = start + np.searchsorted(graph.sections[start:end], concepts[step])
        section[step] = graph.section_minutes[entry]
        used[activities[step]] += section[step]
    for step in range(len(concepts)):
        activity = activities[step]
        section[step] = section[step] * minutes[activity] * 1000 // used[activity]
    return section
