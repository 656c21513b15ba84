"""A question as files state it: its fields, and the rules that tie them to one another."""

from typing import Annotated, Self

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from kg.answer_keys import MOST_ACCEPTED, check_distractors, check_key, check_options, default_guess
from kg.curriculum import AnswerKey, Question, QuestionKind
from kg.grading import LONGEST_RESPONSE
from kg.importers.entries import LONGEST_TEXT, Difficulty, Entry, Id, Reference, Text

Stem = Annotated[str, Field(min_length=1, max_length=LONGEST_TEXT)]
# Bounded on both sides, so that no weight vanishes beside another.
Weight = Annotated[float, Field(ge=1e-6, le=1e6)]
Response = Annotated[
    str,
    Field(min_length=1, max_length=LONGEST_RESPONSE),
    WithJsonSchema({"type": ["string", "number"], "minLength": 1, "maxLength": LONGEST_RESPONSE}),
]


def _weigh_equally(raw: object) -> object:
    if not isinstance(raw, list) or not all(isinstance(concept, str) for concept in raw):
        return raw
    if len(set(raw)) < len(raw):
        raise ValueError("must name each concept once")
    return dict.fromkeys(raw, 1.0)


Assessed = Annotated[
    dict[Reference, Weight],
    Field(min_length=1),
    BeforeValidator(_weigh_equally, json_schema_input_type=dict[Reference, Weight] | list[Reference]),
]


class AnswerEntry(Entry):
    """What counts as right."""

    accepted: Annotated[tuple[Response, ...], Field(min_length=1, max_length=MOST_ACCEPTED)]
    """Right responses: option ids, numbers or texts; a number stands for its text as written."""
    tolerance: Annotated[float, Field(ge=0)] = 0.0
    """Numeric questions: largest absolute difference that is still right."""


class QuestionEntry(Entry):
    """An item that gives evidence about one or several concepts."""

    id: Id
    """Unique in the curriculum."""
    kind: QuestionKind
    """How a response is read: as the id of an option, as a number, or as text."""
    stem: Stem
    """The question as the learner reads it."""
    assesses: Assessed
    """Weight by id of the concepts it assesses, or a list of ids with equal weights; the sum is brought to 1."""
    options: dict[Id, Text] = Field(default_factory=dict)
    """Choice questions: text by option id, at least two."""
    answer: AnswerEntry | None = None
    """What counts as right; left out: the question is graded elsewhere."""
    distractors: dict[Response, Reference] = Field(default_factory=dict)
    """Id of the misconception that a known wrong response points at, by response."""
    slip: Annotated[float, Field(ge=0, lt=0.5)] = 0.1
    """Probability of a wrong response in spite of mastery."""
    guess: Annotated[float, Field(ge=0, le=0.5)] | None = None
    """Probability of a right response without mastery; left out: 1 / number of options for choice, 0.05 otherwise."""
    difficulty: Difficulty = 0.5
    """Relative difficulty."""
    explanation: Text = ""
    """Why the right response is right."""

    @property
    def key(self) -> AnswerKey | None:
        """The answer as a key that is not stored yet."""
        if self.answer is None:
            return None
        return AnswerKey(accepted=self.answer.accepted, tolerance=self.answer.tolerance)

    @model_validator(mode="after")
    def _check_responses(self) -> Self:
        found = check_options(self.kind, self.options)
        if self.key is not None:
            found += check_key(self.kind, self.options, self.key, "answer")
        found += check_distractors(self.kind, self.options, self.key, self.distractors)
        if found:
            raise ValueError("; ".join(f"{violation.field} {violation.rule}" for violation in found))
        return self

    def to_question(self) -> Question:
        """Returns the question, its weights as stated."""
        guess = default_guess(self.kind, len(self.options)) if self.guess is None else self.guess
        return Question(
            id=self.id,
            kind=self.kind,
            stem=self.stem,
            assesses=dict(sorted(self.assesses.items())),
            options=dict(sorted(self.options.items())),
            key=self.key,
            distractors=dict(sorted(self.distractors.items())),
            slip=self.slip,
            guess=guess,
            difficulty=self.difficulty,
            explanation=self.explanation,
        )
