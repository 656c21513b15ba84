from dataclasses import replace
from graphlib import CycleError

import pytest

from kg.curriculum import Concept
from planner.graph import compile_graph
from tests.planner_graphs import build_curriculum, build_graph


def test_concepts_are_numbered_by_id() -> None:
    graph = build_graph("b a c")
    assert [concept.id for concept in graph.concepts] == ["a", "b", "c"]
    assert graph.number == {"a": 0, "b": 1, "c": 2}
    assert graph.name([2, 0]) == ("a", "c")


def test_edges_and_groups_are_kept_both_ways() -> None:
    graph = build_graph("a b c d", hard="a>b", soft="b>c", groups="d/g=1:b,c")
    assert graph.prerequisites == ((), (0,), (), ())
    assert graph.dependents == ((1,), (), (), ())
    assert graph.soft_prerequisites == ((), (), (1,), ())
    assert graph.soft_dependents == ((), (2,), (), ())
    assert graph.groups_of == ((), (), (), (0,))
    assert graph.groups_with == ((), (0,), (0,), ())
    assert graph.unlocks == ((1,), (3,), (3,), ())


def test_rank_puts_prerequisites_and_members_first() -> None:
    graph = build_graph("a b c", hard="c>b", groups="b/g=1:a,c")
    assert sorted(range(3), key=graph.rank.__getitem__)[-1] == graph.number["b"]


def test_activities_are_own_studies_and_resources() -> None:
    graph = build_graph("a:30 b", untaught="b", resources={"r": {"a": 5, "b": 7}})
    assert [(each.id, each.minutes, each.own) for each in graph.activities] == [
        ("concepts/a", 30, True),
        ("resources/r", 12, False),
    ]
    assert graph.teachers == ((0, 1), (1,))
    assert graph.activities[1].sections == {0: 5, 1: 7}


def test_archived_parts_are_left_out() -> None:
    curriculum = build_curriculum("a", resources={"r": {"a": 5}})
    archived = replace(
        curriculum,
        concepts=(*curriculum.concepts, Concept(id="z", title="Z", archived=True)),
        resources=tuple(replace(each, archived=True) for each in curriculum.resources),
    )
    assert compile_graph(archived) == build_graph("a")


def test_resources_come_by_id() -> None:
    curriculum = build_curriculum("a", resources={"r2": {"a": 5}, "r1": {"a": 6}})
    assert [each.id for each in compile_graph(curriculum).activities[1:]] == ["resources/r1", "resources/r2"]


def test_a_circle_is_refused() -> None:
    with pytest.raises(CycleError):
        build_graph("a b", hard="a>b", groups="a/g=1:b")
