"""The reranker's stage: cross-fitted lists, a listwise model trained on them, and its weight in the fusion."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from retrieval.candidates import Candidate
from retrieval.documents import Document
from retrieval.fusion import Floats, Fusion
from retrieval.rerankers.families import load_reranker
from retrieval.rerankers.reranker import Reranker
from retrieval.training.confidence_fit import JudgedScores, fit_temperature, list_judged
from retrieval.training.encoder_stage import AskedQueries, EncoderStage, FirstStage
from retrieval.training.fusion_fit import DEPTHS, RerankedLists, fit_reranker
from retrieval.training.listwise_task import TrainingList
from retrieval.training.listwise_training import ListwiseSettings, train_listwise
from retrieval.training.queries import TrainingQuery, leave_out
from retrieval.training.scored_lists import ScoredLists, measure_ndcg, rank_right
from retrieval.training.stages import hash_content, pack_array, unpack_array

FAMILY: Final = "listwise"

_DEPTH: Final = max(DEPTHS)
_TRAINED: Final = min(DEPTHS)
"""Candidates of a list that is trained on: what stands behind them hardly counts in its loss, and costs as much."""
_CACHE_MEBIBYTES: Final = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Reranked:
    """What a pipeline answers, and what it needs beyond its encoder.

    Attributes:
        family: Of the reranker; empty: there is none.
        model: Of the reranker.
        adapter: Its trained part.
        fusion: Weights.
        fit: Scores of the queries fitted on.
        report: Scores of the queries reported on.
        ndcg: nDCG@10 of the queries reported on.
    """

    family: str = ""
    model: str = ""
    adapter: bytes = b""
    fusion: Fusion
    fit: JudgedScores
    report: JudgedScores
    ndcg: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class RerankerStage:
    """Trains a reranker on lists of encoders that never saw the lists' queries.

    Its body is the encoder as it is published: the tuned one has seen these queries, so that a reranker on top of it
    would learn from states that are better than those of other queries will be.

    Attributes:
        encoders: Trains the folds' encoders.
        folds: How many, >= 2.
        lists: Most queries to train on.
    """

    encoders: EncoderStage
    folds: int
    lists: int

    def rerank(self, first: FirstStage, off_topic: AskedQueries) -> Reranked:
        """Trains it, fits its weight, and says what the pipeline with it answers.

        Args:
            first: The stage before; where its encoder was trained on nothing, no folds are needed.
            off_topic: Texts that mean nothing here; every other one is fitted on.

        Raises:
            InvalidInputError: The lists are too few, or no listwise reranker can be built on the encoder.
        """
        trained = self._train(first.adapter, first.fusion)
        model = load_reranker(
            FAMILY,
            self.encoders.encoder,
            trained,
            encoder=self.encoders.encoder,
            encoder_adapter=b"",
            cache=self.encoders.exports,
            cache_mebibytes=_CACHE_MEBIBYTES,
            threads=1,
        )
        fitted = self._score(model, "fit", first.fusion, first.fit)
        reported = self._score(model, "report", first.fusion, first.report)
        others = self._score(model, "off-topic", first.fusion, off_topic)
        fusion = fit_reranker(fitted, first.fusion)
        nothing = others.fuse(fusion)
        return Reranked(
            family=FAMILY,
            model=self.encoders.encoder,
            adapter=trained,
            fusion=fusion,
            fit=list_judged(first.fit.queries, fitted.fuse(fusion), fitted.right, nothing[::2]),
            report=list_judged(first.report.queries, reported.fuse(fusion), reported.right, nothing[1::2]),
            ndcg=measure_ndcg(rank_right(reported.fuse(fusion), reported.right)),
        )

    def _train(self, adapter: bytes, fusion: Fusion) -> bytes:
        lists = [found for asked in self._ask(adapter) for found in self._make_lists(asked, fusion)]
        lists = [lists[place] for place in _draw(len(lists), self.lists, self.encoders.seed)]
        settings = ListwiseSettings(temperature=_fit_start(lists))
        space = self.encoders.space
        return space.run(
            "reranker",
            {"lists": hash_content(repr(lists).encode()), "settings": repr(settings)},
            lambda: train_listwise(
                self.encoders.encoder,
                b"",
                lists,
                seed=self.encoders.seed,
                settings=settings,
                progress=lambda share: space.progress("reranker", round(100 * share), 100, ""),
            ),
        )

    def _ask(self, adapter: bytes) -> list[AskedQueries]:
        """Lists of the queries trained on, by encoders that did not see them."""
        material = self.encoders.material
        if not adapter:
            return [self._list(b"", "training", material.select_measured(material.training))]
        asked = []
        for number, (training, held_out) in enumerate(material.fold(self.folds, self.encoders.seed), start=1):
            apart = self.encoders.train(f"encoder of fold {number}", training)
            asked.append(self._list(apart, f"fold {number}", material.select_measured(held_out)))
        return asked

    def _list(self, adapter: bytes, part: str, queries: Sequence[TrainingQuery]) -> AskedQueries:
        queries = [queries[place] for place in _draw(len(queries), self.lists, self.encoders.seed)]
        return self.encoders.ask(adapter, part, queries)

    def _make_lists(self, asked: AskedQueries, fusion: Fusion) -> list[TrainingList]:
        """Lists whose first candidates hold the right one by themselves."""
        made = []
        order, scores, right = _order(asked.lists, fusion)
        for row, query in enumerate(asked.queries):
            candidates = self._make_candidates(query, asked.lists.documents[row, order[row]], scores[row])[:_TRAINED]
            place = int(right[row, :_TRAINED].argmax())
            if right[row, :_TRAINED].any() and len(candidates) > 1:
                made.append(TrainingList(query=query.text, candidates=tuple(candidates), right=place))
        return made

    def _score(self, model: Reranker, part: str, fusion: Fusion, asked: AskedQueries) -> RerankedLists:
        order, scores, right = _order(asked.lists, fusion)

        def make() -> bytes:
            found = np.full((len(asked.queries), _DEPTH), np.nan)
            for row, query in enumerate(asked.queries):
                candidates = self._make_candidates(query, asked.lists.documents[row, order[row]], scores[row])
                found[row, : len(candidates)] = model.score(query.text, candidates)
            return pack_array(found)

        depends = {"model": model.fingerprint, "lists": hash_content(order.tobytes() + scores.tobytes())}
        depends["queries"] = hash_content(repr(asked.queries).encode())
        reranker = unpack_array(self.encoders.space.run(f"reranked {part} queries", depends, make))
        return RerankedLists(first_stage=scores, right=right, reranker=reranker, clusters=asked.lists.clusters)

    def _make_candidates(self, query: TrainingQuery, places: NDArray[np.int64], scores: Floats) -> list[Candidate]:
        documents = self.encoders.material.documents
        return [
            make_candidate(documents[place], query, float(score))
            for place, score in zip(places[:_DEPTH], scores[:_DEPTH], strict=True)
            if place >= 0
        ]


def make_candidate(document: Document, query: TrainingQuery, score: float) -> Candidate:
    """A concept as a search shows it to a reranker, without the sentence that the query was made of."""
    text = leave_out(document, query).searched_text.removeprefix(document.title).removeprefix("\n")
    return Candidate(id=document.id, title=document.title, text=text, first_stage=score)


def _order(lists: ScoredLists, fusion: Fusion) -> tuple[NDArray[np.int64], Floats, NDArray[np.bool_]]:
    """Columns in the first stage's order, its scores and the marks of the right ones in that order; all [q, n]."""
    fused = lists.fuse(fusion)
    order = np.argsort(-fused, axis=1, kind="stable")
    return order, np.take_along_axis(fused, order, axis=1), np.take_along_axis(lists.right, order, axis=1)


def _fit_start(lists: Sequence[TrainingList]) -> float:
    scores = [np.array([candidate.first_stage for candidate in each.candidates]) for each in lists]
    return fit_temperature(scores, [each.right for each in lists]) if lists else ListwiseSettings().temperature


def _draw(count: int, most: int, seed: int) -> list[int]:
    """Draws places, ascending."""
    return sorted(random.Random(seed).sample(range(count), min(most, count)))  # noqa: S311 - no secret
