import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from planner.engine import kernel_cache
from planner.engine.compilation import Kernel, kernel, run_compiled, run_plain
from planner.engine.kernel_cache import find_complete_folder, make_folder, mark_complete


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of kernels' sources, and one for the user."""
    folder = tmp_path / "engine"
    folder.mkdir()
    (folder / "kernels.py").write_text("x = 1\n")
    monkeypatch.setattr(kernel_cache, "_HERE", folder)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user"))
    kernel_cache.fingerprint.cache_clear()
    return folder


@pytest.fixture(autouse=True)
def forget() -> Iterator[None]:
    yield
    kernel_cache.fingerprint.cache_clear()


def test_a_folder_is_found_once_it_holds_everything(sources: Path) -> None:
    folder = make_folder()
    assert find_complete_folder() is None
    mark_complete(folder)
    assert find_complete_folder() == folder
    assert folder.is_relative_to(sources)


def test_other_sources_have_another_folder_and_the_old_one_goes(sources: Path) -> None:
    before = make_folder()
    mark_complete(before)
    (sources / "kernels.py").write_text("x = 2\n")
    kernel_cache.fingerprint.cache_clear()
    assert find_complete_folder() is None
    mark_complete(make_folder())
    assert not before.exists()


def test_where_the_package_cannot_be_written_to_the_user_keeps_them(sources: Path) -> None:
    # a file in the way, which stops even those whom permissions do not
    (sources / "__pycache__").write_text("")
    folder = make_folder()
    mark_complete(folder)
    assert find_complete_folder() == folder
    assert str(folder).startswith(os.environ["XDG_CACHE_HOME"])


def test_a_kernel_gives_the_same_compiled_or_not() -> None:
    before = list(Kernel.instances)
    double = kernel(lambda number: 2 * number)
    try:
        with run_plain():
            plain = double(21)
        with run_compiled():
            assert (double(21), plain) == (42, 42)
    finally:
        Kernel.instances[:] = before
