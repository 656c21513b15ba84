"""Positions of what is flagged."""

import numpy as np

from planner.engine.arrays import Flags, Ints
from planner.engine.compilation import inner, lean


@inner
def list_flagged(flags: Flags) -> Ints:
    """Returns where flags are 1, ascending; in one pass, which `np.flatnonzero` is not."""
    positions = np.empty(len(flags), dtype=np.int64)
    return positions[: _list(flags, positions)]


@lean
def _list(flags: Flags, positions: Ints) -> int:
    size = 0
    for position in range(len(flags)):
        # written in any case and kept by the step: flags come in no order that a processor could foresee
        positions[size] = position
        size += int(flags[position])
    return size
