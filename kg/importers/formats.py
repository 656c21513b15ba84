"""The formats a curriculum can be imported from. A new one is a module with a `parse`, named here."""

from collections.abc import Callable, Mapping

from kg.archives import Files
from kg.importers import csv_format, metacademy, yaml_format
from kg.importers.draft import Draft, Metadata

Parse = Callable[[Files, str], Draft]
"""Reads files as curriculum of a given id. Never raises for what the files hold: that becomes issues of the draft."""

PARSERS: Mapping[str, Parse] = {
    "yaml": yaml_format.parse,
    "csv": csv_format.parse,
    "metacademy": metacademy.parse,
}


def read_draft(form: str, files: Files, curriculum_id: str, given: Metadata | None = None) -> Draft:
    """Reads a curriculum.

    Args:
        form: A key of `PARSERS`.
        files: The unpacked archive.
        curriculum_id: Id the curriculum is to have.
        given: Texts that win over those of the files.

    Raises:
        KeyError: There is no such format.
    """
    draft = PARSERS[form](files, curriculum_id)
    draft.metadata = draft.metadata.override(given or Metadata())
    return draft
