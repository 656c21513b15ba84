"""Adds entries to a draft, whatever format they were read from; what a model refuses becomes issues."""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from kg.curriculum import Concept, Misconception, Prerequisite, PrerequisiteGroup, PrerequisiteKind, Resource, Section
from kg.importers.draft import Draft, Found, Locate, Metadata, Path, Place
from kg.importers.entries import (
    AlternativesEntry,
    ConceptEntry,
    CurriculumEntry,
    Entry,
    MisconceptionEntry,
    RequirementEntry,
    ResourceEntry,
)
from kg.importers.question_entry import QuestionEntry
from kg.issues import IssueKind

EntryType = TypeVar("EntryType", bound=Entry)
_RULES = {
    "missing": "is required",
    "extra_forbidden": "is not a field of the format",
    "model_type": "must be a mapping",
    "dict_type": "must be a mapping",
    "tuple_type": "must be a list",
    "string_type": "must be a text",
}

Add = Callable[[Draft, object, Locate], None]
"""Checks one raw entry and adds what it states to the draft."""


def check_entry(model: type[EntryType], raw: object, locate: Locate, draft: Draft, name: str = "") -> EntryType | None:
    """Reads one entry.

    Args:
        model: What it should be.
        raw: Mappings, sequences and texts as the format's reader gives them.
        locate: Finds the place of a value of it.
        draft: Takes the issues.
        name: What to call the entry in messages, such as `concept fractions`.

    Returns:
        The entry; None if it breaks a rule.
    """
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=False)
        for detail in details:
            if not _follows(detail, details):
                _add_issue(draft, detail, locate, name)
    return None


def _follows(detail: ErrorDetails, details: Sequence[ErrorDetails]) -> bool:
    """Says whether a sequence is too short only because its items, counted out by Pydantic, are refused themselves."""
    size = len(detail["loc"])
    return detail["type"] == "too_short" and any(
        len(other["loc"]) > size and other["loc"][:size] == detail["loc"] for other in details
    )


def _add_issue(draft: Draft, detail: ErrorDetails, locate: Locate, name: str) -> None:
    path = tuple(part for part in detail["loc"] if part != "[key]")
    kind = IssueKind.UNKNOWN_FIELD if detail["type"] == "extra_forbidden" else IssueKind.INVALID_VALUE
    subject = ": ".join(text for text in (name, show_path(path)) if text)
    draft.add_error(kind, locate(path), f"{subject} {_broken_rule(detail)}".strip())


def _broken_rule(detail: ErrorDetails) -> str:
    if detail["type"] in _RULES:
        return _RULES[detail["type"]]
    rule = detail["msg"].removeprefix("Value error, ").replace("Input should", "must").replace("should", "must")
    value = detail["input"]
    return f"{rule} (it is {value})" if isinstance(value, str) and 0 < len(value) <= 40 else rule


def show_path(path: Path) -> str:
    """Writes a path as people do: `concepts[3].title`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.removeprefix(".")


def _name(noun: str, raw: object) -> str:
    identifier = raw.get("id") if isinstance(raw, dict) else None
    return f"{noun} {identifier}" if isinstance(identifier, str) else noun


def set_metadata(draft: Draft, raw: object, locate: Locate) -> None:
    """Reads what the files say about the whole curriculum."""
    entry = check_entry(CurriculumEntry, raw, locate, draft, "curriculum")
    # Where it was refused, a title is set all the same: that there is none would be a second complaint about one fault.
    draft.metadata = Metadata(**entry.model_dump()) if entry else Metadata(title=draft.curriculum_id)


def add_concept(draft: Draft, raw: object, locate: Locate) -> None:
    """Adds a concept with its prerequisites and groups."""
    entry = check_entry(ConceptEntry, raw, locate, draft, _name("concept", raw))
    if entry is None:
        _note_refused(draft.refused_concepts, raw)
        return
    concept = Concept(
        id=entry.id,
        title=entry.title,
        description=entry.description,
        topic=entry.topic,
        minutes=entry.minutes,
        difficulty=entry.difficulty,
        taught=entry.taught,
    )
    draft.concepts.append(Found(concept, locate(())))
    for index, requirement in enumerate(entry.requires):
        add_requirement(draft, entry.id, requirement, PrerequisiteKind.HARD, locate(("requires", index)))
    for index, group in enumerate(entry.requires_any):
        members = [locate(("requires_any", index, "of", member)) for member in range(len(group.of))]
        add_alternatives(draft, entry.id, group, locate(("requires_any", index)), members)
    for index, requirement in enumerate(entry.helped_by):
        add_requirement(draft, entry.id, requirement, PrerequisiteKind.SOFT, locate(("helped_by", index)))


def add_requirement(draft: Draft, after: str, entry: RequirementEntry, kind: PrerequisiteKind, place: Place) -> None:
    """Adds one prerequisite of concept `after`."""
    prerequisite = Prerequisite(
        before=entry.concept, after=after, kind=kind, strength=entry.strength, reason=entry.reason
    )
    draft.prerequisites.append(Found(prerequisite, place))


def add_alternatives(
    draft: Draft, concept: str, entry: AlternativesEntry, place: Place, members: Iterable[Place]
) -> None:
    """Adds one group of concept `concept`, with the place of each member."""
    group = PrerequisiteGroup(
        concept=concept, id=entry.id, need=entry.need, members=entry.of, strength=entry.strength, reason=entry.reason
    )
    draft.groups.append(Found(group, place, tuple(members)))


def add_resource(draft: Draft, raw: object, locate: Locate) -> None:
    """Adds a resource."""
    entry = check_entry(ResourceEntry, raw, locate, draft, _name("resource", raw))
    if entry is None:
        return
    sections = tuple(
        Section(concept=section.concept, title=section.title, minutes=section.minutes, text=section.text)
        for section in entry.sections
    )
    resource = Resource(id=entry.id, title=entry.title, kind=entry.kind, url=entry.url, sections=sections)
    places = tuple(locate(("sections", index)) for index in range(len(sections)))
    draft.resources.append(Found(resource, locate(()), places))


def add_question(draft: Draft, raw: object, locate: Locate) -> None:
    """Adds a question."""
    entry = check_entry(QuestionEntry, raw, locate, draft, _name("question", raw))
    if entry is not None:
        draft.questions.append(Found(entry.to_question(), locate(())))


def add_misconception(draft: Draft, raw: object, locate: Locate) -> None:
    """Adds a misconception."""
    entry = check_entry(MisconceptionEntry, raw, locate, draft, _name("misconception", raw))
    if entry is None:
        _note_refused(draft.refused_misconceptions, raw)
        return
    concepts = tuple(sorted(set(entry.about)))
    misconception = Misconception(id=entry.id, title=entry.title, description=entry.description, concepts=concepts)
    draft.misconceptions.append(Found(misconception, locate(())))


def _note_refused(refused: set[str], raw: object) -> None:
    identifier = raw.get("id") if isinstance(raw, dict) else None
    if isinstance(identifier, str):
        refused.add(identifier)
