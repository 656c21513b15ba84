"""Training of a ranker for a curriculum: stages are trained, fitted and judged on concepts apart from one another."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from kg.curriculum import Curriculum
from kg.errors import InvalidInputError, ModelUnavailableError, refuse
from kg.identifiers import check_id
from retrieval.encoders.default import DEFAULT_ENCODER, resolve_model
from retrieval.encoders.fingerprints import fingerprint_encoder
from retrieval.encoders.layout import read_layout
from retrieval.fusion import Floats, Fusion
from retrieval.rankers import BASE, LEXICAL, Ranker
from retrieval.training.confidence_fit import (
    fit_confidence,
    list_judged,
    measure_confidence,
    read_off_topic,
)
from retrieval.training.encoder_stage import AskedQueries, EncoderStage, FirstStage
from retrieval.training.fusion_fit import fit_lexical_weight
from retrieval.training.gate import refuse_stage
from retrieval.training.material import Material, prepare_material
from retrieval.training.queries import QuerySource, TrainingQuery
from retrieval.training.report import TrainingReport
from retrieval.training.reranker_stage import Reranked, RerankerStage
from retrieval.training.scored_lists import ScoredLists, measure_ndcg, rank_right
from retrieval.training.stages import Progress, Workspace, ignore_progress
from retrieval.training.stopping import ShouldStop, never_stop

TUNED_LEXICAL: Final = 0.02
"""BM25's weight beside a tuned encoder where no queries are given that people asked: among the best on 125 queries that
were written for another curriculum. `Fusion` has that beside a published one."""
RECIPE: Final = 4
"""Changes whenever unchanged inputs would give another ranker, so that no old stage is taken for a new one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How much is done.

    Attributes:
        reranker: Train one, and see whether it is worth it.
        refit: Train the encoder that is shipped on all concepts, once the gate has passed one trained on fewer.
        folds: Encoders that the reranker's lists come from, >= 2.
        samples: Most queries that one encoder is trained on, >= 2: bounds the time.
        lists: Most queries that the reranker is trained on, >= 1.
    """

    reranker: bool = True
    refit: bool = True
    folds: int = 2
    samples: int = 2000
    lists: int = 1000


QUICK: Final = Effort(reranker=False)
"""Minutes less: the fused first stage answers."""


def train(
    curriculum: Curriculum,
    *,
    ranker_id: str,
    encoder: str = DEFAULT_ENCODER,
    labels: Sequence[TrainingQuery] = (),
    seed: int = 0,
    workspace: Path,
    progress: Progress = ignore_progress,
    should_stop: ShouldStop = never_stop,
    effort: Effort | None = None,
) -> Ranker:
    """Trains a ranker.

    Concepts are split once: models are trained on three fifths, weights and probabilities fitted on a fifth, and the
    gate judges on the last fifth, which nothing has seen. Each finished stage is kept in the workspace; a run with the
    same inputs goes on behind it, and its ranker has the same bytes.

    What is shipped: with `refit` the encoder is trained once more, on all concepts, as learners ask about all of them.
    Verdicts and figures are then those of the recipe, on concepts unseen; nothing unseen is left to measure the encoder
    that is shipped on, and its notes say so. The reranker is shipped as it was judged.

    Args:
        curriculum: As loaded; archived parts are left out.
        ranker_id: Of the ranker to be made; not a built-in one's.
        encoder: Name of the encoder to start from.
        labels: Queries that people asked. With `material.FEWEST_LABELS` of them or more among the concepts that are
            fitted or reported on, these are measured on alone.
        seed: Of everything that is drawn.
        workspace: Folder for finished stages and exported encoders.
        progress: Told of each stage, and of each figure and verdict once it is known.
        should_stop: Asked between steps of training.
        effort: None: the defaults.

    Raises:
        InvalidInputError: The curriculum is too small, or the id is none, or a built-in ranker's.
        ModelUnavailableError: There is no such encoder, or no library to train it.
        TrainingStoppedError: It was told to stop; finished stages are kept.
    """
    if check_id(ranker_id, "ranker") in {BASE, LEXICAL}:
        raise refuse("ranker", f"must not be {BASE} or {LEXICAL}, which are built in")
    effort = effort or Effort()
    material = prepare_material(curriculum, labels, seed)
    inputs = {
        "recipe": str(RECIPE),
        "material": material.fingerprint,
        "encoder": fingerprint_encoder(read_layout(resolve_model(encoder)), b"", "fp32"),
        "seed": str(seed),
    }
    stages = EncoderStage(
        material=material,
        encoder=encoder,
        seed=seed,
        samples=effort.samples,
        space=Workspace(folder=workspace, inputs=inputs, progress=progress),
        should_stop=should_stop,
    )
    return _Run(material, stages, ranker_id, effort, progress).finish()


class _Run:
    """One training, stage after stage."""

    def __init__(
        self, material: Material, stages: EncoderStage, ranker_id: str, effort: Effort, progress: Progress
    ) -> None:
        self._material, self._stages, self._id, self._effort = material, stages, ranker_id, effort
        self._fit = material.select_measured(material.fitting)
        self._asked = material.select_measured(material.reporting)
        self._report = TrainingReport([query.concept for query in self._asked], stages.seed, progress)

    def finish(self) -> Ranker:
        first = self._choose_encoder()
        reranked = self._choose_reranker(first)
        confidence = fit_confidence(reranked.fit)
        self._report.add_calibration(measure_confidence(confidence, reranked.report))
        refit = bool(first.adapter) and self._effort.refit
        adapter = self._stages.train_all() if refit else first.adapter
        return Ranker(
            id=self._id,
            encoder=self._stages.encoder,
            encoder_adapter=adapter,
            reranker=reranked.family,
            reranker_model=reranked.model,
            reranker_adapter=reranked.adapter,
            fusion=reranked.fusion,
            confidence=confidence,
            verdicts=tuple(self._report.verdicts),
            notes=self._report.notes | self._describe(refit),
        )

    def _choose_encoder(self) -> FirstStage:
        """Judges the tuned encoder against the published one, each with its own weight of BM25."""
        base = self._measure(b"", "published encoder")
        try:
            adapter = self._stages.train("encoder", self._material.training)
        except (InvalidInputError, ModelUnavailableError) as error:
            # Of a form that runs but cannot be adapted, or hardly any query is to be trusted: as published it serves.
            self._report.add_verdict(refuse_stage("encoder", f"It stays as published and cannot be tuned: {error}."))
            return base
        tuned = self._measure(adapter, "tuned encoder")
        return tuned if self._report.judge("encoder", tuned.ndcg, base.ndcg) else base

    def _measure(self, adapter: bytes, name: str) -> FirstStage:
        fit = self._stages.ask(adapter, "fit", self._fit)
        asked = self._stages.ask(adapter, "report", self._asked)
        fusion = self._weigh_words(fit, adapter)
        if not adapter:
            self._report.add_figures("BM25", _measure(asked.lists.lexical, asked.lists))
        self._report.add_figures(name, _measure(asked.lists.fuse(Fusion(lexical=0.0)), asked.lists))
        values = _measure(asked.lists.fuse(fusion), asked.lists)
        self._report.add_figures(f"{name} + BM25", values)
        return FirstStage(adapter=adapter, fusion=fusion, fit=fit, report=asked, ndcg=values)

    def _weigh_words(self, fit: AskedQueries, adapter: bytes) -> Fusion:
        """Fits BM25's weight on queries that people asked; made ones are prose, in which words count for too little."""
        if all(query.source is QuerySource.LABEL for query in fit.queries):
            return fit_lexical_weight(fit.lists, Fusion())
        return Fusion(lexical=TUNED_LEXICAL) if adapter else Fusion()

    def _choose_reranker(self, first: FirstStage) -> Reranked:
        """Judges the reranker against the fused first stage."""
        off_topic = self._stages.ask(first.adapter, "off-topic", [_say_nothing(text) for text in read_off_topic()])
        without = _answer_without(first, off_topic)
        if not self._effort.reranker:
            self._report.add_verdict(refuse_stage("reranker", "It is left out: none was to be trained."))
            return without
        stage = RerankerStage(encoders=self._stages, folds=self._effort.folds, lists=self._effort.lists)
        try:
            reranked = stage.rerank(first, off_topic)
        except InvalidInputError as error:
            # Of an architecture that no listwise reranker is built on, or too few lists: search does without it.
            self._report.add_verdict(refuse_stage("reranker", f"It is left out, as none can be trained: {error}."))
            return without
        self._report.add_figures("with the reranker", reranked.ndcg)
        return reranked if self._report.judge("reranker", reranked.ndcg, without.ndcg) else without

    def _describe(self, refitted: bool) -> dict[str, str | float]:
        material = self._material
        shipped = "an encoder trained on all of them" if refitted else "the models that they are of"
        counts = {
            "seed": self._stages.seed,
            "concepts trained on": len(material.training),
            "concepts fitted on": len(material.fitting),
            "concepts reported on": len(material.reporting),
            "queries trained on": min(len(material.select(material.training)), self._effort.samples),
            "queries fitted on": len(self._fit),
            "queries reported on": len(self._asked),
        }
        figures = f"of models that never saw the concepts reported on; shipped is {shipped}"
        return {name: float(count) for name, count in counts.items()} | {"figures": figures}


def _answer_without(first: FirstStage, off_topic: AskedQueries) -> Reranked:
    """What the fused first stage answers alone."""
    fit, asked, nothing = (each.lists.fuse(first.fusion) for each in (first.fit, first.report, off_topic))
    return Reranked(
        fusion=first.fusion,
        fit=list_judged(first.fit.queries, fit, first.fit.lists.right, nothing[::2]),
        report=list_judged(first.report.queries, asked, first.report.lists.right, nothing[1::2]),
        ndcg=first.ndcg,
    )


def _measure(scores: Floats, lists: ScoredLists) -> Floats:
    return measure_ndcg(rank_right(np.where(lists.documents >= 0, scores, -np.inf), lists.right))


def _say_nothing(text: str) -> TrainingQuery:
    """A text that means no concept."""
    return TrainingQuery(text=text, concept="", source=QuerySource.LABEL)
