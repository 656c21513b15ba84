"""Exchanges of a chosen activity for others that teach what it alone teaches."""

from planner.engine.arrays import GraphArrays, Ints
from planner.engine.choices import STAMP, Choices
from planner.engine.compilation import lean
from planner.engine.ledger import Ledger, add, begin_exchange, conclude_exchange, drop, is_learned, is_sole_teacher
from planner.engine.tournament import compare_ratios


@lean
def try_evictions(graph: GraphArrays, choices: Choices, ledger: Ledger, activities: Ints) -> None:
    """Tries to evict those of some activities that are chosen when they come up.

    See `planner.engine.exchange.improve_by_exchanges`.
    """
    for activity in activities:
        if (
            choices.chosen[activity] == 0
            or not _has_substitutes(graph, choices, ledger, activity)
            or not _may_be_evicted(graph, choices, ledger, activity)
        ):
            continue
        _mark_sections(graph, choices, activity)
        begin_exchange(ledger)
        while is_sole_teacher(graph, choices, ledger, activity, -1):
            add(graph, choices, ledger, len(graph.rank) + _find_substitute(graph, choices, ledger, activity))
        drop(graph, choices, ledger, len(graph.rank) + activity)
        conclude_exchange(graph, choices, ledger)


@lean
def _may_be_evicted(graph: GraphArrays, choices: Choices, ledger: Ledger, activity: int) -> bool:
    """Says whether the substitutes of an activity cost less than all those together that they can stand in for.

    That is found without adding them, which mostly would have to be taken back.
    """
    _mark_sections(graph, choices, activity)
    count, cost = 0, 0
    substitute = _find_substitute(graph, choices, ledger, activity)
    while substitute >= 0:
        ledger.listed[count] = substitute
        count += 1
        cost += choices.costs[substitute]
        for entry in range(graph.sections_start[substitute], graph.sections_start[substitute + 1]):
            choices.mark[graph.sections[entry]] = 0
        substitute = _find_substitute(graph, choices, ledger, activity)
    choices.counts[STAMP] += 1
    for place in range(count):
        for entry in range(graph.sections_start[ledger.listed[place]], graph.sections_start[ledger.listed[place] + 1]):
            choices.mark[graph.sections[entry]] = choices.counts[STAMP]
    saved = 0
    for place in range(count):
        saved += sum_replaced(graph, choices, ledger, ledger.listed[place])
    # where it teaches nothing alone it is superfluous, and there is nothing to be added
    return count == 0 or saved > cost


@lean
def sum_replaced(graph: GraphArrays, choices: Choices, ledger: Ledger, activity: int) -> int:
    """Returns what those cost, beside those counted before, that teach alone some of what an activity teaches.

    Those do not count that also teach alone what is not marked: they stay.
    """
    stamp, saved = choices.counts[STAMP], 0
    for entry in range(graph.sections_start[activity], graph.sections_start[activity + 1]):
        concept = graph.sections[entry]
        if ledger.count[concept] == 1 and is_learned(choices, ledger, concept):
            for place in range(graph.teachers_start[concept], graph.teachers_start[concept + 1]):
                other = graph.teachers[place]
                if choices.chosen[other] == 1 and choices.marked[other] != stamp:
                    choices.marked[other] = stamp
                    if not is_sole_teacher(graph, choices, ledger, other, stamp):
                        saved += choices.costs[other]
    return int(saved)


@lean
def _mark_sections(graph: GraphArrays, choices: Choices, activity: int) -> None:
    """Marks what an activity teaches with a new stamp."""
    choices.counts[STAMP] += 1
    for entry in range(graph.sections_start[activity], graph.sections_start[activity + 1]):
        choices.mark[graph.sections[entry]] = choices.counts[STAMP]


@lean
def _has_substitutes(graph: GraphArrays, choices: Choices, ledger: Ledger, activity: int) -> bool:
    """Says whether an activity is not pinned, and others teach all that it teaches alone."""
    if ledger.pinned[activity] == 1:
        return False
    for entry in range(graph.sections_start[activity], graph.sections_start[activity + 1]):
        concept = graph.sections[entry]
        if ledger.count[concept] == 1 and is_learned(choices, ledger, concept):
            others = -1
            for place in range(graph.teachers_start[concept], graph.teachers_start[concept + 1]):
                if ledger.unavailable[graph.teachers[place]] == 0:
                    others += 1
            if others == 0:
                return False
    return True


@lean
def _find_substitute(graph: GraphArrays, choices: Choices, ledger: Ledger, activity: int) -> int:
    """Returns which activity teaches most for its cost of what another teaches alone and is marked; -1: nothing is."""
    best, best_cost, best_gain = -1, 0, 0
    for entry in range(graph.sections_start[activity], graph.sections_start[activity + 1]):
        concept = graph.sections[entry]
        if (
            choices.mark[concept] == choices.counts[STAMP]
            and ledger.count[concept] == 1
            and is_learned(choices, ledger, concept)
        ):
            for place in range(graph.teachers_start[concept], graph.teachers_start[concept + 1]):
                other = int(graph.teachers[place])
                if other == activity or ledger.unavailable[other] == 1:
                    continue
                cost, gain = int(choices.costs[other]), _count_taught_alone(graph, choices, ledger, other)
                order = compare_ratios(cost, gain, best_cost, best_gain) if best >= 0 else -1
                if order < 0 or (order == 0 and (cost < best_cost or (cost == best_cost and other < best))):
                    best, best_cost, best_gain = other, cost, gain
    return best


@lean
def _count_taught_alone(graph: GraphArrays, choices: Choices, ledger: Ledger, activity: int) -> int:
    """Returns how many marked concepts an activity teaches that have one teacher only."""
    gain = 0
    for entry in range(graph.sections_start[activity], graph.sections_start[activity + 1]):
        concept = graph.sections[entry]
        if (
            choices.mark[concept] == choices.counts[STAMP]
            and ledger.count[concept] == 1
            and is_learned(choices, ledger, concept)
        ):
            gain += 1
    return gain
