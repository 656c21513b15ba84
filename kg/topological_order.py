"""A graph without circles that keeps a topological order of its nodes while edges are inserted."""

from collections import deque
from collections.abc import Sequence
from heapq import heappop, heappush

# Python's integers are unbounded: so wide a gap can be halved 256 times before the list has to be numbered anew.
_GAP = 1 << 256


class TopologicalOrder:
    """Refuses the edges that would close a circle.

    The order is a linked list of nodes with ascending labels. An edge against it starts a search forward from its later
    end and backward from its earlier end, always from the node that stands lowest or highest, until the two meet (a
    circle) or pass each other (the nodes found are moved): the ordered two-way search of Haeupler, Kavitha, Mathew, Sen
    and Tarjan, "Incremental cycle detection, topological ordering, and strong component maintenance", ACM Transactions
    on Algorithms 8(1), 2012. An edge along the order costs O(1); m inserted edges cost O(m^1.5 log n) altogether, and a
    refused one its search.

    Attributes:
        size: Number of nodes; they are the integers from 0 and stand in this order at first.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._label = [node * _GAP for node in range(size)]
        # Node `size` stands for both ends of the list.
        self._next = [*range(1, size + 1), 0]
        self._previous = [size, *range(size)]
        self._after: list[list[int]] = [[] for _ in range(size)]
        self._before: list[list[int]] = [[] for _ in range(size)]

    def insert(self, before: int, after: int) -> bool:
        """Inserts an edge between two nodes; False: it would close a circle, and nothing was changed."""
        if self._label[before] > self._label[after] and not self._turn(before, after):
            return False
        self._after[before].append(after)
        self._before[after].append(before)
        return True

    def find_path(self, start: int, end: int) -> list[int]:
        """Finds a shortest path, which must be there."""
        came_from = {start: start}
        queue = deque([start])
        while end not in came_from:
            node = queue.popleft()
            for following in self._after[node]:
                if following not in came_from:
                    came_from[following] = node
                    queue.append(following)
        path = [end]
        while path[-1] != start:
            path.append(came_from[path[-1]])
        return path[::-1]

    def _turn(self, before: int, after: int) -> bool:
        """Moves nodes so that `before` stands before `after`; False: `after` leads to `before`, nothing was moved."""
        label = self._label
        forward, backward = {after}, {before}
        rising, falling = [(label[after], after)], [(-label[before], before)]
        while rising and falling and rising[0][0] < -falling[0][0]:
            _, node = heappop(rising)
            for following in self._after[node]:
                if following in backward:
                    return False
                if following not in forward:
                    forward.add(following)
                    heappush(rising, (label[following], following))
            _, node = heappop(falling)
            for preceding in self._before[node]:
                if preceding in forward:
                    return False
                if preceding not in backward:
                    backward.add(preceding)
                    heappush(falling, (-label[preceding], preceding))
        self._move(forward, backward, before, rising[0] if rising else None)
        return True

    def _move(self, forward: set[int], backward: set[int], before: int, unsearched: tuple[int, int] | None) -> None:
        """Moves what was found backward, and behind it what was found forward, to where the searches passed.

        Args:
            forward: Nodes that come after.
            backward: Nodes that come before.
            before: Where the backward search began.
            unsearched: Label and number of the lowest node of `forward` that the search did not go on from.
        """
        label = self._label
        if unsearched is None or unsearched[0] > label[before]:
            border, place = label[before], self._next[before]
        else:
            border, place = unsearched
        moved = sorted((node for node in backward if label[node] > border), key=label.__getitem__)
        moved += sorted((node for node in forward if label[node] < border), key=label.__getitem__)
        for node in moved:
            self._link(self._previous[node], self._next[node])
        self._put_before(place, moved)

    def _link(self, left: int, right: int) -> None:
        self._next[left], self._previous[right] = right, left

    def _put_before(self, place: int, nodes: Sequence[int]) -> None:
        left = first = self._previous[place]
        for node in nodes:
            self._link(left, node)
            left = node
        self._link(left, place)
        room = (len(nodes) + 1) * _GAP
        low = self._label[first] if first < self.size else self._label[place] - room
        high = self._label[place] if place < self.size else self._label[first] + room
        step = (high - low) // (len(nodes) + 1)
        if step == 0:
            self._number_anew()
            return
        for index, node in enumerate(nodes, start=1):
            self._label[node] = low + index * step

    def _number_anew(self) -> None:
        node = self._next[self.size]
        for index in range(self.size):
            self._label[node] = index * _GAP
            node = self._next[node]
