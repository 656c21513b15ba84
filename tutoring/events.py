"""What a turn tells while it is under way. Each event is kept before it is sent, so a lost stream loses none."""

from dataclasses import dataclass
from enum import StrEnum

from kg.curriculum import Question
from kg.ledger import MasteryChange
from planner.constraints import Constraints
from planner.plan import Plan, PlanChange
from retrieval.documents import Document
from retrieval.results import Results


class Route(StrEnum):
    """What a turn is taken to be."""

    ANSWER = "answer"
    """A response to a question."""
    CLARIFICATION = "clarification"
    """A response to what the Diagnostician asked back; never an answer to the question itself."""
    HINT = "hint"
    """The next rung of the hint ladder is asked for, or the answer itself."""
    CONCEPT = "concept"
    """A plain question about something to be learned."""
    TROUBLE = "trouble"
    """The learner says what they do not understand, or what they know."""
    NEXT = "next"
    """What should I do now?"""
    WISH = "wish"
    """Goals, time and what to leave out: a plan is wanted."""
    CONFIRMATION = "confirmation"
    """A proposal is accepted or declined."""
    WHY = "why"
    """Why the last diagnosis, plan or step."""
    OTHER = "other"
    """None of these, and nothing that the curriculum is about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteTaken:
    """What the turn is taken to be, and why."""

    route: Route
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrieved:
    """What was looked for and found, with every score.

    Attributes:
        query: The words searched for.
        results: As the search answered.
    """

    query: str
    results: Results


@dataclass(frozen=True, slots=True, kw_only=True)
class MisconceptionFound:
    """A wrong idea that a response or words point at.

    Attributes:
        id: Of the misconception.
        title: Its title.
        probability: That it is this one, in [0, 1].
        source: distractor (the question names it for this response), retrieval, model or clarification (the learner
            chose it when asked back).
    """

    id: str
    title: str
    probability: float
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RootCause:
    """The deepest weak prerequisite that there is evidence about.

    Attributes:
        concept: Its id.
        title: Its title.
        mastery: Probability, in [0, 1].
        path: Ids of concepts from it to the one in question, both included, each a prerequisite of the next.
        evidence: Ids of the latest evidence about it, at most five.
    """

    concept: str
    title: str
    mastery: float
    path: tuple[str, ...]
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosed:
    """What a response, or what was said, shows.

    Attributes:
        question: Id of the question answered; empty: nothing was answered.
        outcome: Degree of success in [0, 1]; None: nobody graded it.
        concept: Id of the concept concerned; empty: none was found.
        error: Kind of error (see `tutoring.diagnosis.errors`); empty: there is none.
        misconceptions: The likeliest first.
        root_cause: None: no prerequisite with evidence is weak.
        reason: A sentence that says what this rests on.
    """

    question: str = ""
    outcome: float | None = None
    concept: str = ""
    error: str = ""
    misconceptions: tuple[MisconceptionFound, ...] = ()
    root_cause: RootCause | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceProposed:
    """Evidence that was inferred, not graded: it counts once learner or teacher confirm it.

    Attributes:
        id: Of the proposal.
        concept: Id of the concept.
        score: Degree of success in [0, 1].
        weight: Observations that it would be worth, > 0.
        reason: What it is inferred from.
    """

    id: str
    concept: str
    score: float
    weight: float
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceAppended:
    """Evidence that the learner's state has taken in.

    Attributes:
        id: Of the evidence.
        changes: What it changed, by concept, ascending.
    """

    id: str
    changes: tuple[MasteryChange, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Understood:
    """What some words of a wish were taken to mean.

    Attributes:
        words: As they were given.
        meaning: In plain words.
        field: What it sets: goals, budget_minutes, deadlines, vetoed or another field of the constraints; empty: it
            was not understood.
        probability: That it is meant, in [0, 1].
    """

    words: str
    meaning: str
    field: str
    probability: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ConstraintsProposed:
    """A plan's terms as they were understood: nothing is planned until they are confirmed.

    Attributes:
        id: Of the proposal.
        goals: Ids of concepts.
        constraints: What the plan would keep to.
        understood: What each part of the words was taken to mean.
    """

    id: str
    goals: tuple[str, ...]
    constraints: Constraints
    understood: tuple[Understood, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanMade:
    """A plan as it is now.

    Attributes:
        id: Of the stored plan; empty: it is not stored, for its constraints conflict.
        revision: Number in its line, from 1.
        plan: Steps, certificate, and what cannot be reached.
        changes: Against the one before.
        done: Concepts of its steps that are mastered by now.
        next: Position of the step to do now, from 0; None: there is none.
    """

    id: str
    revision: int
    plan: Plan
    changes: tuple[PlanChange, ...] = ()
    done: tuple[str, ...] = ()
    next: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionAsked:
    """An exercise is given. The key is never told."""

    question: Question


@dataclass(frozen=True, slots=True, kw_only=True)
class ClarificationAsked:
    """The Diagnostician asks back, once.

    Attributes:
        text: The question.
        options: What may be answered; the last one is "none of these".
    """

    text: str
    options: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HintGiven:
    """A rung of the ladder.

    Attributes:
        question: Id.
        rung: From 1.
        rungs: How many there are.
        name: orient, point, example, step or solution.
    """

    question: str
    rung: int
    rungs: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cited:
    """Something that the text rests on, told before the text that refers to it.

    Attributes:
        number: From 1 in its turn; text refers to it as [1].
        document: A concept, passage, question or misconception; a passage carries its place and attribution.
        quote: What of it is referred to; empty: all of it.
    """

    number: int
    document: Document
    quote: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A piece of what the tutor says; the pieces of a turn follow each other without anything between them.

    Attributes:
        text: A sentence or a part of one.
        citations: Numbers of what it rests on.
        grounded: False: it is neither cited nor about the conversation itself, and says so.
    """

    text: str
    citations: tuple[int, ...] = ()
    grounded: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something about the turn itself, such as that it goes on without a model.

    Attributes:
        code: no_model, model_failed, budget_spent, leak_held_back, injection_ignored or another stable word.
        text: A sentence.
    """

    code: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a turn used of a chat model.

    Attributes:
        model: Provider and name; empty: none.
        calls: Requests that it began to answer.
        input_tokens: Read by it.
        output_tokens: Written by it.
        cost_micros: Millionths of the currency that prices are set in.
        estimated: Some tokens are estimates, for the provider told none.
    """

    model: str = ""
    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_micros: int = 0
    estimated: bool = False


Event = (
    RouteTaken
    | Retrieved
    | Diagnosed
    | EvidenceProposed
    | EvidenceAppended
    | ConstraintsProposed
    | PlanMade
    | QuestionAsked
    | ClarificationAsked
    | HintGiven
    | Cited
    | Text
    | Notice
)
"""What nodes tell. Reset and done, which are about the stream, are the service's."""
