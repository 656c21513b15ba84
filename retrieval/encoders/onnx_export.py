"""From a torch encoder to a folder that ONNX Runtime serves."""

import warnings
from pathlib import Path
from typing import Final

import numpy as np
import onnx
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from torch import Tensor, nn

from retrieval.encoders.export_cache import ExportError
from retrieval.encoders.onnx_encoder import (
    MODEL_FILE,
    SETTINGS,
    SETTINGS_FILE,
    TOKENIZER_FILE,
    ExportSettings,
    open_session,
    run_tokens,
)
from retrieval.encoders.sentence_model import SentenceModel

_OPSET: Final = 17
# Of two lengths, neither of them the traced one: what tracing wrongly took for a constant shows.
_PROBES: Final = ("a", "Which of these numbers is the largest, and how do you know that it is?")
_TRACED: Final = "a text to trace with"
_TOLERANCE: Final = 1e-3


def export_encoder(model: SentenceModel, folder: Path, fingerprint: str, precision: str) -> None:
    """Writes graph, tokenizer and settings.

    Args:
        model: With eager attention, adapters merged.
        folder: Empty.
        fingerprint: Of model, adapter and precision.
        precision: int8 or fp32. int8: weights in 7 bits with a scale for each output channel, activations in 8 bits
            with a scale for each text (ONNX Runtime's dynamic quantisation). With 8 bits in the weights processors
            without VNNI would overflow, and an index of one machine would not fit the queries of another.

    Raises:
        ExportError: The model has no faithful export.
    """
    graph = folder / "fp32.onnx"
    _write_graph(model, graph)
    dimension = _check_graph(model, graph)
    if precision == "int8":
        _quantise(graph, folder / MODEL_FILE)
        graph.unlink()
    else:
        graph.rename(folder / MODEL_FILE)
    model.tokenizer.save(str(folder / TOKENIZER_FILE))
    settings = ExportSettings(
        fingerprint=fingerprint,
        dimension=dimension,
        lowercase=model.layout.lowercase,
        query_prompt=model.layout.query_prompt,
        document_prompt=model.layout.document_prompt,
    )
    (folder / SETTINGS_FILE).write_bytes(SETTINGS.dump_json(settings))


class _OneText(nn.Module):
    """Without a mask: a single text is never padded."""

    def __init__(self, model: SentenceModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, ids: Tensor) -> Tensor:
        vectors: Tensor = self.model(ids)
        return vectors


def _write_graph(model: SentenceModel, path: Path) -> None:
    traced = (torch.tensor(model.list_tokens([_TRACED])),)
    try:
        with warnings.catch_warnings():
            # Of tracing, which `_check_graph` judges by its result.
            warnings.simplefilter("ignore")
            torch.onnx.export(
                _OneText(model.eval()).eval(),
                traced,
                str(path),
                input_names=["ids"],
                output_names=["vectors"],
                dynamic_axes={"ids": {1: "tokens"}},
                opset_version=_OPSET,
                dynamo=False,
            )
    # Whatever tracing or the exporter meets in an architecture that it does not know.
    except (RuntimeError, NotImplementedError, TypeError, ValueError, AttributeError, IndexError, KeyError) as error:
        raise ExportError(str(error)) from error
    finally:
        # The exporter puts back the mode that it believes the model was in.
        model.eval()


def _check_graph(model: SentenceModel, path: Path) -> int:
    """Returns the dimension."""
    try:
        session = open_session(path, threads=1)
        made = np.concatenate([run_tokens(session, ids) for ids in model.list_tokens(_PROBES)])
    # ONNX Runtime's errors have no other class in common.
    except Exception as error:
        raise ExportError(str(error)) from error
    with torch.inference_mode():
        expected = np.concatenate([model(torch.tensor([ids])).numpy() for ids in model.list_tokens(_PROBES)])
    difference = float(np.abs(made - expected).max())
    if not difference < _TOLERANCE:
        raise ExportError(f"its vectors differ by {difference:.3g} from the model's")
    return int(made.shape[1])


def _quantise(graph: Path, target: Path) -> None:
    model = onnx.load(graph)
    # The note that the quantiser's own preparation leaves; without it the root logger is told that this was left out,
    # and it is left out because ONNX Runtime optimises when it opens the graph.
    onnx.helper.set_model_props(model, {"onnx.quant.pre_process": "onnxruntime.quant"})
    quantize_dynamic(model, target, per_channel=True, reduce_range=True, weight_type=QuantType.QInt8)
