"""Which offer is best while offers change: a tournament tree, in which a new price is played up to the root.

An offer is better that meets more obligations for its cost; ties go to the lower cost, then to the lower number.
"""

from typing import Final

import numpy as np

from planner.engine.arrays import Ints
from planner.engine.compilation import inner, lean

_SMALL: Final = 1 << 31
"""Products of two numbers below this fit into 63 bits."""


@inner
def make_tree(size: int) -> Ints:
    """Returns a tree for so many offers, none of which has a gain yet.

    Node 1 is the root, 2i and 2i + 1 are the children of i, and `size + offer` is an offer's leaf; each node holds the
    best offer below it. With one offer the root is its leaf.
    """
    tree = np.empty(2 * max(size, 1), dtype=np.int64)
    for offer in range(size):
        tree[size + offer] = offer
    for node in range(size - 1, 0, -1):
        tree[node] = min(tree[2 * node], tree[2 * node + 1])
    return tree


@lean
def play_all(tree: Ints, gain: Ints, cost: Ints) -> None:
    """Brings a whole tree up to date, in linear time."""
    for node in range(len(tree) // 2 - 1, 0, -1):
        left, right = tree[2 * node], tree[2 * node + 1]
        tree[node] = left if is_better(gain, cost, left, right) else right


@lean
def replay(tree: Ints, gain: Ints, cost: Ints, offer: int) -> None:
    """Brings the tree up to date after an offer's gain or cost has changed, in O(log size)."""
    node = (len(tree) // 2 + offer) // 2
    while node > 0:
        left, right = tree[2 * node], tree[2 * node + 1]
        winner = left if is_better(gain, cost, left, right) else right
        if tree[node] == winner and winner != offer:
            return  # it lost here before, and loses again
        tree[node] = winner
        node //= 2


@lean
def is_better(gain: Ints, cost: Ints, one: int, other: int) -> bool:
    """Says whether an offer is better than another one; one without a gain never is better than one with."""
    if gain[one] == 0 or gain[other] == 0:
        return gain[one] > 0 or (gain[other] == 0 and one < other)
    order = compare_ratios(cost[one], gain[one], cost[other], gain[other])
    if order != 0:
        return order < 0
    return cost[one] < cost[other] or (cost[one] == cost[other] and one < other)


@lean
def compare_ratios(number: int, divisor: int, other: int, other_divisor: int) -> int:
    """Compares number / divisor with other / other_divisor exactly; numbers >= 0, divisors > 0, below 2**63.

    Large ones are compared by quotients and remainders in turn, as by their continued fractions.

    Returns:
        Below 0, 0 or above 0, as the first is smaller, equal or larger.
    """
    sign = 1
    while max(number, other, divisor, other_divisor) >= _SMALL:
        quotient, other_quotient = number // divisor, other // other_divisor
        if quotient != other_quotient:
            return sign if quotient > other_quotient else -sign
        rest, other_rest = number - quotient * divisor, other - quotient * other_divisor
        if rest == 0 or other_rest == 0:
            return sign * (min(rest, 1) - min(other_rest, 1))
        # What is left to compare are rest / divisor and other_rest / other_divisor, upside down.
        number, divisor, other, other_divisor = divisor, rest, other_divisor, other_rest
        sign = -sign
    difference = number * other_divisor - other * divisor
    if difference == 0:
        return 0
    return sign if difference > 0 else -sign
