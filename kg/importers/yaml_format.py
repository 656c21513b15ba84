"""GraphMASAL's own format: YAML files that are merged; docs/curriculum-format.md describes it."""

from functools import partial

from kg.archives import Files
from kg.importers.collect import (
    Add,
    add_concept,
    add_misconception,
    add_question,
    add_resource,
    set_metadata,
    show_path,
)
from kg.importers.draft import Draft, Path, Place
from kg.importers.texts import decode
from kg.importers.yaml_reader import YamlError, YamlMapping, YamlSequence, find_line, read_yaml
from kg.issues import IssueKind

_SECTIONS: dict[str, Add] = {
    "concepts": add_concept,
    "resources": add_resource,
    "questions": add_question,
    "misconceptions": add_misconception,
}


def parse(files: Files, curriculum_id: str) -> Draft:
    """Reads every `*.yaml` and `*.yml` file, in the order of their paths."""
    draft = Draft(curriculum_id)
    names = sorted(name for name in files if name.lower().endswith((".yaml", ".yml")))
    if not names:
        draft.add_unreadable(Place("archive"), "it holds no file that ends in .yaml or .yml")
    described: list[str] = []
    for name in names:
        root = _read_file(name, files[name], draft)
        if root is not None:
            _parse_file(name, root, draft, described)
    return draft


def _read_file(name: str, content: bytes, draft: Draft) -> YamlMapping | None:
    text = decode(name, content, draft)
    if text is None:
        return None
    try:
        document = read_yaml(text)
    except YamlError as error:
        draft.add_unreadable(Place(name, error.line), f"it is not YAML that can be read: {error}")
        return None
    for line, key in document.repeated:
        draft.add_error(IssueKind.MALFORMED, Place(name, line), f"key {key} is given twice in one mapping")
    if isinstance(document.root, YamlMapping):
        return document.root
    if document.root is not None:
        draft.add_unreadable(Place(name, 1), f"a file is a mapping of curriculum, {', '.join(_SECTIONS)}")
    return None


def _parse_file(name: str, root: YamlMapping, draft: Draft, described: list[str]) -> None:
    for key, value in root.items():
        place = _locate(name, root, (key,), ())
        if key == "curriculum":
            if described:
                draft.add_error(IssueKind.MALFORMED, place, f"curriculum is described in {described[0]} already")
                continue
            described.append(name)
            set_metadata(draft, value, partial(_locate, name, root, (key,)))
        elif key not in _SECTIONS:
            draft.add_error(IssueKind.UNKNOWN_FIELD, place, f"{key} is not a field of the format")
        elif isinstance(value, YamlSequence):
            for index, item in enumerate(value):
                _SECTIONS[key](draft, item, partial(_locate, name, root, (key, index)))
        elif value is not None:
            draft.add_error(IssueKind.INVALID_VALUE, place, f"{key} must be a list")


def _locate(name: str, root: YamlMapping, entry: Path, path: Path) -> Place:
    whole = (*entry, *path)
    return Place(name, find_line(root, whole), show_path(whole))
