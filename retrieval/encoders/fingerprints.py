"""Fingerprints: equal ones, equal vectors."""

import hashlib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Final

from retrieval.encoders.layout import Layout

_FORMAT: Final = 1
"""Changes whenever code in this folder changes the vectors of an unchanged model."""
_SUFFIXES: Final = frozenset({".json", ".txt", ".model", ".safetensors"})


def fingerprint_encoder(layout: Layout, adapter: bytes, precision: str) -> str:
    """SHA-256, hexadecimal, over everything that an encoder's vectors depend on.

    Args:
        layout: Of the model; all of its files with weights, words and settings are read, and remembered until they
            change.
        adapter: Merged into the weights; empty: none.
        precision: Of the arithmetic.
    """
    digest = hashlib.sha256(f"{_FORMAT}\n{precision}\n{hashlib.sha256(adapter).hexdigest()}\n".encode())
    for path in _list_files(layout):
        status = path.stat()
        content = _hash_file(path, status.st_mtime_ns, status.st_size)
        digest.update(f"{path.relative_to(layout.folder).as_posix()}\0{content}\n".encode())
    return digest.hexdigest()


def _list_files(layout: Layout) -> Iterator[Path]:
    folders = {layout.folder, *(folder for folder in layout.modules if folder.is_dir())}
    files = {path for folder in folders for path in folder.iterdir() if path.is_file() and path.suffix in _SUFFIXES}
    return iter(sorted(files))


@lru_cache(maxsize=1024)
def _hash_file(path: Path, modified: int, size: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
