"""The explanation of a place, in sentences."""

from collections.abc import Iterable, Sequence
from typing import Final

from retrieval.results import Result, StageReport

_NAMES: Final = {
    "dense": "the cosine of the vectors",
    "lexical": "BM25",
    "frontier": "the learner's readiness",
    "exact": "that the words are its title or id",
    "reranker": "the reranker",
}
_MOST_TERMS: Final = 5

Part = tuple[str, float, float, int]
"""Stage, score, weight, and place by that score alone."""


def describe_place(
    result: Result,
    rank: int,
    candidates: int,
    documents: int,
    *,
    terms: Sequence[tuple[str, float]],
    parts: Sequence[Part],
    stages: Iterable[StageReport],
) -> str:
    """Says why a document has its place.

    Args:
        result: The document with its scores.
        rank: Its place, from 1; 0: it is not among the candidates.
        candidates: How many were judged.
        documents: How many there are of its kind.
        terms: What each stem of the query adds to BM25, the most first.
        parts: What sums to the fused score.
        stages: Which stages took part; those that did not are told with their reasons.
    """
    sums = ", ".join(
        f"{_NAMES[stage]} {score:.3f} x {weight:.3f} (place {place})" for stage, score, weight, place in parts
    )
    sentences = [
        _describe_rank(result, rank, candidates, documents),
        f"Its score {result.scores.fused:.3f} is the sum of {sums}.",
        _describe_terms(terms),
        *(f"Not used: {stage.stage}, as {stage.reason}." for stage in stages if not stage.used),
    ]
    return " ".join(sentences)


def _describe_rank(result: Result, rank: int, candidates: int, documents: int) -> str:
    title = result.document.title or result.document.id
    if not rank:
        return f'"{title}" is not among the {candidates} candidates taken from {documents} documents.'
    return (
        f'"{title}" has place {rank} of {candidates} candidates taken from {documents} documents, '
        f"and is what the words mean with a probability of {result.probability:.2f}."
    )


def _describe_terms(terms: Sequence[tuple[str, float]]) -> str:
    if not terms:
        return "It has no word of the query."
    listed = ", ".join(f"{term} ({score:.2f})" for term, score in terms[:_MOST_TERMS])
    rest = len(terms) - _MOST_TERMS
    return f"It has these words of the query: {listed}{f' and {rest} more' if rest > 0 else ''}."
