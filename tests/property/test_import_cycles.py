from collections.abc import Iterable
from random import Random

import networkx as nx
from hypothesis import given
from hypothesis import strategies as st

from kg.curriculum import Concept, Prerequisite, PrerequisiteGroup
from kg.cycles import find_cycles
from kg.importers.draft import Draft, Found, Metadata, Place
from kg.issues import PrerequisiteEdge
from kg.topological_order import TopologicalOrder
from kg.validation import Repairs, validate

NAMES = [f"n{index}" for index in range(9)]
EDGES = st.lists(
    st.builds(
        PrerequisiteEdge,
        before=st.sampled_from(NAMES),
        after=st.sampled_from(NAMES),
        strength=st.sampled_from([0.25, 0.5, 1.0]),
        group=st.sampled_from(["", "", "g", "h"]),
    ).filter(lambda edge: edge.before != edge.after),
    unique_by=lambda edge: (edge.before, edge.after, edge.group),
    max_size=40,
)


def make_graph(edges: Iterable[PrerequisiteEdge]) -> "nx.DiGraph[str]":
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(NAMES)
    graph.add_edges_from((edge.before, edge.after) for edge in edges)
    return graph


def remove_naively(edges: Iterable[PrerequisiteEdge]) -> set[PrerequisiteEdge]:
    """From the strongest to the weakest: leaves out each edge whose end already leads to its start."""
    graph, removed = make_graph([]), set()
    for edge in sorted(edges, key=lambda edge: edge.weakness, reverse=True):
        if nx.has_path(graph, edge.after, edge.before):
            removed.add(edge)
        else:
            graph.add_edge(edge.before, edge.after)
    return removed


@given(EDGES)
def test_what_is_removed_is_what_the_plain_algorithm_removes(edges: list[PrerequisiteEdge]) -> None:
    assert set(find_cycles(edges).removed) == remove_naively(edges)


@given(EDGES)
def test_no_circle_is_left_and_only_edges_on_circles_go(edges: list[PrerequisiteEdge]) -> None:
    removed = set(find_cycles(edges).removed)

    assert nx.is_directed_acyclic_graph(make_graph(edge for edge in edges if edge not in removed))
    assert all(nx.has_path(make_graph(edges), edge.after, edge.before) for edge in removed)


@given(EDGES)
def test_each_circle_shown_is_there_and_its_weakest_edge_is(edges: list[PrerequisiteEdge]) -> None:
    cycles = find_cycles(edges)

    assert [cycle.weakest for cycle in cycles.shown] == list(cycles.removed)
    for cycle in cycles.shown:
        steps = list(zip(cycle.concepts, (*cycle.concepts[1:], cycle.concepts[0]), strict=True))
        strongest = {
            (after, before): max(edge.weakness for edge in edges if (edge.after, edge.before) == (after, before))
            for after, before in steps
            if (after, before) != (cycle.weakest.after, cycle.weakest.before)
        }
        assert len(set(cycle.concepts)) == len(cycle.concepts)
        assert len(strongest) == len(steps) - 1
        assert all(weakness > cycle.weakest.weakness for weakness in strongest.values())


@given(EDGES, st.randoms(use_true_random=False))
def test_answer_does_not_depend_on_the_order_of_the_edges(edges: list[PrerequisiteEdge], random: Random) -> None:
    shuffled = list(edges)
    random.shuffle(shuffled)

    assert find_cycles(shuffled) == find_cycles(edges)


@given(EDGES, EDGES)
def test_firm_edges_stay(edges: list[PrerequisiteEdge], others: list[PrerequisiteEdge]) -> None:
    removed = set(find_cycles(edges).removed)
    firm = [edge for edge in edges if edge not in removed]
    loose = [edge for edge in others if edge not in firm]
    also_removed = set(find_cycles(loose, firm).removed)

    assert also_removed <= set(loose)
    left = [edge for edge in loose if edge not in also_removed]
    assert nx.is_directed_acyclic_graph(make_graph([*firm, *left]))


@given(st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)).filter(lambda edge: edge[0] != edge[1]), max_size=80))
def test_order_refuses_exactly_the_edges_that_close_a_circle(edges: list[tuple[int, int]]) -> None:
    order, graph = TopologicalOrder(12), nx.empty_graph(12, create_using=nx.DiGraph)
    for before, after in edges:
        leads_back = nx.has_path(graph, after, before)
        assert order.insert(before, after) is not leads_back
        if leads_back:
            path = order.find_path(after, before)
            assert len(path) - 1 == nx.shortest_path_length(graph, after, before)
            assert nx.is_path(graph, path)
        else:
            graph.add_edge(before, after)


@given(EDGES)
def test_validation_repairs_every_cycle_of_single_edges_and_groups(edges: list[PrerequisiteEdge]) -> None:
    place = Place("a")
    draft = Draft("c", metadata=Metadata(title="T"))
    draft.concepts = [Found(Concept(id=name, title="T"), place) for name in NAMES]
    for edge in edges:
        if edge.group:
            name = f"{edge.group}-{edge.before}"
            group = PrerequisiteGroup(
                concept=edge.after, id=name, need=1, members=(edge.before,), strength=edge.strength
            )
            draft.groups.append(Found(group, place, (place,)))
        else:
            single = Prerequisite(before=edge.before, after=edge.after, strength=edge.strength)
            draft.prerequisites.append(Found(single, place))
    refused, repaired = validate(draft), validate(draft, Repairs(break_cycles=True))

    assert refused.accepted == nx.is_directed_acyclic_graph(make_graph(edges))
    curriculum = repaired.curriculum
    assert curriculum is not None
    graph = make_graph([])
    graph.add_edges_from((edge.before, edge.after) for edge in curriculum.prerequisites)
    graph.add_edges_from((member, group.concept) for group in curriculum.groups for member in group.members)
    assert nx.is_directed_acyclic_graph(graph)
    assert repaired.longest_chain == nx.dag_longest_path_length(graph) + 1
