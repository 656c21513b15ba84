"""What retrieval finds, as messages of the public API."""

from collections.abc import Iterable, Mapping
from typing import Final

from graphmasal.v1 import retrieval_pb2, retrieval_service_pb2
from kg.curriculum import CurriculumRecord
from kg.indexes import IndexRecord
from retrieval.candidates import Scores
from retrieval.documents import Document, DocumentKind, Place
from retrieval.explanation import Explanation
from retrieval.rankers import Verdict
from retrieval.results import KindResults, Result, StageReport
from server.names import CONCEPT, CURRICULUM, MISCONCEPTION, QUESTION, RESOURCE, make_name
from server.times import to_timestamp

KINDS: Final[Mapping[DocumentKind, retrieval_pb2.DocumentKind]] = {
    DocumentKind.CONCEPT: retrieval_pb2.CONCEPT,
    DocumentKind.PASSAGE: retrieval_pb2.PASSAGE,
    DocumentKind.QUESTION: retrieval_pb2.QUESTION,
    DocumentKind.MISCONCEPTION: retrieval_pb2.MISCONCEPTION,
}
NAMES: Final[Mapping[DocumentKind, str]] = {
    DocumentKind.CONCEPT: CONCEPT,
    DocumentKind.QUESTION: QUESTION,
    DocumentKind.MISCONCEPTION: MISCONCEPTION,
}


def to_result(tenant: str, record: CurriculumRecord, result: Result) -> retrieval_pb2.SearchResult:
    """Returns the message for one document found.

    Args:
        tenant: Id.
        record: Of the curriculum.
        result: What was found.
    """
    document = result.document
    cited = document if document.place else result.support
    return retrieval_pb2.SearchResult(
        kind=KINDS[document.kind],
        name=make_name(NAMES[document.kind], tenant, record.id, document.id) if document.kind in NAMES else "",
        document=document.id,
        title=document.title,
        concepts=document.concepts,
        probability=result.probability,
        exact=result.exact,
        scores=to_scores(result.scores),
        citation=to_citation(tenant, record, cited, cited.place) if cited and cited.place else None,
    )


def to_citation(tenant: str, record: CurriculumRecord, passage: Document, place: Place) -> retrieval_pb2.Citation:
    """Returns the message for a passage with its place and who is to be named for it."""
    return retrieval_pb2.Citation(
        concept=make_name(CONCEPT, tenant, record.id, place.concept),
        resource=make_name(RESOURCE, tenant, record.id, place.resource) if place.resource else "",
        section=place.section,
        start=place.start,
        end=place.end,
        text=passage.text,
        attribution=record.attribution,
        licence=record.licence,
    )


def to_scores(scores: Scores) -> retrieval_pb2.SearchScores:
    """Returns the message for the scores of one result."""
    return retrieval_pb2.SearchScores(
        lexical=scores.lexical,
        dense=scores.dense,
        reranker=scores.reranker,
        frontier=scores.frontier,
        fused=scores.fused,
    )


def to_none(found: KindResults) -> retrieval_pb2.NoneOfThese:
    """Returns the message that says how likely nothing of a kind is meant."""
    return retrieval_pb2.NoneOfThese(kind=KINDS[found.kind], probability=found.none_probability)


def to_stages(kind: DocumentKind, stages: Iterable[StageReport]) -> list[retrieval_pb2.StageReport]:
    """Returns the messages that say which stages took part in the search of a kind."""
    return [
        retrieval_pb2.StageReport(kind=KINDS[kind], stage=stage.stage, used=stage.used, reason=stage.reason)
        for stage in stages
    ]


def to_verdicts(verdicts: Iterable[Verdict]) -> list[retrieval_pb2.StageVerdict]:
    """Returns the messages for how stages were judged."""
    return [
        retrieval_pb2.StageVerdict(
            stage=verdict.stage,
            passed=verdict.passed,
            metric=verdict.metric,
            without=verdict.without,
            with_stage=verdict.with_stage,
            low=verdict.low,
            high=verdict.high,
            queries=verdict.queries,
            reason=verdict.reason,
        )
        for verdict in verdicts
    ]


def to_index(
    tenant: str, record: IndexRecord, encoder: str, verdicts: Iterable[Verdict], *, current: bool
) -> retrieval_pb2.Index:
    """Returns the message for an index.

    Args:
        tenant: Id.
        record: What the store knows about it.
        encoder: Name of the encoder; empty: words only.
        verdicts: How the ranker's stages were judged.
        current: It is of the curriculum's current version.
    """
    return retrieval_pb2.Index(
        curriculum=make_name(CURRICULUM, tenant, record.curriculum),
        ranker=record.ranker,
        encoder=encoder,
        encoder_fingerprint=record.encoder,
        documents_fingerprint=record.documents,
        vectors=record.count,
        current=current,
        build_time=to_timestamp(record.built_at),
        verdicts=to_verdicts(verdicts),
    )


def to_explanation(
    tenant: str, record: CurriculumRecord, explanation: Explanation, verdicts: Iterable[Verdict]
) -> retrieval_service_pb2.ExplainRankingResponse:
    """Returns the message for why a document has its place."""
    messages = retrieval_service_pb2
    return messages.ExplainRankingResponse(
        result=to_result(tenant, record, explanation.result),
        rank=explanation.rank,
        documents=explanation.documents,
        terms=[messages.TermScore(term=term, score=score) for term, score in explanation.terms],
        contributions=[
            messages.Contribution(stage=part.stage, score=part.score, weight=part.weight, rank=part.rank)
            for part in explanation.contributions
        ],
        stages=to_stages(explanation.result.document.kind, explanation.stages),
        verdicts=to_verdicts(verdicts),
        text=explanation.text,
    )
