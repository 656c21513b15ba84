"""Rankers as files."""

import zipfile
from pathlib import Path

import pytest

from retrieval.encoders.loading import load_encoder
from retrieval.ranker_files import find_shipped, pack_ranker, unpack_ranker
from retrieval.rankers import Ranker

RANKER = Ranker(id="r", encoder="e", encoder_adapter=b"\0" * 100, notes={"seed": 3.0})


def test_a_file_holds_the_whole_ranker() -> None:
    assert unpack_ranker(pack_ranker(RANKER)) == RANKER


def test_equal_rankers_are_equal_files() -> None:
    assert pack_ranker(RANKER) == pack_ranker(unpack_ranker(pack_ranker(RANKER)))


def test_other_files_are_refused() -> None:
    with pytest.raises(zipfile.BadZipFile):
        unpack_ranker(b"no ranker")


def test_the_shipped_ranker_is_small_judged_and_fits_its_encoder(tmp_path: Path) -> None:
    ranker = find_shipped("algebra-to-ml")
    assert ranker is not None
    assert 0 < len(ranker.encoder_adapter) < 1_000_000
    assert [verdict.passed for verdict in ranker.verdicts if verdict.stage == "encoder"] == [True]
    assert load_encoder(ranker.encoder, ranker.encoder_adapter, cache=tmp_path).encode(["slope"]).shape == (1, 384)


def test_what_is_not_shipped_is_not_found() -> None:
    assert find_shipped("../rankers") is None
