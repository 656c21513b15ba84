"""Searchers over a few made-up concepts, with an encoder and a reranker that need no models."""

import hashlib
from collections.abc import Sequence

import numpy as np

from kg.curriculum import Concept, Curriculum, Prerequisite
from retrieval.candidates import Candidate, Matrix, Vector
from retrieval.documents import list_documents
from retrieval.encoders.encoder import Encoder
from retrieval.fusion import Fusion
from retrieval.index import make_index
from retrieval.rankers import Ranker
from retrieval.rerankers.reranker import Reranker
from retrieval.search import Searcher

TOPICS = ("angles", "circles", "fractions", "lines", "numbers", "powers", "roots", "slopes")
GEOMETRY = Curriculum(
    id="geometry",
    title="Geometry",
    concepts=tuple(
        Concept(id=topic, title=topic.title(), description=f"All about {topic} and number {place}.")
        for place, topic in enumerate(TOPICS)
    ),
    prerequisites=(Prerequisite(before="lines", after="slopes"), Prerequisite(before="numbers", after="roots")),
)


class WordBins(Encoder):
    """Counts words in bins."""

    name, fingerprint, dimension = "word-bins", "b1" * 32, 32

    def encode(self, texts: Sequence[str]) -> Matrix:
        rows = np.full((len(texts), self.dimension), 0.01, dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in text.lower().replace(".", "").split():
                row[hashlib.sha256(word.encode()).digest()[0] % self.dimension] += 1
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


class ShortFirst(Reranker):
    """Prefers short titles."""

    name, fingerprint = "short-first", "5f" * 32

    def score(self, query: str, candidates: Sequence[Candidate]) -> Vector:
        return np.array([-len(candidate.title) for candidate in candidates], dtype=np.float32)


def make_searcher(*, encoder: Encoder | None = None, reranker: Reranker | None = None, depth: int = 4) -> Searcher:
    """A searcher of `GEOMETRY`; words only unless an encoder is given."""
    documents = list_documents(GEOMETRY)
    vectors = None
    if encoder is not None:
        rows = encoder.encode([document.searched_text for document in documents])
        vectors = {document.hash: row.tobytes() for document, row in zip(documents, rows, strict=True)}
    return Searcher(
        index=make_index(documents, "en", encoder.fingerprint if encoder else "", vectors),
        ranker=Ranker(id="r", encoder="", fusion=Fusion(lexical=0.1, reranker=3.0, depth=depth, sure=1.0)),
        encoder=encoder,
        reranker=reranker,
    )
