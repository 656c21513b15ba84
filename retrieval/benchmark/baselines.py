"""What others offer: sentence-transformers' encoder and cross-encoder, as its documentation shows them."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from sentence_transformers import CrossEncoder, InputExample, SentenceTransformer
from torch.utils.data import DataLoader

from retrieval.candidates import Matrix
from retrieval.encoders.encoder import Encoder
from retrieval.training.samples import EncoderSample

NEGATIVES: Final = 5
"""Wrong documents for each query that a cross-encoder is trained on, as the documentation mines them."""
BATCH: Final = 16

ScorePairs = Callable[[str, Sequence[str]], Sequence[float]]
"""A query and documents to a score of each document."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledPair:
    """A query with a document, and whether it is the right one.

    Attributes:
        query: Its words.
        document: Text of the document.
        right: Whether it is meant.
    """

    query: str
    document: str
    right: bool


class LibraryEncoder(Encoder):
    """An encoder that sentence-transformers runs in torch, as its documentation shows it.

    Args:
        folder: Of a sentence-transformers model.
    """

    def __init__(self, folder: Path) -> None:
        self._model = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
        self.name = self.fingerprint = f"sentence-transformers/{folder}"
        self.dimension = self.encode([""]).shape[1]

    def encode(self, texts: Sequence[str]) -> Matrix:
        """See `Encoder.encode`."""
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        found = self._model.encode(list(texts), normalize_embeddings=True, show_progress_bar=False)
        return np.asarray(found, dtype=np.float32)


def mine_pairs(
    samples: Sequence[EncoderSample], documents: Mapping[str, str], encoder: Encoder, *, most: int, seed: int
) -> list[LabelledPair]:
    """Pairs each query with its document and with those that the encoder finds nearest beside it.

    What `sentence_transformers.util.mine_hard_negatives` does with `num_negatives=5, margin=0` and its "top" strategy:
    a document that is nearer than the right one is no negative.

    Args:
        samples: Queries with the right document's text, without the sentence that the query was made of.
        documents: Text by concept.
        encoder: Finds the wrong documents.
        most: Queries; further ones are left out at random.
        seed: Of that draw, and of the order of the pairs.
    """
    generator = random.Random(seed)  # noqa: S311 - no secret
    chosen = generator.sample(list(samples), min(most, len(samples)))
    ids = sorted(documents)
    vectors = encoder.encode([documents[name] for name in ids])
    asked = encoder.encode_queries([sample.query for sample in chosen])
    meant = encoder.encode([sample.document.text for sample in chosen])
    pairs: list[LabelledPair] = []
    for sample, query, right in zip(chosen, asked, meant, strict=True):
        scores, bar = vectors @ query, float(right @ query)
        spared = {sample.document.concept, *sample.related}
        wrong = [ids[place] for place in np.argsort(-scores, kind="stable") if scores[place] < bar]
        pairs.append(LabelledPair(query=sample.query, document=sample.document.text, right=True))
        pairs.extend(
            LabelledPair(query=sample.query, document=documents[name], right=False)
            for name in [name for name in wrong if name not in spared][:NEGATIVES]
        )
    generator.shuffle(pairs)
    return pairs


def train_cross_encoder(folder: Path, pairs: Sequence[LabelledPair], seed: int) -> ScorePairs:
    """Trains a cross-encoder on an encoder's body: one epoch, binary cross-entropy with the negatives' weight.

    Loss, learning rate, warm-up and batches are those of the recipe for `CrossEncoderTrainer`. The loop is the
    library's own that needs neither `datasets` nor `accelerate`.

    Args:
        folder: Of a sentence-transformers model.
        pairs: Shuffled.
        seed: Of the new head.
    """
    torch.manual_seed(seed)
    model = CrossEncoder(str(folder), num_labels=1, device="cpu", local_files_only=True)
    examples: Any = [InputExample(texts=[pair.query, pair.document], label=float(pair.right)) for pair in pairs]
    loader: Any = DataLoader(examples, batch_size=BATCH, shuffle=False)
    model.old_fit(
        loader,
        epochs=1,
        loss_fct=torch.nn.BCEWithLogitsLoss(pos_weight=torch.tensor(float(NEGATIVES))),
        warmup_steps=max(1, len(loader) // 10),
        show_progress_bar=False,
    )
    return _score_with(model)


def _score_with(model: CrossEncoder) -> ScorePairs:
    def score(query: str, documents: Sequence[str]) -> Sequence[float]:
        found = model.predict([(query, document) for document in documents], show_progress_bar=False)
        return [float(value) for value in found]

    return score
