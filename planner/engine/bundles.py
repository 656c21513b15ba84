"""What comes along: with a concept all that it requires, with an activity what of its concepts can be learned now."""

from planner.engine.arrays import GraphArrays
from planner.engine.choices import ASKED, STAMP, Choices
from planner.engine.compilation import lean


@lean
def close_over_choices(graph: GraphArrays, choices: Choices, concept: int, most: int) -> int:
    """Finds what has to be learned for a concept, with members chosen for each group that asks for some.

    In turns: first all hard prerequisites of what has been found, in the order in which it was found; then, for the
    first concept found that has a group still short, and the first such group of it, the one member of least effort,
    ties by position.

    Args:
        graph: The curriculum.
        choices: What has been chosen; the bundle comes to lie in `found`, and is marked with the last stamp.
        concept: One that can be learned and is not known.
        most: The bundle is left incomplete where it has more concepts.

    Returns:
        The number of concepts in the bundle.
    """
    known, mark, found, stamp = choices.known, choices.mark, choices.found, choices.counts[STAMP]
    mark[concept] = stamp
    found[0] = concept
    place, asking, end = 0, 0, 1
    choices.counts[ASKED] = 0
    while asking < end <= most:
        while place < end <= most:
            after = found[place]
            place += 1
            for entry in range(graph.prerequisites_start[after], graph.prerequisites_start[after + 1]):
                before = graph.prerequisites[entry]
                if known[before] == 0 and mark[before] != stamp:
                    mark[before] = stamp
                    found[end] = before
                    end += 1
        member = _choose_member(graph, choices, found[asking])
        if member < 0:
            asking += 1
        else:
            mark[member] = stamp
            found[end] = member
            end += 1
    return end


@lean
def _choose_member(graph: GraphArrays, choices: Choices, concept: int) -> int:
    """Returns the next member that the groups of a concept need, and notes why; -1: none."""
    stamp = choices.counts[STAMP]
    for asked in range(graph.groups_of_start[concept], graph.groups_of_start[concept + 1]):
        group = graph.groups_of[asked]
        if choices.missing[group] > 0:
            short, best = choices.missing[group], -1
            for entry in range(graph.members_start[group], graph.members_start[group + 1]):
                member = graph.members[entry]
                if choices.mark[member] == stamp:
                    short -= 1
                elif (
                    choices.way[member] >= 0
                    and choices.known[member] == 0
                    and (best < 0 or choices.effort[member] < choices.effort[best])
                ):
                    best = member
            if short > 0:
                choices.asked[choices.counts[ASKED]], choices.answer[choices.counts[ASKED]] = group, best
                choices.counts[ASKED] += 1
                return best
    return -1


@lean
def keep_closed(graph: GraphArrays, choices: Choices, activity: int) -> None:
    """Marks the largest part of what an activity teaches that requires nothing but itself and what is known."""
    mark, stamp = choices.mark, choices.counts[STAMP]
    grows = True
    while grows:
        grows = False
        for entry in range(graph.sections_start[activity], graph.sections_start[activity + 1]):
            concept = graph.sections[entry]
            if (
                choices.way[concept] >= 0
                and choices.known[concept] == 0
                and mark[concept] != stamp
                and _is_closed(graph, choices, concept)
            ):
                mark[concept] = stamp
                grows = True


@lean
def _is_closed(graph: GraphArrays, choices: Choices, concept: int) -> bool:
    """Says whether all that a concept requires is known or marked."""
    known, mark, stamp = choices.known, choices.mark, choices.counts[STAMP]
    for entry in range(graph.prerequisites_start[concept], graph.prerequisites_start[concept + 1]):
        before = graph.prerequisites[entry]
        if known[before] == 0 and mark[before] != stamp:
            return False
    for asked in range(graph.groups_of_start[concept], graph.groups_of_start[concept + 1]):
        group = graph.groups_of[asked]
        missing = choices.missing[group]
        if missing > 0:
            for entry in range(graph.members_start[group], graph.members_start[group + 1]):
                if mark[graph.members[entry]] == stamp:
                    missing -= 1
            if missing > 0:
                return False
    return True
