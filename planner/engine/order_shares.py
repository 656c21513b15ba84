"""What the goals of a plan have in common: steps gathered by the goals that they serve."""

from typing import NamedTuple

import numpy as np

from planner.engine.arrays import Ints
from planner.engine.compilation import inner
from planner.engine.order_goals import Words, serves
from planner.engine.order_precedence import Precedence, compress_arcs


class Shares(NamedTuple):
    """A share is a set of steps that serve the same goals.

    Attributes:
        weight: By share, of its steps.
        goal_start: Where each share's row of `goals` starts.
        goals: Goals that the share serves, by share.
        share_start: Where each goal's row of `shares` starts.
        shares: Shares that serve the goal, by goal.
    """

    weight: Ints
    goal_start: Ints
    goals: Ints
    share_start: Ints
    shares: Ints


@inner
def find_shares(precedence: Precedence, words: Words, goals: int, weights: Ints) -> Shares:
    """Gathers steps that serve the same goals as a step they come right before; such sets may still be alike."""
    size = len(weights)
    share = np.full(size, -1, dtype=np.int64)
    weight = np.empty(size, dtype=np.int64)
    heads = np.empty(size, dtype=np.int64)
    count = 0
    for place in range(size - 1, -1, -1):
        step = precedence.sorted[place]
        for arc in range(precedence.start[step], precedence.start[step + 1]):
            after = precedence.after[arc]
            if share[step] < 0 and _serve_alike(words, step, after):
                share[step] = share[after]
                weight[share[step]] += weights[step]
        if share[step] < 0:
            share[step], heads[count], weight[count] = count, step, weights[step]
            count += 1
    served = 0
    for number in range(count):
        for goal in range(goals):
            served += serves(words, heads[number], goal)
    numbers, served_goals = np.empty(served, dtype=np.int64), np.empty(served, dtype=np.int64)
    served = 0
    for number in range(count):
        for goal in range(goals):
            if serves(words, heads[number], goal):
                numbers[served], served_goals[served] = number, goal
                served += 1
    goal_start, goal_rows = compress_arcs(count, numbers, served_goals)
    share_start, share_rows = compress_arcs(goals, served_goals, numbers)
    return Shares(weight[:count], goal_start, goal_rows, share_start, share_rows)


@inner
def _serve_alike(words: Words, step: int, other: int) -> bool:
    word = 0
    while word < words.shape[1] and words[step, word] == words[other, word]:
        word += 1
    return bool(word == words.shape[1])
