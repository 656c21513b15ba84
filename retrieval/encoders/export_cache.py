"""Folders of models that were made ready to run: each is there whole or not at all, and is made once."""

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from threading import Lock
from typing import Final

from pydantic import TypeAdapter, ValidationError

from kg.errors import ModelUnavailableError

_LIBRARIES: Final = ("onnx", "onnxruntime", "torch", "transformers")
"""Another version of these may export what this one cannot."""
# Within a process an export is made once; between processes the first one to finish stays.
_EXPORTING: Final = Lock()


class ExportError(Exception):
    """A model that cannot be exported, or whose export says something else than it does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A model that proved to have no export.

    Attributes:
        libraries: Versions that it was tried with.
        reason: What the exporter said.
    """

    libraries: Mapping[str, str]
    reason: str


_REFUSAL: Final[TypeAdapter[Refusal]] = TypeAdapter(Refusal)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportCache:
    """Exports by fingerprint, and beside them the names of models that have none.

    Attributes:
        folder: Where exports are kept; made if missing, may be shared by processes.
        prepared: Where an installation has those that it came with; only read. None: nowhere.
    """

    folder: Path
    prepared: Path | None = None

    def find(self, fingerprint: str) -> Path | None:
        """Returns the folder of a model's export; None: it has not been made, or the model has none."""
        return next((path for path in self._list_places(fingerprint) if path.is_dir()), None)

    def obtain(self, fingerprint: str, write: Callable[[Path], None]) -> Path:
        """Returns the folder of a model's export, which is made first where there is none yet.

        Args:
            fingerprint: Of everything that the export depends on.
            write: Writes the export into an empty folder. An `ExportError` of it is remembered until a library
                changes.

        Raises:
            ExportError: The model has no export.
            ModelUnavailableError: What is made cannot be kept.
        """
        with _EXPORTING:
            found = self.find(fingerprint)
            if found is not None:
                return found
            self._check_refusal(fingerprint)
            try:
                return self._make(fingerprint, write)
            except ExportError as error:
                self._refuse(fingerprint, str(error))
                raise

    def _list_places(self, name: str) -> Iterator[Path]:
        yield self.folder / name
        if self.prepared is not None:
            yield self.prepared / name

    def _make(self, fingerprint: str, write: Callable[[Path], None]) -> Path:
        target = self.folder / fingerprint
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(
                prefix="export-", dir=self.folder, ignore_cleanup_errors=True
            ) as temporary:
                draft = Path(temporary) / "draft"
                draft.mkdir()
                write(draft)
                _publish(draft, target)
        except OSError as error:
            raise ModelUnavailableError(
                f"a model made ready to run cannot be kept in {self.folder}, which the setting model_cache names: "
                f"{error}",
                [str(self.folder)],
            ) from error
        return target

    def _check_refusal(self, fingerprint: str) -> None:
        for path in self._list_places(_name_refusal(fingerprint)):
            refusal = _read_refusal(path)
            if refusal is not None and refusal.libraries == _list_versions():
                raise ExportError(f"{refusal.reason} (found before; it is tried again once {path} is removed)")

    def _refuse(self, fingerprint: str, reason: str) -> None:
        path = self.folder / _name_refusal(fingerprint)
        draft = path.with_suffix(f".{os.getpid()}")
        draft.write_bytes(_REFUSAL.dump_json(Refusal(libraries=_list_versions(), reason=reason)))
        draft.replace(path)


def _publish(draft: Path, target: Path) -> None:
    try:
        draft.rename(target)
    except OSError:
        # A folder that is not empty cannot be replaced: the same export, made by another process meanwhile.
        if not target.is_dir():
            raise


def _name_refusal(fingerprint: str) -> str:
    return f"{fingerprint}.no-export.json"


def _read_refusal(path: Path) -> Refusal | None:
    try:
        return _REFUSAL.validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None


def _list_versions() -> Mapping[str, str]:
    return {name: _find_version(name) for name in _LIBRARIES}


def _find_version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return ""
