"""The cached listwise cross-encoder: concepts are read once and kept, a query reads them all in one pass."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from retrieval.candidates import Candidate, Vector
from retrieval.encoders.default import resolve_model
from retrieval.encoders.export_cache import ExportCache
from retrieval.encoders.fingerprints import fingerprint_encoder
from retrieval.encoders.layout import read_layout
from retrieval.rerankers.cached_states import CacheCounts, CachedStates, KeptStates
from retrieval.rerankers.candidate_texts import candidate_text
from retrieval.rerankers.listwise_graphs import ListwiseGraphs
from retrieval.rerankers.reranker import Reranker
from retrieval.rerankers.text_reader import TextReader

_FORMAT: Final = 1
"""Changes whenever code in this folder changes the scores of an unchanged model."""
_TOKENIZER_FILE: Final = "tokenizer.json"


class ListwiseReranker(Reranker):
    """Scores are what the first stage's should be corrected by, not whole scores; fusion adds them with their weight.

    Args:
        graphs: The model.
        reader: Of its body.
        fingerprint: Of body, trained part and everything else that scores depend on.
        cache_bytes: Bound of the kept states, >= 0; a concept of 53 tokens takes 79.5 KiB for each upper layer of
            MiniLM. Nothing else grows with the curriculum.
    """

    name = "listwise"

    def __init__(self, graphs: ListwiseGraphs, reader: TextReader, fingerprint: str, cache_bytes: int) -> None:
        self.fingerprint = fingerprint
        self._graphs = graphs
        self._reader = reader
        self._cache = CachedStates(cache_bytes)

    def score(self, query: str, candidates: Sequence[Candidate]) -> Vector:
        """Scores candidates, each as it would be alone but for rounding of single precision; O(n) passes on a miss."""
        if not candidates:
            return np.zeros(0, dtype=np.float32)
        kept = [self._read(candidate_text(candidate.title, candidate.text)) for candidate in candidates]
        return self._graphs.compare(self._reader.read_query(query), *_stack(kept))

    def warm(self, candidates: Sequence[Candidate]) -> None:
        """Reads candidates ahead, as far as the cache has room."""
        for candidate in candidates:
            self._read(candidate_text(candidate.title, candidate.text))

    def count_cached(self) -> CacheCounts:
        """Returns how the cache has done."""
        return self._cache.count()

    def _read(self, text: str) -> KeptStates:
        # The cache is this reranker's own, so that the text alone is the key.
        key = hashlib.sha256(text.encode()).digest()
        return self._cache.fetch(key, lambda: self._graphs.keep(self._reader.read_concept(text)))


def load_listwise(
    model: str, encoder_adapter: bytes, trained: bytes, *, exports: ExportCache, cache_mebibytes: int, threads: int
) -> ListwiseReranker:
    """Loads a body with its trained part; exports them first where there is no export yet.

    An export takes some seconds and torch; where there is one, neither torch nor transformers is imported.

    Args:
        model: Name of an encoder, as in `retrieval.encoders.default.resolve_model`.
        encoder_adapter: Merged into it; empty: none.
        trained: As `retrieval.training.listwise_training.train_listwise` returns it; empty: every score is 0.
        exports: Where the export is kept.
        cache_mebibytes: Bound of the kept states, >= 0.
        threads: That one call uses, >= 1.

    Raises:
        InvalidInputError: An adapter or trained part does not fit.
        ModelUnavailableError: The model cannot be loaded, or its export cannot be kept.
    """
    layout = read_layout(resolve_model(model))
    body = fingerprint_encoder(layout, encoder_adapter, "fp32")
    parts = f"listwise-{_FORMAT}/{body}/{hashlib.sha256(trained).hexdigest()}"
    fingerprint = hashlib.sha256(parts.encode()).hexdigest()
    folder = exports.obtain(fingerprint, lambda draft: _export(model, encoder_adapter, trained, draft))
    reader = TextReader(layout, Tokenizer.from_file(str(folder / _TOKENIZER_FILE)))
    return ListwiseReranker(ListwiseGraphs(folder, threads), reader, fingerprint, cache_mebibytes << 20)


def _export(model: str, encoder_adapter: bytes, trained: bytes, folder: Path) -> None:
    # Takes seconds to import.
    from retrieval.rerankers.listwise_body import load_body  # noqa: PLC0415
    from retrieval.rerankers.listwise_export import export_listwise  # noqa: PLC0415
    from retrieval.rerankers.listwise_weights import build_model  # noqa: PLC0415

    body = load_body(model, encoder_adapter)
    export_listwise(build_model(body, trained), folder)
    body.reader.save_tokenizer(folder / _TOKENIZER_FILE)


def _stack(kept: Sequence[KeptStates]) -> tuple[KeptStates, NDArray[np.bool_]]:
    """Puts states of different lengths together: [n, k, 2, m, d] and where tokens are, [n, m]."""
    lengths = np.array([states.shape[2] for states in kept])
    layers, two, _, width = kept[0].shape
    stacked = np.zeros((len(kept), layers, two, int(lengths.max()), width), dtype=np.float16)
    for row, states in zip(stacked, kept, strict=True):
        row[:, :, : states.shape[2]] = states
    return stacked, np.arange(stacked.shape[3])[None, :] < lengths[:, None]
