"""Sources: the data sets by name, and where each lies."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from retrieval.benchmark.asked import read_asked
from retrieval.benchmark.bridge import read_bridge
from retrieval.benchmark.datasets import DataSet, HoldOut
from retrieval.benchmark.dbe import read_dbe
from retrieval.benchmark.demo import FOLDER, read_demo
from retrieval.benchmark.mae import read_mae
from retrieval.benchmark.metacademy import read_metacademy
from retrieval.training.splits import split_concepts

DATA: Final = Path("..") / "shared" / "data"
SCALE: Final = "scale"
"""Name of what is generated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a data set comes from.

    Attributes:
        read: Reads a folder, tested on the concepts that are held out.
        share: Of the concepts that is held out, in (0, 1).
        folder: Where it lies; None: in the data folder.
        within: Its folder's name there; empty: its own.
    """

    read: Callable[[Path, HoldOut], DataSet]
    share: float = 0.3
    folder: Path | None = None
    within: str = ""


SOURCES: Final[Mapping[str, Source]] = {
    "demo": Source(read=read_demo, folder=FOLDER),
    "metacademy": Source(read=read_metacademy),
    "metacademy-asked": Source(read=lambda folder, _: read_asked(folder), within="metacademy"),
    "dbe-kt22": Source(read=read_dbe, share=0.5),
    "bridge": Source(read=lambda folder, _: read_bridge(folder)),
    "mae-misconceptions": Source(read=lambda folder, _: read_mae(folder)),
}

NAMES: Final = (*SOURCES, SCALE)
"""All that can be measured, in this order."""


def find_folder(name: str, data: Path) -> Path:
    """Returns where a data set is to be; it may not be there."""
    source = SOURCES[name]
    return source.folder or data / (source.within or name)


def read_source(name: str, data: Path, seed: int) -> DataSet:
    """Reads a data set.

    Args:
        name: One of `SOURCES`.
        data: Folder of the data sets.
        seed: Chooses the concepts that are held out.
    """
    source = SOURCES[name]

    def hold_out(concepts: Iterable[str]) -> frozenset[str]:
        return split_concepts(tuple(concepts), source.share, seed).held_out

    return source.read(find_folder(name, data), hold_out)
