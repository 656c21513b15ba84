"""References between the parts of a draft: to concepts and misconceptions that are there, or to nothing."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TypeVar

from kg.curriculum import Misconception, Prerequisite, PrerequisiteGroup, Question, Resource
from kg.importers.draft import Draft, Found, Place
from kg.issues import Findings, IssueKind

Part = TypeVar("Part")
_KIND = IssueKind.DANGLING_REFERENCE


def drop_dangling(draft: Draft, findings: Findings) -> Draft:
    """Takes references to nothing out of a draft.

    What cannot be without references goes too when the last one goes: a group, a resource, a question. References to
    parts that were refused go silently, and so do all where a file could not be read, since nobody knows what it held.

    Args:
        draft: Each id in it at most once.
        findings: Takes an error for every reference to nothing, and a sentence for every repair.

    Returns:
        The draft with those references only that lead to a part of it.
    """
    targets = _Targets(
        concepts=frozenset(found.part.id for found in draft.concepts),
        misconceptions=frozenset(found.part.id for found in draft.misconceptions),
        excused=frozenset(
            {("concept", identifier) for identifier in draft.refused_concepts}
            | {("misconception", identifier) for identifier in draft.refused_misconceptions}
        ),
        silent=draft.incomplete,
        findings=findings,
    )
    return replace(
        draft,
        prerequisites=[found for found in draft.prerequisites if _joins_concepts(found, targets)],
        groups=_keep(_resolve_group(found, targets) for found in draft.groups),
        resources=_keep(_resolve_resource(found, targets) for found in draft.resources),
        questions=_keep(_resolve_question(found, targets) for found in draft.questions),
        misconceptions=[_resolve_misconception(found, targets) for found in draft.misconceptions],
    )


def shrink_group(
    found: Found[PrerequisiteGroup], members: list[int], cause: IssueKind, findings: Findings
) -> Found[PrerequisiteGroup] | None:
    """Leaves only some members in a group; None: none is left.

    Args:
        found: The group.
        members: Indices of the members that stay, ascending.
        cause: Kind of the issue for which the others go.
        findings: Takes a sentence where the group asks for less than before, or is dropped.
    """
    group, name = found.part, f"group {found.part.id} of concept {found.part.concept}"
    if not members:
        findings.add_repair(cause, f"Dropped {name}, which has no members left.")
        return None
    need = min(group.need, len(members))
    if need < group.need:
        findings.add_repair(cause, f"Lowered the need of {name} from {group.need} to the {need} that are left.")
    kept = replace(group, need=need, members=tuple(group.members[index] for index in members))
    return Found(kept, found.place, tuple(found.inner[index] for index in members))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Targets:
    """What references may lead to."""

    concepts: frozenset[str]
    misconceptions: frozenset[str]
    excused: frozenset[tuple[str, str]]
    silent: bool
    findings: Findings

    def has_concept(self, concept: str, place: Place, subject: str) -> bool:
        """Says whether a concept is there; the issue reads `<subject> <concept>, which is not there`."""
        return concept in self.concepts or self._miss("concept", concept, place, subject)

    def has_misconception(self, misconception: str, place: Place, subject: str) -> bool:
        """The same for a misconception."""
        return misconception in self.misconceptions or self._miss("misconception", misconception, place, subject)

    def _miss(self, noun: str, identifier: str, place: Place, subject: str) -> bool:
        if not self.silent and (noun, identifier) not in self.excused:
            concepts = (identifier,) if noun == "concept" else ()
            self.findings.add_error(_KIND, place, f"{subject} {noun} {identifier}, which is not there", concepts)
            self.findings.add_repair(_KIND, f"Left out that {subject} {noun} {identifier}.")
        return False


def _keep(parts: Iterable[Part | None]) -> list[Part]:
    return [part for part in parts if part is not None]


def _joins_concepts(found: Found[Prerequisite], targets: _Targets) -> bool:
    edge = found.part
    has_before = targets.has_concept(edge.before, found.place, f"concept {edge.after} has prerequisite")
    has_after = targets.has_concept(edge.after, found.place, f"concept {edge.before} is a prerequisite of")
    return has_before and has_after


def _resolve_group(found: Found[PrerequisiteGroup], targets: _Targets) -> Found[PrerequisiteGroup] | None:
    group = found.part
    if not targets.has_concept(group.concept, found.place, f"group {group.id} belongs to"):
        return None
    subject = f"group {group.id} of concept {group.concept} has member"
    members = [
        index
        for index, (member, place) in enumerate(zip(group.members, found.inner, strict=True))
        if targets.has_concept(member, place, subject)
    ]
    return found if len(members) == len(group.members) else shrink_group(found, members, _KIND, targets.findings)


def _resolve_resource(found: Found[Resource], targets: _Targets) -> Found[Resource] | None:
    resource = found.part
    subject = f"resource {resource.id} teaches"
    kept = [
        (section, place)
        for section, place in zip(resource.sections, found.inner, strict=True)
        if targets.has_concept(section.concept, place, subject)
    ]
    if not kept:
        targets.findings.add_repair(_KIND, f"Dropped resource {resource.id}, which has no sections left.")
        return None
    sections, places = zip(*kept, strict=True)
    return Found(replace(resource, sections=sections), found.place, places)


def _resolve_question(found: Found[Question], targets: _Targets) -> Found[Question] | None:
    question = found.part
    subject = f"question {question.id} assesses"
    assesses = {
        concept: weight
        for concept, weight in question.assesses.items()
        if targets.has_concept(concept, found.place, subject)
    }
    distractors = {
        response: misconception
        for response, misconception in question.distractors.items()
        if targets.has_misconception(misconception, found.place, f"response {response} to question {question.id} shows")
    }
    if not assesses:
        targets.findings.add_repair(_KIND, f"Dropped question {question.id}, which assesses nothing that is left.")
        return None
    return Found(replace(question, assesses=assesses, distractors=distractors), found.place)


def _resolve_misconception(found: Found[Misconception], targets: _Targets) -> Found[Misconception]:
    misconception = found.part
    subject = f"misconception {misconception.id} is about"
    concepts = [concept for concept in misconception.concepts if targets.has_concept(concept, found.place, subject)]
    return Found(replace(misconception, concepts=tuple(concepts)), found.place)
