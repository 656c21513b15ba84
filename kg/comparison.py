"""What differs between two versions of a curriculum, and what the next version holds."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import TypeVar

from kg.curriculum import (
    AnswerKey,
    Concept,
    Curriculum,
    Misconception,
    Prerequisite,
    PrerequisiteGroup,
    Question,
    Resource,
    Section,
)

Part = Concept | Resource | Question | Misconception | Prerequisite | PrerequisiteGroup
Kept = TypeVar("Kept", Concept, Resource, Question, Misconception)

# What the content of a part is not: whether it is current, and what its key went through.
_STATE = frozenset({"archived", "voided", "version", "set_at"})
_CONTENT: Mapping[type, tuple[str, ...]] = {
    kind: tuple(sorted({item.name for item in fields(kind)} - _STATE))
    for kind in (Concept, Prerequisite, PrerequisiteGroup, Section, Resource, AnswerKey, Question, Misconception)
}
_GRADING = ("kind", "assesses", "slip", "guess", "voided")


@dataclass(frozen=True, slots=True)
class Change:
    """One part of a curriculum that differs.

    Attributes:
        kind: concept, resource, question, misconception, prerequisite or group.
        id: Its id; for a prerequisite `before -> after`, for a group `concept/group`.
        fields: Changed parts only: names of the fields that differ, ascending.
    """

    kind: str
    id: str
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """How a new version differs from an old one. Texts about the curriculum as a whole are not parts.

    Attributes:
        added: Parts that are new, or were archived and are back.
        changed: Parts whose content differs.
        removed: Parts that are gone.
    """

    added: tuple[Change, ...] = ()
    changed: tuple[Change, ...] = ()
    removed: tuple[Change, ...] = ()


def fingerprint(curriculum: Curriculum) -> str:
    """Returns the SHA-256 of the content as 64 hexadecimal digits, the same for any order of its parts.

    It covers the texts about the whole and every part that is not archived; what happened to a question since it was
    imported (its key's version and time, a void) is left out. So a curriculum has the fingerprint of the files that
    it was last imported from, unless a key was corrected.
    """
    digest = hashlib.sha256()
    about = {item.name: text for item in fields(curriculum) if isinstance(text := getattr(curriculum, item.name), str)}
    digest.update(_to_json(about))
    for kind, identifier, part in sorted(_list_parts(curriculum), key=lambda item: item[:2]):
        digest.update(b"\n" + _to_json([kind, identifier, _to_content(part)]))
    return digest.hexdigest()


def _to_json(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _to_content(value: object) -> object:
    """Returns the content of a part as plain JSON values."""
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, tuple):
        return [_to_content(item) for item in value]
    if isinstance(value, Mapping):
        return dict(value)
    return {name: _to_content(getattr(value, name)) for name in _CONTENT[type(value)]}


def _list_parts(curriculum: Curriculum | None) -> Iterator[tuple[str, str, Part]]:
    """Lists the parts that are not archived, with kind and id."""
    if curriculum is None:
        return
    identified: Iterable[tuple[str, Sequence[Concept | Resource | Question | Misconception]]] = (
        ("concept", curriculum.concepts),
        ("resource", curriculum.resources),
        ("question", curriculum.questions),
        ("misconception", curriculum.misconceptions),
    )
    for kind, parts in identified:
        yield from ((kind, part.id, part) for part in parts if not part.archived)
    for edge in curriculum.prerequisites:
        yield "prerequisite", f"{edge.before} -> {edge.after}", edge
    for group in curriculum.groups:
        yield "group", f"{group.concept}/{group.id}", group


def compare(old: Curriculum | None, new: Curriculum) -> Difference:
    """Finds the parts that differ, in the order of `Curriculum`; `old` None: everything is new."""
    before = {(kind, identifier): part for kind, identifier, part in _list_parts(old)}
    after = {(kind, identifier): part for kind, identifier, part in _list_parts(new)}
    changed = (
        Change(*name, differing)
        for name, part in after.items()
        if name in before and (differing := _list_differing(before[name], part))
    )
    return Difference(
        added=tuple(Change(*name) for name in after if name not in before),
        changed=tuple(changed),
        removed=tuple(Change(*name) for name in before if name not in after),
    )


def _list_differing(old: Part, new: Part) -> tuple[str, ...]:
    if old == new:
        return ()
    names = _CONTENT[type(new)]
    return tuple(name for name in names if _to_content(getattr(old, name)) != _to_content(getattr(new, name)))


def merge(old: Curriculum | None, new: Curriculum, now_micros: int) -> Curriculum:
    """Returns the content of the next version.

    Args:
        old: The version so far, archived parts included; None: there is none.
        new: What was imported, as `kg.validation` returns it.
        now_micros: When keys that differ count as set, microseconds since 1970 UTC.

    Returns:
        The parts of `new`, and of `old` what is gone, archived. A question keeps whether it is voided, and its key's
        version and time where the key says the same as before. Prerequisites and groups are those of `new`.
    """
    base = old or replace(new, concepts=(), resources=(), questions=(), misconceptions=())
    known = {question.id: question for question in base.questions}
    questions = tuple(_carry_over(known.get(question.id), question, now_micros) for question in new.questions)
    return replace(
        new,
        concepts=_keep_gone(base.concepts, new.concepts),
        resources=_keep_gone(base.resources, new.resources),
        questions=_keep_gone(base.questions, questions),
        misconceptions=_keep_gone(base.misconceptions, new.misconceptions),
    )


def _keep_gone(old: Sequence[Kept], new: Sequence[Kept]) -> tuple[Kept, ...]:
    parts = {part.id: replace(part, archived=True) for part in old}
    parts.update({part.id: part for part in new})
    return tuple(parts[identifier] for identifier in sorted(parts))


def _carry_over(old: Question | None, new: Question, now_micros: int) -> Question:
    key = new.key
    if key is not None:
        known = old.key if old else None
        if known is not None and _grade_alike(known, key):
            key = replace(key, version=known.version, set_at=known.set_at)
        else:
            key = replace(key, version=known.version + 1 if known else 1, set_at=now_micros)
    return replace(new, key=key, voided=old.voided if old else False)


def _grade_alike(old: AnswerKey | None, new: AnswerKey | None) -> bool:
    if old is None or new is None:
        return old is new
    return set(old.accepted) == set(new.accepted) and old.tolerance == new.tolerance


def regraded_questions(old: Curriculum | None, merged: Curriculum) -> tuple[str, ...]:
    """Returns the ids, ascending, of questions whose evidence counts differently in `merged` than it did in `old`.

    Questions that `old` had not, archived or not, have no evidence. One that only becomes archived counts as before.
    """
    before = {question.id: question for question in old.questions} if old else {}
    return tuple(
        question.id
        for question in merged.questions
        if question.id in before and _is_regraded(before[question.id], question)
    )


def _is_regraded(old: Question, new: Question) -> bool:
    alike = all(getattr(old, name) == getattr(new, name) for name in _GRADING)
    return not (alike and _grade_alike(old.key, new.key))
