"""Batches of learners as Parquet, for the tests of planning in batch."""

import random
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from kg.curriculum import Curriculum
from planner.batch.rows import LEARNERS
from tests.planner_graphs import draw_mastery


def write_learners(folder: Path, curriculum: Curriculum, *, parts: int, rows: int, seed: int = 0) -> list[str]:
    """Writes parts of drawn learners, and returns the ids of all, in order."""
    rng = random.Random(seed)
    names = [concept.id for concept in curriculum.concepts]
    folder.mkdir(parents=True, exist_ok=True)
    learners: list[str] = []
    for part in range(parts):
        table = [
            {
                "learner": f"p{part:02}-{row:04}",
                "goals": rng.sample(names, rng.choice([1, 2, 3])),
                "mastery": list(draw_mastery(rng, curriculum).items()),
            }
            for row in range(rows)
        ]
        learners += [str(row["learner"]) for row in table]
        write_part(folder / f"part-{part:02}.parquet", table)
    return learners


def write_part(file: Path, rows: list[dict[str, Any]]) -> None:
    """Writes one part."""
    file.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows, LEARNERS), file)


def read_plans(folder: Path) -> list[dict[str, Any]]:
    """Reads the plans of all parts, in order."""
    return [row for file in sorted(folder.glob("*.parquet")) for row in pq.read_table(file).to_pylist()]
