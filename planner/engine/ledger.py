"""A selection that changes step by step and can be taken back: what is added, what is dropped, what is superfluous."""

from typing import Final, NamedTuple

import numpy as np

from planner.engine.arrays import Flags, GraphArrays, Ints, ProblemArrays
from planner.engine.choices import STAMP, Choices
from planner.engine.compilation import inner, lean

COST: Final = 0
BEFORE: Final = 1
MOVES: Final = 2
LISTED: Final = 3
"""Places in `Ledger.state`."""


class Ledger(NamedTuple):
    """A selection, beside what `Choices` knows of it: `known`, `missing` and `chosen`. All but the problem changes.

    A thing is a concept, or an activity, which is numbered behind the concepts. Arrays are of int64 but for flags.

    Attributes:
        mastered: See `ProblemArrays`.
        unavailable: See `ProblemArrays`.
        pinned: See `ProblemArrays`.
        count: By concept, how many of the chosen activities teach it.
        wanted: By concept, how many of those to learn have it as a hard prerequisite.
        state: The cost of the chosen activities, now and when the exchange began, and the entries of the lists.
        moves: The things that the exchange added, and, as their complements (~), those it dropped.
        listed: The things that it may drop.
        seen: By thing, the stamp when it was listed last.
        guarded: By thing, the stamp when it was added last.
    """

    mastered: Flags
    unavailable: Flags
    pinned: Flags
    count: Ints  # type: ignore[assignment] # nobody counts in the tuple itself
    wanted: Ints
    state: Ints
    moves: Ints
    listed: Ints
    seen: Ints
    guarded: Ints


@inner
def open_ledger(
    graph: GraphArrays, problem: ProblemArrays, choices: Choices, learned: Ints, chosen: Ints, trimmed: Ints
) -> Ledger:
    """Returns the ledger of a selection.

    Args:
        graph: The curriculum.
        problem: The problem.
        choices: What has been chosen.
        learned: Concepts to be learned.
        chosen: Activities.
        trimmed: Concepts that were to be learned and are not: they are known no more.
    """
    concepts, things = len(graph.rank), len(graph.rank) + len(graph.activity_own)
    ledger = Ledger(
        problem.mastered,
        problem.unavailable,
        problem.pinned,
        np.zeros(concepts, dtype=np.int64),
        np.zeros(concepts, dtype=np.int64),
        np.zeros(4, dtype=np.int64),
        np.empty(2 * things, dtype=np.int64),
        np.empty(things, dtype=np.int64),
        np.zeros(things, dtype=np.int64),
        np.zeros(things, dtype=np.int64),
    )
    _enter(graph, choices, ledger, learned, chosen, trimmed)
    return ledger


@lean
def _enter(graph: GraphArrays, choices: Choices, ledger: Ledger, learned: Ints, chosen: Ints, trimmed: Ints) -> None:
    for concept in learned:
        for entry in range(graph.prerequisites_start[concept], graph.prerequisites_start[concept + 1]):
            ledger.wanted[graph.prerequisites[entry]] += 1
    for concept in trimmed:
        choices.known[concept] = 0
        for asked in range(graph.groups_with_start[concept], graph.groups_with_start[concept + 1]):
            choices.missing[graph.groups_with[asked]] += 1
    for activity in chosen:
        ledger.state[COST] += choices.costs[activity]
        for entry in range(graph.sections_start[activity], graph.sections_start[activity + 1]):
            ledger.count[graph.sections[entry]] += 1


@lean
def is_learned(choices: Choices, ledger: Ledger, concept: int) -> bool:
    """Says whether a concept is to be learned."""
    return bool(choices.known[concept] == 1 and ledger.mastered[concept] == 0)


@lean
def begin_exchange(ledger: Ledger) -> None:
    """Begins an exchange; the next one needs another stamp."""
    ledger.state[BEFORE] = ledger.state[COST]
    ledger.state[MOVES] = ledger.state[LISTED] = 0


@lean
def add(graph: GraphArrays, choices: Choices, ledger: Ledger, thing: int) -> None:
    """Adds a thing."""
    ledger.guarded[thing] = choices.counts[STAMP]
    ledger.moves[ledger.state[MOVES]] = thing
    ledger.state[MOVES] += 1
    _put(graph, choices, ledger, thing, 1)


@lean
def _put(graph: GraphArrays, choices: Choices, ledger: Ledger, thing: int, sign: int) -> None:
    """Puts a thing into the selection, sign 1, or takes it out, sign -1."""
    concepts = len(graph.rank)
    if thing >= concepts:
        activity = thing - concepts
        choices.chosen[activity] = max(sign, 0)
        ledger.state[COST] += sign * choices.costs[activity]
        for entry in range(graph.sections_start[activity], graph.sections_start[activity + 1]):
            ledger.count[graph.sections[entry]] += sign
    else:
        choices.known[thing] = max(sign, 0)
        for entry in range(graph.prerequisites_start[thing], graph.prerequisites_start[thing + 1]):
            ledger.wanted[graph.prerequisites[entry]] += sign
        for asked in range(graph.groups_with_start[thing], graph.groups_with_start[thing + 1]):
            choices.missing[graph.groups_with[asked]] -= sign


@lean
def conclude_exchange(graph: GraphArrays, choices: Choices, ledger: Ledger) -> None:
    """Drops what has become superfluous, and takes all back unless that leaves the selection cheaper than before.

    Concepts go before activities; of each, first what was there before, then what was added; the dearest first, a
    concept being as dear as its way, ties by position. Only what is near to what was added can be superfluous, since
    nothing was before.
    """
    concepts = len(graph.rank)
    for move in range(ledger.state[MOVES]):
        thing = ledger.moves[move]
        if 0 <= thing < concepts:
            _list_thing(choices, ledger, thing)
            for asked in range(graph.groups_with_start[thing], graph.groups_with_start[thing + 1]):
                _list_members(graph, choices, ledger, graph.groups_with[asked])
    _drop_listed(graph, choices, ledger, 0)
    first = ledger.state[LISTED]
    for move in range(ledger.state[MOVES]):
        thing = ledger.moves[move]
        if 0 <= ~thing < concepts:
            _list_teachers(graph, choices, ledger, ~thing)
        elif thing >= concepts:
            _list_thing(choices, ledger, thing)
            for entry in range(graph.sections_start[thing - concepts], graph.sections_start[thing - concepts + 1]):
                _list_teachers(graph, choices, ledger, graph.sections[entry])
    _drop_listed(graph, choices, ledger, first)
    if ledger.state[COST] >= ledger.state[BEFORE]:
        for move in range(ledger.state[MOVES] - 1, -1, -1):
            thing = ledger.moves[move]
            _put(graph, choices, ledger, max(thing, ~thing), -1 if thing >= 0 else 1)


@lean
def _list_thing(choices: Choices, ledger: Ledger, thing: int) -> None:
    if ledger.seen[thing] != choices.counts[STAMP]:
        ledger.seen[thing] = choices.counts[STAMP]
        ledger.listed[ledger.state[LISTED]] = thing
        ledger.state[LISTED] += 1


@lean
def _list_members(graph: GraphArrays, choices: Choices, ledger: Ledger, group: int) -> None:
    for entry in range(graph.members_start[group], graph.members_start[group + 1]):
        _list_thing(choices, ledger, graph.members[entry])


@lean
def _list_teachers(graph: GraphArrays, choices: Choices, ledger: Ledger, concept: int) -> None:
    for entry in range(graph.teachers_start[concept], graph.teachers_start[concept + 1]):
        _list_thing(choices, ledger, len(graph.rank) + graph.teachers[entry])


@lean
def _drop_listed(graph: GraphArrays, choices: Choices, ledger: Ledger, first: int) -> None:
    """Drops what is superfluous of the things listed from `first` on, and lists what that had required."""
    stamp, with_added = choices.counts[STAMP], False
    while True:
        best, dearest = -1, np.int64(0)
        for place in range(first, ledger.state[LISTED]):
            thing = ledger.listed[place]
            if (with_added or ledger.guarded[thing] != stamp) and _is_superfluous(graph, choices, ledger, thing):
                cost = np.int64(_weigh(graph, choices, thing))
                if best < 0 or cost > dearest or (cost == dearest and thing < best):
                    best, dearest = thing, cost
        if best >= 0:
            drop(graph, choices, ledger, best)
        elif with_added:
            return
        else:
            with_added = True


@lean
def _weigh(graph: GraphArrays, choices: Choices, thing: int) -> int:
    return int(choices.costs[choices.way[thing] if thing < len(graph.rank) else thing - len(graph.rank)])


@lean
def drop(graph: GraphArrays, choices: Choices, ledger: Ledger, thing: int) -> None:
    """Drops a thing, and lists what it required."""
    ledger.moves[ledger.state[MOVES]] = ~thing
    ledger.state[MOVES] += 1
    _put(graph, choices, ledger, thing, -1)
    if thing < len(graph.rank):
        for entry in range(graph.prerequisites_start[thing], graph.prerequisites_start[thing + 1]):
            _list_thing(choices, ledger, graph.prerequisites[entry])
        for asked in range(graph.groups_of_start[thing], graph.groups_of_start[thing + 1]):
            _list_members(graph, choices, ledger, graph.groups_of[asked])


@lean
def _is_superfluous(graph: GraphArrays, choices: Choices, ledger: Ledger, thing: int) -> bool:
    """Says whether a thing is selected and the rest does without it."""
    concepts = len(graph.rank)
    if thing >= concepts:
        return bool(
            choices.chosen[thing - concepts] == 1
            and ledger.pinned[thing - concepts] == 0
            and not is_sole_teacher(graph, choices, ledger, thing - concepts, -1)
        )
    if not is_learned(choices, ledger, thing) or choices.forced[thing] == 1 or ledger.wanted[thing] > 0:
        return False
    for asked in range(graph.groups_with_start[thing], graph.groups_with_start[thing + 1]):
        group = graph.groups_with[asked]
        if choices.missing[group] == 0 and is_learned(choices, ledger, graph.group_owner[group]):
            return False
    return True


@lean
def is_sole_teacher(graph: GraphArrays, choices: Choices, ledger: Ledger, activity: int, stamp: int) -> bool:
    """Says whether a chosen activity alone teaches a concept to be learned that is not marked with the stamp."""
    for entry in range(graph.sections_start[activity], graph.sections_start[activity + 1]):
        concept = graph.sections[entry]
        if ledger.count[concept] == 1 and choices.mark[concept] != stamp and is_learned(choices, ledger, concept):
            return True
    return False
