"""Stages: what a query is answered by, from BM25 alone to the whole pipeline, each over the same documents."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from retrieval.candidates import Matrix
from retrieval.document_vectors import encode_documents
from retrieval.documents import Document
from retrieval.encoders.encoder import Encoder
from retrieval.fusion import Floats
from retrieval.index import make_index
from retrieval.lexical import LexicalIndex
from retrieval.rankers import Ranker
from retrieval.rerankers.reranker import Reranker
from retrieval.scope import Reranking, Scope
from retrieval.search import Searcher

RESULTS: Final = 50
"""Documents that a search lists."""

ScoreDocuments = Callable[[str, Sequence[Document]], Sequence[float]]
"""A query and documents to a score of each, higher is better."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Documents, the best first.

    Attributes:
        ids: Of all documents, or of as many as were asked for.
        first: Probability that the first one is meant; None: the stage does not say.
        none: Probability that no document is meant; None: the stage does not say.
    """

    ids: tuple[str, ...]
    first: float | None = None
    none: float | None = None


Search = Callable[[str], Answer]
"""A query to its answer."""
Open = Callable[[Sequence[Document], str], Search]
"""Documents and their language (BCP 47) to what searches them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One row of the table.

    Attributes:
        name: What answers.
        open: Makes it ready for a world's documents.
        cold: The same, keeping nothing that it has worked out about a document; None: it never keeps anything.
        note: What one has to know about it; may be empty.
    """

    name: str
    open: Open
    cold: Open | None = None
    note: str = ""


def open_lexical(documents: Sequence[Document], language: str) -> Search:
    """BM25 alone."""
    index = LexicalIndex((document.searched_text for document in documents), language)
    ids = [document.id for document in documents]
    return lambda query: Answer(ids=_order(ids, index.score(query)))


class DocumentVectors:
    """Vectors of documents by one encoder, each made once, however many worlds hold it; queries are encoded anew.

    Args:
        encoder: Any.
        plain: A document's vector is that of its text, as libraries show it; otherwise it is made as the product's.
    """

    def __init__(self, encoder: Encoder, *, plain: bool = False) -> None:
        self.encoder = encoder
        self._plain = plain
        self._kept: dict[str, bytes] = {}

    def encode(self, documents: Sequence[Document]) -> dict[str, bytes]:
        """Returns vectors by the documents' hashes, float32 little-endian, in their order."""
        new = {document.hash: document for document in documents if document.hash not in self._kept}
        if self._plain:
            rows = self.encoder.encode([document.searched_text for document in new.values()])
        else:
            rows = encode_documents(self.encoder, list(new.values()))
        self._kept.update((name, row.tobytes()) for name, row in zip(new, rows, strict=True))
        return {document.hash: self._kept[document.hash] for document in documents}


def search_densely(vectors: DocumentVectors) -> Open:
    """Vectors alone: the cosine of the query's with every document's."""

    def open_world(documents: Sequence[Document], _: str) -> Search:
        kept = vectors.encode(documents)
        matrix = np.stack([np.frombuffer(kept[document.hash], dtype=np.float32) for document in documents])
        ids = [document.id for document in documents]
        return lambda query: Answer(ids=_order(ids, matrix @ vectors.encoder.encode_queries([query])[0]))

    return open_world


def search_with(
    ranker: Ranker,
    vectors: DocumentVectors,
    reranker: Reranker | None = None,
    reranking: Reranking = Reranking.AUTO,
) -> Open:
    """The product's own search with a ranker.

    Args:
        ranker: Weights, and how probabilities are made.
        vectors: By the ranker's encoder.
        reranker: None: the fused first stage answers.
        reranking: When it is asked.
    """

    def open_world(documents: Sequence[Document], language: str) -> Search:
        searcher = Searcher(
            index=make_index(documents, language, vectors.encoder.fingerprint, vectors.encode(documents)),
            ranker=ranker,
            encoder=vectors.encoder,
            reranker=reranker,
        )
        scope = Scope(kinds=(documents[0].kind,), limit=RESULTS, reranking=reranking)

        def search(query: str) -> Answer:
            (found,) = searcher.search(query, scope).kinds
            return Answer(
                ids=tuple(result.document.id for result in found.results),
                first=found.results[0].probability,
                none=found.none_probability,
            )

        return search

    return open_world


def rerank_pairs(first_stage: Open, score: ScoreDocuments, depth: int) -> Open:
    """Has the first documents of another stage put in the order of a score that replaces theirs.

    Args:
        first_stage: Gives the candidates.
        score: Scores them.
        depth: How many it sees.
    """

    def open_world(documents: Sequence[Document], language: str) -> Search:
        search_first = first_stage(documents, language)
        found = {document.id: document for document in documents}

        def search(query: str) -> Answer:
            ids = search_first(query).ids
            scores = np.asarray(score(query, [found[name] for name in ids[:depth]]), dtype=np.float64)
            return Answer(ids=(*_order(ids[:depth], scores), *ids[depth:]))

        return search

    return open_world


def _order(ids: Sequence[str], scores: Floats | Matrix) -> tuple[str, ...]:
    return tuple(ids[place] for place in np.argsort(-scores, kind="stable"))
