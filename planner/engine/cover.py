"""The greedy over offers, from the first choice to a teacher for each concept."""

from typing import Final, NamedTuple

import numpy as np

from planner.engine.arrays import Flags, GraphArrays, Ints, ProblemArrays, RegionArrays
from planner.engine.bundles import close_over_choices, keep_closed
from planner.engine.choices import (
    ACTIVITIES,
    PLAYED,
    STAMP,
    UNCOVERED,
    UNMET,
    WAITING,
    WORK,
    Choices,
    choose,
    learn,
    make_links,
)
from planner.engine.compilation import inner, kernel, lean
from planner.engine.exchange import improve_by_exchanges
from planner.engine.flags import list_flagged
from planner.engine.opening import open_choices
from planner.engine.pricing import link_bundle, make_room, price
from planner.engine.tournament import play_all
from planner.engine.trimming import trim_selection

UNLIMITED: Final = 1 << 62
"""Work that is never done."""


class CoverArrays(NamedTuple):
    """What a plan consists of, before its order.

    Attributes:
        teacher: By concept, the activity that teaches it, -1 where it is not to be learned; int64.
        concepts: Those to learn, ascending; int64.
        cost: Sum of the costs of the distinct activities, in units of 0.0001.
    """

    teacher: Ints
    concepts: Ints
    cost: int


@inner
def cover_region(graph: GraphArrays, problem: ProblemArrays, region: RegionArrays) -> CoverArrays:
    """Finds what to learn and by which activities, see `planner.content.cover.find_cover`."""
    choices = open_choices(graph, problem, region)
    advance(graph, choices, make_links(), UNLIMITED)
    return settle(graph, problem, region, choices)


find_cover = kernel(cover_region)
start = kernel(open_choices)


@lean
def is_done(choices: Choices) -> bool:
    """Says whether all obligations are met."""
    return bool(choices.counts[UNCOVERED] == 0 and choices.counts[UNMET] == 0)


@inner
def advance(graph: GraphArrays, choices: Choices, links: Ints, work: int) -> Ints:
    """Takes the best offer again and again until all obligations are met, or so much work has been done.

    Returns:
        The links, to go on with.
    """
    counts = choices.counts
    limit = counts[WORK] + work
    while not is_done(choices) and counts[WORK] < limit:
        if counts[WAITING] > 0:
            counts[WAITING] -= 1
            offer = choices.waiting[counts[WAITING]]
            choices.is_waiting[offer] = 0
        else:
            if counts[PLAYED] == 0:
                play_all(choices.tree, choices.offer_gain, choices.offer_cost)
                counts[PLAYED] = 1
            offer = choices.tree[1]
            if choices.is_stale[offer] == 0:
                # What is stale is at best as good as it seems: the first that is not is the best.
                _take(graph, choices, links, offer)
                continue
        needed = price(graph, choices, offer)
        if needed > 0:
            links = make_room(links, needed)
            link_bundle(choices, links, offer)
    return links


go_on = kernel(advance)


@lean
def _take(graph: GraphArrays, choices: Choices, links: Ints, offer: int) -> None:
    choices.counts[STAMP] += 1
    subject = choices.subject[offer]
    if offer >= choices.counts[ACTIVITIES]:
        _take_bundle(graph, choices, links, subject)
        return
    keep_closed(graph, choices, subject)
    choose(graph, choices, links, subject)
    for entry in range(graph.sections_start[subject], graph.sections_start[subject + 1]):
        concept = graph.sections[entry]
        if choices.mark[concept] == choices.counts[STAMP]:
            learn(graph, choices, links, concept)


@lean
def _take_bundle(graph: GraphArrays, choices: Choices, links: Ints, member: int) -> None:
    choices.counts[STAMP] += 1
    found = choices.found
    size = close_over_choices(graph, choices, member, len(graph.rank))
    for place in range(size):
        if choices.taught[found[place]] == 0:
            choose(graph, choices, links, choices.way[found[place]])
    for place in range(size):
        learn(graph, choices, links, found[place])
    choices.counts[WORK] += size


@lean
def take_cheapest(graph: GraphArrays, choices: Choices, links: Ints) -> None:
    """Meets all that is left, group by group by the members of least effort, then concept by concept."""
    for group in range(len(choices.unmet)):
        while choices.unmet[group] > 0:
            best = -1
            for entry in range(graph.members_start[group], graph.members_start[group + 1]):
                member = graph.members[entry]
                if (
                    choices.way[member] >= 0
                    and choices.known[member] == 0
                    and (best < 0 or choices.effort[member] < choices.effort[best])
                ):
                    best = member
            _take_bundle(graph, choices, links, best)
    for concept in range(len(choices.way)):
        if choices.forced[concept] == 1 and choices.taught[concept] == 0:
            choose(graph, choices, links, choices.way[concept])


hurry = kernel(take_cheapest)


@inner
def settle(graph: GraphArrays, problem: ProblemArrays, region: RegionArrays, choices: Choices) -> CoverArrays:
    """Drops what is superfluous when all obligations are met, and gives each concept its teacher."""
    learned = choices.known ^ problem.mastered
    if len(choices.subject) > 0:
        trim_selection(graph, problem, region, learned, choices.chosen)
        improve_by_exchanges(graph, problem, choices, learned)
    return assign_teachers(graph, problem, learned, choices.chosen)


finish = kernel(settle)


@inner
def assign_teachers(graph: GraphArrays, problem: ProblemArrays, learned: Flags, chosen: Flags) -> CoverArrays:
    """Gives each concept the first pinned, else the first of the chosen activities that teach it.

    What is left over is forgotten.
    """
    teacher = np.full(len(learned), -1, dtype=np.int64)
    concepts = list_flagged(learned)
    cost = _assign(graph, problem, concepts, chosen, teacher)
    return CoverArrays(teacher, concepts, cost)


@lean
def _assign(graph: GraphArrays, problem: ProblemArrays, concepts: Ints, chosen: Flags, teacher: Ints) -> int:
    """Sets the teachers, and returns the sum of the costs of the distinct ones; `chosen` is 2 where one is counted."""
    cost = 0
    for concept in concepts:
        best = -1
        for entry in range(graph.teachers_start[concept], graph.teachers_start[concept + 1]):
            activity = graph.teachers[entry]
            if chosen[activity] > 0 and (best < 0 or problem.pinned[activity] > problem.pinned[best]):
                best = activity
        teacher[concept] = best
        if chosen[best] == 1:
            chosen[best] = 2
            cost += problem.costs[best]
    return cost
