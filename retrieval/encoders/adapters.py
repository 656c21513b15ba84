"""Low-rank adapters (LoRA, arXiv 2106.09685): what training adds to an encoder, in some hundred kilobytes."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn

from kg.errors import InvalidInputError, refuse

DEFAULT_TARGETS: Final = ("query", "value")
"""The projections that LoRA adapts in the paper (section 7.1), by their names in BERT."""
DEFAULT_RANK: Final = 8

_FORMAT: Final = "graphmasal-lora-1"


class LowRankLinear(nn.Module):
    """A linear layer plus `alpha / rank * B A` (equation 3); B starts at zero, so nothing changes before training.

    Args:
        base: Kept as it is; its weight is [out, in].
        rank: Rows of A [rank, in] and columns of B [out, rank].
        alpha: Scale.
        generator: Draws A.
    """

    def __init__(self, base: nn.Linear, rank: int, alpha: float, generator: torch.Generator) -> None:
        super().__init__()
        self.base = base.requires_grad_(False)
        self.rank, self.alpha = rank, alpha
        self.a = nn.Parameter(torch.empty(rank, base.in_features))
        self.b = nn.Parameter(torch.zeros(base.out_features, rank))
        # As in the authors' code: uniform within 1 / sqrt(in).
        nn.init.kaiming_uniform_(self.a, a=5**0.5, generator=generator)

    def forward(self, states: Tensor) -> Tensor:
        """Maps [..., in] to [..., out]."""
        changed = nn.functional.linear(nn.functional.linear(states, self.a), self.b)
        mapped: Tensor = self.base(states) + self.alpha / self.rank * changed
        return mapped


def add_adapter(
    model: nn.Module,
    rank: int = DEFAULT_RANK,
    targets: Sequence[str] = DEFAULT_TARGETS,
    seed: int = 0,
    alpha: float | None = None,
) -> list[nn.Parameter]:
    """Puts an untrained adapter into a model, and freezes everything else.

    Args:
        model: A transformer, changed in place; of a `SentenceModel` its body.
        rank: >= 1.
        targets: Last names of the linear layers that are adapted.
        seed: Of the random A.
        alpha: Scale; None: twice the rank.

    Returns:
        What is trained: each layer's A and B.

    Raises:
        InvalidInputError: No linear layer has one of these names, or the rank is below 1.
    """
    if rank < 1:
        raise refuse("rank", "must be at least 1")
    layers = {name: layer for name, layer in _list_linears(model).items() if name.rpartition(".")[2] in targets}
    if not layers:
        raise refuse("targets", f"the model has no linear layer named {' or '.join(targets)}")
    generator = torch.Generator().manual_seed(seed)
    model.requires_grad_(False)
    trained: list[nn.Parameter] = []
    for name, layer in layers.items():
        adapted = LowRankLinear(layer, rank, 2.0 * rank if alpha is None else alpha, generator)
        model.set_submodule(name, adapted.train(layer.training))
        trained += [adapted.a, adapted.b]
    return trained


def extract_adapter(model: nn.Module) -> bytes:
    """Writes a model's adapter as safetensors, in fp16, with rank, alpha, targets and the base's fingerprint.

    Raises:
        InvalidInputError: The model has no adapter.
    """
    layers = {name: layer for name, layer in model.named_modules() if isinstance(layer, LowRankLinear)}
    if not layers:
        raise refuse("model", "has no adapter")
    first = next(iter(layers.values()))
    tensors = {f"{name}.{part}": tensor for name, layer in layers.items() for part, tensor in _name_parts(layer)}
    description = {
        "rank": first.rank,
        "alpha": first.alpha,
        "targets": sorted({name.rpartition(".")[2] for name in layers}),
        "base": _fingerprint_layers({name: layer.base for name, layer in layers.items()}),
    }
    # One entry: several are written in any order, and equal adapters should have equal bytes.
    written: bytes = save(tensors, {_FORMAT: json.dumps(description)})
    return written


def merge_adapter(model: nn.Module, adapter: bytes) -> None:
    """Adds an adapter to the weights of the model that it was trained on: the same outputs as unmerged, no cost.

    Args:
        model: A transformer without adapters, changed in place; of a `SentenceModel` its body.
        adapter: As `extract_adapter` wrote it; empty: nothing happens.

    Raises:
        InvalidInputError: These bytes are no adapter, or another model's.
    """
    if not adapter:
        return
    description, tensors = _read_adapter(adapter)
    names = sorted({name.rpartition(".")[0] for name in tensors})
    linears = _list_linears(model)
    if not set(names) <= linears.keys() or _fingerprint_layers({n: linears[n] for n in names}) != description["base"]:
        raise refuse("adapter", "was trained on another model than this one")
    scale = description["alpha"] / description["rank"]
    with torch.no_grad():
        for name in names:
            linears[name].weight += scale * (tensors[f"{name}.b"].float() @ tensors[f"{name}.a"].float())


def _list_linears(model: nn.Module) -> dict[str, nn.Linear]:
    return {name: layer for name, layer in model.named_modules() if isinstance(layer, nn.Linear)}


def _name_parts(layer: LowRankLinear) -> tuple[tuple[str, Tensor], ...]:
    return tuple((part, tensor.detach().cpu().half().contiguous()) for part, tensor in (("a", layer.a), ("b", layer.b)))


def _fingerprint_layers(layers: Mapping[str, nn.Linear]) -> str:
    """SHA-256 of the adapted layers' own weights: files, heads and poolers around them do not matter."""
    digest = hashlib.sha256()
    for name in sorted(layers):
        weight = layers[name].weight.detach().cpu().float().contiguous()
        digest.update(f"{name}\0{tuple(weight.shape)}\0".encode())
        digest.update(weight.numpy().data)
    return digest.hexdigest()


def _read_adapter(adapter: bytes) -> tuple[dict[str, Any], dict[str, Tensor]]:
    try:
        tensors = load(adapter)
        # The file starts with the length of its JSON header; the library gives no metadata for bytes in memory.
        header = json.loads(adapter[8 : 8 + int.from_bytes(adapter[:8], "little")])
        description: dict[str, Any] = json.loads(header["__metadata__"][_FORMAT])
    except (SafetensorError, ValueError) as error:
        raise _no_adapter(str(error)) from error
    except KeyError as error:
        raise _no_adapter(f"it is not marked {_FORMAT}") from error
    return description, tensors


def _no_adapter(reason: str) -> InvalidInputError:
    return refuse("adapter", f"is no adapter: {reason}")
