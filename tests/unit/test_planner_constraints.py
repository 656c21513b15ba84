from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from kg.errors import InvalidInputError
from planner.constraints import MOST_ENTRIES, UNCONSTRAINED, Constraints, check_constraints
from tests.planner_graphs import build_graph

GRAPH = build_graph("a b c", untaught="c", resources={"r": {"c": 5}})


def list_fields(**parts: Any) -> list[str]:
    with pytest.raises(InvalidInputError) as raised:
        check_constraints(GRAPH, ["a", "b"], Constraints(**parts))
    return [violation.field for violation in raised.value.violations]


def test_sensible_constraints_pass() -> None:
    constraints = Constraints(
        pinned=("concepts/c", "resources/r"),
        vetoed=("concepts/c", "concepts/a"),
        orders=(("a", "b"), ("b", "a")),
        deadlines={"a": 1},
        budget_minutes=1,
        session_minutes=1,
        soft_penalty_units=10**12,
    )
    check_constraints(GRAPH, ["a"], constraints)


@pytest.mark.parametrize("name", ["pinned", "vetoed"])
def test_subjects_are_of_the_curriculum_and_not_repeated(name: str) -> None:
    subjects = ("concepts/a", "a", "resources/a", "concepts/x", "concepts/a", "", "resources/r")
    assert list_fields(**{name: subjects}) == [f"constraints.{name}[{position}]" for position in (1, 2, 3, 4, 5)]


def test_orders_name_two_concepts_once() -> None:
    assert list_fields(orders=(("a", "b"), ("a", "x"), ("a", "a"), ("a", "b"), ("y", "b"))) == [
        "constraints.orders[1].after",
        "constraints.orders[2]",
        "constraints.orders[3]",
        "constraints.orders[4].before",
    ]


def test_deadlines_are_of_goals() -> None:
    assert list_fields(deadlines={"a": 5, "c": 5, "b": 0}) == [
        "constraints.deadlines[1].goal",
        "constraints.deadlines[2].minutes",
    ]


@pytest.mark.parametrize(
    ("name", "value", "field"),
    [
        ("budget_minutes", 0, "budget_minutes"),
        ("session_minutes", -1, "session_minutes"),
        ("soft_penalty_units", -1, "soft_penalty"),
        ("soft_penalty_units", 10**12 + 1, "soft_penalty"),
    ],
)
def test_amounts_are_in_their_ranges(name: str, value: int, field: str) -> None:
    assert list_fields(**{name: value}) == [f"constraints.{field}"]


@pytest.mark.parametrize("name", ["pinned", "vetoed", "orders"])
def test_there_may_be_so_many_entries(name: str) -> None:
    graph = build_graph(" ".join(f"c{number}" for number in range(MOST_ENTRIES + 2)))
    names = [concept.id for concept in graph.concepts]
    entries: list[Any] = list(pairwise(names)) if name == "orders" else [f"concepts/{each}" for each in names]
    most: Any = {name: tuple(entries[:MOST_ENTRIES])}
    too_many: Any = {name: tuple(entries[: MOST_ENTRIES + 1])}
    check_constraints(graph, names[:1], replace(UNCONSTRAINED, **most))
    with pytest.raises(InvalidInputError, match=f"constraints.{name}: must have at most 500 entries, not 501"):
        check_constraints(graph, names[:1], replace(UNCONSTRAINED, **too_many))
