"""Exchanges: one more activity or member, less all that becomes superfluous thereby, wherever that costs less."""

from typing import Final

import numpy as np

from planner.engine.arrays import Flags, GraphArrays, Ints, ProblemArrays
from planner.engine.bundles import close_over_choices, keep_closed
from planner.engine.choices import STAMP, Choices
from planner.engine.compilation import inner, lean
from planner.engine.evictions import sum_replaced, try_evictions
from planner.engine.flags import list_flagged
from planner.engine.ledger import Ledger, add, begin_exchange, conclude_exchange, is_learned, open_ledger

LARGEST_BUNDLE: Final = 16
"""Members that bring more concepts than this are not tried: they rarely pay, and each would be a long walk."""


@inner
def improve_by_exchanges(graph: GraphArrays, problem: ProblemArrays, choices: Choices, learned: Flags) -> None:
    """Makes a trimmed selection cheaper by exchanges.

    Alternatives are what can be learned and is not, but is a member of a group that is asked for and of which another
    member that is not forced is to be learned. In this order, each ascending, are tried:

    - to add an activity that is not chosen and teaches an alternative or something that is to be learned, and with it
      the largest closed part of what it teaches, if this has an alternative;
    - to add an alternative with all that it requires, unless these are more than LARGEST_BUNDLE concepts, or all that
      was to be learned is still required without them, or needed by groups that they do not help;
    - to drop an activity that is chosen, not pinned, and not alone available for a concept that it alone teaches, and
      to add others for these, those that teach most of them for their cost first, ties by cost and position, unless
      these cost as much as all those together that they can stand in for.

    Each time, what has become superfluous is dropped, and the exchange is kept if the selection costs less than before.

    Args:
        graph: The curriculum.
        problem: The problem.
        choices: What has been chosen, all obligations met; `chosen` changes.
        learned: By concept, 1 where it is to be learned; changed.
    """
    chosen = choices.chosen
    concepts = list_flagged(learned)
    ledger = open_ledger(
        graph, problem, choices, concepts, list_flagged(chosen), _list_trimmed(choices, problem, learned)
    )
    alternative, candidate = np.zeros(len(learned), dtype=np.uint8), np.zeros(len(chosen), dtype=np.uint8)
    _flag_alternatives(graph, choices, ledger, concepts, alternative)
    alternatives = list_flagged(alternative)
    _flag_candidates(graph, ledger, concepts, candidate)
    _flag_candidates(graph, ledger, alternatives, candidate)
    _try_activities(graph, choices, ledger, alternative, list_flagged(candidate))
    _try_alternatives(graph, choices, ledger, alternatives)
    # what was chosen with an alternative need not be a candidate, and what evictions choose may be evicted in turn
    try_evictions(graph, choices, ledger, list_flagged(candidate | chosen))
    learned[:] = choices.known ^ problem.mastered


@inner
def _list_trimmed(choices: Choices, problem: ProblemArrays, learned: Flags) -> Ints:
    """Returns what was chosen to be learned and trimmed off again."""
    return list_flagged(choices.known ^ problem.mastered ^ learned)


@lean
def _flag_alternatives(
    graph: GraphArrays, choices: Choices, ledger: Ledger, concepts: Ints, alternative: Flags
) -> None:
    """Flags the other members of the groups for which concepts that are not forced may be learned."""
    for concept in concepts:
        if choices.forced[concept] == 0:
            for asked in range(graph.groups_with_start[concept], graph.groups_with_start[concept + 1]):
                group = graph.groups_with[asked]
                if is_learned(choices, ledger, graph.group_owner[group]):
                    for entry in range(graph.members_start[group], graph.members_start[group + 1]):
                        member = graph.members[entry]
                        if choices.known[member] == 0 and choices.way[member] >= 0:
                            alternative[member] = 1


@lean
def _flag_candidates(graph: GraphArrays, ledger: Ledger, concepts: Ints, candidate: Flags) -> None:
    """Flags the activities that teach any of some concepts."""
    for concept in concepts:
        for entry in range(graph.teachers_start[concept], graph.teachers_start[concept + 1]):
            candidate[graph.teachers[entry]] = 1 - ledger.unavailable[graph.teachers[entry]]


@lean
def _try_activities(graph: GraphArrays, choices: Choices, ledger: Ledger, alternative: Flags, candidates: Ints) -> None:
    for activity in candidates:
        if choices.chosen[activity] == 1:
            continue
        choices.counts[STAMP] += 1
        brings = _brings_alternative(graph, choices, alternative, activity)
        if brings or _may_pay(graph, choices, ledger, activity):
            begin_exchange(ledger)
            add(graph, choices, ledger, len(graph.rank) + activity)
            if brings:
                for entry in range(graph.sections_start[activity], graph.sections_start[activity + 1]):
                    if choices.mark[graph.sections[entry]] == choices.counts[STAMP]:
                        add(graph, choices, ledger, graph.sections[entry])
            conclude_exchange(graph, choices, ledger)


@lean
def _brings_alternative(graph: GraphArrays, choices: Choices, alternative: Flags, activity: int) -> bool:
    """Says whether the closed part of what an activity teaches has an alternative, and marks the part if so."""
    first, last = graph.sections_start[activity], graph.sections_start[activity + 1]
    brings = False
    for entry in range(first, last):
        brings = brings or alternative[graph.sections[entry]] == 1
    if not brings:
        return False
    keep_closed(graph, choices, activity)
    for entry in range(first, last):
        if choices.mark[graph.sections[entry]] == choices.counts[STAMP] and alternative[graph.sections[entry]] == 1:
            return True
    return False


@lean
def _may_pay(graph: GraphArrays, choices: Choices, ledger: Ledger, activity: int) -> bool:
    """Says whether an activity costs less than all those together that it can stand in for: else it cannot pay."""
    for entry in range(graph.sections_start[activity], graph.sections_start[activity + 1]):
        choices.mark[graph.sections[entry]] = choices.counts[STAMP]
    return bool(sum_replaced(graph, choices, ledger, activity) > choices.costs[activity])


@lean
def _try_alternatives(graph: GraphArrays, choices: Choices, ledger: Ledger, alternatives: Ints) -> None:
    concepts = len(graph.rank)
    for concept in alternatives:
        if choices.known[concept] == 1:
            continue
        choices.counts[STAMP] += 1
        size = close_over_choices(graph, choices, concept, LARGEST_BUNDLE)
        if size <= LARGEST_BUNDLE and _may_free(graph, choices, ledger, size):
            begin_exchange(ledger)
            for place in range(size):
                way = choices.way[choices.found[place]]
                if ledger.count[choices.found[place]] == 0 and choices.chosen[way] == 0:
                    add(graph, choices, ledger, concepts + way)
            for place in range(size):
                add(graph, choices, ledger, choices.found[place])
            conclude_exchange(graph, choices, ledger)


@lean
def _may_free(graph: GraphArrays, choices: Choices, ledger: Ledger, size: int) -> bool:
    """Says whether a concept to be learned can be superfluous once a bundle is added, which has been marked."""
    for place in range(size):
        concept = choices.found[place]
        for asked in range(graph.groups_with_start[concept], graph.groups_with_start[concept + 1]):
            group = graph.groups_with[asked]
            if is_learned(choices, ledger, graph.group_owner[group]):
                for entry in range(graph.members_start[group], graph.members_start[group + 1]):
                    if _may_be_freed(graph, choices, ledger, graph.members[entry]):
                        return True
    return False


@lean
def _may_be_freed(graph: GraphArrays, choices: Choices, ledger: Ledger, concept: int) -> bool:
    """Says whether a concept is needed by nothing but groups with a marked member."""
    if not is_learned(choices, ledger, concept) or choices.forced[concept] == 1 or ledger.wanted[concept] > 0:
        return False
    for asked in range(graph.groups_with_start[concept], graph.groups_with_start[concept + 1]):
        group = graph.groups_with[asked]
        if choices.missing[group] == 0 and is_learned(choices, ledger, graph.group_owner[group]):
            helped = False
            for entry in range(graph.members_start[group], graph.members_start[group + 1]):
                helped = helped or choices.mark[graph.members[entry]] == choices.counts[STAMP]
            if not helped:
                return False
    return True
