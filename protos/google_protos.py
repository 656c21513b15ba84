"""Where the common protos are that ours import."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import google.api


@contextmanager
def google_protos() -> Iterator[list[Path]]:
    """Yields the folders that hold `google/api/*.proto` and so on (package googleapis-common-protos).

    The package ships `google/longrunning/operations.proto` under another file name than its stubs go by.
    """
    common = Path(google.api.__path__[0]).parents[1]
    with tempfile.TemporaryDirectory() as renamed:
        operations = Path(renamed) / "google/longrunning/operations.proto"
        operations.parent.mkdir(parents=True)
        operations.write_bytes((common / "google/longrunning/operations_proto.proto").read_bytes())
        yield [Path(renamed), common]
