"""Training queries, made of a curriculum's own text: nobody has to label anything before the first training."""

import random
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from kg.curriculum import Curriculum
from retrieval.documents import Document, DocumentKind
from retrieval.passages import split_sentences
from retrieval.training.wordings import find_acronyms, is_english, name_differently, put_into_templates, take_predicate

LONGEST = 300
"""Characters of a query; nobody asks in longer ones."""


class QuerySource(StrEnum):
    """What a query was made of."""

    TITLE = "title"
    TEMPLATE = "template"
    SENTENCE = "sentence"
    PREDICATE = "predicate"
    REASON = "reason"
    SECTION = "section"
    QUESTION = "question"
    EXPLANATION = "explanation"
    MISCONCEPTION = "misconception"
    LABEL = "label"


# Reasons and questions are worded most like what learners ask; templates least.
_MOST: Final[Mapping[QuerySource, int]] = {
    QuerySource.TITLE: 4,
    QuerySource.TEMPLATE: 1,
    QuerySource.SENTENCE: 3,
    QuerySource.PREDICATE: 2,
    QuerySource.REASON: 8,
    QuerySource.SECTION: 4,
    QuerySource.QUESTION: 6,
    QuerySource.EXPLANATION: 3,
    QuerySource.MISCONCEPTION: 6,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingQuery:
    """Words, and the concept that they are about.

    Attributes:
        text: As a learner might put it.
        concept: Id of the concept that is meant.
        source: What it was made of.
        seen_in: Id of the concept whose text it was taken from; empty: from none's.
        quoted: The words of that concept's description that it was made of, verbatim, or the title where that is not
            to be matched by itself; empty: none.
        related: Ids of concepts that it is about as well, ascending; never wrong answers.
    """

    text: str
    concept: str
    source: QuerySource
    seen_in: str = ""
    quoted: str = ""
    related: tuple[str, ...] = ()


def make_queries(curriculum: Curriculum, seed: int) -> tuple[TrainingQuery, ...]:
    """Makes queries for the concepts of a curriculum, archived and voided parts left out.

    A text that would stand for two concepts stands for none. Each concept has a bounded number of queries from each
    source, so that no much described concept drowns the others.

    Args:
        curriculum: Its text is all that is used.
        seed: Chooses among more texts than the bounds allow, for each concept and source apart from all others.

    Returns:
        Queries in ascending order of concept, then of source; no two texts are the same but for case.
    """
    known = {concept.id for concept in curriculum.concepts if not concept.archived}
    made = [query for query in _gather(curriculum) if query.concept in known and _is_askable(query.text)]
    grouped: dict[tuple[str, QuerySource], list[TrainingQuery]] = {}
    for query in _drop_ambiguous(made):
        grouped.setdefault((query.concept, query.source), []).append(query)
    order = list(QuerySource)
    return tuple(
        query
        for concept, source in sorted(grouped, key=lambda key: (key[0], order.index(key[1])))
        for query in _choose(grouped[concept, source], _MOST[source], f"{seed}/{concept}/{source}")
    )


def leave_out(document: Document, query: TrainingQuery) -> Document:
    """Returns a document as it is matched, without the sentence or title that the query was made of.

    Otherwise the query would be matched by copying, which nothing is learned from.
    """
    if document.kind is not DocumentKind.CONCEPT or document.id != query.seen_in or not query.quoted:
        return document
    if query.quoted == document.title:
        return replace(document, title="")
    return replace(document, text=" ".join(document.text.replace(query.quoted, " ").split()))


def _gather(curriculum: Curriculum) -> Iterator[TrainingQuery]:
    yield from _ask_by_title(curriculum)
    yield from _ask_by_description(curriculum)
    yield from _ask_by_reason(curriculum)
    yield from _ask_by_section(curriculum)
    yield from _ask_by_question(curriculum)
    yield from _ask_by_misconception(curriculum)


def _ask_by_title(curriculum: Curriculum) -> Iterator[TrainingQuery]:
    english = is_english(curriculum.language)
    attested = _list_words(curriculum) if english else frozenset()
    for concept in curriculum.concepts:
        names = [*name_differently(concept.title, attested), *find_acronyms(concept.title, concept.description)]
        for name in names:
            yield TrainingQuery(text=name, concept=concept.id, source=QuerySource.TITLE, seen_in=concept.id)
        for text in put_into_templates(concept.title) if english else ():
            yield TrainingQuery(text=text, concept=concept.id, source=QuerySource.TEMPLATE, seen_in=concept.id)


def _ask_by_description(curriculum: Curriculum) -> Iterator[TrainingQuery]:
    english = is_english(curriculum.language)
    for concept in curriculum.concepts:
        for sentence in _read_sentences(concept.description):
            # Where a sentence says what the thing is, that part alone is a query which does not name it.
            predicate = take_predicate(sentence, concept.title) if english else ""
            yield TrainingQuery(
                text=predicate or " ".join(sentence.split()),
                concept=concept.id,
                source=QuerySource.PREDICATE if predicate else QuerySource.SENTENCE,
                seen_in=concept.id,
                quoted=sentence,
            )


def _ask_by_reason(curriculum: Curriculum) -> Iterator[TrainingQuery]:
    for edge in curriculum.prerequisites:
        # It says what of `before` is needed, and is put in the terms of `after`.
        yield TrainingQuery(
            text=edge.reason,
            concept=edge.before,
            source=QuerySource.REASON,
            seen_in=edge.after,
            related=(edge.after,),
        )


def _ask_by_section(curriculum: Curriculum) -> Iterator[TrainingQuery]:
    for resource in curriculum.resources:
        for section in () if resource.archived else resource.sections:
            for text in (section.title, *_read_sentences(section.text)):
                yield TrainingQuery(
                    text=text, concept=section.concept, source=QuerySource.SECTION, seen_in=section.concept
                )


def _ask_by_question(curriculum: Curriculum) -> Iterator[TrainingQuery]:
    for question in curriculum.questions:
        if question.archived or question.voided:
            continue
        concept = max(question.assesses, key=lambda key: question.assesses[key])
        related = tuple(other for other in question.assesses if other != concept)
        yield TrainingQuery(text=question.stem, concept=concept, source=QuerySource.QUESTION, related=related)
        for text in _read_sentences(question.explanation):
            yield TrainingQuery(text=text, concept=concept, source=QuerySource.EXPLANATION, related=related)


def _ask_by_misconception(curriculum: Curriculum) -> Iterator[TrainingQuery]:
    for misconception in curriculum.misconceptions:
        if misconception.archived or not misconception.concepts:
            continue
        concept, *related = misconception.concepts
        for text in (misconception.title, *_read_sentences(misconception.description)):
            yield TrainingQuery(text=text, concept=concept, source=QuerySource.MISCONCEPTION, related=tuple(related))


def _read_sentences(text: str) -> list[str]:
    sentences = (text[span.start : span.end] for span in split_sentences(text))
    return [sentence for sentence in sentences if _is_prose(sentence)]


def _is_prose(text: str) -> bool:
    """Says whether most signs are letters: a line of a calculation names nothing by itself."""
    return 2 * sum(map(str.isalpha, text)) > sum(not sign.isspace() for sign in text)


def _is_askable(text: str) -> bool:
    return len(text) <= LONGEST and any(sign.isalpha() for sign in text)


def _list_words(curriculum: Curriculum) -> frozenset[str]:
    texts: list[str] = []
    for concept in curriculum.concepts:
        texts += (concept.title, concept.description)
    texts += (edge.reason for edge in curriculum.prerequisites)
    return frozenset(word for text in texts for word in re.findall(r"\w+", text.casefold()))


def _drop_ambiguous(queries: Iterable[TrainingQuery]) -> list[TrainingQuery]:
    by_text: dict[str, list[TrainingQuery]] = {}
    for query in queries:
        by_text.setdefault(" ".join(query.text.casefold().split()).rstrip(".?! "), []).append(query)
    return [same[0] for same in by_text.values() if len({query.concept for query in same}) == 1]


def _choose(queries: Sequence[TrainingQuery], most: int, seed: str) -> list[TrainingQuery]:
    chosen = random.Random(seed).sample(range(len(queries)), min(most, len(queries)))  # noqa: S311 - no secret
    return [queries[position] for position in sorted(chosen)]
