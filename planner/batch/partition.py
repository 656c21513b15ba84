"""One part of a batch: a Parquet file of learners becomes a Parquet file of plans, at once or not at all."""

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from kg.errors import FieldViolation, InvalidInputError
from planner.batch.graph_file import load_graph
from planner.batch.many import plan_rows
from planner.batch.rows import LEARNERS, PLANS, BatchTerms

FINGERPRINT: Final = b"graphmasal.fingerprint"
"""Key in the footer of a part under which stands what it was made from."""

_CHUNK_ROWS: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PartOutcome:
    """What came of a part.

    Attributes:
        name: Name of its files.
        learners: Rows.
        failed: Rows without a plan.
        skipped: It was there already, made from the same, and was not touched.
    """

    name: str
    learners: int
    failed: int
    skipped: bool


def plan_partition(source: Path, target: Path, graph_file: Path, terms: BatchTerms) -> PartOutcome:
    """Plans for the learners of one file.

    The plans stand in the learners' order. They are written to a temporary file that takes the place of `target` when
    it is complete. Where `target` was made from the same graph, learners, terms and version of the planner, nothing is
    done.

    Args:
        source: Parquet with the columns of `LEARNERS`.
        target: Where the plans go, by the columns of `PLANS`; its folder exists.
        graph_file: See `planner.batch.graph_file`.
        terms: What holds for all learners.

    Raises:
        InvalidInputError: `source` has other columns, or a learner twice.
    """
    fingerprint = compute_fingerprint(source, graph_file, terms)
    if target.exists() and (done := _read_outcome(target, fingerprint)) is not None:
        return done
    learners = read_learners(source)
    graph = load_graph(graph_file)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.part")
    schema = PLANS.with_metadata({FINGERPRINT: fingerprint})
    failed = 0
    try:
        with temporary.open("wb") as stream:
            with pq.ParquetWriter(stream, schema, compression="zstd") as writer:
                for chunk in learners.to_batches(max_chunksize=_CHUNK_ROWS):
                    rows = plan_rows(graph, chunk.to_pylist(), terms)
                    failed += sum(row["error"] is not None for row in rows)
                    writer.write_table(pa.Table.from_pylist(rows, schema))
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
    return PartOutcome(name=target.name, learners=learners.num_rows, failed=failed, skipped=False)


def read_learners(source: Path) -> pa.Table:
    """Reads the learners of a part.

    Raises:
        InvalidInputError: It is no Parquet file with the columns of `LEARNERS`, or names a learner twice.
    """
    try:
        table = pq.read_table(source)
        absent = [name for name in LEARNERS.names if name not in table.column_names and name != "goals"]
        if absent:
            raise InvalidInputError(FieldViolation(source.name, f"must have a column {absent[0]}"))
        if "goals" not in table.column_names:
            table = table.append_column("goals", pa.nulls(table.num_rows, LEARNERS.field("goals").type))
        table = table.select(LEARNERS.names).cast(LEARNERS)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise InvalidInputError(FieldViolation(source.name, f"must hold learners as Parquet: {error}")) from error
    seen: set[str] = set()
    for learner in table["learner"].to_pylist():
        if learner in seen:
            raise InvalidInputError(FieldViolation(source.name, f"must not have learner {learner} twice"))
        seen.add(learner)
    return table


def compute_fingerprint(source: Path, graph_file: Path, terms: BatchTerms) -> bytes:
    """Returns a hash of all that a part follows from."""
    digest = hashlib.sha256()
    digest.update(_describe_engine())
    digest.update(json.dumps(asdict(terms), sort_keys=True).encode())
    for file in (graph_file, source):
        with file.open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest().encode()


@cache
def _describe_engine() -> bytes:
    """Returns a hash of the planner's own sources, and the versions of what its results depend on."""
    digest = hashlib.sha256(f"ortools {version('ortools')}".encode())
    for file in sorted(Path(__file__).parents[1].rglob("*.py")):
        digest.update(file.read_bytes())
    return digest.digest()


def _read_outcome(target: Path, fingerprint: bytes) -> PartOutcome | None:
    """Reads what came of a finished part; None: it was made from something else, or cannot be read."""
    try:
        file = pq.ParquetFile(target)
    except (pa.ArrowException, OSError):
        return None
    if (file.schema_arrow.metadata or {}).get(FINGERPRINT) != fingerprint:
        return None
    errors = file.read(["error"])["error"]
    return PartOutcome(name=target.name, learners=len(errors), failed=len(errors) - errors.null_count, skipped=True)
