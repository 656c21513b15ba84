import contextlib
import io
import zipfile

from hypothesis import given
from hypothesis import strategies as st

from kg.archives import ArchiveLimits, unpack
from kg.errors import InvalidInputError, LimitExceededError
from kg.importers.draft import Metadata
from kg.importers.formats import PARSERS, read_draft
from kg.validation import Repairs, validate

NAMES = [
    "a.yaml",
    "concepts.csv",
    "questions.csv",
    "prerequisites.csv",
    "concepts/a/title.txt",
    "concepts/a/dependencies.txt",
]
WORDS = [
    *"{}[],:-#|>&*!?=;\"'\n ",
    "concepts",
    "questions",
    "id",
    "title",
    "kind",
    "choice",
    "requires",
    "before",
    "after",
    "need",
    "group",
    "\n  ",
    "&a ",
    "*a",
    "<<",
    "1e999",
    "\x00",
    "\ud7ff",
    "null",
    "tag: a",
]
CONTENTS = st.one_of(
    st.binary(max_size=60),
    st.lists(st.sampled_from(WORDS), max_size=40).map(lambda words: "".join(words).encode()),
)


def make_archive() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.yaml", "concepts: []\n" * 20)
        archive.writestr("b/c.yaml", b"questions: []")
    return buffer.getvalue()


ARCHIVE = make_archive()


@given(st.dictionaries(st.sampled_from(NAMES), CONTENTS, max_size=4), st.sampled_from(sorted(PARSERS)))
def test_no_file_raises(files: dict[str, bytes], form: str) -> None:
    checked = validate(
        read_draft(form, files, "c", Metadata(title="T")), Repairs(drop_dangling=True, break_cycles=True)
    )

    assert checked.accepted == (checked.curriculum is not None)


@given(st.binary(max_size=300))
def test_bytes_that_are_no_archive_are_refused(content: bytes) -> None:
    with contextlib.suppress(InvalidInputError, LimitExceededError):
        unpack(content)


@given(
    st.lists(st.tuples(st.integers(0, len(ARCHIVE) - 1), st.integers(0, 255)), min_size=1, max_size=8),
    st.integers(0, len(ARCHIVE)),
)
def test_damaged_archive_is_refused_or_within_its_limits(changes: list[tuple[int, int]], end: int) -> None:
    damaged = bytearray(ARCHIVE)
    for position, value in changes:
        damaged[position] = value
    for content in (bytes(damaged), bytes(damaged[:end])):
        with contextlib.suppress(InvalidInputError, LimitExceededError):
            files = unpack(content, ArchiveLimits(unpacked_bytes=1_000))
            assert sum(map(len, files.values())) <= 1_000
