"""From an encoder's name to an encoder that is ready; imports the models extra only when it is called."""

import logging
from pathlib import Path
from typing import Final

from kg.errors import refuse
from retrieval.encoders.default import resolve_model
from retrieval.encoders.encoder import Encoder
from retrieval.encoders.export_cache import ExportCache, ExportError
from retrieval.encoders.extra import models_extra
from retrieval.encoders.fingerprints import fingerprint_encoder
from retrieval.encoders.layout import Layout, Pooling, read_layout

_PRECISIONS: Final = ("int8", "fp32")
_LOG: Final = logging.getLogger(__name__)


def load_encoder(
    name: str,
    adapter: bytes = b"",
    *,
    cache: Path,
    prepared: Path | None = None,
    precision: str = "int8",
    threads: int = 1,
) -> Encoder:
    """Loads an encoder for ONNX Runtime; exports it first where there is no export yet.

    An export takes some seconds and torch; where there is one, neither torch nor transformers is imported. A model
    without an export (other pooling than mean and CLS, further modules, an architecture that cannot be traced) runs
    in torch, in fp32 whatever was asked for.

    Args:
        name: `DEFAULT_ENCODER`, a folder, or a name at the hub.
        adapter: LoRA adapter of this model; empty: none.
        cache: Folder where exports are kept, as in `ExportCache`.
        prepared: Folder of further ones, as there.
        precision: int8 or fp32.
        threads: That ONNX Runtime computes one text with, >= 1; torch keeps its own setting.

    Raises:
        InvalidInputError: The adapter is another model's, or another argument is out of its range.
        ModelUnavailableError: Weights or libraries are missing, or an export cannot be kept; the message says what
            mends it.
    """
    if precision not in _PRECISIONS:
        raise refuse("precision", f"must be one of {', '.join(_PRECISIONS)}")
    if threads < 1:
        raise refuse("threads", "must be at least 1")
    layout = read_layout(resolve_model(name))
    if layout.pooling is Pooling.OTHER:
        return _load_with_library(layout, adapter, name)
    fingerprint = fingerprint_encoder(layout, adapter, precision)
    try:
        folder = ExportCache(folder=cache, prepared=prepared).obtain(
            fingerprint, lambda draft: _export(layout, adapter, draft, fingerprint, precision)
        )
    except ExportError as error:
        _LOG.warning("the encoder in %s has no export and runs in torch: %s", layout.folder, error)
        return _load_in_torch(layout, adapter, name)
    with models_extra():
        from retrieval.encoders.onnx_encoder import OnnxEncoder  # noqa: PLC0415 (part of the models extra)
    return OnnxEncoder(folder, name, threads)


def _export(layout: Layout, adapter: bytes, folder: Path, fingerprint: str, precision: str) -> None:
    with models_extra():
        from retrieval.encoders.adapters import merge_adapter  # noqa: PLC0415
        from retrieval.encoders.onnx_export import export_encoder  # noqa: PLC0415
        from retrieval.encoders.sentence_model import build_sentence_model  # noqa: PLC0415
    model = build_sentence_model(layout, attention="eager")
    merge_adapter(model.body, adapter)
    export_encoder(model, folder, fingerprint, precision)


def _load_in_torch(layout: Layout, adapter: bytes, name: str) -> Encoder:
    with models_extra():
        from retrieval.encoders.adapters import merge_adapter  # noqa: PLC0415
        from retrieval.encoders.sentence_model import build_sentence_model  # noqa: PLC0415
        from retrieval.encoders.torch_encoder import TorchEncoder  # noqa: PLC0415
    model = build_sentence_model(layout)
    merge_adapter(model.body, adapter)
    return TorchEncoder(model, name, fingerprint_encoder(layout, adapter, "fp32"))


def _load_with_library(layout: Layout, adapter: bytes, name: str) -> Encoder:
    with models_extra():
        from retrieval.encoders.library_encoder import SentenceTransformersEncoder  # noqa: PLC0415
    return SentenceTransformersEncoder(layout, adapter, name, fingerprint_encoder(layout, adapter, "fp32"))
