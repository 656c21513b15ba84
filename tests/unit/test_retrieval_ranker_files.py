"""Rankers as files."""

import zipfile

import pytest

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


def test_what_is_not_shipped_is_not_found() -> None:
    assert find_shipped("../rankers") is None
