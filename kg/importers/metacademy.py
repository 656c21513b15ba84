"""Content folders of Metacademy (github.com/metacademy/metacademy-content).

Each folder `concepts/<tag>` holds title.txt, summary.txt and dependencies.txt; time_estimates/concepts.txt gives hours.
Tags are written with `_` and `-` alike. Shortcuts, courses, flags and other files are left aside.
"""

import re

from kg.archives import Files
from kg.importers.collect import add_concept
from kg.importers.draft import Draft, Metadata, Path, Place
from kg.importers.texts import decode
from kg.issues import IssueKind

METADATA = Metadata(
    title="Metacademy",
    language="en",
    licence="CC-BY-SA-3.0",
    attribution="Metacademy contributors (metacademy.org)",
    source_url="https://github.com/metacademy/metacademy-content",
)
_FORMAT_EXAMPLE = "ANNOTATED_EXAMPLE"
_CONCEPT_FILE = re.compile(r"((?:[^/]+/)*?)concepts/([^/]+)/(title|summary|dependencies|id)\.txt")


def parse(files: Files, curriculum_id: str) -> Draft:
    """Reads a content folder; the root of the archive may be that folder or one around it."""
    draft = Draft(curriculum_id, metadata=METADATA)
    matches = [match for name in files if (match := _CONCEPT_FILE.fullmatch(name))]
    if not matches:
        draft.add_unreadable(Place("archive"), "it holds no folder concepts with a folder for each concept")
        return draft
    root = min((match[1] for match in matches), key=lambda prefix: (prefix.count("/"), prefix))
    tags = sorted({match[2] for match in matches if match[1] == root} - {_FORMAT_EXAMPLE})
    hours = _read_hours(f"{root}time_estimates/concepts.txt", files, draft)
    for tag in tags:
        _add_concept(draft, files, f"{root}concepts/{tag}", hours)
    return draft


def _normalise(tag: str) -> str:
    return tag.replace("-", "_")


def _add_concept(draft: Draft, files: Files, folder: str, hours: dict[str, float]) -> None:
    raw: dict[str, object] = {"id": _normalise(folder.rpartition("/")[2])}
    for field, name in (("title", "title"), ("description", "summary")):
        raw[field] = _read_text(f"{folder}/{name}.txt", files, draft) or None
    if str(raw["id"]) in hours:
        raw["minutes"] = max(1, round(hours[str(raw["id"])] * 60))
    dependencies = f"{folder}/dependencies.txt"
    requires, lines = _read_dependencies(dependencies, files, draft)
    raw["requires"] = requires

    def locate(path: Path) -> Place:
        match path:
            case ("requires", int(index), *_):
                return Place(dependencies, lines[index])
            case ("title", *_):
                return Place(f"{folder}/title.txt")
            case ("description", *_):
                return Place(f"{folder}/summary.txt")
            case _:
                return Place(folder)

    add_concept(draft, raw, locate)


def _read_text(name: str, files: Files, draft: Draft) -> str:
    return (decode(name, files[name], draft) or "") if name in files else ""


def _read_dependencies(name: str, files: Files, draft: Draft) -> tuple[list[dict[str, str]], list[int]]:
    """Reads blocks of `tag:`, `reason:` and `shortcut:`; returns a requirement and the line of each."""
    requires: list[dict[str, str]] = []
    lines: list[int] = []
    for number, line in enumerate(_read_text(name, files, draft).splitlines(), start=1):
        key, colon, text = (part.strip() for part in line.partition(":"))
        if key == "tag" and colon:
            requires.append({"concept": _normalise(text)})
            lines.append(number)
        elif key == "reason" and colon and requires:
            requires[-1]["reason"] = text
        elif line.strip() and not line.lstrip().startswith("#") and not (key == "shortcut" and colon):
            draft.add_error(IssueKind.MALFORMED, Place(name, number), "a line is a tag:, its reason: or a # comment")
    return requires, lines


def _read_hours(name: str, files: Files, draft: Draft) -> dict[str, float]:
    hours: dict[str, float] = {}
    for number, line in enumerate(_read_text(name, files, draft).splitlines(), start=1):
        tag, _, text = line.strip().partition(" ")
        if not re.fullmatch(r"\d{1,6}(\.\d+)?", text):
            message = f"a line is a tag and its hours, from 0 to 999999, not {line.strip()[:100]!r}"
            draft.add_error(IssueKind.INVALID_VALUE, Place(name, number), message)
            continue
        hours[_normalise(tag)] = float(text)
    return hours
