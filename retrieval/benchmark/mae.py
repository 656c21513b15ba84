"""MaE: algebra misconceptions with four wrong answers each; each answer is asked for where it is left out."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from retrieval.benchmark.datasets import DataSet, Query, World
from retrieval.documents import Document, DocumentKind

EXAMPLES = 4
"""Of each misconception."""

Example = Mapping[str, object]


def read_mae(folder: Path) -> DataSet:
    """Reads the misconceptions.

    Args:
        folder: Holds data.json.
    """
    examples = json.loads((folder / "data.json").read_text(encoding="utf-8"))
    by_id: dict[str, list[Example]] = {}
    for example in sorted(examples, key=lambda entry: (entry["Misconception ID"], entry["Example Number"])):
        by_id.setdefault(example["Misconception ID"], []).append(example)
    worlds = tuple(_leave_out(by_id, number) for number in range(1, EXAMPLES + 1))
    return DataSet(
        name="mae-misconceptions",
        worlds=worlds,
        notes=(
            "queries: question and wrong answer of one example; documents: what the misconception is and its three "
            "other examples",
        ),
    )


def _leave_out(by_id: Mapping[str, Sequence[Example]], number: int) -> World:
    documents = tuple(
        Document(
            kind=DocumentKind.MISCONCEPTION,
            id=name,
            title=str(examples[0]["Misconception"]),
            text="\n".join(_describe(entry) for entry in examples if entry["Example Number"] != number),
        )
        for name, examples in by_id.items()
    )
    queries = tuple(
        Query(text=f"{entry['Question']}\n{entry['Incorrect Answer']}", relevant=(name,), concept=name)
        for name, examples in by_id.items()
        for entry in examples
        if entry["Example Number"] == number
    )
    return World(documents=documents, queries=queries)


def _describe(example: Example) -> str:
    parts = (str(example[key] or "").strip() for key in ("Question", "Incorrect Answer", "Explanation"))
    return "\n".join(part for part in parts if part)
