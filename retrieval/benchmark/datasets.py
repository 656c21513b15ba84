"""What a data set is: worlds of documents, and queries whose right answers are known."""

import random
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from kg.curriculum import Curriculum
from retrieval.documents import Document, DocumentKind, list_documents
from retrieval.passages import split_sentences
from retrieval.training.wordings import hide_title

FEWEST_WORDS = 4
"""A shorter sentence says too little to be asked with."""

HoldOut = Callable[[Iterable[str]], frozenset[str]]
"""Chooses, of all ids, those that nothing is trained or fitted on."""

_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Words, and what they are about.

    Attributes:
        text: As it is searched for.
        relevant: Ids of the documents meant, at least one.
        concept: What the query belongs to when samples are drawn; one of the relevant ones.
    """

    text: str
    relevant: tuple[str, ...]
    concept: str


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Documents and queries about them, whose own words are in none of the documents.

    Attributes:
        documents: All that can be found, by id.
        queries: At least one.
    """

    documents: tuple[Document, ...]
    queries: tuple[Query, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSet:
    """One task with its honest split.

    Attributes:
        name: As it is asked for.
        worlds: Each is searched by itself; the queries of all are judged together.
        curriculum: What models are trained on, without everything about what is tested, unless people asked the
            queries, which its text does not give away; None: they are trained on the bundled curriculum, which knows
            nothing of these documents.
        notes: How documents and queries were made, as sentences.
        language: BCP 47 tag.
    """

    name: str
    worlds: tuple[World, ...]
    curriculum: Curriculum | None = None
    notes: tuple[str, ...] = ()
    language: str = "en"

    @property
    def queries(self) -> tuple[Query, ...]:
        """Of all worlds, in their order."""
        return tuple(query for world in self.worlds for query in world.queries)


def list_concept_documents(curriculum: Curriculum) -> tuple[Document, ...]:
    """Lists the documents of a curriculum's concepts, by id."""
    return tuple(entry for entry in list_documents(curriculum) if entry.kind is DocumentKind.CONCEPT)


def drop_concepts(curriculum: Curriculum, dropped: Collection[str]) -> Curriculum:
    """Takes concepts out of a curriculum, and every part that says anything about one of them."""

    def keeps(concepts: Iterable[str]) -> bool:
        return not any(concept in dropped for concept in concepts)

    return replace(
        curriculum,
        concepts=tuple(part for part in curriculum.concepts if keeps([part.id])),
        prerequisites=tuple(part for part in curriculum.prerequisites if keeps([part.before, part.after])),
        groups=tuple(part for part in curriculum.groups if keeps([part.concept, *part.members])),
        resources=tuple(part for part in curriculum.resources if keeps(section.concept for section in part.sections)),
        questions=tuple(part for part in curriculum.questions if keeps(part.assesses)),
        misconceptions=tuple(part for part in curriculum.misconceptions if keeps(part.concepts)),
    )


def leave_sentences_out(documents: Sequence[Document], asked: Collection[str]) -> tuple[World, ...]:
    """Asks with each sentence of a description once, in a world where no description has its sentence of that number.

    Titles are taken out of the sentences, so that a document is not found by its name alone.

    Args:
        documents: Of whole descriptions.
        asked: Ids of those whose sentences become queries.

    Returns:
        Worlds with at least one query.
    """
    sentences = {
        document.id: [document.text[span.start : span.end] for span in split_sentences(document.text)]
        for document in documents
    }
    longest = max((len(entry) for entry in sentences.values()), default=0)
    worlds = (
        World(
            documents=tuple(_without(document, sentences[document.id], number) for document in documents),
            queries=tuple(_ask(documents, asked, sentences, number)),
        )
        for number in range(longest)
    )
    return tuple(world for world in worlds if world.queries)


def count_words(text: str) -> int:
    """Counts words of letters and digits."""
    return len(_WORD.findall(text))


def shorten(data: DataSet, most: int, seed: int) -> DataSet:
    """Keeps at most so many queries of a data set, drawn at random; worlds without any are left out."""
    if len(data.queries) <= most:
        return data
    chosen = set(random.Random(seed).sample(range(len(data.queries)), most))  # noqa: S311 - no secret
    worlds, place = [], 0
    for world in data.worlds:
        kept = tuple(query for number, query in enumerate(world.queries, start=place) if number in chosen)
        place += len(world.queries)
        worlds += [replace(world, queries=kept)] if kept else []
    return replace(data, worlds=tuple(worlds))


def describe_queries(data: DataSet) -> str:
    """Says how many queries, concepts and documents are tested."""
    concepts = len({query.concept for query in data.queries})
    documents = max(len(world.documents) for world in data.worlds)
    return f"{len(data.queries):,} queries about {concepts:,} concepts, among {documents:,} documents"


def describe_training(data: DataSet) -> str:
    """Says what models are trained on."""
    if data.curriculum is None:
        return "trained on the bundled curriculum, which holds none of these concepts"
    if not {query.concept for query in data.queries}.isdisjoint(concept.id for concept in data.curriculum.concepts):
        return f"trained on the text of all {len(data.curriculum.concepts):,} concepts, without the queries"
    return f"trained on the text of {len(data.curriculum.concepts):,} other concepts, which say nothing of these"


def _without(document: Document, sentences: Sequence[str], number: int) -> Document:
    kept = [sentence for position, sentence in enumerate(sentences) if position != number]
    return replace(document, text=" ".join(kept))


def _ask(
    documents: Sequence[Document], asked: Collection[str], sentences: Mapping[str, Sequence[str]], number: int
) -> Iterator[Query]:
    for document in documents:
        if document.id in asked and number < len(sentences[document.id]):
            text = hide_title(sentences[document.id][number], document.title)
            if count_words(text) >= FEWEST_WORDS:
                yield Query(text=text, relevant=(document.id,), concept=document.id)
