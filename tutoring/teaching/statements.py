"""What the Tutor means to say in a turn, before it is said: statements and what each of them rests on."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from kg.curriculum import Question
from retrieval.documents import Document
from tutoring.events import HintGiven
from tutoring.state import Exercise

_TENTHS: Final = ("none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Something of the course that a statement rests on.

    Attributes:
        document: As the curriculum has it; what of it may be shown is seen to when it is cited.
        quote: What of it is referred to; empty: all of it.
    """

    document: Document
    quote: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One thing to say, in one or a few sentences.

    Attributes:
        text: Without numbers of citations.
        sources: What it rests on; none: it is about the conversation itself, or it is not grounded and says so.
        quoted: It is a quotation from the course, with a few words around it.
        grounded: False: nothing in the course bears it out.
        opens: It begins a paragraph.
    """

    text: str
    sources: tuple[Source, ...] = ()
    quoted: bool = False
    grounded: bool = True
    opens: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """A whole reply.

    Attributes:
        statements: In the order in which they are said.
        exercise: The question at hand afterwards; None: there is none.
        hint: The rung of the ladder that it gives.
        asked: The question that it asks at its end.
        rewritable: A model may put it in its own words, for it explains; otherwise the words are as they have to be.
    """

    statements: tuple[Statement, ...]
    exercise: Exercise | None
    hint: HintGiven | None = None
    asked: Question | None = None
    rewritable: bool = False


def cite(document: Document | None, quote: str = "") -> tuple[Source, ...]:
    """Makes the sources of a statement that rests on one document, or on none."""
    return (Source(document=document, quote=quote),) if document is not None else ()


def open_paragraph(statements: Iterable[Statement]) -> tuple[Statement, ...]:
    """Lets the first of some statements begin a paragraph."""
    told = tuple(statements)
    return (replace(told[0], opens=True), *told[1:]) if told else ()


def put_mastery(probability: float) -> str:
    """Puts a probability of mastery, in [0, 1], in words that name a number without a figure."""
    tenths = round(10 * probability)
    if tenths == 0:
        return "less than one in ten"
    return "more than nine in ten" if tenths == 10 else f"about {_TENTHS[tenths]} in ten"


def start_exercise(question: Question) -> Exercise:
    """Makes the state of a question that has just been asked."""
    return {"question": question.id, "rung": 0, "wrong": [], "solved": False}
