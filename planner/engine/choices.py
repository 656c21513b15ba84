"""What may be chosen next, and what depends on what: activities with what they may bring now, and members of groups."""

from typing import Final, NamedTuple

import numpy as np

from planner.engine.arrays import Flags, GraphArrays, Ints
from planner.engine.compilation import inner, lean
from planner.engine.tournament import replay

UNCOVERED: Final = 0
UNMET: Final = 1
ACTIVITIES: Final = 2
WAITING: Final = 3
STAMP: Final = 4
WORK: Final = 5
LISTED: Final = 6
HELPED: Final = 7
ASKED: Final = 8
PLAYED: Final = 9
"""Places in `Choices.counts`."""


class Choices(NamedTuple):
    """What has been chosen, and what is on offer. All but the problem changes as choices are made.

    Arrays are of int64 but for flags, of uint8.

    Attributes:
        way: By concept, see `RegionArrays`.
        forced: By concept, see `RegionArrays`.
        costs: By activity, see `ProblemArrays`.
        effort: By concept, see `estimate_effort`; where groups leave a choice.
        known: By concept, 1 where it is mastered or chosen to be learned.
        missing: By group whose owner can be learned, members it needs beyond those known, <= 0 if it is met.
        mark: By concept, the stamp of the last bundle it was found in.
        found: Room for the concepts of a bundle, and others that its activities teach besides.
        helped: Room for the groups that a bundle brings nearer.
        asked: Room for the groups for which a bundle has a member, once for each such member.
        answer: Room for these members.
        taught: By concept of the region, 1 where a chosen activity teaches it.
        chosen: By activity, 1 where it is chosen.
        unmet: By group, members that it still needs where it is an obligation, else 0.
        counts: Forced concepts not taught, groups unmet, offers that are activities, offers to be priced, the last
            stamp, the work done, which grows with the time it takes, the entries of `found`, `helped` and `asked`, and
            whether the tree has been played for the first time.
        subject: By offer, its activity, or the member of a group; activities first, each part ascending.
        by_activity: By activity, its offer, or -1.
        offer_gain: By offer, the obligations that it meets.
        offer_cost: By offer, what it costs, in units of 0.0001.
        tree: Which offer is best, see `planner.engine.tournament`.
        waiting: Offers to be priced, as many as `counts` says.
        is_waiting: By offer, 1 where it is to be priced.
        priced: By offer, the stamp when it was priced last.
        marked: By activity, the stamp when it was counted last.
        tally: By group, room to count members in; 0 between uses.
        is_stale: By offer, 1 where it may be worse than its gain and cost say, though not better.
        concept_links: By concept, the first link to members whose offers pay for it, or teach it besides; 0: none.
        asker_links: By group, the first link to members whose bundles have a member for it; 0: none.
        helper_links: By unmet group, the first link to members whose bundles bring it nearer; 0: none.
    """

    way: Ints
    forced: Flags
    costs: Ints
    effort: Ints
    known: Flags
    missing: Ints
    mark: Ints
    found: Ints
    helped: Ints
    asked: Ints
    answer: Ints
    taught: Flags
    chosen: Flags
    unmet: Ints
    counts: Ints
    subject: Ints
    by_activity: Ints
    offer_gain: Ints
    offer_cost: Ints
    tree: Ints
    waiting: Ints
    is_waiting: Flags
    priced: Ints
    marked: Ints
    tally: Ints
    is_stale: Flags
    concept_links: Ints
    asker_links: Ints
    helper_links: Ints


@inner
def make_links() -> Ints:
    """Returns links, none yet: rows of the next link or 0, an offer, the stamp when it was priced, and an answer.

    A link counts as long as its offer has not been priced anew. Row 0 is none: its first entry is the last row used.
    """
    return np.zeros((64, 4), dtype=np.int64)


@lean
def choose(graph: GraphArrays, choices: Choices, links: Ints, activity: int) -> None:
    """Chooses an activity; what depends on the concepts that are taught thereby gets another price."""
    choices.chosen[activity] = 1
    if choices.by_activity[activity] >= 0:
        _await_price(choices, choices.by_activity[activity])
    for entry in range(graph.sections_start[activity], graph.sections_start[activity + 1]):
        concept = graph.sections[entry]
        if choices.way[concept] >= 0 and choices.taught[concept] == 0:
            choices.taught[concept] = 1
            _cheapen(choices, links, concept)
            if choices.forced[concept] == 1:
                choices.counts[UNCOVERED] -= 1
                _lessen_teachers(graph, choices, concept)


@lean
def _lessen_teachers(graph: GraphArrays, choices: Choices, concept: int) -> None:
    """Has activities do without the gain of teaching a forced concept, which is taught now; all else stays as it is."""
    for entry in range(graph.teachers_start[concept], graph.teachers_start[concept + 1]):
        offer = choices.by_activity[graph.teachers[entry]]
        if offer >= 0 and choices.is_waiting[offer] == 0:
            choices.offer_gain[offer] -= 1
            replay(choices.tree, choices.offer_gain, choices.offer_cost, offer)


@lean
def _cheapen(choices: Choices, links: Ints, concept: int) -> None:
    """Has offers of members do without the way of a concept that is taught now, or without the gain of teaching it."""
    link = choices.concept_links[concept]
    choices.concept_links[concept] = 0
    while link > 0:
        offer = links[link, 1]
        if choices.priced[offer] == links[link, 2]:
            if choices.forced[concept] == 1:
                choices.offer_gain[offer] -= 1
            else:
                # The way of several concepts of the bundle is taken off once for each: hence the check for 0.
                choices.offer_cost[offer] = max(0, choices.offer_cost[offer] - choices.costs[choices.way[concept]])
            choices.is_stale[offer] = 1
            replay(choices.tree, choices.offer_gain, choices.offer_cost, offer)
        link = links[link, 0]


@lean
def learn(graph: GraphArrays, choices: Choices, links: Ints, concept: int) -> None:
    """Counts a concept that is taught as learned; what depends on that gets another price."""
    known = choices.known
    known[concept] = 1
    _await_teachers(graph, choices, concept)
    for entry in range(graph.unlocks_start[concept], graph.unlocks_start[concept + 1]):
        after = graph.unlocks[entry]
        if choices.way[after] >= 0 and known[after] == 0:
            _await_teachers(graph, choices, after)
    for asked in range(graph.groups_with_start[concept], graph.groups_with_start[concept + 1]):
        group = graph.groups_with[asked]
        choices.missing[group] -= 1
        _await_askers(choices, links, group, concept)
        if choices.unmet[group] > 0:
            choices.unmet[group] -= 1
            _lessen(choices, links, group)
            if choices.unmet[group] == 0:
                choices.counts[UNMET] -= 1
            for entry in range(graph.members_start[group], graph.members_start[group + 1]):
                if known[graph.members[entry]] == 0:
                    _await_teachers(graph, choices, graph.members[entry])


@lean
def _await_askers(choices: Choices, links: Ints, group: int, concept: int) -> None:
    """Has the offers priced anew in whose bundles another member was to answer a group than the concept learned.

    They may do without it now. Where it is the same, the bundle is what it was, less what is known.
    """
    link = choices.asker_links[group]
    choices.asker_links[group] = 0
    while link > 0:
        if choices.priced[links[link, 1]] == links[link, 2] and links[link, 3] != concept:
            _await_price(choices, links[link, 1])
        link = links[link, 0]


@lean
def _lessen(choices: Choices, links: Ints, group: int) -> None:
    """Has offers of members do without the gain of bringing a group nearer that needs less or nothing now."""
    link = choices.helper_links[group]
    choices.helper_links[group] = 0
    while link > 0:
        offer = links[link, 1]
        if choices.priced[offer] == links[link, 2]:
            choices.is_stale[offer] = 1
            if choices.unmet[group] == 0:
                choices.offer_gain[offer] -= 1
                replay(choices.tree, choices.offer_gain, choices.offer_cost, offer)
        link = links[link, 0]


@lean
def _await_teachers(graph: GraphArrays, choices: Choices, concept: int) -> None:
    for entry in range(graph.teachers_start[concept], graph.teachers_start[concept + 1]):
        offer = choices.by_activity[graph.teachers[entry]]
        if offer >= 0:
            _await_price(choices, offer)


@lean
def _await_price(choices: Choices, offer: int) -> None:
    if choices.is_waiting[offer] == 0:
        choices.is_waiting[offer] = 1
        choices.waiting[choices.counts[WAITING]] = offer
        choices.counts[WAITING] += 1
