"""Goals reached early: in which sequence to go for them."""

from typing import Final, NamedTuple

import numpy as np

from planner.engine.arrays import Ints
from planner.engine.compilation import inner
from planner.engine.order_goals import Words
from planner.engine.order_precedence import Precedence
from planner.engine.order_shares import Shares, find_shares

_SWEEPS: Final = 10
"""Work that the search may do, in sweeps over all goals. With 500 goals twice as many gain less than 0.1 %."""


class _Search(NamedTuple):
    """A sequence of goals that is being improved.

    Attributes:
        sequence: Goals.
        place: By goal, its place in the sequence.
        first: By share, the place of the first goal that it serves; the number of goals where it serves none.
        second: By share, the same for the second goal.
        gained: By place, the weight of the shares for which it is the first.
    """

    sequence: Ints
    place: Ints
    first: Ints
    second: Ints
    gained: Ints


@inner
def rank_goals(precedence: Precedence, words: Words, goals: Ints, weights: Ints, levels: Ints) -> Ints:
    """Finds a sequence of goals with a small sum of the times at which they are reached.

    Going for goals one after another, each time with all that is missing for the next, is no restriction: whatever an
    order of steps is, one that takes goals in the sequence in which it reaches them reaches none later. The problem
    is that of Sidney (1975), jobs with precedence on one machine, and NP-hard. First each time the goal that has the
    least left to do is taken, which no swap of two neighbours improves. Then goals are taken out one by one and put
    where the sum is smallest, until no goal moves or the work is `_SWEEPS` sweeps.

    Args:
        precedence: Of the plan.
        words: By step, the goals it serves.
        goals: Concepts; those that the plan does not have come last.
        weights: By step, >= 0.
        levels: By step; goals are taken by ascending level.

    Returns:
        By goal, its place in the sequence.

    Complexity is O(served + goals^2) for a sweep, where `served` counts pairs of a share and a goal that it serves.
    """
    shares = find_shares(precedence, words, len(goals), weights)
    level = np.full(len(goals), levels.max() + 1, dtype=np.int64)
    for goal in range(len(goals)):
        if precedence.place[goals[goal]] >= 0:
            level[goal] = levels[precedence.place[goals[goal]]]
    sequence = _take_shortest(shares, level)
    _insert_better(shares, level, sequence)
    return _invert(sequence)


@inner
def _invert(sequence: Ints) -> Ints:
    """Returns by goal its place in a sequence."""
    place = np.empty(len(sequence), dtype=np.int64)
    for position in range(len(sequence)):
        place[sequence[position]] = position
    return place


@inner
def _take_shortest(shares: Shares, level: Ints) -> Ints:
    """Returns goals by level; within a level each time the one with the least left to do, ties by number."""
    goals = len(level)
    left = np.zeros(goals, dtype=np.int64)
    for goal in range(goals):
        for entry in range(shares.share_start[goal], shares.share_start[goal + 1]):
            left[goal] += shares.weight[shares.shares[entry]]
    sequence, taken = np.empty(goals, dtype=np.int64), np.zeros(goals, dtype=np.bool_)
    done = np.zeros(len(shares.weight), dtype=np.bool_)
    for place in range(goals):
        best = -1
        for goal in range(goals):
            if not taken[goal] and (best < 0 or (level[goal], left[goal]) < (level[best], left[best])):
                best = goal
        sequence[place], taken[best] = best, True
        for entry in range(shares.share_start[best], shares.share_start[best + 1]):
            share = shares.shares[entry]
            if not done[share]:
                done[share] = True
                for served in range(shares.goal_start[share], shares.goal_start[share + 1]):
                    left[shares.goals[served]] -= shares.weight[share]
    return sequence


@inner
def _insert_better(shares: Shares, level: Ints, sequence: Ints) -> None:
    """Moves goals within their level to where the sum of times is smallest."""
    goals, count = len(sequence), len(shares.weight)
    search = _Search(
        sequence,
        _invert(sequence),
        np.empty(count, dtype=np.int64),
        np.empty(count, dtype=np.int64),
        np.empty(goals + 1, dtype=np.int64),
    )
    for share in range(count):
        _find_first_two(shares, search, share)
    _sum_gained(shares, search)
    work = _SWEEPS * (len(shares.goals) + goals * goals)
    goal, unmoved = 0, 0
    while unmoved < goals and work > 0:
        new = _find_best_place(shares, search, level, goal)
        work -= shares.share_start[goal + 1] - shares.share_start[goal] + goals
        unmoved += 1
        if new != search.place[goal]:
            _move(shares, search, goal, new)
            work -= count + goals
            unmoved = 0
        goal = (goal + 1) % goals


@inner
def _find_best_place(shares: Shares, search: _Search, level: Ints, goal: int) -> int:
    """Finds where in the sequence a goal lets the sum of times be smallest, its own place if nothing is smaller.

    Let the others keep their sequence, r = 0, 1, ... Let done(r) be what is done before r without the goal, and left(r)
    what the goal still has to do then. At place j the goal is reached at done(j) + left(j), and each r from j on comes
    later by left(r + 1) than without it. So the sum is a constant + done(j) + left(j) + left(j + 1) + ...
    """
    goals, old = len(level), search.place[goal]
    done, left = np.zeros(goals + 1, dtype=np.int64), np.zeros(goals + 1, dtype=np.int64)
    for place in range(goals):
        if place != old:
            done[place + (place < old)] = search.gained[place]
    for entry in range(shares.share_start[goal], shares.share_start[goal + 1]):
        share = shares.shares[entry]
        other = search.second[share] if search.first[share] == old else search.first[share]
        other -= other > old
        left[other] += shares.weight[share]
        if search.first[share] == old:
            done[other + 1] += shares.weight[share]
    for place in range(1, goals):
        done[place] += done[place - 1]
    for place in range(goals - 2, -1, -1):
        left[place] += left[place + 1]
    for place in range(goals - 2, -1, -1):
        left[place] += left[place + 1]
    best = old
    for place in range(goals):
        if level[search.sequence[place]] == level[goal] and done[place] + left[place] < done[best] + left[best]:
            best = place
    return int(best)


@inner
def _move(shares: Shares, search: _Search, goal: int, new: int) -> None:
    """Takes a goal out of the sequence and puts it at another place."""
    old = search.place[goal]
    toward = 1 if new > old else -1
    for place in range(old, new, toward):
        search.sequence[place] = search.sequence[place + toward]
        search.place[search.sequence[place]] = place
    search.sequence[new], search.place[goal] = goal, new
    low, high = min(old, new), max(old, new)
    for share in range(len(shares.weight)):
        if low <= search.first[share] <= high:
            search.first[share] -= toward
        if low <= search.second[share] <= high:
            search.second[share] -= toward
    for entry in range(shares.share_start[goal], shares.share_start[goal + 1]):
        _find_first_two(shares, search, shares.shares[entry])
    _sum_gained(shares, search)


@inner
def _find_first_two(shares: Shares, search: _Search, share: int) -> None:
    """Finds the places of the first two goals that a share serves."""
    search.first[share] = search.second[share] = len(search.place)
    for entry in range(shares.goal_start[share], shares.goal_start[share + 1]):
        place = search.place[shares.goals[entry]]
        if place < search.first[share]:
            search.second[share] = search.first[share]
            search.first[share] = place
        elif place < search.second[share]:
            search.second[share] = place


@inner
def _sum_gained(shares: Shares, search: _Search) -> None:
    search.gained[:] = 0
    for share in range(len(shares.weight)):
        search.gained[search.first[share]] += shares.weight[share]
