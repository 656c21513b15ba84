"""Curricula and learners drawn by chance, the same ones for the same seed on every machine."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isqrt
from typing import Final

from kg.curriculum import Concept, Curriculum, Prerequisite, PrerequisiteGroup, PrerequisiteKind, Resource, Section
from planner.graph import PlanningGraph

_TOPIC_SIDE: Final = 5
"""A topic is a square of so many layers and columns."""

_REACH: Final = 3
"""What a concept requires lies at most so many layers before it, and mostly so few columns aside."""

_SHARE_FAR: Final = 0.03
_SHARE_SOFT: Final = 0.1
_SHARE_TWO_OF_GROUP: Final = 0.1
_RESOURCES_BY_CONCEPT: Final = 0.3
_SHARE_UNTAUGHT: Final = 0.05
_MINUTES: Final = (10, 15, 20, 30, 30, 45, 60)


@dataclass(frozen=True, slots=True)
class _Mix:
    """How often what is asked for.

    Attributes:
        group: Share of concepts that ask for members of a group.
        hard: Numbers of hard prerequisites, equally likely, of a concept that asks for no group.
        hard_beside_group: The same for one that does.
    """

    group: float
    hard: Sequence[int]
    hard_beside_group: Sequence[int]


_PLAIN: Final = _Mix(0.15, (1, 1, 2, 2, 3), (1, 1, 2))
_HEAVY: Final = _Mix(0.6, (1, 1, 2), (0, 0, 1))


def draw_curriculum(concepts: int, seed: int, *, heavy: bool = False) -> Curriculum:
    """Draws a valid curriculum in as many layers as the square root of its size.

    What a concept requires lies a few layers before it and mostly close by, as in curricula made by people; ids say
    nothing about the order. Three resources for ten concepts teach two to five neighbours each, some of which have no
    study of their own.

    Args:
        concepts: How many, >= 1.
        seed: Of the generator.
        heavy: Most concepts ask for a member of a group; otherwise one in seven.

    Complexity is linear in the number of concepts but for sorting; 100,000 take a few seconds.
    """
    rng = random.Random(f"curriculum {concepts} {seed} {heavy}")  # noqa: S311 - chance, not secrets
    return _Drawing(rng, concepts, _HEAVY if heavy else _PLAIN).finish()


class _Drawing:
    """A curriculum in the making. A concept is its position, layer by layer."""

    def __init__(self, rng: random.Random, size: int, mix: _Mix) -> None:
        self._rng, self._size, self._mix = rng, size, mix
        self._width = max(1, -(-size // max(1, isqrt(size))))
        digits = len(str(size))
        self._names = [f"c{number:0{digits}}" for number in range(size)]
        rng.shuffle(self._names)
        self._minutes = [rng.choice(_MINUTES) for _ in range(size)]

    def finish(self) -> Curriculum:
        resources = tuple(self._draw_resources())
        edges: list[Prerequisite] = []
        groups: list[PrerequisiteGroup] = []
        for concept in range(self._width, self._size):
            self._draw_requirements(concept, edges, groups)
        return Curriculum(
            id="generated",
            title="Generated",
            concepts=tuple(sorted(self._draw_concepts(resources), key=lambda each: each.id)),
            prerequisites=tuple(sorted(edges, key=lambda each: (each.after, each.before))),
            groups=tuple(sorted(groups, key=lambda each: (each.concept, each.id))),
            resources=resources,
        )

    def _draw_concepts(self, resources: Sequence[Resource]) -> Iterator[Concept]:
        rng = self._rng
        offered = {section.concept for resource in resources for section in resource.sections}
        depth = max(1, self._size // self._width)
        for position, name in enumerate(self._names):
            layer, column = divmod(position, self._width)
            yield Concept(
                id=name,
                title=f"Concept {name[1:]}",
                topic=f"topic {layer // _TOPIC_SIDE}.{column // _TOPIC_SIDE}",
                minutes=self._minutes[position],
                difficulty=round(min(1.0, 0.7 * layer / depth + 0.3 * rng.random()), 2),
                taught=name not in offered or rng.random() >= _SHARE_UNTAUGHT,
            )

    def _draw_requirements(self, concept: int, edges: list[Prerequisite], groups: list[PrerequisiteGroup]) -> None:
        rng, names, mix = self._rng, self._names, self._mix
        asks = rng.random() < mix.group
        taken: set[int] = set()
        hard = self._draw_before(concept, rng.choice(mix.hard_beside_group if asks else mix.hard), taken)
        edges.extend(Prerequisite(before=names[each], after=names[concept]) for each in hard)
        members = self._draw_before(concept, rng.choice((2, 2, 3, 4)), taken) if asks else []
        if members:
            need = 2 if len(members) > 2 and rng.random() < _SHARE_TWO_OF_GROUP else 1
            ids = tuple(sorted(names[each] for each in members))
            groups.append(PrerequisiteGroup(concept=names[concept], id="g", need=need, members=ids))
        soft = self._draw_before(concept, 1, taken) if rng.random() < _SHARE_SOFT else []
        edges.extend(
            Prerequisite(
                before=names[each],
                after=names[concept],
                kind=PrerequisiteKind.SOFT,
                strength=rng.randint(1, 10) / 10,
            )
            for each in soft
        )

    def _draw_before(self, concept: int, count: int, taken: set[int]) -> list[int]:
        """Draws up to `count` concepts of the layers before that are not taken, and takes them."""
        rng, width = self._rng, self._width
        layer, column = divmod(concept, width)
        drawn = []
        for _ in range(count):
            back = min(layer, rng.choice((1, 1, 1, 2, _REACH)))
            aside = rng.randrange(width) if rng.random() < _SHARE_FAR else column + rng.randint(-_REACH, _REACH)
            before = (layer - back) * width + min(max(aside, 0), width - 1)
            if before not in taken:
                taken.add(before)
                drawn.append(before)
        return drawn

    def _draw_resources(self) -> Iterator[Resource]:
        rng, count = self._rng, round(self._size * _RESOURCES_BY_CONCEPT)
        digits = len(str(count))
        for number in range(count):
            first = rng.randrange(self._size)
            offsets = rng.sample((1, 2, self._width, self._width + 1), rng.randint(1, 4))
            taught = [each for each in (first, *(first + offset for offset in offsets)) if each < self._size]
            share = rng.randint(5, 9)
            yield Resource(
                id=f"r{number:0{digits}}",
                title=f"Resource {number:0{digits}}",
                sections=tuple(
                    Section(concept=self._names[each], minutes=max(1, self._minutes[each] * share // 10))
                    for each in dict.fromkeys(taught)
                ),
            )


def draw_learner(graph: PlanningGraph, seed: int, *, goals: int = 20) -> tuple[dict[str, float], tuple[str, ...]]:
    """Draws what a learner knows and wants to know.

    Knowledge is closed downwards but for one concept in twenty: whoever knows a concept knows what it requires, and of
    each group as many members as it needs. The learner knows a tenth to a half of the curriculum; of what is known, one
    in ten has faded.

    Args:
        graph: The curriculum.
        seed: Of the generator.
        goals: How many, >= 1; fewer where fewer concepts are left.

    Returns:
        Mastery by concept id, and distinct ids of concepts that are not mastered, in ascending order.
    """
    rng = random.Random(f"learner {seed} {goals}")  # noqa: S311 - chance, not secrets
    size = len(graph.concepts)
    known: set[int] = set()
    wanted = round(size * rng.uniform(0.1, 0.5))
    while len(known) < wanted:
        _learn(graph, rng.randrange(size), known)
    mastery: dict[str, float] = {}
    for concept in sorted(known):
        chance = rng.random()
        if chance < 0.95:
            low, high = (0.5, 0.79) if chance < 0.1 else (0.8, 1.0)
            mastery[graph.concepts[concept].id] = round(rng.uniform(low, high), 4)
    ids = [each.id for each in graph.concepts if mastery.get(each.id, 0.0) < 0.8]
    return mastery, tuple(sorted(rng.sample(ids, min(goals, len(ids)))))


def _learn(graph: PlanningGraph, concept: int, known: set[int]) -> None:
    waiting = [concept]
    while waiting:
        each = waiting.pop()
        if each not in known:
            known.add(each)
            waiting.extend(graph.prerequisites[each])
            for group in graph.groups_of[each]:
                waiting.extend(graph.groups[group].members[: graph.groups[group].need])
