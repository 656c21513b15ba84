"""A curriculum compiled for planning: concepts, groups and activities as integers; immutable, shared by threads."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from graphlib import TopologicalSorter

import numpy as np

from kg.curriculum import Concept, Curriculum, PrerequisiteKind
from planner.engine.arrays import GraphArrays, Ints, compress, to_ints


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """Something to do that teaches concepts: a concept's own study, or a resource.

    Attributes:
        id: `concepts/{id}` or `resources/{id}`.
        title: As a learner reads it.
        minutes: Of the whole, > 0.
        sections: Minutes by the concept that they teach; they sum to `minutes`.
        own: It is a concept's own study.
    """

    id: str
    title: str
    minutes: int
    sections: Mapping[int, int]
    own: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """At least `need` of `members` come before `owner`.

    Attributes:
        id: `concept/group`.
        owner: Concept that asks.
        need: From 1 to the number of members.
        members: Concepts in ascending order.
    """

    id: str
    owner: int
    need: int
    members: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanningGraph:
    """What planning needs of a curriculum. A concept, group or activity is its position in the sequence of its kind.

    Inner tuples hold positions in ascending order.

    Attributes:
        concepts: In ascending order of id.
        number: Position by concept id.
        rank: By concept, its place in a topological order of hard prerequisites and group members.
        prerequisites: By concept, its hard prerequisites.
        dependents: By concept, those it is a hard prerequisite of.
        soft_prerequisites: By concept, its soft prerequisites.
        strengths: By soft prerequisite (before, after), its strength in (0, 1].
        soft_dependents: By concept, those it is a soft prerequisite of.
        groups: By ascending owner and id.
        groups_of: By concept, the groups it asks for.
        groups_with: By concept, the groups it is a member of.
        unlocks: By concept, its dependents and the owners of the groups it is a member of.
        activities: In ascending order of id, concepts' own studies first.
        activity_number: Position by activity id.
        teachers: By concept, the activities that teach it.
        arrays: The same for kernels.
    """

    concepts: tuple[Concept, ...]
    number: Mapping[str, int]
    rank: tuple[int, ...]
    prerequisites: tuple[tuple[int, ...], ...]
    dependents: tuple[tuple[int, ...], ...]
    soft_prerequisites: tuple[tuple[int, ...], ...]
    soft_dependents: tuple[tuple[int, ...], ...]
    strengths: Mapping[tuple[int, int], float]
    groups: tuple[Group, ...]
    groups_of: tuple[tuple[int, ...], ...]
    groups_with: tuple[tuple[int, ...], ...]
    unlocks: tuple[tuple[int, ...], ...]
    activities: tuple[Activity, ...]
    activity_number: Mapping[str, int]
    teachers: tuple[tuple[int, ...], ...]
    arrays: GraphArrays = field(compare=False)

    def name(self, concepts: Iterable[int]) -> tuple[str, ...]:
        """Returns the ids of concepts, in ascending order."""
        return tuple(self.concepts[concept].id for concept in sorted(concepts))


def compile_graph(curriculum: Curriculum) -> PlanningGraph:
    """Compiles a curriculum; once per version.

    Args:
        curriculum: A valid one; its archived parts are left out.

    Raises:
        graphlib.CycleError: Hard prerequisites and group members form a circle, which validation refuses.

    Complexity is linear in the size of the curriculum, but for sorting.
    """
    concepts = tuple(sorted((each for each in curriculum.concepts if not each.archived), key=lambda each: each.id))
    number = {concept.id: position for position, concept in enumerate(concepts)}
    size = len(concepts)
    hard, soft = (
        [(number[edge.before], number[edge.after]) for edge in curriculum.prerequisites if edge.kind is kind]
        for kind in (PrerequisiteKind.HARD, PrerequisiteKind.SOFT)
    )
    groups = _compile_groups(curriculum, number)
    memberships = [(member, group.owner) for group in groups for member in group.members]
    requirements = _collect(((after, before) for before, after in (*hard, *memberships)), size)
    activities = _list_activities(curriculum, concepts, number)
    rank = _rank(requirements)
    prerequisites = _collect(((after, before) for before, after in hard), size)
    dependents, unlocks = _collect(hard, size), _collect((*hard, *memberships), size)
    soft_prerequisites = _collect(((after, before) for before, after in soft), size)
    soft_dependents = _collect(soft, size)
    groups_of = _collect(((group.owner, position) for position, group in enumerate(groups)), size)
    groups_with = _collect(
        ((member, position) for position, group in enumerate(groups) for member in group.members), size
    )
    teachers = _collect(
        ((concept, position) for position, activity in enumerate(activities) for concept in activity.sections), size
    )
    return PlanningGraph(
        concepts=concepts,
        number=number,
        rank=rank,
        prerequisites=prerequisites,
        dependents=dependents,
        soft_prerequisites=soft_prerequisites,
        soft_dependents=soft_dependents,
        strengths={
            (number[edge.before], number[edge.after]): edge.strength
            for edge in curriculum.prerequisites
            if edge.kind is PrerequisiteKind.SOFT
        },
        groups=groups,
        groups_of=groups_of,
        groups_with=groups_with,
        unlocks=unlocks,
        activities=activities,
        activity_number={activity.id: position for position, activity in enumerate(activities)},
        teachers=teachers,
        arrays=GraphArrays(
            to_ints(rank),
            np.argsort(to_ints(rank)),
            _number_topics(concepts),
            *compress(prerequisites),
            *compress(dependents),
            *compress(soft_prerequisites),
            *compress(soft_dependents),
            *compress(unlocks),
            to_ints(group.owner for group in groups),
            to_ints(group.need for group in groups),
            *compress([group.members for group in groups]),
            *compress(groups_of),
            *compress(groups_with),
            *compress(teachers),
            *compress([sorted(activity.sections) for activity in activities]),
            to_ints(activity.sections[each] for activity in activities for each in sorted(activity.sections)),
            to_ints(activity.minutes for activity in activities),
            to_ints(activity.own for activity in activities),
            to_ints(concept.minutes for concept in concepts),
            to_ints(round(concept.difficulty * 10_000) for concept in concepts),
        ),
    )


def _number_topics(concepts: tuple[Concept, ...]) -> Ints:
    topics = sorted({concept.topic for concept in concepts if concept.topic})
    numbers = {"": -1, **{topic: number for number, topic in enumerate(topics)}}
    return to_ints(numbers[concept.topic] for concept in concepts)


def _compile_groups(curriculum: Curriculum, number: Mapping[str, int]) -> tuple[Group, ...]:
    return tuple(
        Group(
            id=f"{group.concept}/{group.id}",
            owner=number[group.concept],
            need=group.need,
            members=tuple(sorted(number[member] for member in group.members)),
        )
        for group in sorted(curriculum.groups, key=lambda group: (group.concept, group.id))
    )


def _list_activities(
    curriculum: Curriculum, concepts: tuple[Concept, ...], number: Mapping[str, int]
) -> tuple[Activity, ...]:
    own = [
        Activity(
            id=f"concepts/{concept.id}",
            title=concept.title,
            minutes=concept.minutes,
            sections={position: concept.minutes},
            own=True,
        )
        for position, concept in enumerate(concepts)
        if concept.taught
    ]
    resources = [
        Activity(
            id=f"resources/{resource.id}",
            title=resource.title,
            minutes=resource.minutes,
            sections={number[section.concept]: section.minutes for section in resource.sections},
            own=False,
        )
        for resource in sorted(curriculum.resources, key=lambda resource: resource.id)
        if not resource.archived
    ]
    return (*own, *resources)


def _collect(pairs: Iterable[tuple[int, int]], size: int) -> tuple[tuple[int, ...], ...]:
    """Gathers the distinct second parts of pairs by their first part."""
    collected: list[set[int]] = [set() for _ in range(size)]
    for first, second in pairs:
        collected[first].add(second)
    return tuple(tuple(sorted(each)) for each in collected)


def _rank(requirements: tuple[tuple[int, ...], ...]) -> tuple[int, ...]:
    rank = [0] * len(requirements)
    for place, concept in enumerate(TopologicalSorter(dict(enumerate(requirements))).static_order()):
        rank[concept] = place
    return tuple(rank)
