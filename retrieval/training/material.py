"""Material of a training: a curriculum's queries and documents, and which concepts they are trained and judged on."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from kg.curriculum import Curriculum
from kg.errors import refuse
from retrieval.documents import Document, DocumentKind, fingerprint_documents, list_documents
from retrieval.training.negatives import list_neighbours
from retrieval.training.queries import QuerySource, TrainingQuery, make_queries
from retrieval.training.splits import make_folds, select_queries, split_concepts
from retrieval.training.stages import hash_content

FEWEST_CONCEPTS: Final = 10
"""With fewer, hardly anything could be held out."""
FEWEST_LABELS: Final = 50
"""So many labelled queries are measured on alone: they are what people ask, made ones only stand for that."""
HELD_OUT: Final = 0.2
"""Share of concepts that parameters are fitted on, and another such share that is reported on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What a training works with.

    Attributes:
        language: BCP 47 tag of the curriculum.
        documents: Of its concepts, in ascending order of id.
        queries: Made of its text, then labelled ones.
        neighbours: For a concept, its direct prerequisites and what it is one of: never its hard negatives.
        training: Ids of concepts that models are trained on.
        fitting: Ids of those that weights and probabilities are fitted on.
        reporting: Ids of those that verdicts and figures are about.
    """

    language: str
    documents: tuple[Document, ...]
    queries: tuple[TrainingQuery, ...]
    neighbours: Mapping[str, frozenset[str]]
    training: frozenset[str]
    fitting: frozenset[str]
    reporting: frozenset[str]

    @property
    def fingerprint(self) -> str:
        """SHA-256, hexadecimal, of documents, queries and parts."""
        edges = sorted((concept, sorted(others)) for concept, others in self.neighbours.items())
        parts = (*map(sorted, (self.training, self.fitting, self.reporting)), edges, self.queries)
        return hash_content(f"{self.language}\n{fingerprint_documents(self.documents)}\n{parts!r}".encode())

    def select(self, concepts: Collection[str]) -> tuple[TrainingQuery, ...]:
        """Queries that mean one of these concepts."""
        return select_queries(self.queries, concepts)

    def select_measured(self, concepts: Collection[str]) -> tuple[TrainingQuery, ...]:
        """Queries to measure with: labelled ones alone where there are enough, and no title or id, which all find."""
        names = {_fold(name) for document in self.documents for name in (document.title, document.id)}
        chosen = [query for query in self.select(concepts) if _fold(query.text) not in names]
        labelled = tuple(query for query in chosen if query.source is QuerySource.LABEL)
        return labelled if len(labelled) >= FEWEST_LABELS else tuple(chosen)

    def fold(self, count: int, seed: int) -> tuple[tuple[frozenset[str], frozenset[str]], ...]:
        """Deals the concepts trained on into folds: what each leaves to train on, and what it holds out."""
        return tuple((split.training, split.held_out) for split in make_folds(self.training, count, seed))


def prepare_material(curriculum: Curriculum, labels: Sequence[TrainingQuery], seed: int) -> Material:
    """Makes queries and splits their concepts: three fifths to train, a fifth to fit, a fifth to report on.

    Args:
        curriculum: Its concepts need titles only; descriptions, reasons, questions and sections make more queries.
        labels: Queries that people asked, of any of its concepts.
        seed: Of all draws.

    Raises:
        InvalidInputError: It has too few concepts that anything is asked about.
    """
    documents = tuple(part for part in list_documents(curriculum) if part.kind is DocumentKind.CONCEPT)
    known = {document.id for document in documents}
    queries = (*make_queries(curriculum, seed), *(query for query in labels if query.concept in known))
    concepts = {query.concept for query in queries}
    if len(concepts) < FEWEST_CONCEPTS:
        raise refuse("curriculum", f"must have at least {FEWEST_CONCEPTS} concepts to train on, not {len(concepts)}")
    first = split_concepts(concepts, HELD_OUT, seed)
    second = split_concepts(first.training, HELD_OUT / (1.0 - HELD_OUT), seed)
    return Material(
        language=curriculum.language,
        documents=documents,
        queries=queries,
        neighbours=list_neighbours(curriculum),
        training=second.training,
        fitting=second.held_out,
        reporting=first.held_out,
    )


def _fold(text: str) -> str:
    return " ".join(text.casefold().split())
