"""Plain cross-encoders: any one-score model of sentence-transformers reads the query and one candidate together."""

import hashlib
from collections.abc import Sequence
from threading import Lock
from typing import Final

import numpy as np
import torch
from sentence_transformers import CrossEncoder

from kg.errors import ModelUnavailableError, refuse
from retrieval.candidates import Candidate, Vector
from retrieval.encoders.default import resolve_model
from retrieval.encoders.sentence_model import quiet_transformers
from retrieval.rerankers.candidate_texts import candidate_text
from retrieval.rerankers.reranker import Reranker
from retrieval.rerankers.weights_hash import hash_weights

_BATCH: Final = 32


class PairwiseReranker(Reranker):
    """Scores are the model's logits, without the sigmoid that some apply, so that they do not saturate.

    Costs one full pass over query and text for each candidate: far more than the listwise family.

    Args:
        model: With one output.
        threads: Of torch; it counts them for the whole process.
    """

    name = "pairwise"

    def __init__(self, model: CrossEncoder, threads: int) -> None:
        torch.set_num_threads(threads)
        self._model = model.eval()
        # The tokenizer is changed while it is used.
        self._lock = Lock()
        digest = hashlib.sha256(f"pairwise/{model.max_seq_length}/{hash_weights(model)}/".encode())
        digest.update(model.tokenizer.backend_tokenizer.to_str().encode())
        self.fingerprint = digest.hexdigest()

    def score(self, query: str, candidates: Sequence[Candidate]) -> Vector:
        """Scores candidates, each as it would be alone but for rounding of single precision."""
        if not candidates:
            return np.zeros(0, dtype=np.float32)
        pairs = [(query, candidate_text(candidate.title, candidate.text)) for candidate in candidates]
        with self._lock:
            scores = self._model.predict(
                pairs, batch_size=_BATCH, show_progress_bar=False, activation_fn=torch.nn.Identity()
            )
        return np.asarray(scores, dtype=np.float32)


def load_pairwise(model: str, threads: int) -> PairwiseReranker:
    """Loads a cross-encoder.

    Args:
        model: As in `retrieval.encoders.default.resolve_model`; weights must be safetensors, as others may run code.
        threads: Of torch, >= 1.

    Raises:
        InvalidInputError: No model is named, or it gives more than one score.
        ModelUnavailableError: It cannot be loaded.
    """
    if not model:
        raise refuse("reranker_model", "must name a cross-encoder: the family pairwise has no default")
    folder = str(resolve_model(model))
    try:
        with quiet_transformers():
            loaded = CrossEncoder(folder, device="cpu", local_files_only=True, model_kwargs={"use_safetensors": True})
    except (OSError, ValueError, KeyError, ImportError) as error:
        raise ModelUnavailableError(f"the reranker {model} cannot be loaded: {error}", [model]) from error
    if loaded.num_labels != 1:
        raise refuse("reranker_model", f"{model} gives {loaded.num_labels} scores for a pair; one is needed")
    return PairwiseReranker(loaded, threads)
