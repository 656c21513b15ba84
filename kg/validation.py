"""Whether what an importer found makes a curriculum, and which one; before anything is written."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from operator import attrgetter
from typing import TypeVar

from kg.curriculum import Concept, Curriculum, CurriculumSize, Question, count_parts
from kg.errors import LimitExceededError
from kg.importers.collect import check_entry, show_path
from kg.importers.draft import Draft, Found, Path, Place
from kg.importers.entries import CurriculumEntry
from kg.issues import Findings, ImportIssue, IssueKind, Severity
from kg.prerequisites import break_cycles, drop_repeated, drop_self_loops, longest_chain
from kg.references import drop_dangling

MOST_CONCEPTS = 200_000
MOST_EDGES = 2_000_000
MOST_ISSUES = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Repairs:
    """Repairs the caller asks for.

    Attributes:
        drop_dangling: Leave out references to things that are not there.
        break_cycles: Remove self-loops, and the weakest edge of every cycle until none is left.
    """

    drop_dangling: bool = False
    break_cycles: bool = False

    @property
    def kinds(self) -> frozenset[IssueKind]:
        """Kinds of issue that these repairs take away."""
        dangling = {IssueKind.DANGLING_REFERENCE} if self.drop_dangling else set()
        circular = {IssueKind.SELF_LOOP, IssueKind.CYCLE} if self.break_cycles else set()
        return frozenset(dangling | circular)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What came of checking a draft.

    Attributes:
        curriculum: None where it is refused.
        size: What the files hold after repairs; for a refused one, what would be left without its faults.
        issues: Everything found, errors first; at most 1,000, the last of which says how many more there are.
        repairs_applied: A sentence for every repair, in the order in which they were made.
        accepted: The repairs asked for take every error away.
        longest_chain: Largest number of concepts in a chain of prerequisites; 0 where cycles were not repaired.
    """

    curriculum: Curriculum | None
    size: CurriculumSize
    issues: tuple[ImportIssue, ...]
    repairs_applied: tuple[str, ...]
    accepted: bool
    longest_chain: int


Part = TypeVar("Part")


def validate(draft: Draft, repairs: Repairs | None = None) -> Checked:
    """Checks how the parts of a draft fit together, and repairs what the caller asked to have repaired.

    Raises:
        LimitExceededError: It has more than 200,000 concepts or 2,000,000 prerequisites and group members.
    """
    repairs = repairs or Repairs()
    _check_size(draft)
    draft = replace(draft, issues=list(draft.issues))
    about = _check_metadata(draft)
    if not (draft.concepts or draft.issues):
        draft.add_error(IssueKind.INVALID_VALUE, Place("archive"), "a curriculum has at least one concept")
    findings = Findings(repairs.kinds, draft.issues)
    draft = drop_dangling(_keep_first(draft, findings), findings)
    draft = drop_self_loops(drop_repeated(draft, findings), findings)
    draft = break_cycles(draft, findings)
    curriculum = _assemble(draft, about)
    circular = any(
        issue.kind in (IssueKind.SELF_LOOP, IssueKind.CYCLE) and issue.severity is Severity.ERROR
        for issue in findings.issues
    )
    return Checked(
        curriculum=curriculum if findings.accepted else None,
        size=count_parts(curriculum),
        issues=_list_issues(findings.issues),
        repairs_applied=tuple(findings.repairs),
        accepted=findings.accepted,
        longest_chain=0 if circular and not repairs.break_cycles else longest_chain(draft),
    )


def _check_size(draft: Draft) -> None:
    edges = len(draft.prerequisites) + sum(len(found.part.members) for found in draft.groups)
    if len(draft.concepts) > MOST_CONCEPTS or edges > MOST_EDGES:
        raise LimitExceededError(
            f"a curriculum may have at most {MOST_CONCEPTS} concepts and {MOST_EDGES} prerequisites, "
            f"not {len(draft.concepts)} and {edges}"
        )


def _check_metadata(draft: Draft) -> CurriculumEntry:
    """Checks the texts about the whole, whoever gave them."""
    raw = {item.name: text for item in fields(draft.metadata) if (text := getattr(draft.metadata, item.name))}

    def locate(path: Path) -> Place:
        return Place("curriculum", path=show_path(path))

    return check_entry(CurriculumEntry, raw, locate, draft, "curriculum") or CurriculumEntry(title=draft.curriculum_id)


def _keep_first(draft: Draft, findings: Findings) -> Draft:
    """Reports ids that come twice among parts of one kind, and keeps the first part of each."""

    def keep(parts: Iterable[Found[Part]], name: Callable[[Part], str]) -> list[Found[Part]]:
        first: dict[str, Found[Part]] = {}
        for found in parts:
            subject = name(found.part)
            if subject in first:
                message = f"{subject} is there already, from {first[subject].place}"
                concepts = (found.part.id,) if isinstance(found.part, Concept) else ()
                findings.add_error(IssueKind.DUPLICATE_ID, found.place, message, concepts)
            first.setdefault(subject, found)
        return list(first.values())

    return replace(
        draft,
        concepts=keep(draft.concepts, lambda concept: f"concept {concept.id}"),
        groups=keep(draft.groups, lambda group: f"group {group.id} of concept {group.concept}"),
        resources=keep(draft.resources, lambda resource: f"resource {resource.id}"),
        questions=keep(draft.questions, lambda question: f"question {question.id}"),
        misconceptions=keep(draft.misconceptions, lambda misconception: f"misconception {misconception.id}"),
    )


def _assemble(draft: Draft, about: CurriculumEntry) -> Curriculum:
    by_id = attrgetter("id")
    groups = [replace(found.part, members=tuple(sorted(found.part.members))) for found in draft.groups]
    return Curriculum(
        id=draft.curriculum_id,
        title=about.title,
        description=about.description,
        language=about.language,
        licence=about.licence,
        attribution=about.attribution,
        source_url=about.source_url,
        concepts=tuple(sorted(_parts(draft.concepts), key=by_id)),
        prerequisites=tuple(sorted(_parts(draft.prerequisites), key=attrgetter("after", "before"))),
        groups=tuple(sorted(groups, key=attrgetter("concept", "id"))),
        resources=tuple(sorted(_parts(draft.resources), key=by_id)),
        questions=tuple(sorted(map(_normalise_weights, _parts(draft.questions)), key=by_id)),
        misconceptions=tuple(sorted(_parts(draft.misconceptions), key=by_id)),
    )


def _parts(found: Sequence[Found[Part]]) -> list[Part]:
    return [item.part for item in found]


def _normalise_weights(question: Question) -> Question:
    total = sum(question.assesses.values())
    return replace(question, assesses={concept: weight / total for concept, weight in question.assesses.items()})


def _list_issues(issues: Sequence[ImportIssue]) -> tuple[ImportIssue, ...]:
    """Orders errors before warnings, each as found, and cuts a list that nobody would read."""
    ordered = sorted(issues, key=lambda issue: issue.severity is Severity.WARNING)
    if len(ordered) <= MOST_ISSUES:
        return tuple(ordered)
    shown, next_one = ordered[: MOST_ISSUES - 1], ordered[MOST_ISSUES - 1]
    message = f"{len(ordered) - len(shown)} more issues are not listed"
    return (*shown, ImportIssue(severity=next_one.severity, kind=next_one.kind, place="", message=message))
