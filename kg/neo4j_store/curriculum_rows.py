"""Curricula as nodes and edges: properties to look at, and bodies from which parts are read back exactly."""

from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import Any, TypeVar

from kg import codec
from kg.curriculum import (
    Concept,
    Curriculum,
    CurriculumRecord,
    CurriculumSize,
    Misconception,
    Prerequisite,
    PrerequisiteGroup,
    PrerequisiteKind,
    Question,
    Resource,
)
from kg.revisions import TEXTS

Part = TypeVar("Part", Concept, Resource, Question, Misconception)
Rows = list[dict[str, Any]]


def to_properties(record: CurriculumRecord) -> dict[str, Any]:
    """The properties of a curriculum's node."""
    properties = {item.name: getattr(record, item.name) for item in fields(record)}
    return {**properties, "size": codec.encode(record.size)}


def to_record(properties: dict[str, Any]) -> CurriculumRecord:
    """Reads what `to_properties` made."""
    known = {name: value for name, value in properties.items() if name not in ("tenant", "size")}
    return CurriculumRecord(**known, size=codec.decode(CurriculumSize, properties["size"]))


def to_curriculum(record: CurriculumRecord, parts: dict[str, list[Any]]) -> Curriculum:
    """Puts a curriculum together.

    Args:
        record: Holds its texts.
        parts: What load_curriculum in queries.cypher returns, by kind.
    """
    prerequisites, groups = _to_prerequisites(parts["edge"])
    return Curriculum(
        id=record.id,
        **{name: getattr(record, name) for name in TEXTS},
        concepts=_decode(Concept, parts["concept"]),
        prerequisites=prerequisites,
        groups=groups,
        resources=_decode(Resource, parts["resource"]),
        questions=_decode(Question, parts["question"]),
        misconceptions=_decode(Misconception, parts["misconception"]),
    )


def _decode(kind: type[Part], bodies: Iterable[str]) -> tuple[Part, ...]:
    return tuple(sorted((codec.decode(kind, body) for body in bodies), key=lambda part: part.id))


def _to_prerequisites(
    edges: Iterable[Sequence[Any]],
) -> tuple[tuple[Prerequisite, ...], tuple[PrerequisiteGroup, ...]]:
    single = []
    members: dict[tuple[str, str], list[str]] = {}
    about: dict[tuple[str, str], tuple[int, float, str]] = {}
    for before, after, kind, strength, reason, group, need in edges:
        if group:
            members.setdefault((after, group), []).append(before)
            about[after, group] = (need, strength, reason)
        else:
            single.append(
                Prerequisite(before=before, after=after, kind=PrerequisiteKind(kind), strength=strength, reason=reason)
            )
    groups = []
    for name in sorted(members):
        (concept, identifier), (need, strength, reason) = name, about[name]
        groups.append(
            PrerequisiteGroup(
                concept=concept,
                id=identifier,
                need=need,
                members=tuple(sorted(members[name])),
                strength=strength,
                reason=reason,
            )
        )
    return tuple(sorted(single, key=lambda edge: (edge.after, edge.before))), tuple(groups)


def list_edges(curriculum: Curriculum | None) -> dict[tuple[str, str, str], dict[str, Any]]:
    """Properties of the edges of the prerequisite graph, by (before, after, group), in order of (after, before)."""
    if curriculum is None:
        return {}
    edges = {
        (edge.before, edge.after, ""): _to_edge(edge.kind, edge.strength, edge.reason)
        for edge in curriculum.prerequisites
    }
    for group in curriculum.groups:
        properties = _to_edge(PrerequisiteKind.HARD, group.strength, group.reason, group.id, group.need)
        edges.update({(member, group.concept, group.id): properties for member in group.members})
    return edges


def _to_edge(
    kind: PrerequisiteKind, strength: float, reason: str, group: str = "", need: int | None = None
) -> dict[str, Any]:
    return {"kind": kind.value, "strength": strength, "reason": reason, "group": group, "need": need}


def list_concepts(parts: Iterable[Concept]) -> Rows:
    """Rows of put_concepts."""
    return [_to_row(part, "title", "topic", "minutes", "difficulty", "taught") for part in parts]


def list_resources(parts: Iterable[Resource]) -> Rows:
    """Rows of put_resources."""
    return [
        {
            **_to_row(part, "title", "kind", "url", "minutes"),
            "edges": [
                {"concept": section.concept, "minutes": section.minutes, "position": position}
                for position, section in enumerate(part.sections)
            ],
        }
        for part in parts
    ]


def list_questions(parts: Iterable[Question]) -> Rows:
    """Rows of put_questions."""
    return [
        {
            **_to_row(part, "stem", "difficulty", "slip", "guess", "voided"),
            "edges": [{"concept": concept, "weight": weight} for concept, weight in part.assesses.items()],
        }
        for part in parts
    ]


def list_misconceptions(parts: Iterable[Misconception]) -> Rows:
    """Rows of put_misconceptions."""
    return [{**_to_row(part, "title"), "edges": [{"concept": concept} for concept in part.concepts]} for part in parts]


def _to_row(part: Concept | Resource | Question | Misconception, *shown: str) -> dict[str, Any]:
    properties = {name: getattr(part, name) for name in (*shown, "archived")}
    return {"id": part.id, "properties": {**properties, "body": codec.encode(part)}}
