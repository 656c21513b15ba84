"""From a torch listwise model to graphs that ONNX Runtime serves."""

import warnings
from pathlib import Path
from typing import Final

import torch
from torch import Tensor, nn

from retrieval.rerankers.listwise_graphs import COMPARE_FILE, KEEP_FILE, READ_FILE
from retrieval.rerankers.listwise_model import ListwiseModel

_OPSET: Final = 17
_SAMPLE_TOKENS: Final = 3


def export_listwise(model: ListwiseModel, folder: Path) -> None:
    """Writes the model's graphs, some 100 MB for MiniLM; takes a few seconds.

    Args:
        model: In evaluation mode.
        folder: Exists.
    """
    ids = torch.ones(1, _SAMPLE_TOKENS, dtype=torch.int64)
    mask = torch.ones_like(ids, dtype=torch.bool)
    with torch.inference_mode():
        states = model.read(ids, mask)
        kept = model.keep(states, mask).half().repeat(2, 1, 1, 1, 1)
    _export(folder / READ_FILE, _Read(model), {"ids": ids}, {"ids": {1: "l"}, "output": {1: "l"}})
    _export(folder / KEEP_FILE, _Keep(model), {"states": states}, {"states": {1: "l"}, "output": {2: "l"}})
    _export(
        folder / COMPARE_FILE,
        _Compare(model),
        {"states": states, "kept": kept, "kept_mask": mask.repeat(2, 1)},
        {"states": {1: "l"}, "kept": {0: "n", 3: "m"}, "kept_mask": {0: "n", 1: "m"}, "output": {0: "n"}},
    )


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


def _export(path: Path, module: nn.Module, inputs: dict[str, Tensor], axes: dict[str, dict[int, str]]) -> None:
    with torch.inference_mode(), warnings.catch_warnings():
        # The tracing exporter is marked as superseded, but its successor needs a package more; graphs are the same.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module.eval(),
            tuple(inputs.values()),
            str(path),
            input_names=list(inputs),
            output_names=["output"],
            dynamic_axes=axes,
            opset_version=_OPSET,
            dynamo=False,
        )
