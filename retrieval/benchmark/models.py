"""Models: what is measured, loaded once, and trained once for each curriculum."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kg.curriculum import Curriculum
from retrieval.benchmark.baselines import NEGATIVES, LabelledPair, LibraryEncoder, mine_pairs, train_cross_encoder
from retrieval.benchmark.datasets import list_concept_documents
from retrieval.benchmark.report import show_progress
from retrieval.benchmark.stages import (
    DocumentVectors,
    Open,
    ScoreDocuments,
    Stage,
    open_lexical,
    rerank_pairs,
    search_densely,
    search_with,
)
from retrieval.encoders.default import DEFAULT_ENCODER, resolve_model
from retrieval.encoders.loading import load_encoder
from retrieval.fusion import Fusion
from retrieval.rankers import BASE, Ranker
from retrieval.rerankers.families import load_reranker
from retrieval.rerankers.reranker import Reranker
from retrieval.scope import Reranking
from retrieval.training.encoder_stage import EncoderStage
from retrieval.training.material import prepare_material
from retrieval.training.pipeline import Effort, train
from retrieval.training.queries import make_queries
from retrieval.training.samples import make_samples
from retrieval.training.stages import Workspace
from retrieval.training.stopping import never_stop

DEPTH: Final = 16
"""Candidates that the cross-encoder sees."""
BASELINE: Final = "encoder, sentence-transformers"
PIPELINE: Final = "whole pipeline"

EXPORTS: Final = "encoders"
"""Folder of exports in the models' folder, where training looks for them as well."""

_CACHE_MEBIBYTES: Final = 512
_PAIRED: Final = 300
"""Queries that the cross-encoder is trained on: some minutes on one thread."""
_QUICK_PAIRED: Final = 4
_QUICK: Final = Effort(reranker=False, refit=False, samples=32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """What was trained on a curriculum.

    Attributes:
        ranker: Ours, as it would be used.
        vectors: By its encoder.
        tuned: By the tuned encoder, also where the gate keeps it from the ranker (but not in a quick run).
        reranker: Ours; None: the gate keeps it off.
        forgetting: The same, but it keeps nothing about documents.
        score: The cross-encoder's scores.
        pairs: How many pairs the cross-encoder was trained on.
    """

    ranker: Ranker
    vectors: DocumentVectors
    tuned: DocumentVectors
    reranker: Reranker | None
    forgetting: Reranker | None
    score: ScoreDocuments
    pairs: int


class Models:
    """Everything that is measured.

    Args:
        folder: Keeps what is exported and trained; a run with the same inputs goes on with it.
        seed: Of all training.
        quick: Little training: whether it runs, not what it is worth.
    """

    def __init__(self, folder: Path, seed: int, *, quick: bool) -> None:
        self._folder, self._seed, self._quick = folder, seed, quick
        self._effort = _QUICK if quick else Effort()
        self.base = self._read(b"")
        self.library = DocumentVectors(LibraryEncoder(resolve_model(DEFAULT_ENCODER)), plain=True)
        self._trained: dict[str, Trained] = {}

    def train(self, curriculum: Curriculum) -> Trained:
        """Trains a ranker and the cross-encoder on a curriculum's own text, unless that was done before."""
        if curriculum.id not in self._trained:
            with show_progress(f"{curriculum.id}: training"):
                self._trained[curriculum.id] = self._train(curriculum)
        return self._trained[curriculum.id]

    def load_reranker(self, ranker: Ranker, *, keeps: bool = True) -> Reranker:
        """Loads a ranker's reranker; a ranker without one gets the listwise one that nothing was taught.

        Args:
            ranker: Names it.
            keeps: False: what it works out about a candidate is forgotten at once.
        """
        return load_reranker(
            ranker.reranker or "listwise",
            ranker.reranker_model,
            ranker.reranker_adapter,
            encoder=ranker.encoder,
            encoder_adapter=ranker.encoder_adapter,
            cache=self._folder / EXPORTS,
            cache_mebibytes=_CACHE_MEBIBYTES if keeps else 0,
            threads=1,
        )

    def _train(self, curriculum: Curriculum) -> Trained:
        ranker = train(curriculum, ranker_id="benchmark", seed=self._seed, workspace=self._folder, effort=self._effort)
        vectors = self._read(ranker.encoder_adapter)
        pairs = self._pair(curriculum)
        score = train_cross_encoder(resolve_model(DEFAULT_ENCODER), pairs, self._seed)
        return Trained(
            ranker=ranker,
            vectors=vectors,
            tuned=vectors if ranker.encoder_adapter or self._quick else self._read(self._tune(curriculum)),
            reranker=self.load_reranker(ranker) if ranker.reranker else None,
            forgetting=self.load_reranker(ranker, keeps=False) if ranker.reranker else None,
            score=lambda query, documents: score(query, [document.searched_text for document in documents]),
            pairs=len(pairs),
        )

    def _read(self, adapter: bytes) -> DocumentVectors:
        return DocumentVectors(load_encoder(DEFAULT_ENCODER, adapter, cache=self._folder / EXPORTS))

    def _tune(self, curriculum: Curriculum) -> bytes:
        """Trains the encoder that the gate turned down, to show what it turned down."""
        material = prepare_material(curriculum, (), self._seed)
        stage = EncoderStage(
            material=material,
            encoder=DEFAULT_ENCODER,
            seed=self._seed,
            samples=self._effort.samples,
            space=Workspace(folder=self._folder, inputs={"turned down": material.fingerprint, "seed": str(self._seed)}),
            should_stop=never_stop,
        )
        return stage.train_all()

    def _pair(self, curriculum: Curriculum) -> Sequence[LabelledPair]:
        documents = list_concept_documents(curriculum)
        return mine_pairs(
            make_samples(make_queries(curriculum, self._seed), documents),
            {document.id: document.searched_text for document in documents},
            self.base.encoder,
            most=_QUICK_PAIRED if self._quick else _PAIRED,
            seed=self._seed,
        )


def list_untrained(models: Models) -> list[Stage]:
    """Lists the stages that nothing has to be trained for."""
    return [
        Stage(name="BM25", open=open_lexical),
        Stage(name=BASELINE, open=search_densely(models.library)),
        Stage(name="encoder, ONNX Runtime int8", open=search_densely(models.base)),
        Stage(name="encoder + BM25", open=_search_base(models), note=f"weight of BM25 {Fusion().lexical}, not fitted"),
    ]


def list_trained(models: Models, trained: Trained) -> list[Stage]:
    """Lists the stages that were trained; the whole pipeline is the last."""
    ranker = trained.ranker
    verdicts = {verdict.stage: verdict.reason for verdict in ranker.verdicts}
    stages = [
        Stage(
            name=f"CrossEncoder on the first {DEPTH}",
            open=rerank_pairs(_search_base(models), trained.score, DEPTH),
            note=f"of sentence-transformers, made of the same encoder and trained here on {trained.pairs:,} pairs, "
            f"{NEGATIVES} mined negatives to a query; published cross-encoders are not at hand",
        ),
        Stage(name="tuned encoder", open=search_densely(trained.tuned), note=verdicts.get("encoder", "")),
        Stage(
            name="tuned encoder + BM25",
            open=search_with(ranker, trained.tuned),
            note=f"weight of BM25 {ranker.fusion.lexical:.4f}, fitted",
        ),
    ]
    if trained.reranker:
        always, cold = (
            search_with(ranker, trained.vectors, reranker, Reranking.ALWAYS)
            for reranker in (trained.reranker, trained.forgetting)
        )
        stages.append(Stage(name="+ listwise reranker, always", open=always, cold=cold))
    whole = Stage(
        name=PIPELINE,
        open=search_with(ranker, trained.vectors, trained.reranker),
        cold=search_with(ranker, trained.vectors, trained.forgetting) if trained.forgetting else None,
        note=f"reranker: {verdicts.get('reranker', '')}",
    )
    return [*stages, whole]


def _search_base(models: Models) -> Open:
    return search_with(Ranker(id=BASE, encoder=models.base.encoder.name), models.base)
