"""The state of a conversation between turns and within one: small, of plain JSON values, and typed."""

from typing import Final, TypedDict

MOST_HISTORY: Final = 12
"""Last exchanges that are kept in the state; the whole conversation is in the session's events."""
LONGEST_KEPT: Final = 1_000
"""Characters of an exchange that are kept in the state."""
MOST_PROPOSALS: Final = 8
"""Open proposals; the oldest goes when another comes."""


class TurnInput(TypedDict):
    """What a turn begins with.

    Attributes:
        request: Id given by the caller.
        started_at: Microseconds since 1970 UTC: the one clock of the turn, also where it is resumed.
        kind: text, answer, hint or confirmation.
        text: kind text: the words. kind answer: the response (an option's id, a number, words).
        question: kinds answer and hint: id of the question; empty: the one at hand.
        proposal: kind confirmation: its id.
        accepted: kind confirmation.
    """

    request: str
    started_at: int
    kind: str
    text: str
    question: str
    proposal: str
    accepted: bool


class Exercise(TypedDict):
    """The question at hand.

    Attributes:
        question: Id.
        rung: Last rung of the hint ladder that was given, 0: none.
        wrong: Wrong responses so far, in order, at most ten.
        solved: It was answered right, or its solution was given.
    """

    question: str
    rung: int
    wrong: list[str]
    solved: bool


class Clarification(TypedDict):
    """What the Diagnostician asked back.

    Attributes:
        question: Id of the question that it came from; empty: none.
        response: What was answered to that question.
        text: What was asked.
        options: As shown.
        misconceptions: Id by option, in their order; empty: none of these.
    """

    question: str
    response: str
    text: str
    options: list[str]
    misconceptions: list[str]


class Misconception(TypedDict):
    """As in `events.MisconceptionFound`."""

    id: str
    probability: float
    source: str


class Cause(TypedDict):
    """As in `events.RootCause`."""

    concept: str
    mastery: float
    path: list[str]


class Diagnosis(TypedDict):
    """As in `events.Diagnosed`; the last one is kept for `/why`."""

    question: str
    response: str
    outcome: float | None
    concept: str
    error: str
    misconceptions: list[Misconception]
    cause: Cause | None
    reason: str


class Proposal(TypedDict):
    """Something that waits for a confirmation.

    Attributes:
        id: Derived from session, request and step.
        kind: evidence or constraints.
        body: evidence: concept, score, reason. constraints: goals and the fields of `Constraints`, as JSON.
    """

    id: str
    kind: str
    body: str


class Exchange(TypedDict):
    """Who said what."""

    role: str
    text: str


class TutorState(TypedDict, total=False):
    """State of the graph.

    Attributes:
        turn: Input of the turn under way.
        route: What it is taken to be (`events.Route`).
        subject: Ids of the concepts that this turn is about, the likeliest first.
        outcome: What the Diagnostician or Planner found in this turn, for the Tutor: a stable word such as right,
            wrong, asked_back, proposed, confirmed, declined, planned, nothing_left; empty: nothing.
        diagnosis: The last one.
        exercise: The question at hand; None: there is none.
        clarification: What was asked back and not answered yet.
        proposals: Open ones, the oldest first.
        plan: Id of the plan that was last shown; empty: none.
        history: Last exchanges, the oldest first.
        told: Sequence number of the last event told by a node that has ended: what a resumed turn tells anew comes
            after it.
    """

    turn: TurnInput
    route: str
    subject: list[str]
    outcome: str
    diagnosis: Diagnosis | None
    exercise: Exercise | None
    clarification: Clarification | None
    proposals: list[Proposal]
    plan: str
    history: list[Exchange]
    told: int
