"""Rankers: everything that an index is searched with, apart from its documents, and how it was judged."""

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from pydantic import TypeAdapter

from kg.indexes import StoredRanker
from retrieval.confidence import Confidence
from retrieval.fusion import Fusion

LEXICAL = "lexical"
"""Id of the ranker without any model."""
BASE = "base"
"""Id of the ranker with the encoder as it is published, nothing trained."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The gate's judgement of one stage on queries whose concepts no training saw.

    Attributes:
        stage: encoder, reranker or another word.
        passed: It is used.
        metric: What was compared, such as nDCG@10.
        without: Mean of the pipeline without the stage.
        with_stage: Mean of the pipeline with it.
        low: Lower end of the 95 % interval of the difference (paired bootstrap over concepts).
        high: Upper end.
        queries: How many.
        reason: A sentence.
    """

    stage: str
    passed: bool
    metric: str
    without: float
    with_stage: float
    low: float
    high: float
    queries: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranker:
    """What an index is searched with.

    Attributes:
        id: Unique in its curriculum.
        encoder: Name of a sentence-transformers encoder at a hub, or a folder; empty: BM25 alone.
        encoder_adapter: Its LoRA adapter as safetensors; empty: none.
        reranker: Family, as in `retrieval.rerankers.families`; empty: the fused first stage answers.
        reranker_model: Name or folder of the reranker's model; empty: the encoder is its body.
        reranker_adapter: Its trained part as safetensors; empty: none.
        fusion: Weights.
        confidence: From scores to probabilities.
        verdicts: How each stage was judged.
        notes: Whatever tells where it comes from, such as training settings.
    """

    id: str
    encoder: str
    encoder_adapter: bytes = b""
    reranker: str = ""
    reranker_model: str = ""
    reranker_adapter: bytes = b""
    fusion: Fusion = field(default_factory=Fusion)
    confidence: Confidence = field(default_factory=Confidence)
    verdicts: tuple[Verdict, ...] = ()
    notes: Mapping[str, str | float] = field(default_factory=dict)


_ADAPTER: Final[TypeAdapter[Ranker]] = TypeAdapter(Ranker)
_WEIGHTS: Final = ("encoder_adapter", "reranker_adapter")
# A fixed moment, so that equal rankers have equal bytes.
_MOMENT: Final = (1980, 1, 1, 0, 0, 0)


def lexical_ranker() -> Ranker:
    """BM25 alone: what a server without models searches with. Its confidence is fitted as the default one is."""
    confidence = Confidence(temperature=0.842, spread=1.43, bias=-0.72, top=-0.373, entropy=0.353)
    return Ranker(id=LEXICAL, encoder="", confidence=confidence)


def store_ranker(ranker: Ranker, curriculum: str, created_at: int) -> StoredRanker:
    """Writes a ranker in the form that stores keep.

    Args:
        ranker: Any but the built-in ones.
        curriculum: Id of the curriculum that it was trained for.
        created_at: Microseconds since 1970 UTC.
    """
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in _WEIGHTS:
            archive.writestr(zipfile.ZipInfo(name, _MOMENT), getattr(ranker, name))
    body = _ADAPTER.dump_json(replace(ranker, encoder_adapter=b"", reranker_adapter=b"")).decode()
    return StoredRanker(
        curriculum=curriculum, id=ranker.id, created_at=created_at, body=body, weights=packed.getvalue()
    )


def read_ranker(stored: StoredRanker) -> Ranker:
    """Reads what `store_ranker` wrote.

    Raises:
        pydantic.ValidationError: The body is no ranker's.
        zipfile.BadZipFile: The weights are no ranker's.
    """
    with zipfile.ZipFile(io.BytesIO(stored.weights)) as archive:
        encoder_adapter, reranker_adapter = (archive.read(name) for name in _WEIGHTS)
    ranker = _ADAPTER.validate_json(stored.body)
    if "widening" not in json.loads(stored.body).get("confidence", {"widening": ""}):
        # Fitted when a temperature did not rise with the spread.
        ranker = replace(ranker, confidence=replace(ranker.confidence, widening=0.0))
    return replace(ranker, encoder_adapter=encoder_adapter, reranker_adapter=reranker_adapter)
