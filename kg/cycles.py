"""Which edges to take out of a prerequisite graph so that no circle is left, and the circles that ask for it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import networkx as nx

from kg.issues import PrerequisiteEdge
from kg.topological_order import TopologicalOrder

_MOST_CONCEPTS_SHOWN = 10_000


@dataclass(frozen=True, slots=True)
class Cycle:
    """A circle of prerequisites.

    Attributes:
        concepts: Each requires the next and the last the first; the smallest id stands first.
        weakest: Its edge that is removed.
    """

    concepts: tuple[str, ...]
    weakest: PrerequisiteEdge


@dataclass(frozen=True, slots=True)
class Cycles:
    """What was found.

    Attributes:
        removed: Edges whose removal leaves no circle.
        shown: A circle for each of the first of them.
    """

    removed: tuple[PrerequisiteEdge, ...] = ()
    shown: tuple[Cycle, ...] = ()


def find_cycles(
    edges: Iterable[PrerequisiteEdge], firm: Iterable[PrerequisiteEdge] = (), most_shown: int = 100
) -> Cycles:
    """Finds edges to remove, each of them the weakest of a circle that would be there without it.

    Edges are put in from the strongest to the weakest, and one that closes a circle with those already in is left out.
    So every edge left out is the weakest of a concrete circle, none of them could be put back, and the answer does not
    depend on the order of the input. The fewest possible edges are not looked for: that is NP-hard.

    Args:
        edges: No self-loops; several edges may join the same two concepts.
        firm: Edges without circles among themselves that are put in first and never removed.
        most_shown: Largest number of circles to return; fewer where they are long, for a report that can be sent.

    Returns:
        The edges removed, component by component, in the order in which they were met.

    Complexity is O(V + E log E) outside strongly connected components; inside one see `TopologicalOrder`. Each circle
    shown costs O(component).
    """
    firm = sorted(firm, key=_weakness, reverse=True)
    loose = sorted(edges, key=_weakness, reverse=True)
    removed: list[PrerequisiteEdge] = []
    shown: list[Cycle] = []
    for component in _group_by_component([*firm, *loose], len(firm)):
        number = {concept: index for index, concept in enumerate(component.concepts)}
        order = TopologicalOrder(len(number))
        for index, edge in enumerate(component.edges):
            before, after = number[edge.before], number[edge.after]
            if order.insert(before, after) or index < component.firm:
                continue
            removed.append(edge)
            if len(shown) < most_shown and sum(len(cycle.concepts) for cycle in shown) < _MOST_CONCEPTS_SHOWN:
                path = [component.concepts[node] for node in order.find_path(after, before)]
                shown.append(Cycle(_rotate(path), edge))
    return Cycles(tuple(removed), tuple(shown))


def _weakness(edge: PrerequisiteEdge) -> tuple[float, str, str, str]:
    return edge.weakness


@dataclass(slots=True)
class _Component:
    """A strongly connected component: its concepts, mostly in a good order, and its edges, the firm ones first."""

    concepts: list[str]
    edges: list[PrerequisiteEdge]
    firm: int


def _group_by_component(edges: Sequence[PrerequisiteEdge], firm: int) -> list[_Component]:
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_edges_from((edge.before, edge.after) for edge in edges)
    circular = [component for component in nx.strongly_connected_components(graph) if len(component) > 1]
    number = {concept: index for index, component in enumerate(circular) for concept in component}
    inner: dict[int, list[PrerequisiteEdge]] = defaultdict(list)
    firm_counts: dict[int, int] = defaultdict(int)
    for index, edge in enumerate(edges):
        component = number.get(edge.before)
        if component is not None and component == number.get(edge.after):
            inner[component].append(edge)
            firm_counts[component] += index < firm
    components = [
        _Component(_guess_order(inner[index]), inner[index], firm_counts[index]) for index in range(len(circular))
    ]
    return sorted(components, key=lambda component: min(component.concepts))


def _guess_order(edges: Sequence[PrerequisiteEdge]) -> list[str]:
    """Orders the concepts so that few edges go backwards: by depth-first search, which turns only its back edges."""
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_edges_from((edge.before, edge.after) for edge in edges)
    return list(nx.dfs_postorder_nodes(graph))[::-1]


def _rotate(path: Sequence[str]) -> tuple[str, ...]:
    """Turns a path, which goes from what comes before to what comes after, into a cycle in order of requirement."""
    cycle = tuple(reversed(path))
    first = cycle.index(min(cycle))
    return cycle[first:] + cycle[:first]
