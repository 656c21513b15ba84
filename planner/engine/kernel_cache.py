"""Where compiled kernels are kept on disk, so that no process compiles what another has compiled before."""

import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import numba
from numba.core.caching import CompileResultCacheImpl, FunctionCache

_HERE: Final = Path(__file__).parent
_STAMP: Final = "complete"


@cache
def fingerprint() -> str:
    """Returns a name for what compiled kernels depend on: the sources of this package, and numba, Python and machine.

    Numba itself looks at the one file in which a kernel stands, not at those whose functions it calls.
    """
    digest = sha256()
    for part in (numba.__version__, sys.version, sys.platform, platform.machine()):
        digest.update(part.encode() + b"\0")
    for path in sorted(_HERE.glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:20]


def _list_folders() -> Iterator[Path]:
    """Lists where compiled kernels may be: in the package, and where that cannot be written to, with the user."""
    name = f"kernels-{fingerprint()}"
    yield _HERE / "__pycache__" / name
    try:
        yield Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache").absolute() / "graphmasal" / name
    except RuntimeError:  # a user without a home
        return


def find_complete_folder() -> Path | None:
    """Returns the folder that holds all kernels, or None where there is none yet."""
    return next((folder for folder in _list_folders() if (folder / _STAMP).is_file()), None)


def make_folder() -> Path:
    """Returns a folder to keep kernels in; it exists and can be written to.

    Raises:
        OSError: There is none, neither in the package nor with the user.
    """
    for folder in _list_folders():
        try:
            folder.mkdir(parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=folder).close()
        except OSError:
            continue
        return folder
    raise OSError("compiled kernels can be kept neither in the package nor in the user's cache folder")


def mark_complete(folder: Path) -> None:
    """Says of a folder that it holds all kernels, in one step even where several processes do so at once.

    Kernels of other sources in this package's folder are of no use any more and go.
    """
    if folder.parent == _HERE / "__pycache__":
        for other in folder.parent.glob("kernels-*"):
            if other != folder:
                shutil.rmtree(other, ignore_errors=True)
    with tempfile.NamedTemporaryFile("w", dir=folder, delete=False) as file:
        file.write(f"numba {numba.__version__}, Python {platform.python_version()}\n")
    Path(file.name).chmod(0o644)
    Path(file.name).replace(folder / _STAMP)


class _Locator:
    """Tells numba where a kernel is kept. The folder is named for all that its content depends on."""

    def __init__(self, function: Any, file: str) -> None:
        self._py_file, self._line = file, function.__code__.co_firstlineno
        self._folder = find_complete_folder()

    @classmethod
    def from_function(cls, function: Any, file: str) -> "_Locator":
        return cls(function, file)

    def get_cache_path(self) -> str:
        if self._folder is None:
            self._folder = make_folder()
        return str(self._folder)

    def ensure_cache_path(self) -> None:
        Path(self.get_cache_path()).mkdir(parents=True, exist_ok=True)

    def get_source_stamp(self) -> str:
        return fingerprint()

    def get_disambiguator(self) -> str:
        return str(self._line)


class _Entries(CompileResultCacheImpl):
    _locator_classes: list[type[object]] = [_Locator]  # noqa: RUF012 - not ClassVar in numba either


class KernelCache(FunctionCache):
    """Numba's cache of one kernel, in a folder of ours, which may be read-only."""

    _impl_class = _Entries

    def __init__(self, function: Any) -> None:
        super().__init__(function)  # type: ignore[no-untyped-call]

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keeps a compiled kernel where that is possible."""
        try:
            super().save_overload(sig, data)  # type: ignore[no-untyped-call]
        except OSError:
            return  # it was compiled all the same, and another process has to compile it again
