"""What activities cost a learner: minutes, the cognitive cost of the GraphMASAL paper, or what the caller says."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final


class CostKind(StrEnum):
    """Where costs come from."""

    MINUTES = "MINUTES"
    COGNITIVE = "COGNITIVE"


@dataclass(frozen=True, slots=True, kw_only=True)
class CostWeights:
    """Weights of the parts of a cognitive cost, >= 0, not all 0.

    The parts are the paper's; the default weights are those of a public re-implementation, for the paper names none.

    Attributes:
        mastery_gap: Of 1 - mastery.
        difficulty: Of the concept's difficulty.
        fan_out: Of 1 - the concept's share of the largest fan-out, so that what unlocks more costs less.
    """

    mastery_gap: float = 0.5
    difficulty: float = 0.3
    fan_out: float = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class CostModel:
    """How activities are priced.

    Attributes:
        kind: Where costs come from.
        weights: COGNITIVE: the weights.
        custom_units: Costs by activity id, in units of 0.0001, > 0, that replace what the kind says.
    """

    kind: CostKind = CostKind.MINUTES
    weights: CostWeights = CostWeights()
    custom_units: Mapping[str, int] = field(default_factory=dict)


BY_MINUTES: Final = CostModel()
