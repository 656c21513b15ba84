"""What an offer costs as things stand, and how many obligations it meets."""

import numpy as np

from planner.engine.arrays import GraphArrays, Ints
from planner.engine.bundles import close_over_choices, keep_closed
from planner.engine.choices import ACTIVITIES, ASKED, HELPED, LISTED, PLAYED, STAMP, WORK, Choices
from planner.engine.compilation import inner, lean
from planner.engine.tournament import replay


@lean
def price(graph: GraphArrays, choices: Choices, offer: int) -> int:
    """Prices an offer, whose bundle and marks are then those of the last stamp.

    Args:
        graph: The curriculum.
        choices: What has been chosen; gain and cost of the offer change.
        offer: The offer.

    Returns:
        How many links there have to be room for, to lead to this offer from what its price depends on. Of activities,
        the graph itself tells that.
    """
    choices.counts[STAMP] += 1
    choices.priced[offer] = choices.counts[STAMP]
    choices.is_stale[offer] = 0
    subject = choices.subject[offer]
    needed = 0
    if offer < choices.counts[ACTIVITIES]:
        _price_activity(graph, choices, offer, subject)
    elif choices.known[subject] == 1:
        choices.offer_gain[offer] = 0
    else:
        needed = _price_member(graph, choices, offer, subject)
    if choices.counts[PLAYED] == 1:
        replay(choices.tree, choices.offer_gain, choices.offer_cost, offer)
    return needed


@lean
def _price_activity(graph: GraphArrays, choices: Choices, offer: int, activity: int) -> None:
    """Prices an activity: it teaches what is forced, and brings the largest closed part of the rest that it teaches."""
    first, last = graph.sections_start[activity], graph.sections_start[activity + 1]
    gain, free = 0, 0
    for entry in range(first, last):
        concept = graph.sections[entry]
        if choices.way[concept] >= 0:
            if choices.forced[concept] == 1 and choices.taught[concept] == 0:
                gain += 1
            if choices.known[concept] == 0:
                free += 1
    if free > 0:
        choices.counts[HELPED] = 0
        keep_closed(graph, choices, activity)
        for entry in range(first, last):
            if choices.mark[graph.sections[entry]] == choices.counts[STAMP]:
                gain += _count_progress(graph, choices, graph.sections[entry])
        _clear_tally(choices)
    choices.offer_gain[offer] = gain
    choices.offer_cost[offer] = choices.costs[activity] * (1 - choices.chosen[activity])
    choices.counts[WORK] += 1 + last - first


@lean
def _count_progress(graph: GraphArrays, choices: Choices, concept: int) -> int:
    """Returns how many unmet groups a concept brings nearer, beside those counted before, and tallies them."""
    progress = 0
    for asked in range(graph.groups_with_start[concept], graph.groups_with_start[concept + 1]):
        group = graph.groups_with[asked]
        if choices.unmet[group] > 0:
            if choices.tally[group] == 0:
                choices.helped[choices.counts[HELPED]] = group
                choices.counts[HELPED] += 1
            if choices.tally[group] < choices.unmet[group]:
                choices.tally[group] += 1
                progress += 1
    return progress


@lean
def _clear_tally(choices: Choices) -> None:
    for place in range(choices.counts[HELPED]):
        choices.tally[choices.helped[place]] = 0


@lean
def _price_member(graph: GraphArrays, choices: Choices, offer: int, member: int) -> int:
    """Prices a member with all that it requires, and lists what this depends on."""
    choices.counts[HELPED] = 0
    size = close_over_choices(graph, choices, member, len(graph.rank))
    choices.counts[LISTED] = size
    cost, gain = 0, 0
    for place in range(size):
        concept = choices.found[place]
        if choices.taught[concept] == 0:
            cost += _price_way(graph, choices, choices.way[concept])
        gain += _count_progress(graph, choices, concept)
    _clear_tally(choices)
    choices.offer_gain[offer] = gain + choices.counts[LISTED] - size
    choices.offer_cost[offer] = cost
    choices.counts[WORK] += 1 + choices.counts[LISTED]
    return int(choices.counts[LISTED] + choices.counts[HELPED] + choices.counts[ASKED])


@lean
def _price_way(graph: GraphArrays, choices: Choices, way: int) -> int:
    """Returns what the way of a concept in a bundle adds to its cost, and lists the forced concepts it teaches besides.

    These are not in the bundle, and come to stand behind it.
    """
    stamp = choices.counts[STAMP]
    if graph.activity_own[way] == 0:
        if choices.marked[way] == stamp:
            return 0
        choices.marked[way] = stamp
        for entry in range(graph.sections_start[way], graph.sections_start[way + 1]):
            other = graph.sections[entry]
            if choices.forced[other] == 1 and choices.taught[other] == 0 and choices.mark[other] != stamp:
                choices.mark[other] = stamp
                choices.found[choices.counts[LISTED]] = other
                choices.counts[LISTED] += 1
    return int(choices.costs[way])


@lean
def link_bundle(choices: Choices, links: Ints, offer: int) -> None:
    """Links the offer that was priced last, a member's, to what its price depends on; there is room."""
    counts = choices.counts
    for place in range(counts[LISTED]):
        if choices.taught[choices.found[place]] == 0:
            _link(links, choices.concept_links, choices.found[place], offer, counts[STAMP])
    for place in range(counts[ASKED]):
        _link(links, choices.asker_links, choices.asked[place], offer, counts[STAMP])
        links[links[0, 0], 3] = choices.answer[place]
    for place in range(counts[HELPED]):
        _link(links, choices.helper_links, choices.helped[place], offer, counts[STAMP])


@lean
def _link(links: Ints, first: Ints, place: int, offer: int, stamp: int) -> None:
    """Adds a link from a concept or group to an offer that depends on it; there is room."""
    link = links[0, 0] + 1
    links[0, 0] = link
    links[link, 0], links[link, 1], links[link, 2] = first[place], offer, stamp
    first[place] = link


@inner
def make_room(links: Ints, more: int) -> Ints:
    """Returns links with room for so many more."""
    used = links[0, 0] + 1
    if used + more <= len(links):
        return links
    larger = np.empty((2 * (used + more), 4), dtype=np.int64)
    larger[:used] = links[:used]
    return larger
