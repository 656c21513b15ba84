"""Rankers as files, and those that come with the package."""

import io
import zipfile
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import Final

from kg.indexes import StoredRanker
from retrieval.rankers import Ranker, read_ranker, store_ranker

SUFFIX: Final = ".ranker"

_MOMENT: Final = (1980, 1, 1, 0, 0, 0)


def pack_ranker(ranker: Ranker) -> bytes:
    """Writes a ranker as one file; equal rankers give equal bytes."""
    stored = store_ranker(ranker, "", 0)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("ranker.json", _MOMENT), stored.body)
        archive.writestr(zipfile.ZipInfo("weights.zip", _MOMENT), stored.weights)
    return packed.getvalue()


def unpack_ranker(content: bytes) -> Ranker:
    """Reads what `pack_ranker` wrote.

    Raises:
        zipfile.BadZipFile, KeyError, pydantic.ValidationError: It is no ranker.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        body, weights = archive.read("ranker.json").decode(), archive.read("weights.zip")
    return read_ranker(StoredRanker(curriculum="", id="", created_at=0, body=body, weights=weights))


def find_shipped(identifier: str) -> Ranker | None:
    """Returns the ranker of this id that comes with the package; None: there is none.

    One that bears a curriculum's id was trained on that curriculum and is its default.
    """
    return next((ranker for ranker in list_shipped() if ranker.id == identifier), None)


@cache
def list_shipped() -> tuple[Ranker, ...]:
    """Reads the rankers that come with the package, by id."""
    packed = sorted((files("retrieval") / "shipped").iterdir(), key=lambda file: file.name)
    return tuple(
        replace(unpack_ranker(file.read_bytes()), id=file.name.removesuffix(SUFFIX))
        for file in packed
        if file.name.endswith(SUFFIX)
    )
