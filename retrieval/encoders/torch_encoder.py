"""Encoders in torch, for models that have no export."""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import torch
from sentence_transformers import SentenceTransformer

from kg.errors import ModelUnavailableError, refuse
from retrieval.candidates import Matrix
from retrieval.encoders.adapters import merge_adapter
from retrieval.encoders.encoder import Encoder
from retrieval.encoders.layout import Layout
from retrieval.encoders.sentence_model import SentenceModel, quiet_transformers

_BATCH: Final = 32


class TorchEncoder(Encoder):
    """Runs a sentence model in fp32; only texts of equal length share a batch, so that none is padded.

    Args:
        model: In evaluation mode, adapters merged.
        name: As it was asked for.
        fingerprint: Of model and adapter.
    """

    def __init__(self, model: SentenceModel, name: str, fingerprint: str) -> None:
        self.name, self.fingerprint = name, fingerprint
        self._model = model
        self.dimension = int(self._run([model.list_tokens([""])[0]]).shape[1])

    def encode(self, texts: Sequence[str]) -> Matrix:
        """See `Encoder.encode`."""
        return self._encode([self._model.layout.document_prompt + text for text in texts])

    def encode_queries(self, queries: Sequence[str]) -> Matrix:
        """See `Encoder.encode_queries`."""
        return self._encode([self._model.layout.query_prompt + query for query in queries])

    def _encode(self, texts: Sequence[str]) -> Matrix:
        rows = self._model.list_tokens(texts)
        vectors = np.empty((len(rows), self.dimension), dtype=np.float32)
        for positions in _batch_by_length(rows):
            vectors[positions] = self._run([rows[position] for position in positions])
        return vectors

    def _run(self, rows: list[list[int]]) -> Matrix:
        with torch.inference_mode():
            vectors: Matrix = self._model(torch.tensor(rows)).numpy()
        return vectors


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


def _batch_by_length(rows: Sequence[Sequence[int]]) -> Iterator[list[int]]:
    """Yields positions of rows; within a batch the rows are equally long."""
    groups: dict[int, list[int]] = {}
    for position, row in enumerate(rows):
        groups.setdefault(len(row), []).append(position)
    for _, positions in sorted(groups.items()):
        for start in range(0, len(positions), _BATCH):
            yield positions[start : start + _BATCH]


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
