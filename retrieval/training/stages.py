"""Stages of a training and what they left behind, so that a run that was killed goes on where it stopped."""

import hashlib
import io
import json
import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from retrieval.training.scored_lists import ScoredLists

Progress = Callable[[str, int, int, str], None]
"""Takes a stage, how much of it is done, how much there is to do, and a sentence (may be empty)."""


def ignore_progress(stage: str, done: int, total: int, message: str) -> None:
    """Takes progress and tells nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """A folder in which each finished stage is one file, named by a hash of all that its content depends on.

    Attributes:
        folder: Made where it is missing. Files of other runs in it do no harm.
        inputs: What every stage depends on, such as the fingerprint of the documents and the seed.
        progress: Told when a stage begins, and when it is done.
    """

    folder: Path
    inputs: Mapping[str, str]
    progress: Progress = ignore_progress

    def run(self, stage: str, depends: Mapping[str, str], make: Callable[[], bytes]) -> bytes:
        """Returns what a stage makes: from its file where it was finished before, else by making it.

        Args:
            stage: Its name, such as `encoder`.
            depends: What it depends on besides the workspace's inputs.
            make: Makes the content; equal inputs have to make equal bytes.
        """
        path = self.folder / f"{stage.replace('/', '-')}-{self._key(stage, depends)[:24]}"
        if path.exists():
            self.progress(stage, 1, 1, "finished before")
            return path.read_bytes()
        self.progress(stage, 0, 1, "")
        content = make()
        write_whole(path, content)
        self.progress(stage, 1, 1, "")
        return content

    def _key(self, stage: str, depends: Mapping[str, str]) -> str:
        return hash_content(json.dumps([stage, dict(self.inputs), dict(depends)], sort_keys=True).encode())


def hash_content(content: bytes) -> str:
    """SHA-256, hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def write_whole(path: Path, content: bytes) -> None:
    """Writes a file that is there whole or not at all, whenever the process ends."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".unfinished-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def pack_array(array: NDArray[np.float64]) -> bytes:
    """Writes an array as bytes; equal arrays give equal bytes."""
    packed = io.BytesIO()
    np.lib.format.write_array(packed, array, allow_pickle=False)
    return packed.getvalue()


def unpack_array(content: bytes) -> NDArray[np.float64]:
    """Reads what `pack_array` wrote."""
    return np.asarray(np.lib.format.read_array(io.BytesIO(content), allow_pickle=False))


def pack_lists(lists: ScoredLists) -> bytes:
    """Writes lists as bytes; equal lists give equal bytes."""
    packed = io.BytesIO()
    arrays = {field.name: np.asarray(getattr(lists, field.name)) for field in fields(ScoredLists)}
    for name in sorted(arrays):
        np.lib.format.write_array(packed, arrays[name], allow_pickle=False)
    return packed.getvalue()


def unpack_lists(content: bytes) -> ScoredLists:
    """Reads what `pack_lists` wrote."""
    packed = io.BytesIO(content)
    names = sorted(field.name for field in fields(ScoredLists))
    arrays = {name: np.lib.format.read_array(packed, allow_pickle=False) for name in names}
    clusters = tuple(str(cluster) for cluster in arrays.pop("clusters"))
    return ScoredLists(**arrays, clusters=clusters)
