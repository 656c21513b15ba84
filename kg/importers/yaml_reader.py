"""Reads one YAML file into mappings, sequences and texts that know their lines.

Every scalar stays the text that was written, and the field it stands in says what it means: `no` can be an option, 007
an answer, 2024 a title. No tag is obeyed and nothing is constructed, so reading cannot run anything. The events of the
parser are read one by one rather than recursively, so no nesting can exhaust the stack.
"""

from dataclasses import dataclass, field

import yaml

from kg.importers.draft import Path

MOST_VALUES = 10_000_000
DEEPEST = 32
_KEY_RULE = "a key must be a text"
_NOTHING = frozenset({"", "~", "null", "Null", "NULL"})
# The C parser is about ten times as fast, where PyYAML was built with it.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class YamlMapping(dict[str, object]):
    """A mapping with the line of each key, from 1."""

    def __init__(self, line: int) -> None:
        super().__init__()
        self.line = line
        self.lines: dict[str, int] = {}


class YamlSequence(list[object]):
    """A sequence with the line of each item, from 1."""

    def __init__(self, line: int) -> None:
        super().__init__()
        self.line = line
        self.lines: list[int] = []


class YamlError(Exception):
    """The text is not the YAML that we read.

    Attributes:
        line: From 1; 0: not known.
    """

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True, slots=True)
class YamlDocument:
    """What a file holds.

    Attributes:
        root: A mapping, sequence or text; None: nothing.
        repeated: Line and key of every key that its mapping has already; the first one counts.
    """

    root: object
    repeated: tuple[tuple[int, str], ...]


def read_yaml(text: str) -> YamlDocument:
    """Reads a file of one document.

    Raises:
        YamlError: It is not YAML, uses tags, nests more than 32 deep, or holds more than 10,000,000 values once its
            aliases are written out.
    """
    builder = _Builder()
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise YamlError(" ".join(filter(None, (error.context, error.problem))), line) from error
    except yaml.YAMLError as error:
        raise YamlError(str(error), 0) from error
    return YamlDocument(builder.root, tuple(builder.repeated))


@dataclass(slots=True)
class _Frame:
    """A mapping or sequence that is not closed yet; `weight` counts its values with aliases written out."""

    container: YamlMapping | YamlSequence
    anchor: str | None
    weight: int = 1
    key: str | None = None
    key_line: int = 0


@dataclass(slots=True)
class _Builder:
    root: object = None
    repeated: list[tuple[int, str]] = field(default_factory=list)
    frames: list[_Frame] = field(default_factory=list)
    anchors: dict[str, tuple[object, int]] = field(default_factory=dict)
    documents: int = 0

    def take(self, event: yaml.Event) -> None:
        line = event.start_mark.line + 1 if event.start_mark else 0
        if isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                raise YamlError("a file holds one document", line)
        elif isinstance(event, yaml.AliasEvent):
            self._take_alias(event, line)
        elif isinstance(event, yaml.ScalarEvent):
            self._check_tag(event.tag, line)
            nothing = event.implicit[0] and event.value in _NOTHING
            self._add(None if nothing else event.value, 1, line, event.anchor)
        elif isinstance(event, yaml.CollectionStartEvent):
            self._open(event, line)
        elif isinstance(event, yaml.CollectionEndEvent):
            frame = self.frames.pop()
            self._add(frame.container, frame.weight, frame.container.line, frame.anchor)

    def _check_tag(self, tag: str | None, line: int) -> None:
        if tag is not None:
            raise YamlError(f"tags such as {tag} are not read", line)

    def _take_alias(self, event: yaml.AliasEvent, line: int) -> None:
        if event.anchor not in self.anchors:
            raise YamlError(f"alias *{event.anchor} stands for nothing", line)
        value, weight = self.anchors[event.anchor]
        self._add(value, weight, line, None)

    def _open(self, event: yaml.CollectionStartEvent, line: int) -> None:
        self._check_tag(event.tag, line)
        if len(self.frames) == DEEPEST:
            raise YamlError(f"it nests more than {DEEPEST} deep", line)
        if self.frames and isinstance(self.frames[-1].container, YamlMapping) and self.frames[-1].key is None:
            raise YamlError(_KEY_RULE, line)
        container = YamlMapping(line) if isinstance(event, yaml.MappingStartEvent) else YamlSequence(line)
        self.frames.append(_Frame(container, event.anchor))

    def _add(self, value: object, weight: int, line: int, anchor: str | None) -> None:
        if anchor is not None:
            self.anchors[anchor] = value, weight
        if not self.frames:
            self.root = value
            return
        frame = self.frames[-1]
        frame.weight += weight
        if frame.weight > MOST_VALUES:
            raise YamlError(f"it holds more than {MOST_VALUES} values", line)
        if isinstance(frame.container, YamlSequence):
            frame.container.append(value)
            frame.container.lines.append(line)
        elif frame.key is None:
            if isinstance(value, YamlMapping | YamlSequence):
                raise YamlError(_KEY_RULE, line)
            frame.key, frame.key_line = str(value or ""), line
        else:
            self._set(frame.container, frame.key, value, frame.key_line)
            frame.key = None

    def _set(self, mapping: YamlMapping, key: str, value: object, line: int) -> None:
        if key in mapping:
            self.repeated.append((line, key))
            return
        mapping[key] = value
        mapping.lines[key] = line


def find_line(root: object, path: Path) -> int:
    """Finds the line of a value, or of what stands closest around it; 0 if `root` has no lines."""
    line = 0
    for part in path:
        inner = _descend(root, part)
        if inner is None:
            break
        root, line = inner
    return line


def _descend(root: object, part: int | str) -> tuple[object, int] | None:
    if isinstance(root, YamlMapping) and isinstance(part, str) and part in root:
        return root[part], root.lines[part]
    if isinstance(root, YamlSequence) and isinstance(part, int) and part < len(root):
        return root[part], root.lines[part]
    return None
