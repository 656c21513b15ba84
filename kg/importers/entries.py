"""The parts of a curriculum as files state them: which fields there are, and the range of each.

Every format goes through these models, so a rule about a single field stands here and nowhere else. Values may be
given as text, as all of CSV and our reading of YAML do; the type of the field says what the text means. The JSON Schema
of the YAML format is made from the same models.
"""

from typing import Annotated, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from kg.identifiers import ID_RULE, is_id

LONGEST_TEXT = 100_000
ID_PATTERN = r"^(?!\.)[A-Za-z0-9._~:@+-]{1,128}$"


def _check_id(text: str) -> str:
    if not is_id(text):
        raise ValueError(ID_RULE)
    return text


Id = Annotated[str, AfterValidator(_check_id), WithJsonSchema({"type": "string", "pattern": ID_PATTERN})]
# A reference need not be a possible id: one that is not can only dangle, which has a repair.
Reference = Annotated[str, Field(min_length=1, max_length=1_000)]
Title = Annotated[str, Field(min_length=1, max_length=1_000)]
Label = Annotated[str, Field(max_length=1_000)]
Text = Annotated[str, Field(max_length=LONGEST_TEXT)]
Url = Annotated[str, Field(max_length=2_000, pattern=r"^(https?://\S+)?$")]
Minutes = Annotated[int, Field(ge=1, le=1_000_000)]
Strength = Annotated[float, Field(gt=0, le=1)]
Difficulty = Annotated[float, Field(ge=0, le=1)]


class Entry(BaseModel):
    """A mapping with known fields only; a field without a value counts as left out."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, str_strip_whitespace=True, allow_inf_nan=False, use_attribute_docstrings=True
    )

    @model_validator(mode="before")
    @classmethod
    def _leave_out_empty(cls, raw: object) -> object:
        if isinstance(raw, dict) and None in raw.values():
            return {key: value for key, value in raw.items() if value is not None}
        return raw


class CurriculumEntry(Entry):
    """About the whole curriculum."""

    title: Title
    """Title as people read it."""
    description: Text = ""
    """What it covers."""
    language: Annotated[str, Field(max_length=100, pattern=r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$")] = "en"
    """BCP 47 language tag of its text."""
    licence: Label = ""
    """SPDX identifier of the licence of its text; shown wherever its text is."""
    attribution: Text = ""
    """Whom to credit; shown wherever its text is."""
    source_url: Url = ""
    """Where it came from."""


class RequirementEntry(Entry):
    """One prerequisite of a concept."""

    concept: Reference
    """Id of the concept that comes before."""
    strength: Strength = 1.0
    """Confidence in the prerequisite; a repair of a cycle removes the weakest."""
    reason: Text = ""
    """Why it is needed, in a sentence."""


def _read_id_alone(raw: object) -> object:
    return {"concept": raw} if isinstance(raw, str) else raw


Requirement = Annotated[
    RequirementEntry, BeforeValidator(_read_id_alone, json_schema_input_type=Reference | RequirementEntry)
]


class AlternativesEntry(Entry):
    """A group of alternatives: at least `need` of the concepts come before."""

    id: Id
    """Unique within the concept."""
    need: Annotated[int, Field(ge=1)] = 1
    """How many of them are needed."""
    of: Annotated[tuple[Reference, ...], Field(min_length=1)]
    """Ids of the concepts to choose from."""
    strength: Strength = 1.0
    """Confidence in each of the edges."""
    reason: Text = ""
    """Why one of them is needed, in a sentence."""

    @model_validator(mode="after")
    def _check_need(self) -> Self:
        if self.need > len(set(self.of)):
            raise ValueError(f"need must be at most the number of concepts to choose from, {len(set(self.of))}")
        return self


class ConceptEntry(Entry):
    """One thing to be learned."""

    id: Id
    """Unique in the curriculum; never changes its meaning."""
    title: Title
    """Short title as a learner reads it."""
    description: Text = ""
    """What the concept is and why it matters; plain text."""
    topic: Label = ""
    """Topic the concept belongs to."""
    minutes: Minutes = 30
    """Minutes to learn it from nothing."""
    difficulty: Difficulty = 0.5
    """Relative difficulty."""
    taught: bool = True
    """False: it has no study of its own; learners bring it along, or a resource teaches it."""
    requires: tuple[Requirement, ...] = ()
    """Prerequisites that are all needed."""
    requires_any: tuple[AlternativesEntry, ...] = ()
    """Groups of alternatives."""
    helped_by: tuple[Requirement, ...] = ()
    """Prerequisites that help and never block."""


class SectionEntry(Entry):
    """The part of a resource that teaches one concept."""

    concept: Reference
    """Id of the concept."""
    title: Label = ""
    """Heading of the section."""
    minutes: Minutes = 10
    """Minutes to study it."""
    text: Text = ""
    """The teaching text, where the curriculum holds it."""


class ResourceEntry(Entry):
    """Something to study."""

    id: Id
    """Unique in the curriculum."""
    title: Title
    """Title as a learner reads it."""
    kind: Title = "lesson"
    """lesson, worked_example, exercise_set, article, video or another word."""
    url: Url = ""
    """Where it is, if it is not held here."""
    sections: Annotated[tuple[SectionEntry, ...], Field(min_length=1)]
    """In reading order, each for another concept."""

    @field_validator("sections")
    @classmethod
    def _check_sections(cls, sections: tuple[SectionEntry, ...]) -> tuple[SectionEntry, ...]:
        concepts = [section.concept for section in sections]
        if repeated := sorted({concept for concept in concepts if concepts.count(concept) > 1}):
            raise ValueError(f"must each teach another concept, and several teach {', '.join(repeated)}")
        return sections


class MisconceptionEntry(Entry):
    """A named wrong idea that learners are known to have."""

    id: Id
    """Unique in the curriculum."""
    title: Title
    """Short title."""
    description: Text = ""
    """What the learner believes and how it shows."""
    about: tuple[Reference, ...] = ()
    """Ids of the concepts it is about."""
