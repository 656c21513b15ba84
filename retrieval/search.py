"""The pipeline: words -> BM25 and cosines -> candidates -> reranker -> fused scores -> probabilities and passages."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from retrieval.candidates import Candidate, Scores, Vector
from retrieval.confidence import judge
from retrieval.documents import Document, DocumentKind
from retrieval.encoders.encoder import Encoder
from retrieval.first_stage import FirstStage, find_candidates
from retrieval.fusion import Floats, fuse_reranker
from retrieval.index import Index, Shelf, list_about, pick_nearest
from retrieval.pace import Pace
from retrieval.rankers import Ranker
from retrieval.rerankers.reranker import Reranker
from retrieval.results import KindResults, Result, Results, StageReport
from retrieval.scope import Reranking, Scope

POOL = 50
"""Candidates that the first stage hands on, by which confidence is judged."""

_OVER_ALL: Final = "exact over all vectors"
_OVER_SOME: Final = "exact over what the store's vector index and BM25 find"


@dataclass(frozen=True, slots=True, kw_only=True)
class Searcher:
    """Everything that a search needs; may be used from several threads at once.

    Attributes:
        index: What is searched.
        ranker: How.
        encoder: Of the index's vectors; None: BM25 alone.
        reranker: None: the fused first stage answers.
        without: By stage (dense, reranker), why it is not there; a sentence each.
        pace: How long reranking took of late.
    """

    index: Index
    ranker: Ranker
    encoder: Encoder | None = None
    reranker: Reranker | None = None
    without: Mapping[str, str] = field(default_factory=dict)
    pace: Pace = field(default_factory=Pace)

    def search(self, query: str, scope: Scope) -> Results:
        """Finds what words are about.

        Args:
            query: Words; not empty.
            scope: What to look for and how.

        Returns:
            For each kind its best documents. Equal scores are in ascending order of id.
        """
        (results,) = self.search_all([query], [scope])
        return results

    def search_all(self, queries: Sequence[str], scopes: Sequence[Scope]) -> list[Results]:
        """Makes several searches, one after another, their words encoded together."""
        began = time.monotonic()
        vectors = self.encode(queries)
        return [
            self.support(self.rank(query, vector, scope, began), vector)
            for query, vector, scope in zip(queries, vectors, scopes, strict=True)
        ]

    def encode(self, queries: Sequence[str]) -> Sequence[Vector | None]:
        """Returns each query's vector [dimension]; None: this searcher has no encoder."""
        return list(self.encoder.encode_queries(queries)) if self.encoder and queries else [None] * len(queries)

    def rank(self, query: str, vector: Vector | None, scope: Scope, began: float | None = None) -> Results:
        """Finds what words are about, without the passages that speak for it.

        Args:
            query: Words; not empty.
            vector: Theirs, as `encode` makes it.
            scope: What to look for and how.
            began: When its seconds began to run out, by the monotonic clock; None: now.
        """
        began = time.monotonic() if began is None else began
        return self._make_results(tuple(self._rank_kind(query, vector, kind, scope, began) for kind in scope.kinds))

    def support(self, results: Results, vector: Vector | None) -> Results:
        """Adds to each result the passage that speaks for it."""

        def support_kind(found: KindResults) -> KindResults:
            supported = (replace(each, support=self._find_support(each.document, vector)) for each in found.results)
            return replace(found, results=tuple(supported))

        return replace(results, kinds=tuple(map(support_kind, results.kinds)))

    def _rank_kind(
        self, query: str, vector: Vector | None, kind: DocumentKind, scope: Scope, began: float
    ) -> KindResults:
        shelf = self.index.shelves[kind]
        first = find_candidates(
            shelf, query, vector, self.ranker.fusion, most=max(POOL, scope.limit), readiness=scope.readiness
        )
        left = None if scope.seconds is None else scope.seconds - (time.monotonic() - began)
        reason = self._find_reason(first, kind, scope, left)
        reranked = np.zeros(0) if reason else self._rerank(query, shelf, first)
        fused = fuse_reranker(self.ranker.fusion, first.fused, reranked)
        order = np.argsort(-fused, kind="stable")
        shares, none = self._judge(first, fused[order])
        results = []
        for place, at in enumerate(order[: scope.limit]):
            results.append(
                Result(
                    document=shelf.documents[first.positions[at]],
                    probability=float(shares[place]),
                    exact=bool(first.exact[at]),
                    scores=_collect_scores(first, reranked, fused, int(at)),
                )
            )
        stages = self._report(shelf, first, reranked.size, reason)
        return KindResults(kind=kind, results=tuple(results), none_probability=none, stages=stages)

    def _judge(self, first: FirstStage, fused: Floats) -> tuple[Floats, float]:
        """Turns scores, descending, into probabilities. By words alone, what shares none with a query is not meant."""
        if first.dense is None and not (first.lexical.any() or first.exact.any()):
            return np.zeros_like(fused), 1.0
        return judge(self.ranker.confidence, fused)

    def _find_reason(self, first: FirstStage, kind: DocumentKind, scope: Scope, left: float | None) -> str:
        """Returns why the reranker is not asked; empty: it is."""
        depth = min(self.ranker.fusion.depth, first.positions.size)
        reason = ""
        if self.reranker is None:
            reason = self.without.get("reranker", "this ranker has none")
        elif kind is not DocumentKind.CONCEPT:
            reason = "it was trained on concepts only"
        elif scope.reranking is Reranking.NEVER:
            reason = "the request asks for none"
        elif depth < 2:
            reason = "there is nothing to reorder"
        elif left is not None and self.pace.expect(depth) > left:
            reason = "it would not have ended in time"
        elif scope.reranking is Reranking.AUTO:
            sure = float(judge(self.ranker.confidence, first.fused)[0][0])
            if sure >= self.ranker.fusion.sure:
                reason = f"the first stage is sure ({sure:.2f})"
        return reason

    def _rerank(self, query: str, shelf: Shelf, first: FirstStage) -> Floats:
        assert self.reranker is not None  # noqa: S101 - its absence is a reason not to come here
        depth = self.ranker.fusion.depth
        candidates = [
            make_candidate(shelf.documents[position], float(score))
            for position, score in zip(first.positions[:depth], first.fused[:depth], strict=True)
        ]
        with self.pace.timed(len(candidates)):
            return np.asarray(self.reranker.score(query, candidates), dtype=np.float64)

    def _find_support(self, document: Document, vector: Vector | None) -> Document | None:
        """Finds the passage about a document's concepts that is most alike to the words; the first without vectors."""
        shelf = self.index.shelves[DocumentKind.PASSAGE]
        positions = list_about(shelf, document.concepts)
        if document.kind is DocumentKind.PASSAGE or not positions:
            return None
        return shelf.documents[positions[0] if vector is None else pick_nearest(shelf, positions, vector)]

    def _report(self, shelf: Shelf, first: FirstStage, reranked: int, reason: str) -> tuple[StageReport, ...]:
        dense = first.dense is not None
        over = _OVER_ALL if shelf.held is None else _OVER_SOME
        why = over if dense else self.without.get("dense", "this ranker has no encoder")
        return (
            StageReport(stage="lexical", used=True, reason="BM25 reads every document"),
            StageReport(stage="dense", used=dense, reason=why),
            StageReport(stage="reranker", used=not reason, reason=reason or f"it read the first {reranked} candidates"),
        )

    def _make_results(self, kinds: tuple[KindResults, ...]) -> Results:
        models = {"encoder": self.encoder.fingerprint} if self.encoder else {}
        if self.reranker:
            models["reranker"] = self.reranker.fingerprint
        return Results(kinds=kinds, ranker=self.ranker.id, documents=self.index.documents, models=models)


def make_candidate(document: Document, first_stage: float) -> Candidate:
    """Makes what a reranker reads of a document."""
    text = "\n".join(part for part in (document.text, document.context) if part)
    return Candidate(id=document.id, title=document.title, text=text, first_stage=first_stage)


def _collect_scores(first: FirstStage, reranked: Floats, fused: Floats, at: int) -> Scores:
    return Scores(
        lexical=float(first.lexical[at]),
        dense=None if first.dense is None else float(first.dense[at]),
        reranker=float(reranked[at]) if at < reranked.size else None,
        frontier=None if first.frontier is None else float(first.frontier[at]),
        fused=float(fused[at]),
    )
