"""The listwise model as ONNX graphs: faster than torch on a CPU, and threads are counted for each model."""

import io
import warnings
from typing import Final

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from retrieval.candidates import Vector
from retrieval.rerankers.cached_states import KeptStates
from retrieval.rerankers.listwise_body import Tokens
from retrieval.rerankers.listwise_model import ListwiseModel

_OPSET: Final = 17
_SAMPLE_TOKENS: Final = 3


class ListwiseGraphs:
    """Scores concepts from kept states, in fp32; may be used by several threads at once.

    Eight-bit activations are not on offer: ONNX Runtime scales them by the whole batch, so that a concept's score would
    depend on the concepts beside it.

    Args:
        model: In evaluation mode; exported, which takes a few seconds, and not kept.
        threads: That one call uses, >= 1.
    """

    def __init__(self, model: ListwiseModel, threads: int) -> None:
        ids = torch.ones(1, _SAMPLE_TOKENS, dtype=torch.int64)
        mask = torch.ones_like(ids, dtype=torch.bool)
        with torch.inference_mode():
            states = model.read(ids, mask)
            kept = model.keep(states, mask).half().repeat(2, 1, 1, 1, 1)
        self._read = _export(_Read(model), {"ids": ids}, {"ids": {1: "l"}, "output": {1: "l"}}, threads)
        self._keep = _export(_Keep(model), {"states": states}, {"states": {1: "l"}, "output": {2: "l"}}, threads)
        self._compare = _export(
            _Compare(model),
            {"states": states, "kept": kept, "kept_mask": mask.repeat(2, 1)},
            {"states": {1: "l"}, "kept": {0: "n", 3: "m"}, "kept_mask": {0: "n", 1: "m"}, "output": {0: "n"}},
            threads,
        )

    def keep(self, tokens: Tokens) -> KeptStates:
        """Reads a concept, alone, so that what is kept depends on nothing else.

        Returns:
            Keys and values [k, 2, l, d].
        """
        states = self._read.run(None, {"ids": tokens[None]})[0]
        kept: KeptStates = self._keep.run(None, {"states": states})[0]
        return kept

    def compare(self, tokens: Tokens, kept: KeptStates, kept_mask: NDArray[np.bool_]) -> Vector:
        """Scores concepts for a query, all in one pass.

        Args:
            tokens: Of the query.
            kept: [n, k, 2, m, d], zeros where a concept is shorter than the longest.
            kept_mask: True where a token is, [n, m].

        Returns:
            [n].
        """
        states = self._read.run(None, {"ids": tokens[None]})[0]
        scores: Vector = self._compare.run(None, {"states": states, "kept": kept, "kept_mask": kept_mask})[0]
        return scores


class _Read(nn.Module):
    """Tokens of one text [1, l] -> states [1, l, d]."""

    def __init__(self, model: ListwiseModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, ids: Tensor) -> Tensor:
        return self.model.read(ids, torch.ones_like(ids, dtype=torch.bool))


class _Keep(nn.Module):
    """States of one text [1, l, d] -> what is kept of it, fp16 [k, 2, l, d]."""

    def __init__(self, model: ListwiseModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, states: Tensor) -> Tensor:
        return self.model.keep(states, _mask_all(states))[0].half()


class _Compare(nn.Module):
    """States of a query [1, l, d] and what is kept of n concepts -> scores [n]."""

    def __init__(self, model: ListwiseModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, states: Tensor, kept: Tensor, kept_mask: Tensor) -> Tensor:
        return self.model.compare(states, _mask_all(states), kept.float(), kept_mask)


def _mask_all(states: Tensor) -> Tensor:
    return torch.ones_like(states[:, :, 0], dtype=torch.bool)


def _export(
    module: nn.Module, inputs: dict[str, Tensor], axes: dict[str, dict[int, str]], threads: int
) -> onnxruntime.InferenceSession:
    written = io.BytesIO()
    with torch.inference_mode(), warnings.catch_warnings():
        # The tracing exporter is marked as superseded, but its successor needs a package more; graphs are the same.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module.eval(),
            tuple(inputs.values()),
            written,  # type: ignore[arg-type] # a file will do, says its documentation
            input_names=list(inputs),
            output_names=["output"],
            dynamic_axes=axes,
            opset_version=_OPSET,
            dynamo=False,
        )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(written.getvalue(), options, providers=["CPUExecutionProvider"])
