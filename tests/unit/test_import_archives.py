import io
import stat
import zipfile
from pathlib import Path

import pytest

from kg.archives import ArchiveLimits, pack_folder, unpack
from kg.errors import InvalidInputError, LimitExceededError


def make_archive(*entries: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in entries:
            archive.writestr(zipfile.ZipInfo(name), content, compress_type=method)
    return buffer.getvalue()


def assert_refused(archive: bytes, words: str) -> None:
    with pytest.raises(InvalidInputError, match=words) as refused:
        unpack(archive)
    assert [violation.field for violation in refused.value.violations] == ["chunk"]


def test_folder_comes_back_without_its_hidden_files(tmp_path: Path) -> None:
    for name in ("a.yaml", "topic/b.yaml", ".git/config", "topic/.hidden"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(name.encode())

    assert unpack(pack_folder(tmp_path)) == {"a.yaml": b"a.yaml", "topic/b.yaml": b"topic/b.yaml"}


def test_single_file_is_packed_under_its_name(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"concepts: []")

    assert unpack(pack_folder(tmp_path / "a.yaml")) == {"a.yaml": b"concepts: []"}


def test_same_folder_gives_same_bytes(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"concepts: []")
    first = pack_folder(tmp_path)
    (tmp_path / "a.yaml").touch()

    assert pack_folder(tmp_path) == first


def test_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere"):
        pack_folder(tmp_path / "nowhere")


def test_what_an_operating_system_adds_is_left_out() -> None:
    archive = make_archive(("__MACOSX/._a.yaml", b"x"), (".DS_Store", b"x"), ("a.yaml", b"y"), ("folder/", b""))

    assert unpack(archive) == {"a.yaml": b"y"}


@pytest.mark.parametrize("name", ["/etc/passwd", "../a.yaml", "a/../../b.yaml", "..\\a.yaml"])
def test_paths_that_lead_out_are_refused(name: str) -> None:
    assert_refused(make_archive((name, b"x")), "relative paths")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_same_path_twice_is_refused() -> None:
    assert_refused(make_archive(("a.yaml", b"x"), ("a.yaml", b"y")), "twice")


@pytest.mark.parametrize("archive", [b"", b"PK", b"concepts: []", make_archive(("a", b"x" * 99))[:-30]])
def test_what_is_no_archive_is_refused(archive: bytes) -> None:
    assert_refused(archive, "must be a ZIP archive")


def test_damaged_content_is_refused() -> None:
    archive = bytearray(make_archive(("a", b"0123456789"), method=zipfile.ZIP_STORED))
    archive[archive.index(b"0123456789")] ^= 1

    assert_refused(bytes(archive), "CRC")


def test_encrypted_content_is_refused() -> None:
    archive = bytearray(make_archive(("a", b"x")))
    archive[archive.index(b"PK\x01\x02") + 8] |= 1

    assert_refused(bytes(archive), "encrypted")


def test_methods_that_unpack_without_bound_are_refused() -> None:
    assert_refused(make_archive(("a", b"x"), method=zipfile.ZIP_LZMA), "stored or deflated")


def test_link_is_read_as_a_file() -> None:
    entry = zipfile.ZipInfo("link.yaml")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(entry, "/etc/passwd")

    assert unpack(buffer.getvalue()) == {"link.yaml": b"/etc/passwd"}


def test_bomb_is_refused_before_it_fills_the_memory() -> None:
    bomb = make_archive(*((f"{index}.yaml", bytes(1_000_000)) for index in range(20)))

    with pytest.raises(LimitExceededError, match="10000000 bytes"):
        unpack(bomb, ArchiveLimits(unpacked_bytes=10_000_000))


def test_declared_size_is_not_trusted() -> None:
    archive = bytearray(make_archive(("a", bytes(1_000_000))))
    size = archive.index(b"PK\x01\x02") + 24
    archive[size : size + 4] = (10).to_bytes(4, "little")

    assert_refused(bytes(archive), "must be a ZIP archive")


def test_number_of_entries_is_bounded() -> None:
    with pytest.raises(LimitExceededError, match="at most 2 entries"):
        unpack(make_archive(("a", b""), ("b", b""), ("c", b"")), ArchiveLimits(entries=2))
