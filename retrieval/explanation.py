"""Why a document has its place for some words: every number that went into it, and the same in sentences."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from kg.errors import refuse
from retrieval.candidates import Scores
from retrieval.documents import Document, DocumentKind
from retrieval.explanation_text import describe_place
from retrieval.first_stage import FirstStage, find_candidates
from retrieval.fusion import Fusion
from retrieval.index import Shelf
from retrieval.neighbourhood import Survey, survey_about, survey_query
from retrieval.results import KindResults, Result, StageReport
from retrieval.scope import Scope
from retrieval.search import POOL, Searcher

_NEGLIGIBLE: Final = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Contribution:
    """What a score adds to the fused one: score times weight.

    Attributes:
        stage: dense, lexical, frontier, exact or reranker.
        score: The score; exact: 1; the reranker's: less its mean over what it read, and of a candidate that it did not
            read, what keeps that behind those that it read.
        weight: >= 0.
        rank: Place by this score alone among the candidates, from 1; equal scores share the better place.
    """

    stage: str
    score: float
    weight: float
    rank: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why a document has its place.

    Attributes:
        result: As a search tells it; its probability is 0 where it is not among the candidates.
        rank: Its place, from 1; 0: it is not among the candidates that are judged.
        documents: How many there are of its kind.
        terms: What each stem of the query adds to BM25, the most first.
        contributions: They sum to the fused score.
        stages: Which stages took part.
        text: All of it in sentences.
    """

    result: Result
    rank: int
    documents: int
    terms: tuple[tuple[str, float], ...]
    contributions: tuple[Contribution, ...]
    stages: tuple[StageReport, ...]
    text: str


def survey_document(searcher: Searcher, query: str, kind: DocumentKind, document: str) -> Survey:
    """Surveys what an explanation wants of the store: what the search does, the document, and its passages.

    Args:
        searcher: Of an index whose vectors stay in the store.
        query: Words.
        kind: Of the document.
        document: Its id.

    Raises:
        InvalidInputError: There is no such document.
    """
    shelf = searcher.index.shelves[kind]
    explained = shelf.documents[_find_position(shelf, document)]
    passages = survey_about(searcher.index, DocumentKind.PASSAGE, explained.concepts)
    return survey_query(searcher, query, Scope(kinds=(kind,)), {explained.hash, *passages.hashes})


def explain_ranking(searcher: Searcher, query: str, kind: DocumentKind, document: str, scope: Scope) -> Explanation:
    """Searches, and explains the place of one document; linear in the documents of its kind.

    Args:
        searcher: What is searched and how.
        query: Words.
        kind: Of the document.
        document: Its id.
        scope: As for the search to be explained; its kinds and limit do not count.

    Raises:
        InvalidInputError: There is no such document.
    """
    shelf = searcher.index.shelves[kind]
    position = _find_position(shelf, document)
    (found,) = searcher.search(query, replace(scope, kinds=(kind,), limit=POOL)).kinds
    rank, result = _find_result(searcher, query, position, scope, found)
    contributions = tuple(_list_contributions(searcher.ranker.fusion, result, found.results))
    terms = tuple(sorted(shelf.lexical.explain(query, position).items(), key=lambda item: (-item[1], item[0])))
    explanation = Explanation(
        result=result,
        rank=rank,
        documents=len(shelf.documents),
        terms=terms,
        contributions=contributions,
        stages=found.stages,
        text="",
    )
    text = describe_place(
        result,
        rank,
        len(found.results),
        len(shelf.documents),
        terms=terms,
        parts=[(part.stage, part.score, part.weight, part.rank) for part in contributions],
        stages=found.stages,
    )
    return replace(explanation, text=text)


def _find_position(shelf: Shelf, document: str) -> int:
    for position, listed in enumerate(shelf.documents):
        if listed.id == document:
            return position
    raise refuse("document", "must be the id of a document of this kind in the curriculum's current version")


def _find_result(searcher: Searcher, query: str, position: int, scope: Scope, found: KindResults) -> tuple[int, Result]:
    shelf = searcher.index.shelves[found.kind]
    document = shelf.documents[position]
    for rank, result in enumerate(found.results, start=1):
        if result.document.id == document.id:
            return rank, result
    (vector,) = searcher.encode([query])
    everything = find_candidates(
        shelf, query, vector, searcher.ranker.fusion, most=len(shelf.documents), readiness=scope.readiness
    )
    return 0, _make_unjudged(document, everything, position)


def _make_unjudged(document: Document, first: FirstStage, position: int) -> Result:
    """A result for a document that the first stage did not make a candidate."""
    at = int(np.flatnonzero(first.positions == position)[0])
    scores = Scores(
        lexical=float(first.lexical[at]),
        dense=None if first.dense is None else float(first.dense[at]),
        frontier=None if first.frontier is None else float(first.frontier[at]),
        fused=float(first.fused[at]),
    )
    return Result(document=document, probability=0.0, exact=bool(first.exact[at]), scores=scores)


def _list_contributions(fusion: Fusion, result: Result, candidates: Sequence[Result]) -> Iterable[Contribution]:
    """Takes a fused score apart, as `retrieval.fusion` put it together."""
    scores = result.scores
    listed = [candidate.scores for candidate in candidates]
    rest = scores.fused
    for stage, score, weight in _list_sums(fusion, scores):
        rest -= score * weight
        yield _rank(stage, score, weight, [getattr(each, stage) for each in listed])
    read = [each.reranker for each in listed if each.reranker is not None]
    if scores.reranker is not None:
        mean = sum(read) / len(read)
        own = scores.reranker - mean
        rest -= own * fusion.reranker
        yield _rank("reranker", own, fusion.reranker, [value - mean for value in read])
    if result.exact:
        yield _rank("exact", 1.0, max(0.0, rest), [float(candidate.exact) for candidate in candidates])
    elif read and scores.reranker is None and rest < -_NEGLIGIBLE:
        yield Contribution(stage="reranker", score=rest, weight=1.0, rank=len(read) + 1)


def _list_sums(fusion: Fusion, scores: Scores) -> Iterable[tuple[str, float, float]]:
    if scores.dense is not None:
        yield "dense", scores.dense, 1.0
    yield "lexical", scores.lexical, 1.0 if scores.dense is None else fusion.lexical
    if scores.frontier is not None:
        yield "frontier", scores.frontier, fusion.frontier


def _rank(stage: str, score: float, weight: float, among: Sequence[float]) -> Contribution:
    better = sum(value > score for value in among)
    return Contribution(stage=stage, score=score, weight=weight, rank=better + 1)
