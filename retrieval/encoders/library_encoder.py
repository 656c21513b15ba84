"""Encoders that sentence_transformers itself runs, for models with other poolings and modules than ours."""

from collections.abc import Sequence

import numpy as np
import torch
from sentence_transformers import SentenceTransformer

from kg.errors import ModelUnavailableError, refuse
from retrieval.candidates import Matrix
from retrieval.encoders.adapters import merge_adapter
from retrieval.encoders.encoder import Encoder
from retrieval.encoders.layout import Layout
from retrieval.encoders.sentence_model import quiet_transformers


class SentenceTransformersEncoder(Encoder):
    """Runs any model of sentence_transformers by that library itself.

    Args:
        layout: Of the model.
        adapter: Merged into its transformer; empty: none.
        name: As it was asked for.
        fingerprint: Of model and adapter.

    Raises:
        InvalidInputError: The adapter does not fit.
        ModelUnavailableError: The library cannot load the model.
    """

    def __init__(self, layout: Layout, adapter: bytes, name: str, fingerprint: str) -> None:
        self.name, self.fingerprint = name, fingerprint
        self._layout = layout
        self._model = _load_with_library(layout)
        if adapter:
            merge_adapter(_find_body(self._model), adapter)
        self.dimension = int(self._run([""], "").shape[1])

    def encode(self, texts: Sequence[str]) -> Matrix:
        """See `Encoder.encode`."""
        return self._run(texts, self._layout.document_prompt)

    def encode_queries(self, queries: Sequence[str]) -> Matrix:
        """See `Encoder.encode_queries`."""
        return self._run(queries, self._layout.query_prompt)

    def _run(self, texts: Sequence[str], prompt: str) -> Matrix:
        if not texts:
            return np.empty((0, self.dimension), dtype=np.float32)
        # One by one: some modules let padding through to the vectors of shorter texts.
        vectors: Matrix = self._model.encode(
            list(texts), prompt=prompt, batch_size=1, normalize_embeddings=True, show_progress_bar=False
        )
        return vectors.astype(np.float32, copy=False)


def _load_with_library(layout: Layout) -> SentenceTransformer:
    try:
        with quiet_transformers():
            return SentenceTransformer(
                str(layout.folder), device="cpu", local_files_only=True, model_kwargs={"use_safetensors": True}
            ).eval()
    except (OSError, ValueError, KeyError, ImportError) as error:
        raise ModelUnavailableError(
            f"sentence_transformers cannot load the encoder in {layout.folder}: {error}", [str(layout.folder)]
        ) from error


def _find_body(model: SentenceTransformer) -> torch.nn.Module:
    body = getattr(model[0], "auto_model", None)
    if not isinstance(body, torch.nn.Module):
        raise refuse("adapter", "the model has no transformer that it could be merged into")
    return body
