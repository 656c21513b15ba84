"""What a plan is to keep to besides prerequisites, in the caller's own ids."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Constraints:
    """Constraints as asked for. Concepts are named `concepts/{id}`, resources `resources/{id}`.

    Attributes:
        pinned: Concepts that are to be learned, mastered ones refreshed, and resources that are to be worked through:
            each concept they teach that is not mastered is learned by them.
        vetoed: Concepts that are not to be learned, and resources not to be used.
        orders: (before, after) ids of concepts; they hold where a plan has both.
        deadlines: By goal, minutes > 0 in which it is reached: all activities begun up to its step, counted whole, take
            at most as many.
        budget_minutes: Minutes that the plan may take; goals that do not fit are left out. None: no limit.
        session_minutes: Minutes of a session, > 0. None: no sessions.
        soft_penalty_units: What skipping a soft prerequisite of strength 1 costs, in units of 0.0001, >= 0; one of
            strength s costs s times as much, rounded. 0: soft prerequisites shape the order only.
    """

    pinned: tuple[str, ...] = ()
    vetoed: tuple[str, ...] = ()
    orders: tuple[tuple[str, str], ...] = ()
    deadlines: Mapping[str, int] = field(default_factory=dict)
    budget_minutes: int | None = None
    session_minutes: int | None = None
    soft_penalty_units: int = 0


UNCONSTRAINED: Final = Constraints()
