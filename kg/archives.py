"""The files of a curriculum as one ZIP archive: packed by a client, unpacked by a server that does not trust it."""

import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from kg.errors import LimitExceededError, refuse

Files = Mapping[str, bytes]
"""Content by relative POSIX path."""

_EPOCH = (1980, 1, 1, 0, 0, 0)
_DIRECTORY_ENTRY = b"PK\x01\x02"
_ENCRYPTED = 0x1
# Other methods decompress whole blocks at once, however few bytes one asks for.
_BOUNDED_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_BROKEN = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, ValueError, NotImplementedError)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveLimits:
    """How much an archive may hold.

    Attributes:
        unpacked_bytes: Of all entries together; the archive itself may not be larger either.
        entries: Files and folders.
    """

    unpacked_bytes: int = 256 * 1024 * 1024
    entries: int = 100_000


def pack_folder(path: Path) -> bytes:
    """Packs a file, or a folder with everything below it.

    Hidden files and folders are left out. The same content gives the same bytes.

    Raises:
        FileNotFoundError: There is nothing at `path`.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, file in _visible_files(path):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (stat.S_IFREG | 0o644) << 16
            archive.writestr(entry, file.read_bytes())
    return buffer.getvalue()


def _visible_files(path: Path) -> Iterator[tuple[str, Path]]:
    if path.is_file():
        yield path.name, path
        return
    if not path.is_dir():
        raise FileNotFoundError(f"no file or folder {path}")
    for file in sorted(path.rglob("*")):
        name = file.relative_to(path)
        if file.is_file() and not _is_hidden(name.as_posix()):
            yield name.as_posix(), file


def _is_hidden(name: str) -> bool:
    return any(part.startswith(".") or part == "__MACOSX" for part in PurePosixPath(name).parts)


def unpack(archive: bytes, limits: ArchiveLimits | None = None) -> Files:
    """Reads an archive into memory; nothing is written to disk and no size it declares is believed.

    Args:
        archive: A ZIP archive, stored or deflated.
        limits: Bounds; by default 256 MiB and 100,000 entries.

    Returns:
        Its files, hidden ones left out.

    Raises:
        InvalidInputError: It is no such archive, is damaged or encrypted, or a path leads out of it or comes twice.
        LimitExceededError: It holds more than `limits` allows.
    """
    limits = limits or ArchiveLimits()
    # The directory is counted before zipfile builds an object for each entry.
    if len(archive) > limits.unpacked_bytes or archive.count(_DIRECTORY_ENTRY) > limits.entries:
        raise _too_large(limits)
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            return _read_entries(opened, limits)
    except _BROKEN as error:
        raise refuse("chunk", f"must be a ZIP archive, stored or deflated: {error}") from error


def _read_entries(archive: zipfile.ZipFile, limits: ArchiveLimits) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    left = limits.unpacked_bytes
    for entry in archive.infolist():
        _check_entry(entry, files)
        if entry.is_dir():
            continue
        with archive.open(entry) as stream:
            content = stream.read(left + 1)
        left -= len(content)
        if left < 0:
            raise _too_large(limits)
        if not _is_hidden(entry.filename):
            files[entry.filename] = content
    return files


def _check_entry(entry: zipfile.ZipInfo, seen: Files) -> None:
    name = entry.filename
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name:
        raise refuse("chunk", f"must hold relative paths inside the archive only, not {name!r}")
    if name in seen:
        raise refuse("chunk", f"must hold each path once, and has {name!r} twice")
    if entry.flag_bits & _ENCRYPTED:
        raise refuse("chunk", f"must not be encrypted, as {name!r} is")
    if entry.compress_type not in _BOUNDED_METHODS:
        raise refuse("chunk", f"must be stored or deflated, which {name!r} is not")


def _too_large(limits: ArchiveLimits) -> LimitExceededError:
    return LimitExceededError(
        f"an archive may hold at most {limits.unpacked_bytes} bytes unpacked, in at most {limits.entries} entries"
    )
