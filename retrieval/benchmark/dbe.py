"""DBE-KT22: 98 concepts of a database course, asked for with sentences of their descriptions."""

import json
from pathlib import Path

from kg.curriculum import Concept, Curriculum, Prerequisite
from retrieval.benchmark.datasets import DataSet, HoldOut, drop_concepts, leave_sentences_out, list_concept_documents


def read_dbe(folder: Path, hold_out: HoldOut) -> DataSet:
    """Reads the course.

    Args:
        folder: Holds DBE-KT22.json.
        hold_out: Chooses the concepts that are tested.
    """
    curriculum = _read_curriculum(folder)
    documents = list_concept_documents(curriculum)
    held = hold_out(document.id for document in documents)
    return DataSet(
        name="dbe-kt22",
        worlds=leave_sentences_out(documents, held),
        curriculum=drop_concepts(curriculum, held),
        notes=("queries: sentences of descriptions without the concept's title, each left out of its document",),
    )


def _read_curriculum(folder: Path) -> Curriculum:
    graph = json.loads((folder / "DBE-KT22.json").read_text(encoding="utf-8"))
    concepts = [
        Concept(id=node["id"], title=node["name"].strip(), description=node["description"].strip())
        for node in graph["nodes"]
    ]
    # A link leads from what builds on something to that.
    edges = [Prerequisite(before=link["target"], after=link["source"]) for link in graph["links"]]
    return Curriculum(
        id="dbe-kt22",
        title="Databases",
        concepts=tuple(sorted(concepts, key=lambda concept: concept.id)),
        prerequisites=tuple(sorted(edges, key=lambda edge: (edge.after, edge.before))),
    )
