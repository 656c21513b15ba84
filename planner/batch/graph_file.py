"""A curriculum in a file named by its content, from which every process compiles its graph once."""

import hashlib
import os
from functools import lru_cache
from pathlib import Path

from pydantic import TypeAdapter

from kg.curriculum import Curriculum
from planner.graph import PlanningGraph, compile_graph

_CURRICULUM: TypeAdapter[Curriculum] = TypeAdapter(Curriculum)


def write_graph(curriculum: Curriculum, folder: Path) -> Path:
    """Writes a curriculum as `graph-{hash}.json`, if it is not there yet, and returns the file.

    Args:
        curriculum: A valid one.
        folder: Is made if need be.
    """
    content = _CURRICULUM.dump_json(curriculum)
    file = folder / f"graph-{hashlib.sha256(content).hexdigest()[:24]}.json"
    folder.mkdir(parents=True, exist_ok=True)
    if not file.exists():
        write_at_once(file, content)
    return file


@lru_cache(maxsize=2)
def load_graph(file: Path) -> PlanningGraph:
    """Reads and compiles what `write_graph` wrote; again in one process: returns the same graph."""
    return compile_graph(_CURRICULUM.validate_json(file.read_bytes()))


def write_at_once(file: Path, content: bytes) -> None:
    """Writes a file so that others see all of it or nothing."""
    temporary = file.with_name(f".{file.name}.{os.getpid()}.part")
    with temporary.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    temporary.replace(file)
