"""What is searched: a curriculum's concepts, passages, questions and misconceptions as documents."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from kg.curriculum import Concept, Curriculum, Misconception, Question, Resource
from retrieval.passages import Span, split_passages


class DocumentKind(StrEnum):
    """What a document stands for."""

    CONCEPT = "concept"
    PASSAGE = "passage"
    QUESTION = "question"
    MISCONCEPTION = "misconception"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where in a curriculum a text stands; `text[start:end]` of the named field is the text.

    Attributes:
        resource: Id of the resource; empty: the text is the concept's description.
        concept: Id of the concept described, or taught by the resource's section.
        section: Title of the section; may be empty.
        start: First character.
        end: One past the last character.
    """

    resource: str = ""
    concept: str
    section: str = ""
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One thing that can be found.

    Attributes:
        kind: What it stands for.
        id: Unique in its kind: the part's id; a passage's is made from its place.
        title: As a learner reads it.
        text: What it says, without the title; may be empty.
        context: Further words that it is found by, such as its prerequisites' titles; may be empty.
        concepts: Ids of the concepts it is about, ascending.
        place: Where a passage stands; None: it is no passage.
    """

    kind: DocumentKind
    id: str
    title: str
    text: str = ""
    context: str = ""
    concepts: tuple[str, ...] = ()
    place: Place | None = None

    @property
    def searched_text(self) -> str:
        """What encoders and BM25 read."""
        return "\n".join(part for part in (self.title, self.text, self.context) if part)

    @property
    def hash(self) -> str:
        """SHA-256, hexadecimal, of what the vector is made of: documents that are equal there share one."""
        # A concept's title and description count by themselves, too.
        apart = f"{self.kind}\0{self.title}\0" if self.kind is DocumentKind.CONCEPT else ""
        return hashlib.sha256(f"{apart}{self.searched_text}".encode()).hexdigest()


def list_documents(curriculum: Curriculum) -> tuple[Document, ...]:
    """Lists what can be found in a curriculum, archived and voided parts left out, by kind and then id.

    Concepts carry the titles of their prerequisites as context: with them concepts are found better, by words and by
    vectors alike.
    """
    concepts = [concept for concept in curriculum.concepts if not concept.archived]
    titles = {concept.id: concept.title for concept in concepts}
    resources = [resource for resource in curriculum.resources if not resource.archived]
    before = _list_prerequisites(curriculum)
    return (
        *(_describe_concept(concept, before.get(concept.id, ()), titles) for concept in concepts),
        *sorted(_list_passages(concepts, resources, titles), key=lambda passage: passage.id),
        *(_describe_question(part, titles) for part in curriculum.questions if not part.archived and not part.voided),
        *(_describe_misconception(part, titles) for part in curriculum.misconceptions if not part.archived),
    )


def fingerprint_documents(documents: Iterable[Document]) -> str:
    """SHA-256, hexadecimal, of which documents there are and what they say."""
    digest = hashlib.sha256()
    for document in documents:
        digest.update(f"{document.kind}\0{document.id}\0{document.hash}\n".encode())
    return digest.hexdigest()


def _list_prerequisites(curriculum: Curriculum) -> Mapping[str, Sequence[str]]:
    before: dict[str, list[str]] = {}
    for edge in curriculum.prerequisites:
        before.setdefault(edge.after, []).append(edge.before)
    for group in curriculum.groups:
        before.setdefault(group.concept, []).extend(group.members)
    return before


def _name_all(ids: Iterable[str], titles: Mapping[str, str]) -> str:
    return ", ".join(titles[identifier] for identifier in dict.fromkeys(ids) if identifier in titles)


def _describe_concept(concept: Concept, before: Sequence[str], titles: Mapping[str, str]) -> Document:
    return Document(
        kind=DocumentKind.CONCEPT,
        id=concept.id,
        title=concept.title,
        text=concept.description,
        context=_name_all(before, titles),
        concepts=(concept.id,),
    )


def _list_passages(
    concepts: Iterable[Concept], resources: Iterable[Resource], titles: Mapping[str, str]
) -> Iterable[Document]:
    for concept in concepts:
        for span in split_passages(concept.description):
            yield _make_passage(
                concept.description, span, Place(concept=concept.id, start=span.start, end=span.end), titles
            )
    for resource in resources:
        for section in resource.sections:
            for span in split_passages(section.text):
                place = Place(
                    resource=resource.id,
                    concept=section.concept,
                    section=section.title,
                    start=span.start,
                    end=span.end,
                )
                yield _make_passage(section.text, span, place, titles)


def _make_passage(text: str, span: Span, place: Place, titles: Mapping[str, str]) -> Document:
    return Document(
        kind=DocumentKind.PASSAGE,
        id=f"{place.resource}/{place.concept}/{place.start}-{place.end}",
        title=titles.get(place.concept, ""),
        text=text[span.start : span.end],
        concepts=(place.concept,),
        place=place,
    )


def _describe_question(question: Question, titles: Mapping[str, str]) -> Document:
    return Document(
        kind=DocumentKind.QUESTION,
        id=question.id,
        title=question.stem,
        context=_name_all(question.assesses, titles),
        concepts=tuple(question.assesses),
    )


def _describe_misconception(misconception: Misconception, titles: Mapping[str, str]) -> Document:
    return Document(
        kind=DocumentKind.MISCONCEPTION,
        id=misconception.id,
        title=misconception.title,
        text=misconception.description,
        context=_name_all(misconception.concepts, titles),
        concepts=misconception.concepts,
    )
