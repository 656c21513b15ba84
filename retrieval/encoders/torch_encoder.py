"""Encoders in torch, for models that cannot be traced."""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import torch

from retrieval.candidates import Matrix
from retrieval.encoders.encoder import Encoder
from retrieval.encoders.sentence_model import SentenceModel

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


def _batch_by_length(rows: Sequence[Sequence[int]]) -> Iterator[list[int]]:
    """Yields positions of rows; within a batch the rows are equally long."""
    groups: dict[int, list[int]] = {}
    for position, row in enumerate(rows):
        groups.setdefault(len(row), []).append(position)
    for _, positions in sorted(groups.items()):
        for start in range(0, len(positions), _BATCH):
            yield positions[start : start + _BATCH]
