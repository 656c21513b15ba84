"""What a plan is to keep to besides prerequisites, in the caller's own ids."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from kg.errors import FieldViolation, InvalidInputError
from planner.costs import UNITS_PER_MINUTE
from planner.graph import PlanningGraph

MOST_ENTRIES: Final = 500
"""Pins, vetoes and orders, of each at most so many."""

MOST_PENALTY: Final = 10**12
"""Largest penalty of a soft prerequisite, in units of 0.0001."""


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


def check_constraints(graph: PlanningGraph, goals: Collection[str], constraints: Constraints) -> None:
    """Refuses constraints that say nothing sensible, each with its field. Whether they can hold is not looked at.

    Args:
        graph: The curriculum.
        goals: Ids of the plan's goals.
        constraints: Entries of `deadlines` are counted in the mapping's order.

    Raises:
        InvalidInputError: Something is unknown, repeated or out of its range, or there is too much of it.
    """
    violations = [
        *_check_subjects(graph, "pinned", constraints.pinned),
        *_check_subjects(graph, "vetoed", constraints.vetoed),
        *_check_orders(graph, constraints.orders),
        *_check_deadlines(goals, constraints.deadlines),
        *_check_amounts(constraints),
    ]
    if violations:
        raise InvalidInputError(*violations)


def _check_subjects(graph: PlanningGraph, name: str, subjects: Sequence[str]) -> Iterator[FieldViolation]:
    place = f"constraints.{name}"
    yield from _check_count(place, len(subjects))
    seen: dict[str, int] = {}
    for position, subject in enumerate(subjects):
        kind, _, concept = subject.partition("/")
        if not (subject in graph.activity_number or (kind == "concepts" and concept in graph.number)):
            rule = "must be concepts/{id} or resources/{id}, of the curriculum"
            yield FieldViolation(f"{place}[{position}]", rule)
        elif subject in seen:
            yield FieldViolation(f"{place}[{position}]", f"must not repeat {place}[{seen[subject]}]")
        seen.setdefault(subject, position)


def _check_orders(graph: PlanningGraph, orders: Sequence[tuple[str, str]]) -> Iterator[FieldViolation]:
    place = "constraints.orders"
    yield from _check_count(place, len(orders))
    seen: dict[tuple[str, str], int] = {}
    for position, (before, after) in enumerate(orders):
        for end, concept in (("before", before), ("after", after)):
            if concept not in graph.number:
                rule = "must be the id of a concept of the curriculum"
                yield FieldViolation(f"{place}[{position}].{end}", rule)
        if before == after:
            yield FieldViolation(f"{place}[{position}]", "must name two concepts")
        elif (before, after) in seen:
            yield FieldViolation(f"{place}[{position}]", f"must not repeat {place}[{seen[before, after]}]")
        seen.setdefault((before, after), position)


def _check_deadlines(goals: Collection[str], deadlines: Mapping[str, int]) -> Iterator[FieldViolation]:
    known = set(goals)
    for position, (goal, minutes) in enumerate(deadlines.items()):
        if goal not in known:
            yield FieldViolation(f"constraints.deadlines[{position}].goal", "must be one of the goals")
        if minutes < 1:
            yield FieldViolation(f"constraints.deadlines[{position}].minutes", "must be at least 1")


def _check_amounts(constraints: Constraints) -> Iterator[FieldViolation]:
    for name in ("budget_minutes", "session_minutes"):
        minutes = getattr(constraints, name)
        if minutes is not None and minutes < 1:
            yield FieldViolation(f"constraints.{name}", "must be at least 1")
    if not 0 <= constraints.soft_penalty_units <= MOST_PENALTY:
        most = MOST_PENALTY // UNITS_PER_MINUTE
        yield FieldViolation("constraints.soft_penalty", f"must be from 0 to {most}")


def _check_count(place: str, count: int) -> Iterator[FieldViolation]:
    if count > MOST_ENTRIES:
        yield FieldViolation(place, f"must have at most {MOST_ENTRIES} entries, not {count}")
