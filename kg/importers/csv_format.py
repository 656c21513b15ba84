"""Tables for those who keep their curriculum in a spreadsheet; docs/curriculum-format.md describes the columns."""

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Annotated, Self

from pydantic import Field, model_validator

from kg.archives import Files
from kg.curriculum import PrerequisiteKind
from kg.importers.collect import (
    add_alternatives,
    add_concept,
    add_misconception,
    add_question,
    add_requirement,
    add_resource,
    check_entry,
)
from kg.importers.csv_cells import read_question, split_cell
from kg.importers.csv_reader import Row, Table, find_tables, read_table
from kg.importers.draft import Draft, Path, Place
from kg.importers.entries import AlternativesEntry, Entry, Id, Reference, RequirementEntry, Strength, Text
from kg.issues import IssueKind


def _columns(required: str, optional: str) -> dict[str, bool]:
    return {**dict.fromkeys(required.split(), True), **dict.fromkeys(optional.split(), False)}


CONCEPTS = Table("concepts.csv", _columns("id title", "description topic minutes difficulty taught"))
PREREQUISITES = Table("prerequisites.csv", _columns("before after", "kind strength group need reason"))
RESOURCES = Table("resources.csv", _columns("resource title concept", "kind url section_title minutes text"))
QUESTIONS = Table(
    "questions.csv",
    _columns("id kind stem assesses", "options accepted tolerance distractors slip guess difficulty explanation"),
)
MISCONCEPTIONS = Table("misconceptions.csv", _columns("id title", "description concepts"))
TABLES = (CONCEPTS, PREREQUISITES, RESOURCES, QUESTIONS, MISCONCEPTIONS)


class PrerequisiteRow(Entry):
    """A row of prerequisites.csv: a single prerequisite or, with a group, one of its members."""

    before: Reference
    after: Reference
    kind: PrerequisiteKind = PrerequisiteKind.HARD
    strength: Strength = 1.0
    group: Id | None = None
    need: Annotated[int, Field(ge=1)] | None = None
    reason: Text = ""

    @model_validator(mode="after")
    def _check_need(self) -> Self:
        if self.need is not None and self.group is None:
            raise ValueError("need must be left out where there is no group")
        return self


def parse(files: Files, curriculum_id: str) -> Draft:
    """Reads the tables. CSV says nothing about the curriculum as a whole, so its title comes from the caller."""
    draft = Draft(curriculum_id)
    paths = find_tables(files, TABLES, draft)
    if CONCEPTS.name not in paths:
        draft.add_unreadable(Place("archive"), f"it holds no file {CONCEPTS.name}")
    rows = {
        table.name: read_table(paths[table.name], files[paths[table.name]], table, draft) if table.name in paths else ()
        for table in TABLES
    }
    for row in rows[CONCEPTS.name]:
        add_concept(draft, row.pick(*CONCEPTS.columns), row.locate)
    _add_prerequisites(draft, rows[PREREQUISITES.name])
    _add_resources(draft, rows[RESOURCES.name])
    for row in rows[QUESTIONS.name]:
        add_question(draft, read_question(row, draft), row.locate)
    for row in rows[MISCONCEPTIONS.name]:
        about = split_cell(row, "concepts", ";")
        add_misconception(draft, {**row.pick("id", "title", "description"), "about": about}, row.locate)
    return draft


def _add_prerequisites(draft: Draft, rows: Iterable[Row]) -> None:
    groups: dict[tuple[str, str], list[tuple[Row, PrerequisiteRow]]] = {}
    for row in rows:
        entry = check_entry(PrerequisiteRow, row.pick(*PREREQUISITES.columns), row.locate, draft, "prerequisite")
        if entry is None:
            continue
        if entry.group is not None:
            groups.setdefault((entry.after, entry.group), []).append((row, entry))
            continue
        requirement = RequirementEntry(concept=entry.before, strength=entry.strength, reason=entry.reason)
        add_requirement(draft, entry.after, requirement, entry.kind, row.locate(()))
    for (concept, group), members in groups.items():
        _add_group(draft, concept, group, members)


def _add_group(draft: Draft, concept: str, group: str, members: Sequence[tuple[Row, PrerequisiteRow]]) -> None:
    rows = [row for row, _ in members]
    shared = _share(draft, rows, ("need", "strength", "reason"), f"group {group} of concept {concept}")
    for row, entry in members:
        if entry.kind is not PrerequisiteKind.HARD:
            draft.add_error(IssueKind.INVALID_VALUE, row.locate(("kind",)), "a member of a group must be hard")
    raw = {"id": group, "of": [entry.before for _, entry in members], **shared}
    locate = partial(_locate_in_rows, rows)
    checked = check_entry(AlternativesEntry, raw, locate, draft, f"group {group} of concept {concept}")
    if checked is not None:
        add_alternatives(draft, concept, checked, rows[0].locate(()), [row.locate(()) for row in rows])


def _add_resources(draft: Draft, rows: Iterable[Row]) -> None:
    resources: dict[str, list[Row]] = {}
    for row in rows:
        if "resource" in row.cells:
            resources.setdefault(row.cells["resource"], []).append(row)
        else:
            draft.add_error(IssueKind.INVALID_VALUE, row.locate(()), "resource is required")
    for identifier, sections in resources.items():
        shared = _share(draft, sections, ("title", "kind", "url"), f"resource {identifier}")
        texts = [row.pick("concept", "minutes", "text", title="section_title") for row in sections]
        add_resource(draft, {"id": identifier, "sections": texts, **shared}, partial(_locate_in_rows, sections))


def _share(draft: Draft, rows: Sequence[Row], columns: Sequence[str], name: str) -> dict[str, str]:
    """Returns what rows about one thing say about it as a whole; rows that contradict the first become issues."""
    shared: dict[str, str] = {}
    for row in rows:
        for column in columns:
            text = row.cells.get(column)
            if text is not None and shared.setdefault(column, text) != text:
                message = f"{name}: {column} is {shared[column]} in an earlier row and {text} here"
                draft.add_error(IssueKind.INVALID_VALUE, row.locate((column,)), message)
    return shared


def _locate_in_rows(rows: Sequence[Row], path: Path) -> Place:
    """Finds the row of `("sections", 2, "minutes")` or `("of", 2)`; other fields stand in the first row."""
    match path:
        case ("sections" | "of", int(index), *inner):
            return rows[index].locate(tuple("section_title" if part == "title" else part for part in inner))
        case _:
            return rows[0].locate(path)
