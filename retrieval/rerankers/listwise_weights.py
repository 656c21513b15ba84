"""The trained part of a listwise reranker: low-rank changes of the upper layers and the head, well below a megabyte."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import torch
from pydantic import TypeAdapter
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn

from kg.errors import InvalidInputError, refuse
from retrieval.encoders.adapters import add_adapter, extract_adapter, merge_adapter
from retrieval.rerankers.listwise_body import ListwiseBody
from retrieval.rerankers.listwise_model import ListwiseModel

UPPER: Final = 2
"""Layers in which queries see concepts, unless something else is asked for."""
_TARGETS: Final = ("query", "key", "value", "dense")
_FIELD: Final = "reranker_adapter"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListwiseOrigin:
    """What a trained part belongs to, and where it comes from.

    Attributes:
        format: Changes whenever older parts would be read wrongly.
        body: Fingerprint of the body that it was trained on.
        upper: Layers in which queries see concepts.
        adapter: Of the low-rank changes, as `retrieval.encoders.adapters` states it.
        notes: Figures of the training.
    """

    format: int = 1
    body: str
    upper: int = UPPER
    adapter: Mapping[str, str] = field(default_factory=dict)
    notes: Mapping[str, float] = field(default_factory=dict)


_ORIGIN: Final[TypeAdapter[ListwiseOrigin]] = TypeAdapter(ListwiseOrigin)


def build_model(body: ListwiseBody, trained: bytes) -> ListwiseModel:
    """Builds the model that answers, in evaluation mode, with the trained part merged into it.

    Args:
        body: Its transformer is taken over and changed.
        trained: As `write_trained_part` wrote it; empty: every score is 0.

    Raises:
        InvalidInputError: These bytes are no trained part, or another body's.
    """
    if not trained:
        return ListwiseModel(body.transformer, UPPER).eval()
    origin, tensors = _read(trained)
    if origin.body != body.fingerprint:
        raise refuse(_FIELD, "was trained on another encoder, or with another adapter of the encoder; train it again")
    model = ListwiseModel(body.transformer, origin.upper)
    head = tensors.pop("head")
    merge_adapter(model.upper_layers, save(tensors, dict(origin.adapter)))
    with torch.no_grad():
        model.head.weight.copy_(head)
    return model.eval()


def add_trained_part(model: ListwiseModel, rank: int, seed: int) -> list[nn.Parameter]:
    """Makes a model trainable: low-rank changes of the upper layers' linear maps and the head; nothing else learns."""
    model.requires_grad_(False)
    model.head.requires_grad_(True)
    return [*add_adapter(model.upper_layers, rank, _TARGETS, seed), *model.head.parameters()]


def write_trained_part(model: ListwiseModel, origin: ListwiseOrigin) -> bytes:
    """Writes what `add_trained_part` added and training changed, as safetensors; equal parts have equal bytes."""
    adapter = extract_adapter(model.upper_layers)
    stated = replace(origin, adapter=dict(sorted(_read_header(adapter).items())))
    # One entry of metadata: the library writes several in no fixed order.
    metadata = {"origin": _ORIGIN.dump_json(stated).decode()}
    written: bytes = save({**load(adapter), "head": model.head.weight.detach().clone()}, metadata)
    return written


def read_origin(trained: bytes) -> ListwiseOrigin:
    """Returns what a trained part belongs to.

    Raises:
        InvalidInputError: These bytes are no trained part.
    """
    return _read(trained)[0]


def _read(trained: bytes) -> tuple[ListwiseOrigin, dict[str, Tensor]]:
    try:
        tensors = load(trained)
        origin = _ORIGIN.validate_json(_read_header(trained)["origin"])
    except (SafetensorError, ValueError, KeyError) as error:
        raise _no_part(str(error)) from error
    if origin.format != 1 or "head" not in tensors:
        raise _no_part("its format is unknown")
    return origin, tensors


def _read_header(written: bytes) -> dict[str, str]:
    # The file starts with the length of its JSON header; the library gives no metadata for bytes in memory.
    metadata: dict[str, str] = json.loads(written[8 : 8 + int.from_bytes(written[:8], "little")])["__metadata__"]
    return metadata


def _no_part(reason: str) -> InvalidInputError:
    return refuse(_FIELD, f"is no trained part of a listwise reranker: {reason}")
