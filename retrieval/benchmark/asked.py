"""Asked queries: goals, questions and headings that were written for metacademy, as learners would word them."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from retrieval.benchmark.datasets import DataSet, Query, World, list_concept_documents
from retrieval.benchmark.demo import read_curriculum

TEST: Final = "test"
"""Split that is reported on; the recipe of training was chosen on the other, whose concepts are others."""

_QUERIES: Final = Path(__file__).with_name("asked") / "metacademy.csv"


def read_asked(folder: Path, split: str = TEST) -> DataSet:
    """Reads metacademy with the queries that were written for it.

    Models are trained on the text of the whole curriculum, as they are where they serve; none of the queries was taken
    from it.

    Args:
        folder: Holds `concepts`.
        split: `dev` or `test`.
    """
    curriculum = read_curriculum(folder, "metacademy", "metacademy-asked")
    queries = tuple(_read_queries(split))
    return DataSet(
        name="metacademy-asked",
        worlds=(World(documents=list_concept_documents(curriculum), queries=queries),),
        curriculum=curriculum,
        notes=(f"queries: {len(queries)} goals, questions and headings, written by us before any model was asked",),
    )


def _read_queries(split: str) -> Iterator[Query]:
    with _QUERIES.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["split"] == split:
                yield Query(text=row["query"], relevant=(row["concept"],), concept=row["concept"])
