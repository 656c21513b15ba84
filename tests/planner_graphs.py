"""Small and random curricula for the tests of planning."""

import random
from collections.abc import Mapping
from dataclasses import replace

from kg.curriculum import (
    Concept,
    Curriculum,
    Prerequisite,
    PrerequisiteGroup,
    PrerequisiteKind,
    Resource,
    Section,
)
from planner.graph import PlanningGraph, compile_graph


def build_curriculum(
    concepts: str,
    *,
    hard: str = "",
    soft: str = "",
    groups: str = "",
    resources: Mapping[str, Mapping[str, int]] | None = None,
    untaught: str = "",
    topics: Mapping[str, str] | None = None,
) -> Curriculum:
    """Builds a curriculum from words.

    Args:
        concepts: Such as "a:10 b": id and minutes, 10 where they are left out. The title is the id in capitals.
        hard: Such as "a>b": a comes before b.
        soft: The same.
        groups: Such as "c/g=1:a,b": c asks in group g for at least 1 of a and b.
        resources: Minutes by concept, by resource.
        untaught: Concepts without a study of their own.
        topics: By concept.
    """
    pairs = [item.partition(":")[::2] for item in concepts.split()]
    return Curriculum(
        id="c",
        title="C",
        concepts=tuple(
            Concept(
                id=name,
                title=name.upper(),
                minutes=int(minutes or 10),
                taught=name not in untaught.split(),
                topic=(topics or {}).get(name, ""),
            )
            for name, minutes in pairs
        ),
        prerequisites=tuple(
            Prerequisite(before=edge.split(">")[0], after=edge.split(">")[1], kind=kind)
            for kind, edges in ((PrerequisiteKind.HARD, hard), (PrerequisiteKind.SOFT, soft))
            for edge in edges.split()
        ),
        groups=tuple(_read_group(text) for text in groups.split()),
        resources=tuple(
            Resource(
                id=name,
                title=name.upper(),
                sections=tuple(Section(concept=concept, minutes=minutes) for concept, minutes in sections.items()),
            )
            for name, sections in (resources or {}).items()
        ),
    )


def _read_group(text: str) -> PrerequisiteGroup:
    name, _, asked = text.partition("=")
    need, _, members = asked.partition(":")
    owner, _, group = name.partition("/")
    return PrerequisiteGroup(concept=owner, id=group, need=int(need), members=tuple(sorted(members.split(","))))


def build_graph(concepts: str, **parts: object) -> PlanningGraph:
    """The same, compiled."""
    return compile_graph(build_curriculum(concepts, **parts))  # type: ignore[arg-type]


def draw_curriculum(rng: random.Random, size: int, *, groups: float = 0.4, resources: float = 0.3) -> Curriculum:
    """Draws an acyclic curriculum with everything that planning knows.

    Args:
        rng: Source of chance.
        size: Number of concepts, >= 1.
        groups: Probability that a concept asks for members of a group; some ask twice.
        resources: Number of resources by concept.
    """
    names = [f"c{number:03}" for number in range(size)]
    rng.shuffle(names)
    concepts = [
        Concept(
            id=name,
            title=name.upper(),
            minutes=rng.choice([5, 7, 10, 10, 20, 45]),
            taught=rng.random() < 0.9,
            topic=rng.choice(["", "x", "y"]),
        )
        for name in names
    ]
    hard, soft, asked = set(), set(), []
    for place, name in enumerate(names):
        before = names[max(0, place - 12) : place]
        hard |= {(each, name) for each in rng.sample(before, min(len(before), rng.choice([0, 0, 1, 1, 2])))}
        soft |= {(each, name) for each in rng.sample(names, min(size, rng.choice([0, 0, 0, 1, 2]))) if each != name}
        for group in range(2):
            if len(before) > 1 and rng.random() < groups / (group + 1):
                members = tuple(sorted(rng.sample(before, min(len(before), rng.choice([2, 2, 3, 4])))))
                need = rng.choice([1, 1, 1, 2, len(members)])
                asked.append(PrerequisiteGroup(concept=name, id=f"g{group}", need=need, members=members))
    kinds = dict.fromkeys(soft, PrerequisiteKind.SOFT) | dict.fromkeys(hard, PrerequisiteKind.HARD)
    edges = [Prerequisite(before=before, after=after, kind=kind) for (before, after), kind in kinds.items()]
    offered = []
    for number in range(round(size * resources)):
        taught = rng.sample(names, min(size, rng.choice([1, 2, 2, 3, 5])))
        sections = tuple(Section(concept=name, minutes=rng.choice([2, 4, 8, 15])) for name in taught)
        offered.append(Resource(id=f"r{number:02}", title=f"R{number:02}", sections=sections))
    return Curriculum(
        id="drawn",
        title="Drawn",
        concepts=tuple(sorted(concepts, key=lambda each: each.id)),
        prerequisites=tuple(sorted(edges, key=lambda each: (each.after, each.before))),
        groups=tuple(sorted(asked, key=lambda each: (each.concept, each.id))),
        resources=tuple(offered),
    )


def shuffle_curriculum(rng: random.Random, curriculum: Curriculum) -> Curriculum:
    """The same content in another order."""
    return replace(
        curriculum,
        concepts=tuple(rng.sample(curriculum.concepts, len(curriculum.concepts))),
        prerequisites=tuple(rng.sample(curriculum.prerequisites, len(curriculum.prerequisites))),
        groups=tuple(rng.sample(curriculum.groups, len(curriculum.groups))),
        resources=tuple(rng.sample(curriculum.resources, len(curriculum.resources))),
    )


def draw_mastery(rng: random.Random, curriculum: Curriculum) -> dict[str, float]:
    """Draws what a learner knows: nothing, something or almost everything of it."""
    share = rng.choice([0.0, 0.2, 0.5])
    return {
        concept.id: rng.choice([0.0, 0.3, 0.5, 0.7, 0.8, 1.0])
        for concept in curriculum.concepts
        if rng.random() < share
    }
