"""Candidates that somebody brings along, ordered without any index."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from retrieval.candidates import Candidate, Scores
from retrieval.document_vectors import encode_documents
from retrieval.documents import Document, DocumentKind
from retrieval.index import make_index
from retrieval.results import StageReport
from retrieval.scope import Reranking, Scope
from retrieval.search import Searcher


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedCandidate:
    """A candidate in its place.

    Attributes:
        position: Where it was given, from 0.
        probability: That it is what is meant, in [0, 1].
        scores: Every score that went into it.
    """

    position: int
    probability: float
    scores: Scores


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """Given candidates, the best first; equal scores stay in the order given.

    Attributes:
        candidates: Each once.
        none_probability: That none of them is meant; with their probabilities it sums to 1.
        stages: Which stages took part.
    """

    candidates: tuple[JudgedCandidate, ...]
    none_probability: float
    stages: tuple[StageReport, ...]


def judge_candidates(
    searcher: Searcher, query: str, candidates: Sequence[Candidate], language: str, seconds: float | None
) -> Judgement:
    """Encodes candidates, scores them by words and vectors, and has the reranker read every one of them.

    Args:
        searcher: Its encoder, reranker and weights are used, its index is not.
        query: Words.
        candidates: At least one.
        language: BCP 47 tag of their texts.
        seconds: How long it may take; a reranker that would take longer is left out. None: as long as it takes.
    """
    began = time.monotonic()
    documents = [_describe(position, candidate) for position, candidate in enumerate(candidates)]
    vectors = None
    if searcher.encoder is not None:
        rows = encode_documents(searcher.encoder, documents)
        vectors = {document.hash: row.astype("<f4").tobytes() for document, row in zip(documents, rows, strict=True)}
    fusion = replace(searcher.ranker.fusion, depth=len(documents))
    own = replace(
        searcher,
        index=make_index(documents, language, searcher.encoder.fingerprint if searcher.encoder else "", vectors),
        ranker=replace(searcher.ranker, fusion=fusion),
    )
    left = None if seconds is None else seconds - (time.monotonic() - began)
    (found,) = own.search(query, Scope(limit=len(documents), reranking=Reranking.ALWAYS, seconds=left)).kinds
    positions = {document.id: position for position, document in enumerate(documents)}
    return Judgement(
        candidates=tuple(
            JudgedCandidate(
                position=positions[result.document.id], probability=result.probability, scores=result.scores
            )
            for result in found.results
        ),
        none_probability=found.none_probability,
        stages=found.stages,
    )


def _describe(position: int, candidate: Candidate) -> Document:
    # Named by its place: what a caller calls it is no text that a query could mean.
    return Document(kind=DocumentKind.CONCEPT, id=f"candidate {position}", title=candidate.title, text=candidate.text)
