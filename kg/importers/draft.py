"""What an importer found: everything as the files say it, duplicates and dangling references included."""

from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from typing import Generic, TypeVar

from kg.curriculum import Concept, Misconception, Prerequisite, PrerequisiteGroup, Question, Resource
from kg.issues import ImportIssue, IssueKind, make_error

PartT = TypeVar("PartT")
Path = tuple[int | str, ...]
"""Keys and indices that lead to a value: `("concepts", 3, "title")`."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands.

    Attributes:
        file: Path in the archive.
        line: From 1; 0: not known.
        path: Field in the file, such as `concepts[3].title`, or column; may be empty.
    """

    file: str
    line: int = 0
    path: str = ""

    def __str__(self) -> str:
        line = f":{self.line}" if self.line else ""
        path = f": {self.path}" if self.path else ""
        return f"{self.file}{line}{path}"


Locate = Callable[[Path], Place]
"""Finds the place of a value by its path within an entry."""


@dataclass(frozen=True, slots=True)
class Found(Generic[PartT]):
    """One part with where it was found.

    Attributes:
        part: The part itself.
        place: Where it stands.
        inner: Places of a group's members or a resource's sections, in their order; empty for other parts.
    """

    part: PartT
    place: Place
    inner: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """Texts about the whole curriculum, as in `Curriculum`; empty ones are not set."""

    title: str = ""
    description: str = ""
    language: str = ""
    licence: str = ""
    attribution: str = ""
    source_url: str = ""

    def override(self, given: "Metadata") -> "Metadata":
        """Returns these texts with those that are set in `given` in their place."""
        return replace(self, **{item.name: text for item in fields(given) if (text := getattr(given, item.name))})


@dataclass(slots=True)
class Draft:
    """What the files of a curriculum hold.

    Every part has its ids, texts and numbers checked on its own (`kg.importers.entries`); whether the parts fit
    together is for `kg.validation` to say.

    Attributes:
        curriculum_id: Id the curriculum is to have.
        metadata: What the files, or the caller, say about the whole.
        issues: What was found so far.
        refused_concepts: Ids of concepts that are there but were refused, so that nothing calls them missing.
        refused_misconceptions: The same for misconceptions.
        incomplete: A file could not be read at all, so nothing can be called missing.
    """

    curriculum_id: str
    metadata: Metadata = field(default_factory=Metadata)
    concepts: list[Found[Concept]] = field(default_factory=list)
    prerequisites: list[Found[Prerequisite]] = field(default_factory=list)
    groups: list[Found[PrerequisiteGroup]] = field(default_factory=list)
    resources: list[Found[Resource]] = field(default_factory=list)
    questions: list[Found[Question]] = field(default_factory=list)
    misconceptions: list[Found[Misconception]] = field(default_factory=list)
    issues: list[ImportIssue] = field(default_factory=list)
    refused_concepts: set[str] = field(default_factory=set)
    refused_misconceptions: set[str] = field(default_factory=set)
    incomplete: bool = False

    def add_error(self, kind: IssueKind, place: Place, message: str) -> None:
        """Notes an error."""
        self.issues.append(make_error(kind, place, message))

    def add_unreadable(self, place: Place, message: str) -> None:
        """Notes a file, or the rest of one, that cannot be read."""
        self.add_error(IssueKind.MALFORMED, place, message)
        self.incomplete = True
