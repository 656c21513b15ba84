"""What a curriculum consists of. Plain frozen values; `kg.validation` says whether they fit together."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class Concept:
    """One thing to be learned.

    Attributes:
        id: Unique in its curriculum; never changes its meaning.
        title: As a learner reads it.
        description: Plain text; may be empty.
        topic: May be empty.
        minutes: Time to learn it from nothing, > 0.
        difficulty: Relative, in [0, 1].
        taught: False: it has no study of its own; only a resource teaches it, or it has to be brought along.
        archived: A later version of the curriculum no longer has it.
    """

    id: str
    title: str
    description: str = ""
    topic: str = ""
    minutes: int = 30
    difficulty: float = 0.5
    taught: bool = True
    archived: bool = False


class PrerequisiteKind(StrEnum):
    """How binding a prerequisite is."""

    HARD = "hard"
    SOFT = "soft"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prerequisite:
    """An edge: `before` comes before `after`.

    Attributes:
        before: Id of the prerequisite.
        after: Id of the concept that needs it.
        kind: Hard edges block, soft ones help.
        strength: Confidence in the edge, in (0, 1].
        reason: A sentence; may be empty.
    """

    before: str
    after: str
    kind: PrerequisiteKind = PrerequisiteKind.HARD
    strength: float = 1.0
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrerequisiteGroup:
    """At least `need` of `members` come before `concept`.

    Attributes:
        concept: Id of the concept that asks.
        id: Unique within that concept.
        need: From 1 to the number of members.
        members: Ids in ascending order, distinct.
        strength: Confidence in each of its edges, in (0, 1].
        reason: A sentence; may be empty.
    """

    concept: str
    id: str
    need: int
    members: tuple[str, ...]
    strength: float = 1.0
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """The part of a resource that teaches one concept.

    Attributes:
        concept: Id of the concept.
        title: May be empty.
        minutes: > 0.
        text: The teaching text, where the curriculum holds it.
    """

    concept: str
    title: str = ""
    minutes: int = 10
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """Something to study; it is paid for once, whatever number of its sections is used.

    Attributes:
        id: Unique in its curriculum.
        title: As a learner reads it.
        kind: lesson, worked_example, exercise_set, article, video or another word.
        url: May be empty.
        sections: In reading order, at least one, each for another concept.
        archived: A later version of the curriculum no longer has it.
    """

    id: str
    title: str
    kind: str = "lesson"
    url: str = ""
    sections: tuple[Section, ...] = ()
    archived: bool = False

    @property
    def minutes(self) -> int:
        """Sum of the sections' minutes."""
        return sum(section.minutes for section in self.sections)


class QuestionKind(StrEnum):
    """How a response is read."""

    CHOICE = "choice"
    NUMERIC = "numeric"
    TEXT = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerKey:
    """What counts as right.

    Attributes:
        accepted: Right responses, at least one.
        tolerance: Numeric questions: largest absolute difference that is still right, >= 0.
        version: From 1, one more with each correction.
        set_at: When it was set, microseconds since 1970 UTC; 0 in a curriculum that is not stored yet.
    """

    accepted: tuple[str, ...]
    tolerance: float = 0.0
    version: int = 1
    set_at: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """An item that gives evidence about one or several concepts.

    Attributes:
        id: Unique in its curriculum.
        kind: How a response is read.
        stem: The question as the learner reads it.
        options: Choice questions: text by option id.
        assesses: Row of the Q-matrix: weight by concept id, in ascending order of id; weights > 0 that sum to 1.
        key: What counts as right; None: graded elsewhere, so its evidence carries a score.
        distractors: Misconception id by known wrong response.
        slip: Probability of a wrong response in spite of mastery, in [0, 0.5).
        guess: Probability of a right response without mastery, in [0, 0.5].
        difficulty: Relative, in [0, 1].
        explanation: Why the right response is right; may be empty.
        voided: It no longer counts.
        archived: A later version of the curriculum no longer has it.
    """

    id: str
    kind: QuestionKind
    stem: str
    assesses: Mapping[str, float]
    options: Mapping[str, str] = field(default_factory=dict)
    key: AnswerKey | None = None
    distractors: Mapping[str, str] = field(default_factory=dict)
    slip: float = 0.1
    guess: float = 0.2
    difficulty: float = 0.5
    explanation: str = ""
    voided: bool = False
    archived: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Misconception:
    """A named wrong idea.

    Attributes:
        id: Unique in its curriculum.
        title: Short.
        description: What the learner believes and how it shows.
        concepts: Ids of the concepts it is about, in ascending order.
        archived: A later version of the curriculum no longer has it.
    """

    id: str
    title: str
    description: str = ""
    concepts: tuple[str, ...] = ()
    archived: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Curriculum:
    """The whole content of a curriculum.

    Every sequence is in ascending order of id: concepts, resources, questions and misconceptions by `id`, prerequisites
    by (`after`, `before`), groups by (`concept`, `id`). Loaded curricula hold archived parts too, except for
    prerequisites and groups, which are removed rather than archived.
    """

    id: str
    title: str
    description: str = ""
    language: str = "en"
    licence: str = ""
    attribution: str = ""
    source_url: str = ""
    concepts: tuple[Concept, ...] = ()
    prerequisites: tuple[Prerequisite, ...] = ()
    groups: tuple[PrerequisiteGroup, ...] = ()
    resources: tuple[Resource, ...] = ()
    questions: tuple[Question, ...] = ()
    misconceptions: tuple[Misconception, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CurriculumSize:
    """Counts of a curriculum's parts, archived ones left out."""

    concepts: int
    prerequisites: int
    groups: int
    resources: int
    questions: int
    misconceptions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CurriculumRecord:
    """What a store knows about the current version of a curriculum.

    Attributes:
        id: Id of the curriculum.
        title: And the other texts, as in `Curriculum`.
        version: From 1, one more with each import that changed something.
        grading_revision: From 1, one more with each change of a key, weight, slip, guess or void.
        fingerprint: SHA-256 of the content, hexadecimal.
        updated_at: When this version became current, microseconds since 1970 UTC.
        size: Counts.
    """

    id: str
    title: str
    description: str
    language: str
    licence: str
    attribution: str
    source_url: str
    version: int
    grading_revision: int
    fingerprint: str
    updated_at: int
    size: CurriculumSize


def count_parts(curriculum: Curriculum) -> CurriculumSize:
    """Counts the parts that are not archived."""
    return CurriculumSize(
        concepts=sum(not concept.archived for concept in curriculum.concepts),
        prerequisites=len(curriculum.prerequisites),
        groups=len(curriculum.groups),
        resources=sum(not resource.archived for resource in curriculum.resources),
        questions=sum(not question.archived for question in curriculum.questions),
        misconceptions=sum(not misconception.archived for misconception in curriculum.misconceptions),
    )
