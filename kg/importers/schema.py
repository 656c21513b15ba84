"""JSON Schema of the YAML format: `python -m kg.importers.schema` prints it."""

import json
import sys
from typing import Any

from kg.importers.entries import ConceptEntry, CurriculumEntry, Entry, MisconceptionEntry, ResourceEntry
from kg.importers.question_entry import QuestionEntry


class CurriculumFile(Entry):
    """A file of a GraphMASAL curriculum. Several files of an archive are merged; one of them describes the whole."""

    curriculum: CurriculumEntry | None = None
    """About the whole curriculum; in exactly one file."""
    concepts: tuple[ConceptEntry, ...] = ()
    """Concepts with their prerequisites."""
    resources: tuple[ResourceEntry, ...] = ()
    """Things to study."""
    questions: tuple[QuestionEntry, ...] = ()
    """Items that give evidence."""
    misconceptions: tuple[MisconceptionEntry, ...] = ()
    """Named wrong ideas."""


def make_schema() -> dict[str, Any]:
    """Returns the schema as plain JSON values."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **CurriculumFile.model_json_schema(mode="validation"),
    }


def write_schema() -> str:
    """Returns the schema as the text of its file."""
    return json.dumps(make_schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(write_schema())
