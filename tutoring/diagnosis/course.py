"""Parts of a curriculum found by id, and what a concept requires; by bisection, for everything is in order of id."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import attrgetter
from typing import Any, TypeVar

from kg.curriculum import Concept, Curriculum, Misconception, PrerequisiteGroup, PrerequisiteKind, Question

Part = TypeVar("Part", Concept, Question, Misconception)


def find_question(curriculum: Curriculum, question: str) -> Question | None:
    """Returns a question that can be asked; None: there is none, or it is archived or voided."""
    found = _find(curriculum.questions, question)
    return None if found is None or found.archived or found.voided else found


def find_misconception(curriculum: Curriculum, misconception: str) -> Misconception | None:
    """Returns a misconception; None: there is none, or it is archived."""
    found = _find(curriculum.misconceptions, misconception)
    return None if found is None or found.archived else found


def find_title(curriculum: Curriculum, concept: str) -> str:
    """Returns a concept's title; its id where there is none."""
    found = _find(curriculum.concepts, concept)
    return found.title if found else concept


def list_assessed(question: Question) -> list[str]:
    """Lists the ids of the concepts that a question is about, the one it says most about first."""
    return sorted(question.assesses, key=lambda concept: (-question.assesses[concept], concept))


def list_required(curriculum: Curriculum, concept: str) -> list[str]:
    """Lists the ids of a concept's hard prerequisites, ascending."""
    edges = _run(curriculum.prerequisites, concept, attrgetter("after"))
    return [edge.before for edge in edges if edge.kind is PrerequisiteKind.HARD]


def list_groups(curriculum: Curriculum, concept: str) -> list[PrerequisiteGroup]:
    """Lists the groups some of whose members a concept requires."""
    return list(_run(curriculum.groups, concept, attrgetter("concept")))


def measure_distances(curriculum: Curriculum, concepts: Iterable[str], most: int) -> dict[str, int]:
    """Counts the steps from some concepts to what they require, hard prerequisites and members of groups.

    Args:
        curriculum: Acyclic in these.
        concepts: Ids.
        most: Steps; what is further away is left out.

    Returns:
        Steps by concept id; 0 for the concepts themselves.
    """
    distances = dict.fromkeys(concepts, 0)
    reached = list(distances)
    for step in range(1, most + 1):
        before = [each for concept in reached for each in _list_before(curriculum, concept)]
        reached = [each for each in dict.fromkeys(before) if each not in distances]
        distances.update(dict.fromkeys(reached, step))
    return distances


def _list_before(curriculum: Curriculum, concept: str) -> Iterator[str]:
    yield from list_required(curriculum, concept)
    for group in list_groups(curriculum, concept):
        yield from group.members


def _find(parts: Sequence[Part], identifier: str) -> Part | None:
    at = bisect_left(parts, identifier, key=attrgetter("id"))
    return parts[at] if at < len(parts) and parts[at].id == identifier else None


def _run(parts: Sequence[Any], concept: str, key: Callable[[Any], str]) -> Iterator[Any]:
    at = bisect_left(parts, concept, key=key)
    while at < len(parts) and key(parts[at]) == concept:
        yield parts[at]
        at += 1
