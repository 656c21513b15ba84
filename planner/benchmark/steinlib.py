"""Steiner tree instances of SteinLib, which are what the planner's groups contain at their hardest.

They are no curricula: they have cycles and costs on edges. So the planner's method runs on them, not its engine. Each
edge becomes two arcs, the first terminal is the root, an arc is an item that is paid once, and an offer is a path from
the root to a terminal. The steps are the planner's: density greedy over offers with what is chosen priced at 0, then
reverse-delete, then a lower bound from feasible dual prices.
"""

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from heapq import heappop, heappush
from pathlib import Path

Arc = tuple[int, int]
"""From a node to a node."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SteinerInstance:
    """Terminals of a graph to be connected to a root at least cost.

    Attributes:
        name: Such as b01.
        costs: By arc, > 0; the least of parallel ones, both directions of each edge.
        root: The first terminal.
        terminals: The others.
        optimum: What others proved; 0 where it is not known.
    """

    name: str
    costs: Mapping[Arc, int]
    root: int
    terminals: tuple[int, ...]
    optimum: int


def read_folder(folder: Path) -> Iterator[SteinerInstance]:
    """Reads the instances of a folder, by name, with the optima of its files *.results.

    Raises:
        ValueError: A file is no instance.
    """
    optima: dict[str, int] = {}
    for file in sorted(folder.glob("*.results")):
        for line in file.read_text().splitlines():
            name, value, *_ = line.split(maxsplit=2)
            optima[name] = int(value)
    for file in sorted(folder.glob("*.stp")):
        yield read_instance(file.stem, file.read_text(), optima.get(file.stem, 0))


def read_instance(name: str, text: str, optimum: int = 0) -> SteinerInstance:
    """Reads an instance in the STP format: lines "E from to cost" and "T terminal".

    Raises:
        ValueError: There are no terminals, or lines are not of that form.
    """
    costs: dict[Arc, int] = {}
    terminals: list[int] = []
    for line in text.splitlines():
        match line.split():
            case ["E", first, second, cost]:
                for arc in ((int(first), int(second)), (int(second), int(first))):
                    costs[arc] = min(int(cost), costs.get(arc, int(cost)))
            case ["T", terminal]:
                terminals.append(int(terminal))
    if not terminals:
        raise ValueError(f"{name} has no terminals")
    root, *others = dict.fromkeys(terminals)
    return SteinerInstance(name=name, costs=costs, root=root, terminals=tuple(others), optimum=optimum)


def connect_greedily(instance: SteinerInstance) -> frozenset[Arc]:
    """Connects all terminals: the path with the most new ones for its new cost, again and again, then reverse-delete.

    Densities are compared exactly; ties go to the cheaper path, then to the smaller terminal.

    Raises:
        ValueError: A terminal cannot be reached.
    """
    chosen: set[Arc] = set()
    left = set(instance.terminals)
    while left:
        distance, before = _find_paths(instance, chosen)
        offers = [(terminal, _trace(instance, terminal, before)) for terminal in sorted(left)]
        best, most, price = offers[0][1], 0, 1
        for terminal, path in offers:
            gain, cost = len(left.intersection(head for _, head in path)), distance[terminal]
            if (gain * price, -cost) > (most * cost, -price) or not most:
                best, most, price = path, gain, cost
        chosen.update(best)
        left.difference_update(head for _, head in best)
    return _delete_in_reverse(instance, chosen)


def connect_by_paths(instance: SteinerInstance) -> frozenset[Arc]:
    """Connects each terminal by a cheapest path from the root, found without regard to the others.

    Raises:
        ValueError: A terminal cannot be reached.
    """
    _, before = _find_paths(instance, frozenset())
    return frozenset(arc for terminal in instance.terminals for arc in _trace(instance, terminal, before))


def count_cost(instance: SteinerInstance, arcs: Set[Arc]) -> int:
    """Returns the cost of arcs, each paid once."""
    return sum(instance.costs[arc] for arc in arcs)


def connects(instance: SteinerInstance, arcs: Set[Arc]) -> bool:
    """Says whether arcs lead from the root to all terminals."""
    heads: dict[int, list[int]] = {}
    for tail, head in arcs:
        heads.setdefault(tail, []).append(head)
    return _spread(instance.root, heads).issuperset(instance.terminals)


def bound_by_ascent(instance: SteinerInstance) -> int:
    """Returns what no tree costs less than, by dual ascent (Wong 1984).

    Each set of nodes that holds a terminal and not the root needs an arc into it. For a terminal that no saturated path
    connects, the set of nodes with a saturated path to it is priced as far as its incoming arcs allow; the smallest set
    comes first. The prices are feasible in the dual, so their sum is a bound.
    """
    left = dict(instance.costs)
    saturated: dict[int, list[int]] = {}  # tails by head
    bound = 0
    while True:
        sets = [_spread(terminal, saturated) for terminal in instance.terminals]
        open_sets = [nodes for nodes in sets if instance.root not in nodes]
        if not open_sets:
            return bound
        nodes = min(open_sets, key=len)
        entering = [(tail, head) for tail, head in left if head in nodes and tail not in nodes]
        price = min(left[arc] for arc in entering)
        bound += price
        for arc in entering:
            left[arc] -= price
            if left[arc] == 0:
                saturated.setdefault(arc[1], []).append(arc[0])


def _find_paths(instance: SteinerInstance, free: Set[Arc]) -> tuple[dict[int, int], dict[int, int]]:
    """Returns by node the cost of a cheapest path from the root, and the node before it (Dijkstra 1959)."""
    heads: dict[int, list[int]] = {}
    for tail, head in sorted(instance.costs):
        heads.setdefault(tail, []).append(head)
    distance: dict[int, int] = {}
    before: dict[int, int] = {}
    heap = [(0, instance.root, instance.root)]
    while heap:
        cost, node, tail = heappop(heap)
        if node not in distance:
            distance[node], before[node] = cost, tail
            for head in heads.get(node, ()):
                heappush(heap, (cost + (0 if (node, head) in free else instance.costs[node, head]), head, node))
    return distance, before


def _trace(instance: SteinerInstance, terminal: int, before: Mapping[int, int]) -> list[Arc]:
    if terminal not in before:
        raise ValueError(f"terminal {terminal} of {instance.name} cannot be reached")
    path = []
    node = terminal
    while node != instance.root:
        path.append((before[node], node))
        node = before[node]
    return path


def _delete_in_reverse(instance: SteinerInstance, arcs: Set[Arc]) -> frozenset[Arc]:
    kept = set(arcs)
    for arc in sorted(arcs, key=lambda each: (-instance.costs[each], each)):
        if connects(instance, kept - {arc}):
            kept.remove(arc)
    return frozenset(kept)


def _spread(start: int, neighbours: Mapping[int, Sequence[int]]) -> set[int]:
    """Returns the nodes that can be reached from one."""
    found = {start}
    waiting = [start]
    while waiting:
        for node in neighbours.get(waiting.pop(), ()):
            if node not in found:
                found.add(node)
                waiting.append(node)
    return found
