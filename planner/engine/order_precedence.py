"""What comes before what within a plan. A step is its concept's position among the plan's concepts."""

from typing import NamedTuple

import numpy as np

from planner.engine.arrays import Flags, GraphArrays, Ints
from planner.engine.compilation import inner, lean


class Precedence(NamedTuple):
    """Arcs between the steps of a plan, in compressed rows.

    Attributes:
        place: By concept of the graph, its step, or -1.
        start: Where each step's row of `after` starts, one entry more than there are steps.
        after: Steps that come later than the row's. A step may stand there twice.
        sorted: Steps so that each comes before those in its row; fewer than there are where arcs form a circle.
    """

    place: Ints
    start: Ints
    after: Ints
    sorted: Ints


@inner
def compress_arcs(size: int, first: Ints, second: Ints) -> tuple[Ints, Ints]:
    """Returns arcs (first, second) as rows of seconds by first, in the order given, in linear time."""
    start = np.zeros(size + 1, dtype=np.int64)
    for arc in range(len(first)):
        start[first[arc] + 1] += 1
    for row in range(size):
        start[row + 1] += start[row]
    free, row_entries = start.copy(), np.empty(len(second), dtype=np.int64)
    for arc in range(len(first)):
        row_entries[free[first[arc]]] = second[arc]
        free[first[arc]] += 1
    return start, row_entries


@inner
def list_later(start: Ints, entries: Ints, concepts: Ints, place: Ints) -> tuple[Ints, Ints]:
    """Returns what lies within a plan of rows of the graph, as rows of steps.

    Args:
        start: Where the row of each concept starts in `entries`.
        entries: Concepts.
        concepts: Those of the plan.
        place: By concept of the graph, its step, or -1.
    """
    room = _count_entries(start, concepts)
    row_start, after = np.zeros(len(concepts) + 1, dtype=np.int64), np.empty(room, dtype=np.int64)
    return row_start, after[: _fill_rows(start, entries, concepts, place, row_start, after)]


@lean
def _count_entries(start: Ints, concepts: Ints) -> int:
    entries = 0
    for concept in concepts:
        entries += start[concept + 1] - start[concept]
    return int(entries)


@lean
def _fill_rows(start: Ints, entries: Ints, concepts: Ints, place: Ints, row_start: Ints, after: Ints) -> int:
    size = 0
    for step in range(len(concepts)):
        for entry in range(start[concepts[step]], start[concepts[step] + 1]):
            other = place[entries[entry]]
            if other >= 0:
                after[size] = other
                size += 1
        row_start[step + 1] = size
    return size


@inner
def list_arcs(start: Ints, entries: Ints, orders: Ints, concepts: Ints, place: Ints) -> tuple[Ints, Ints]:
    """Lists what lies within a plan: the entries of rows of the graph, as arcs (step of the row, step), and orders.

    Args:
        start: Where the row of each concept starts in `entries`.
        entries: Concepts.
        orders: (before, after) concepts, one row each.
        concepts: Those of the plan.
        place: By concept of the graph, its step, or -1.

    Returns:
        First and second step of each arc.
    """
    bound = len(orders) + _count_entries(start, concepts)
    first, second = np.empty(bound, dtype=np.int64), np.empty(bound, dtype=np.int64)
    size = 0
    for step in range(len(concepts)):
        for entry in range(start[concepts[step]], start[concepts[step] + 1]):
            other = place[entries[entry]]
            if other >= 0:
                first[size], second[size] = step, other
                size += 1
    for row in range(len(orders)):
        step, other = place[orders[row, 0]], place[orders[row, 1]]
        if step >= 0 and other >= 0:
            first[size], second[size] = step, other
            size += 1
    return first[:size], second[:size]


@inner
def keep_arcs(moment: Ints, first: Ints, second: Ints) -> tuple[Ints, Ints]:
    """Returns the arcs (first, second) whose first step has an earlier moment than its second."""
    kept_first, kept_second = np.empty(len(first), dtype=np.int64), np.empty(len(second), dtype=np.int64)
    size = 0
    for arc in range(len(first)):
        if moment[first[arc]] < moment[second[arc]]:
            kept_first[size], kept_second[size] = first[arc], second[arc]
            size += 1
    return kept_first[:size], kept_second[:size]


@inner
def sort_steps(start: Ints, after: Ints) -> Ints:
    """Returns the steps that no circle holds back, each before those in its row (Kahn 1962), in linear time."""
    size = len(start) - 1
    pending = np.zeros(size, dtype=np.int64)
    for arc in range(len(after)):
        pending[after[arc]] += 1
    line = np.empty(size, dtype=np.int64)
    end = 0
    for step in range(size):
        if pending[step] == 0:
            line[end] = step
            end += 1
    done = 0
    while done < end:
        for arc in range(start[line[done]], start[line[done] + 1]):
            pending[after[arc]] -= 1
            if pending[after[arc]] == 0:
                line[end] = after[arc]
                end += 1
        done += 1
    return line[:end]


@inner
def set_precedence(graph: GraphArrays, mastered: Flags, concepts: Ints, orders: Ints) -> Precedence:
    """Finds what comes before what.

    Hard prerequisites come first, so do all members of groups that the plan has, and extra orders hold. Where these
    form a circle, a group may still be content with as many members as it needs: members that cannot come before the
    concept that asks, and that it can do without, then need not.

    Args:
        graph: The curriculum.
        mastered: By concept, 1 if it counts as mastered; read where there are extra orders only.
        concepts: Those of the plan, ascending.
        orders: (before, after) concepts, one row each; they hold where the plan has both.

    Returns:
        The arcs. They form a circle only where no order at all satisfies hard prerequisites, groups and extra orders.

    Complexity is linear in the rows of the plan's concepts, but for `place` and a pass over the groups in case of a
    circle.
    """
    precedence = set_strict_precedence(graph, concepts, orders)
    if len(precedence.sorted) == len(concepts) or len(orders) == 0:
        return precedence
    moment = _find_moments(graph, mastered, concepts, precedence.place, orders)
    if moment.max() == len(concepts):
        return precedence
    first, second = list_arcs(graph.unlocks_start, graph.unlocks, orders, concepts, precedence.place)
    first, second = keep_arcs(moment, first, second)
    start, after = compress_arcs(len(concepts), first, second)
    return Precedence(precedence.place, start, after, sort_steps(start, after))


@inner
def set_strict_precedence(graph: GraphArrays, concepts: Ints, orders: Ints) -> Precedence:
    """Finds what comes before what if all members of groups that the plan has come first, circle or not."""
    place = np.full(len(graph.rank), -1, dtype=np.int64)
    for step in range(len(concepts)):
        place[concepts[step]] = step
    if len(orders) == 0:
        start, after = list_later(graph.unlocks_start, graph.unlocks, concepts, place)
    else:
        first, second = list_arcs(graph.unlocks_start, graph.unlocks, orders, concepts, place)
        start, after = compress_arcs(len(concepts), first, second)
    return Precedence(place, start, after, sort_steps(start, after))


@inner
def _find_moments(graph: GraphArrays, mastered: Flags, concepts: Ints, place: Ints, orders: Ints) -> Ints:
    """Orders steps where a group needs no more members than it asks for.

    Steps join as soon as their hard prerequisites, groups and extra orders are met. What joins meets more and undoes
    nothing, so all steps join if there is any order (AND/OR precedence: Moehring, Skutella and Stork 2004).

    Returns:
        By step, when it joined; the number of steps where it never did.
    """
    size = len(concepts)
    missing = graph.group_need.copy()
    first, second = list_arcs(graph.dependents_start, graph.dependents, orders, concepts, place)
    start, after = compress_arcs(size, first, second)
    pending = np.zeros(size, dtype=np.int64)
    for arc in range(len(after)):
        pending[after[arc]] += 1
    for step in range(size):
        concept = concepts[step]
        for entry in range(graph.groups_of_start[concept], graph.groups_of_start[concept + 1]):
            group = graph.groups_of[entry]
            for member in range(graph.members_start[group], graph.members_start[group + 1]):
                missing[group] -= mastered[graph.members[member]]
            pending[step] += missing[group] > 0
    moment = np.full(size, size, dtype=np.int64)
    line = np.empty(size, dtype=np.int64)
    end = 0
    for step in range(size):
        if pending[step] == 0:
            line[end] = step
            end += 1
    done = 0
    while done < end:
        step, concept = line[done], concepts[line[done]]
        moment[step] = done
        for arc in range(start[step], start[step + 1]):
            end = _meet(pending, line, end, after[arc])
        for entry in range(graph.groups_with_start[concept], graph.groups_with_start[concept + 1]):
            group = graph.groups_with[entry]
            missing[group] -= mastered[concept] == 0
            if missing[group] == 0 and mastered[concept] == 0:
                end = _meet(pending, line, end, place[graph.group_owner[group]])
        done += 1
    return moment


@inner
def _meet(pending: Ints, line: Ints, end: int, step: int) -> int:
    """Meets one of a step's needs, if it is one of the plan's; returns the new end of the line."""
    if step < 0:
        return end
    pending[step] -= 1
    if pending[step] > 0:
        return end
    line[end] = step
    return end + 1
