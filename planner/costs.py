"""What activities cost a learner: minutes, the cognitive cost of the GraphMASAL paper, or what the caller says."""

from collections.abc import Collection, Mapping
from dataclasses import astuple, dataclass, field
from enum import StrEnum
from itertools import repeat
from math import isfinite
from typing import Final, TypeVar

import numpy as np

from kg.errors import FieldViolation, InvalidInputError
from planner.engine.arrays import Ints
from planner.graph import PlanningGraph

Minutes = TypeVar("Minutes", int, Ints)

UNITS_PER_MINUTE: Final = 10_000
"""Costs are counted in units of 0.0001, so that they are integers; a minute of learning costs 1."""

REFRESH_PERCENT: Final = 30
"""Share of a concept's own minutes that refreshing it takes. Our choice: neither GraphMASAL nor data give one."""

STEPS: Final = 10_000
"""Probabilities, difficulties and shares are integers in steps of 1 / STEPS."""

MOST_CUSTOM_UNITS: Final = 10**12

_WEIGHT_STEPS: Final = 1_000_000
"""Weights are integers in steps of the largest / _WEIGHT_STEPS, so that sums of loads * minutes fit into 63 bits."""


class CostKind(StrEnum):
    """Where costs come from."""

    MINUTES = "MINUTES"
    COGNITIVE = "COGNITIVE"


@dataclass(frozen=True, slots=True, kw_only=True)
class CostWeights:
    """Weights of the parts of a cognitive cost, >= 0, not all 0; only their ratios matter.

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


def check_cost_model(graph: PlanningGraph, cost_model: CostModel) -> None:
    """Refuses a cost model that the curriculum has no use for.

    Raises:
        InvalidInputError: A weight is negative or not finite, all weights are 0, or a custom cost is for an activity
            that the curriculum does not have or is not from 1 to 10^12 units.
    """
    weights: Mapping[str, float] = {
        name: getattr(cost_model.weights, name) for name in ("mastery_gap", "difficulty", "fan_out")
    }
    violations = [
        FieldViolation(f"cost_model.weights.{name}", "must be a finite number >= 0")
        for name, weight in weights.items()
        if not (isfinite(weight) and weight >= 0)
    ]
    if not any(weights.values()):
        violations.append(FieldViolation("cost_model.weights", "must not all be 0"))
    for activity, units in sorted(cost_model.custom_units.items()):
        name = f'cost_model.custom["{activity}"]'
        if activity not in graph.activity_number:
            violations.append(FieldViolation(name, "must be for an activity of the curriculum"))
        elif not 1 <= units <= MOST_CUSTOM_UNITS:
            most = MOST_CUSTOM_UNITS // UNITS_PER_MINUTE
            violations.append(FieldViolation(name, f"must be from {1 / UNITS_PER_MINUTE:.4f} to {most}"))
    if violations:
        raise InvalidInputError(*violations)


def price_activities(
    graph: PlanningGraph,
    faded: Collection[int],
    mastery: Mapping[str, float],
    cost_model: CostModel,
    *,
    mastered: Collection[int] = (),
) -> Ints:
    """Returns what each activity costs a learner.

    MINUTES (ours): an activity costs its minutes, the own study of a faded concept its shortened ones.

    COGNITIVE: an activity costs the loads of what it teaches, see `weigh_concepts`: own study the concept's load, a
    resource the sum, over its sections whose concepts are not mastered, of load * section minutes / concept minutes, so
    that a shorter way to a concept costs less. The parts of a load are the paper's; that resources are priced by the
    same load, and in proportion to minutes, is ours. What has faded needs no rule here: its mastery gap is small.

    Args:
        graph: The curriculum.
        faded: Concepts of middling mastery.
        mastery: Probability of mastery by concept id, in [0, 1]; 0 where it is absent.
        cost_model: A valid one, see `check_cost_model`. Custom costs of activities that the curriculum does not have
            are ignored.
        mastered: Concepts whose sections in resources are no load.

    Returns:
        Units of 0.0001 by activity, >= 1; a minute, or a load of 1, is 10,000 of them.

    Complexity is linear in the size of the curriculum.
    """
    if cost_model.kind is CostKind.COGNITIVE:
        costs = price_loads(graph, count_steps(graph, mastery), cost_model.weights, mastered)
    else:
        costs = count_minutes(graph, faded) * UNITS_PER_MINUTE
    for activity, units in cost_model.custom_units.items():
        number = graph.activity_number.get(activity)
        if number is not None:
            costs[number] = units
    return costs


def price_loads(graph: PlanningGraph, mastery: Ints, weights: CostWeights, mastered: Collection[int]) -> Ints:
    """Returns the cognitive cost of each activity in units of 0.0001, >= 1, rounded to the nearest, halves up.

    Args:
        graph: The curriculum.
        mastery: By concept, in steps of 0.0001.
        weights: Of the parts of a load.
        mastered: Concepts whose sections in resources are no load.
    """
    arrays = graph.arrays
    loads, unit = weigh_concepts(graph, mastery, weights)
    parts = loads[arrays.sections]
    # Own studies come first, one section each, and take as long as their concepts.
    own = int(arrays.activity_own.sum())
    taught = arrays.sections[own:]
    if mastered:
        loads[np.fromiter(mastered, dtype=np.int64, count=len(mastered))] = 0
    minutes = arrays.concept_minutes[taught]
    parts[own:] = (loads[taught] * arrays.section_minutes[own:] + minutes // 2) // minutes
    sums = np.add.reduceat(parts, arrays.sections_start[:-1]) if len(parts) else parts
    units: Ints = np.maximum((sums + unit // 2) // unit, 1)
    return units


def weigh_concepts(graph: PlanningGraph, mastery: Ints, weights: CostWeights) -> tuple[Ints, int]:
    """Returns the cognitive load of each concept as integers, and the integer that stands for 0.0001 of a load.

    load = (w_gap (1 - mastery) + w_difficulty difficulty + w_fan (1 - unlocks / largest unlocks)) / (sum of weights),
    in [0, 1]. The parts are named by the paper, second-hand; that they are averaged, and that fan-out counts what a
    concept is a hard prerequisite or a member of a group of, is ours.

    Args:
        graph: The curriculum.
        mastery: By concept, in steps of 0.0001.
        weights: Not all 0.
    """
    arrays = graph.arrays
    largest_weight = max(astuple(weights))
    gap, difficulty, fan_out = (round(weight / largest_weight * _WEIGHT_STEPS) for weight in astuple(weights))
    unlocks = np.diff(arrays.unlocks_start)
    most = max(1, int(unlocks.max(initial=0)))
    loads = gap * (STEPS - mastery)
    loads += difficulty * arrays.concept_difficulty
    loads += fan_out * (STEPS - unlocks * STEPS // most)
    return loads, gap + difficulty + fan_out


def count_minutes(graph: PlanningGraph, faded: Collection[int]) -> Ints:
    """Returns by activity the minutes that it takes, >= 1, less for the own study of a faded concept."""
    arrays = graph.arrays
    refreshed = np.zeros(len(graph.concepts), dtype=bool)
    refreshed[list(faded)] = True
    own = arrays.activity_own == 1
    shortened = own & refreshed[arrays.sections[arrays.sections_start[:-1]]]
    return np.where(shortened, shorten_to_refresh(arrays.activity_minutes), arrays.activity_minutes)


def shorten_to_refresh(minutes: Minutes) -> Minutes:
    """Returns the minutes that refreshing takes instead of so many for learning, >= 1, rounded up."""
    return -(-minutes * REFRESH_PERCENT // 100)


def count_steps(graph: PlanningGraph, mastery: Mapping[str, float]) -> Ints:
    """Returns the mastery of each concept in steps of 0.0001, 0 where it is absent."""
    steps = np.zeros(len(graph.concepts) + 1, dtype=np.int64)
    number, elsewhere = graph.number, len(graph.concepts)
    positions = np.fromiter(map(number.get, mastery, repeat(elsewhere)), dtype=np.int64, count=len(mastery))
    steps[positions] = np.rint(np.fromiter(mastery.values(), dtype=np.float64, count=len(mastery)) * STEPS)
    return steps[:-1]


def in_steps(probability: float) -> int:
    """Returns a probability in steps of 0.0001, by which probabilities are compared."""
    return round(probability * STEPS)
