"""The root cause: the deepest weak prerequisite that there is evidence about."""

from collections.abc import Mapping, Sequence
from graphlib import TopologicalSorter
from typing import Final

from kg.curriculum import Curriculum
from kg.mastery import MasteryReading
from tutoring.diagnosis.course import find_title, list_groups, list_required
from tutoring.events import RootCause
from tutoring.surroundings import Surroundings

WEAK_BELOW: Final = 0.5
"""Mastery below which a concept with evidence is weak."""
MOST_EVIDENCE: Final = 5


def trace_weakness(
    curriculum: Curriculum, mastery: Mapping[str, MasteryReading], concepts: Sequence[str]
) -> tuple[str, ...]:
    """Finds the prerequisite with the most weak concepts between it and some concepts in question, itself counted.

    A concept is weak where it has evidence and its mastery is below `WEAK_BELOW`, strong where it has evidence
    otherwise. The way goes over hard prerequisites, and members of a group as long as fewer of them than it needs are
    strong; it passes through what nothing is known about, and ends at what is strong. Of equal ones the weakest counts,
    then the first by id. Linear in the concepts reached and their edges.

    Args:
        curriculum: Acyclic in hard prerequisites and groups.
        mastery: Readings by concept, for those with evidence.
        concepts: Ids of the concepts in question, whatever is known about them.

    Returns:
        Ids from the deepest weak concept to the one in question, each a prerequisite of the next; empty: none is weak.
    """
    weak = {concept for concept, reading in mastery.items() if reading.probability < WEAK_BELOW}
    strong = mastery.keys() - weak
    needed_by: dict[str, set[str]] = {concept: set() for concept in concepts}
    waiting = list(needed_by)
    while waiting:
        after = waiting.pop()
        for before in _list_wanting(curriculum, after, strong):
            if before not in needed_by:
                needed_by[before] = set()
                waiting.append(before)
            needed_by[before].add(after)
    towards: dict[str, str] = {}
    places: dict[str, tuple[int, int]] = {}
    for concept in TopologicalSorter(needed_by).static_order():
        # Weak concepts from here on, negated, and steps: the least comes first.
        if followers := needed_by[concept]:
            towards[concept] = min(followers, key=lambda each: (places[each], each))
            count, steps = places[towards[concept]]
            places[concept] = (count - (concept in weak), steps + 1)
        else:
            places[concept] = (0, 0)
    causes = weak & towards.keys()
    if not causes:
        return ()
    path = [min(causes, key=lambda each: (places[each][0], mastery[each].probability, each))]
    while path[-1] in towards:
        path.append(towards[path[-1]])
    return tuple(path)


async def find_root_cause(
    surroundings: Surroundings,
    curriculum: Curriculum,
    mastery: Mapping[str, MasteryReading],
    concepts: Sequence[str],
) -> RootCause | None:
    """Finds the root cause of trouble with some concepts and the evidence for it; None: nothing before them is weak."""
    path = trace_weakness(curriculum, mastery, concepts)
    if not path:
        return None
    evidence = await surroundings.list_evidence([path[0]], MOST_EVIDENCE)
    return RootCause(
        concept=path[0],
        title=find_title(curriculum, path[0]),
        mastery=mastery[path[0]].probability,
        path=path,
        evidence=tuple(item.id for item in evidence),
    )


def _list_wanting(curriculum: Curriculum, concept: str, strong: set[str]) -> list[str]:
    """Lists what a concept requires and is not known to be there."""
    before = list_required(curriculum, concept)
    for group in list_groups(curriculum, concept):
        before += group.members if len(strong.intersection(group.members)) < group.need else ()
    return [each for each in dict.fromkeys(before) if each not in strong]
