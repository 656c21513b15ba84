"""Hashes of weights, by which trained parts know what they were trained on."""

import hashlib

import torch
from torch import nn


def hash_weights(module: nn.Module) -> str:
    """SHA-256, hexadecimal, of a module's parameters: names, shapes, types and values. About a second per gigabyte."""
    digest = hashlib.sha256()
    for name, parameter in sorted(module.named_parameters()):
        digest.update(f"{name}{tuple(parameter.shape)}{parameter.dtype}".encode())
        digest.update(parameter.detach().contiguous().flatten().view(torch.uint8).numpy().data)
    return digest.hexdigest()


def hash_text(text: str) -> str:
    """SHA-256, hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()
