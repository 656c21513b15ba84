"""Encoders on ONNX Runtime: what a server runs. Needs neither torch nor transformers."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from onnxruntime import GraphOptimizationLevel, InferenceSession, SessionOptions
from pydantic import TypeAdapter
from tokenizers import Tokenizer

from retrieval.candidates import Matrix
from retrieval.encoders.encoder import Encoder

MODEL_FILE: Final = "model.onnx"
TOKENIZER_FILE: Final = "tokenizer.json"
SETTINGS_FILE: Final = "encoder.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportSettings:
    """What an exported encoder needs besides graph and tokenizer.

    Attributes:
        fingerprint: Of model, adapter and precision.
        dimension: Entries of a vector.
        lowercase: Texts are lower-cased before they are split into tokens.
        query_prompt: Written before a query; may be empty.
        document_prompt: Written before a document; may be empty.
    """

    fingerprint: str
    dimension: int
    lowercase: bool
    query_prompt: str
    document_prompt: str


SETTINGS: Final[TypeAdapter[ExportSettings]] = TypeAdapter(ExportSettings)


class OnnxEncoder(Encoder):
    """Runs an export, one text at a time, never padded.

    An int8 graph measures the range of its activations on what it is given, so texts that share a batch would change
    each other's vectors (by up to .016 per entry). On one thread a batch is no faster anyway.

    Args:
        folder: Made by `retrieval.encoders.onnx_export`.
        name: As it was asked for.
        threads: That one text is computed with, >= 1.
    """

    def __init__(self, folder: Path, name: str, threads: int = 1) -> None:
        settings = SETTINGS.validate_json((folder / SETTINGS_FILE).read_bytes())
        self.name, self.fingerprint, self.dimension = name, settings.fingerprint, settings.dimension
        self._settings = settings
        self._tokenizer = Tokenizer.from_file(str(folder / TOKENIZER_FILE))
        self._session = open_session(folder / MODEL_FILE, threads)

    def encode(self, texts: Sequence[str]) -> Matrix:
        """See `Encoder.encode`."""
        return self._encode(texts, self._settings.document_prompt)

    def encode_queries(self, queries: Sequence[str]) -> Matrix:
        """See `Encoder.encode_queries`."""
        return self._encode(queries, self._settings.query_prompt)

    def _encode(self, texts: Sequence[str], prompt: str) -> Matrix:
        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        for position, text in enumerate(texts):
            read = prompt + text
            encoding = self._tokenizer.encode(read.lower() if self._settings.lowercase else read)
            vectors[position] = run_tokens(self._session, encoding.ids)
        return vectors


def open_session(model: Path, threads: int) -> InferenceSession:
    """Opens a graph for the CPU.

    Args:
        model: The graph's file.
        threads: Of one run, >= 1; runs of several threads at once are apart from it.
    """
    options = SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.graph_optimization_level = GraphOptimizationLevel.ORT_ENABLE_ALL
    options.log_severity_level = 3
    # Threads that spin while they wait would take the processor from other requests.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return InferenceSession(str(model), options, providers=["CPUExecutionProvider"])


def run_tokens(session: InferenceSession, ids: Sequence[int]) -> Matrix:
    """Returns the vector of one text, float32 [1, dimension]."""
    vector: Matrix = session.run(None, {"ids": np.array([ids], dtype=np.int64)})[0]
    return vector
