"""The hint ladder of a question, from the curriculum alone; rungs for which it has nothing are left out."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from kg.curriculum import Question, QuestionKind
from retrieval.documents import Document, DocumentKind
from retrieval.passages import split_sentences
from tutoring.teaching.content_words import list_stems
from tutoring.teaching.leaks import AnswerGuard
from tutoring.teaching.material import Material, find_main_concept, list_clean_sentences, show
from tutoring.teaching.mentions import find_mentions, plain
from tutoring.teaching.statements import Statement, cite

_CLAUSE: Final = re.compile(
    r"[;:]\s+|,\s+(?=(?:so|and|which|but|because|then|or|while|whose|where|whereas|who|not|since|namely|that is)\b)"
    r"|\s+(?=(?:and so|because|so that)\b)|(?<=[=)\d]),\s+(?=[a-z]{2,})"
)
_LEAST_WORDS: Final = 3
_WORKED: Final = ("worked_example", "exercise_set")


class RungName(StrEnum):
    """What a rung does."""

    ORIENT = "orient"
    """Says what the question is about and what that builds on."""
    POINT = "point"
    """Shows the passage that is most alike to it."""
    EXAMPLE = "example"
    """Shows one that is worked out, with other numbers."""
    STEP = "step"
    """Shows how the solution begins."""
    SOLUTION = "solution"
    """Gives the answer, and why it is right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """One hint."""

    name: RungName
    statements: tuple[Statement, ...]


def build_ladder(
    material: Material,
    question: Question,
    guard: AnswerGuard | None = None,
    *,
    alike: Sequence[str] = (),
    burnt: Sequence[str] = (),
) -> tuple[Rung, ...]:
    """Builds a question's ladder. Which rungs it has depends on the curriculum and the question alone.

    Args:
        material: The curriculum.
        question: Any of its questions.
        guard: Of the question; None: one is made.
        alike: Ids of passages, the most alike to the question first; what is not named comes after, in reading order.
        burnt: Ids of questions that the learner has answered: these are shown worked out before others.
    """
    guard = guard or AnswerGuard(question, language=material.language)
    rungs = (
        Rung(name=RungName.ORIENT, statements=tuple(_orient(material, question, guard))),
        Rung(name=RungName.POINT, statements=tuple(_point(material, question, guard, alike))),
        Rung(name=RungName.EXAMPLE, statements=tuple(_give_example(material, question, guard, burnt))),
        Rung(name=RungName.STEP, statements=tuple(_begin(material, question, guard))),
        Rung(name=RungName.SOLUTION, statements=tuple(solve(material, question))),
    )
    return tuple(rung for rung in rungs if rung.statements)


def _orient(material: Material, question: Question, guard: AnswerGuard) -> Iterator[Statement]:
    main = material.concepts.get(find_main_concept(question))
    if main is None:
        return
    document = material.find(DocumentKind.CONCEPT, main.id)
    visible = show(document, guard) if document else None
    sentences = list_clean_sentences(main.description, guard)
    if document is not None and visible is not None:
        about = f"This one is about {main.title}."
        if sentences and sentences[0] in visible.text:
            yield Statement(text=f"{about} {sentences[0]}", sources=cite(document, sentences[0]), quoted=True)
        else:
            yield Statement(text=about, sources=cite(document))
    elif main.topic:
        # Its very title is the answer.
        yield Statement(text=f"This one belongs to {main.topic}.")
    for foundation in material.list_foundations(main.id)[:1]:
        below = material.find(DocumentKind.CONCEPT, foundation.concept.id)
        reason = f": {_lower_first(foundation.reason)}" if foundation.reason else "."
        text = f"It builds on {foundation.concept.title}{reason}"
        if below is not None and guard.find_leak(text, quoted=True) is None and show(below, guard) is not None:
            yield Statement(text=text, sources=cite(below), quoted=True)


def _point(material: Material, question: Question, guard: AnswerGuard, alike: Sequence[str]) -> Iterator[Statement]:
    main = find_main_concept(question)
    passages = [passage for passage in material.list_passages(main) if _may_point(material, passage)]
    rank = {passage: place for place, passage in enumerate(alike)}
    for passage in sorted(passages, key=lambda each: rank.get(each.id, len(rank))):
        visible = show(passage, guard)
        if visible is not None and len(list_stems(visible.text)) >= _LEAST_WORDS:
            title = material.resources[passage.place.resource].title if passage.place else ""
            where = f" in “{title}”" if title and guard.find_leak(title, quoted=True) is None else ""
            yield Statement(
                text=f"Look at this passage{where}: “{visible.text}”", sources=cite(passage, visible.text), quoted=True
            )
            return


def _may_point(material: Material, passage: Document) -> bool:
    """Worked examples are the next rung's."""
    return passage.place is None or material.resources[passage.place.resource].kind not in _WORKED


def _give_example(
    material: Material, question: Question, guard: AnswerGuard, burnt: Sequence[str]
) -> Iterator[Statement]:
    main = find_main_concept(question)
    for kind in _WORKED:
        for passage in material.list_passages(main):
            if passage.place is None or material.resources[passage.place.resource].kind != kind:
                continue
            visible = show(passage, guard)
            if visible is not None and visible.text == passage.text:
                yield Statement(
                    text=f"Here is one that is worked out: “{visible.text}”", sources=cite(passage), quoted=True
                )
                return
    rank = {each: place for place, each in enumerate(burnt)}
    others = [each for each in material.list_questions(main) if _is_parallel(each, question)]
    for other in sorted(others, key=lambda each: (rank.get(each.id, len(rank)), each.id)):
        solved = tuple(_show_solved(material, other))
        if all(guard.find_leak(statement.text, quoted=True) is None for statement in solved):
            yield from solved
            return


def _is_parallel(other: Question, question: Question) -> bool:
    """Says whether another question can be an example: it has a solution, other numbers and another answer."""
    if other.id == question.id or other.key is None or not other.explanation:
        return False
    numbers = _list_numbers(question)
    return tell_answer(other) != tell_answer(question) and not (numbers and numbers == _list_numbers(other))


def _show_solved(material: Material, other: Question) -> Iterator[Statement]:
    sources = cite(material.find(DocumentKind.QUESTION, other.id), other.explanation)
    text = f"Here is another one, worked out: “{other.stem}” That gives {_tell_text(other)}."
    yield Statement(text=text, sources=sources, quoted=True)
    yield Statement(text=other.explanation, sources=sources, quoted=True)


def _list_numbers(question: Question) -> list[float]:
    return sorted(mention.value for mention in find_mentions(plain(question.stem)))


def _begin(material: Material, question: Question, guard: AnswerGuard) -> Iterator[Statement]:
    step = cut_first_step(question, guard)
    if step:
        document = material.find(DocumentKind.QUESTION, question.id)
        yield Statement(text=f"It begins like this: {_lower_first(step)}", sources=cite(document, step), quoted=False)


def cut_first_step(question: Question, guard: AnswerGuard) -> str:
    """Returns how the explanation begins, as far as it does not tell the answer, and never all of it; may be empty."""
    sentences = [question.explanation[span.start : span.end] for span in split_sentences(question.explanation)]
    if not sentences:
        return ""
    if len(sentences) > 1 and guard.find_leak(sentences[0]) is None:
        return sentences[0]
    kept = ""
    cuts = [match.start() for match in _CLAUSE.finditer(sentences[0])]
    for cut in cuts:
        clause = sentences[0][:cut]
        if guard.find_leak(clause) is not None:
            break
        kept = clause
        if len(kept.split()) >= 2 * _LEAST_WORDS:
            break
    return f"{kept.rstrip(' ,;:')} …" if len(kept.split()) >= _LEAST_WORDS else ""


def solve(material: Material, question: Question) -> Iterator[Statement]:
    """Tells a question's answer and why it is right, as far as the curriculum knows."""
    document = material.find(DocumentKind.QUESTION, question.id)
    if question.key is not None:
        yield Statement(text=f"The answer is {tell_answer(question)}.", sources=cite(document), quoted=True)
    if question.explanation:
        yield Statement(text=question.explanation, sources=cite(document, question.explanation), quoted=True)


def tell_answer(question: Question) -> str:
    """Returns the right response as a learner reads it; empty: there is no key."""
    if question.key is None:
        return ""
    first = question.key.accepted[0]
    if question.kind is QuestionKind.CHOICE:
        return f"{first}: {question.options.get(first, '').rstrip('.')}"
    return first.replace("-", "−") if question.kind is QuestionKind.NUMERIC else first


def _tell_text(question: Question) -> str:
    """The right response without the option's id, for a question whose options are not shown."""
    return tell_answer(question).rpartition(": ")[2] if question.options else tell_answer(question)


def _lower_first(sentence: str) -> str:
    """Lets a sentence go on after a colon; names and single letters stay as they are."""
    return sentence[:1].lower() + sentence[1:] if sentence[1:2].islower() and sentence[:1] != "I" else sentence
