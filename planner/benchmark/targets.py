"""What is to be reached, and how much is measured, by the size of a curriculum."""

from dataclasses import dataclass, replace
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """What is to be reached on a curriculum; None: no target is set.

    Attributes:
        plan_ms: Median time of a plan with its order.
        busy_ms: The longest such time at 200 goals.
        bound_ms: Median time of a bound.
        plans_per_second: Plans with bound on one core.
        cost: Mean of cost / optimum.
        worst_cost: The largest of these.
        certificate: Mean of cost / lower bound.
    """

    plan_ms: float | None = None
    busy_ms: float | None = None
    bound_ms: float | None = None
    plans_per_second: float | None = None
    cost: float = 1.03
    worst_cost: float = 1.05
    certificate: float = 1.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """How much is measured.

    Attributes:
        compared: The first so many learners are planned for by paths and by the exact solver too.
        interpreted: The first so many are planned for without compiled kernels too.
        served: For the first so many, whole plans with reasons and certificate are made, and early wins ordered.
    """

    compared: int
    interpreted: int
    served: int


SIZES: Final = {
    100: (Targets(), Scope(compared=20, interpreted=4, served=6)),
    1_000: (
        Targets(plan_ms=0.1, busy_ms=1, bound_ms=3, plans_per_second=12_000),
        Scope(compared=10, interpreted=2, served=6),
    ),
    10_000: (
        Targets(plan_ms=1, busy_ms=5, bound_ms=30, plans_per_second=1_700),
        Scope(compared=4, interpreted=1, served=3),
    ),
    100_000: (Targets(plan_ms=20, busy_ms=100, bound_ms=150), Scope(compared=0, interpreted=0, served=1)),
}
"""By number of concepts; what lies in between is held to the targets of the next larger."""

_HEAVY_COST: Final = 1.04


def choose_targets(concepts: int, *, heavy: bool = False) -> tuple[Targets, Scope]:
    """Returns what is to be reached, and how much is measured.

    Args:
        concepts: Of the curriculum.
        heavy: Most of them ask for a member of a group.
    """
    size = next((each for each in SIZES if concepts <= each), max(SIZES))
    targets, scope = SIZES[size]
    return (replace(targets, cost=_HEAVY_COST) if heavy else targets), scope
