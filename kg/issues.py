"""What an import finds in the files it is given, in the words of the public `ImportIssue`."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum

# Files may hold keys and references of any length, and a report quotes them.
_LONGEST = 2_000


class Severity(StrEnum):
    """Whether the import can go on."""

    WARNING = "warning"
    ERROR = "error"


class IssueKind(StrEnum):
    """What kind of issue it is; `ImportIssue.Kind` of the protos says the same at more length."""

    MALFORMED = "malformed"
    UNKNOWN_FIELD = "unknown_field"
    INVALID_VALUE = "invalid_value"
    DUPLICATE_ID = "duplicate_id"
    DANGLING_REFERENCE = "dangling_reference"
    SELF_LOOP = "self_loop"
    CYCLE = "cycle"
    DUPLICATE_PREREQUISITE = "duplicate_prerequisite"


@dataclass(frozen=True, slots=True, kw_only=True)
class PrerequisiteEdge:
    """An edge of the prerequisite graph by its two ends.

    Attributes:
        before: Id of the concept that comes before.
        after: Id of the concept that needs it.
        strength: Confidence in the edge, in (0, 1].
        group: Id of the group the edge belongs to, in concept `after`; empty for a single prerequisite.
    """

    before: str
    after: str
    strength: float
    group: str = ""

    @property
    def weakness(self) -> tuple[float, str, str, str]:
        """Sort key: of several edges, the one with the smallest goes first when a cycle is broken."""
        return self.strength, self.before, self.after, self.group


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportIssue:
    """Something wrong or noteworthy in what was to be imported.

    Attributes:
        severity: Whether the import can go on.
        kind: What kind of issue it is.
        place: A file with a line and the path of a field, as far as they are known.
        message: A sentence that names the things concerned.
        concepts: Ids concerned; for a CYCLE its concepts in order, each requiring the next and the last the first.
        weakest_edge: CYCLE and SELF_LOOP: the edge that the repair removes; None where it removes none.
    """

    severity: Severity
    kind: IssueKind
    place: str
    message: str
    concepts: tuple[str, ...] = ()
    weakest_edge: PrerequisiteEdge | None = None


def make_error(
    kind: IssueKind,
    place: object,
    message: str,
    concepts: Iterable[str] = (),
    *,
    edge: PrerequisiteEdge | None = None,
) -> ImportIssue:
    """Returns an error; arguments as in `ImportIssue`, the place anything that writes itself out."""
    return ImportIssue(
        severity=Severity.ERROR,
        kind=kind,
        place=str(place)[:_LONGEST],
        message=message[:_LONGEST],
        concepts=tuple(concepts),
        weakest_edge=edge,
    )


@dataclass(slots=True)
class Findings:
    """Collects issues, and the sentences of the repairs that were asked for.

    Attributes:
        repaired: Kinds of issue that the repairs asked for take away.
        issues: Everything found so far.
        repairs: A sentence for every repair so far.
    """

    repaired: frozenset[IssueKind]
    issues: list[ImportIssue] = field(default_factory=list)
    repairs: list[str] = field(default_factory=list)

    def add_error(
        self,
        kind: IssueKind,
        place: object,
        message: str,
        concepts: Iterable[str] = (),
        *,
        edge: PrerequisiteEdge | None = None,
    ) -> None:
        """Notes an error; arguments as in `ImportIssue`, the place anything that writes itself out."""
        self.issues.append(make_error(kind, place, message, concepts, edge=edge))

    def add_warning(self, kind: IssueKind, place: object, message: str, concepts: Iterable[str] = ()) -> None:
        """Notes a warning."""
        self.issues.append(replace(make_error(kind, place, message, concepts), severity=Severity.WARNING))

    def add_repair(self, kind: IssueKind, sentence: str) -> None:
        """Notes a repair, if the one for this kind of issue was asked for."""
        if kind in self.repaired:
            self.repairs.append(sentence)

    @property
    def accepted(self) -> bool:
        """Whether the repairs asked for take every error away."""
        return all(issue.severity is Severity.WARNING or issue.kind in self.repaired for issue in self.issues)
