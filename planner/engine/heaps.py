"""Binary heaps of integers, one in each row of an array: element 0 is its size, element 1 its smallest entry."""

import numpy as np

from planner.engine.arrays import Ints
from planner.engine.compilation import inner, lean


@inner
def make_heaps(number: int, capacity: int) -> Ints:
    """Returns empty heaps, each for so many entries."""
    heaps = np.empty((number, capacity + 1), dtype=np.int64)
    heaps[:, 0] = 0
    return heaps


@lean
def push(heaps: Ints, row: int, key: int) -> None:
    """Adds an entry to a heap, in O(log size)."""
    heaps[row, 0] += 1
    place = heaps[row, 0]
    while place > 1 and heaps[row, place >> 1] > key:
        heaps[row, place] = heaps[row, place >> 1]
        place >>= 1
    heaps[row, place] = key


@lean
def pop(heaps: Ints, row: int) -> None:
    """Removes the smallest entry of a heap that has one, in O(log size)."""
    size = heaps[row, 0] - 1
    key = heaps[row, size + 1]
    heaps[row, 0] = size
    place = 1
    while 2 * place <= size:
        child = 2 * place
        if child < size and heaps[row, child + 1] < heaps[row, child]:
            child += 1
        if heaps[row, child] >= key:
            break
        heaps[row, place] = heaps[row, child]
        place = child
    heaps[row, place] = key
