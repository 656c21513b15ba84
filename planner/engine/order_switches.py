"""How often every order of a plan changes topic at least."""

from typing import Final, NamedTuple

import numpy as np

from planner.engine.arrays import Flags, GraphArrays, Ints
from planner.engine.compilation import inner
from planner.engine.order_precedence import Precedence, compress_arcs, list_arcs

_BLOCK: Final = 64
"""Topics that are looked at together."""


class _Needs(NamedTuple):
    """What every order has before a step.

    Attributes:
        start: Where each step's row of `before` starts.
        before: Steps that come first.
        choice_start: Where each step's row of `need` starts.
        need: How many of a group's members come first, fewer than the plan has.
        member_start: Where the row of `members` for each entry of `need` starts.
        members: Steps.
    """

    start: Ints
    before: Ints
    choice_start: Ints
    need: Ints
    member_start: Ints
    members: Ints


@inner
def number_topics(graph: GraphArrays, concepts: Ints) -> Ints:
    """Returns by step a number for its topic, from 0 without gaps, ascending; -1 where it has none."""
    topics = graph.topic[concepts]
    most = -1
    for topic in topics:
        most = max(most, topic)
    seen = np.zeros(most + 2, dtype=np.int64)
    for topic in topics:
        seen[topic + 1] = 1
    seen[0] = 0
    numbers = np.cumsum(seen) - 1
    for step in range(len(topics)):
        if topics[step] >= 0:
            topics[step] = numbers[topics[step] + 1]
    return topics


@inner
def bound_changes(graph: GraphArrays, mastered: Flags, concepts: Ints, orders: Ints, precedence: Precedence) -> int:
    """Returns a number of changes of topic that no order of a plan goes below.

    See `planner.sequence.order.bound_switches`.

    Args:
        graph: The curriculum.
        mastered: By concept, 1 if it counts as mastered.
        concepts: Those of the plan, ascending.
        orders: (before, after) concepts, one row each.
        precedence: Of the plan, without a circle.

    Complexity is O((V + E) * topics) in the plan, in steps of several topics at once.
    """
    topics = number_topics(graph, concepts)
    count = 0
    for topic in topics:
        count = max(count, topic + 1)
    needs = _list_needs(graph, mastered, concepts, orders, precedence)
    runs = 0
    for block in range(0, count, _BLOCK):
        runs += _count_runs(needs, precedence, topics, block, min(count - block, _BLOCK))
    return int(max(runs - 1, 0))


@inner
def _count_runs(needs: _Needs, precedence: Precedence, topics: Ints, block: int, width: int) -> int:
    """Adds up how many runs each of some topics has at least.

    For one topic, let the phase of an order start at 0 and rise by one with each step that begins a run of the topic,
    and with each step of another topic that ends one. It never falls, it is odd at steps of the topic and even at
    those of others. `phase` is what it is at least.
    """
    size = len(topics)
    phase = np.zeros((size, width), dtype=np.int32)
    most = np.zeros(width, dtype=np.int32)
    for place in range(size):
        step = precedence.sorted[place]
        row = phase[step]
        for entry in range(needs.start[step], needs.start[step + 1]):
            other = phase[needs.before[entry]]
            for topic in range(width):
                row[topic] = max(row[topic], other[topic])
        for choice in range(needs.choice_start[step], needs.choice_start[step + 1]):
            members = needs.members[needs.member_start[choice] : needs.member_start[choice + 1]]
            for topic in range(width):
                values = np.sort(phase[members, topic])
                row[topic] = max(row[topic], values[needs.need[choice] - 1])
        if topics[step] >= 0:
            own = topics[step] - block
            held = row[own] if 0 <= own < width else 0
            for topic in range(width):
                row[topic] += row[topic] & 1
            if 0 <= own < width:
                row[own] = held | 1
        for topic in range(width):
            most[topic] = max(most[topic], row[topic])
    runs = 0
    for topic in range(width):
        runs += (most[topic] + 1) // 2
    return int(runs)


@inner
def _list_needs(graph: GraphArrays, mastered: Flags, concepts: Ints, orders: Ints, precedence: Precedence) -> _Needs:
    size, place = len(concepts), precedence.place
    first, second = list_arcs(graph.dependents_start, graph.dependents, orders, concepts, place)
    groups, entries = _count_members(graph, concepts)
    owners, others = np.empty(entries, dtype=np.int64), np.empty(entries, dtype=np.int64)
    choice_start, need = np.zeros(size + 1, dtype=np.int64), np.empty(groups, dtype=np.int64)
    member_start, members = np.zeros(groups + 1, dtype=np.int64), np.empty(entries, dtype=np.int64)
    choices = known = 0
    for step in range(size):
        for entry in range(graph.groups_of_start[concepts[step]], graph.groups_of_start[concepts[step] + 1]):
            group = graph.groups_of[entry]
            left, end = graph.group_need[group], member_start[choices]
            for member in graph.members[graph.members_start[group] : graph.members_start[group + 1]]:
                if mastered[member]:
                    left -= 1
                elif place[member] >= 0:
                    members[end] = place[member]
                    end += 1
            found = members[member_start[choices] : end]
            if left >= len(found):
                owners[known : known + len(found)] = step
                others[known : known + len(found)] = found
                known += len(found)
            elif left > 0:
                need[choices] = left
                choices += 1
                member_start[choices] = end
        choice_start[step + 1] = choices
    start, before = compress_arcs(
        size,
        np.concatenate((second, owners[:known])),
        np.concatenate((first, others[:known])),
    )
    return _Needs(start, before, choice_start, need, member_start, members)


@inner
def _count_members(graph: GraphArrays, concepts: Ints) -> tuple[int, int]:
    """Returns how many groups the concepts ask for, and how many members these have."""
    groups = members = 0
    for concept in concepts:
        for entry in range(graph.groups_of_start[concept], graph.groups_of_start[concept + 1]):
            group = graph.groups_of[entry]
            groups += 1
            members += graph.members_start[group + 1] - graph.members_start[group]
    return groups, members
