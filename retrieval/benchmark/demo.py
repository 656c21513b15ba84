"""The bundled curriculum: its questions, misconceptions and sections, asked for among its concepts."""

from collections.abc import Iterator
from pathlib import Path

from kg.archives import pack_folder, unpack
from kg.curriculum import Curriculum
from kg.importers.formats import read_draft
from kg.validation import Repairs, validate
from retrieval.benchmark.datasets import (
    DataSet,
    HoldOut,
    Query,
    World,
    drop_concepts,
    list_concept_documents,
)

FOLDER = Path(__file__).parents[2] / "graphmasal" / "curricula" / "algebra_to_ml"


def read_curriculum(folder: Path, form: str, name: str) -> Curriculum:
    """Reads a folder of curriculum files, repaired where that is needed.

    Args:
        folder: Holds the files.
        form: Import format.
        name: Id of the curriculum.

    Raises:
        ValueError: It is no curriculum.
    """
    checked = validate(
        read_draft(form, unpack(pack_folder(folder)), name), Repairs(drop_dangling=True, break_cycles=True)
    )
    if checked.curriculum is None:
        raise ValueError(f"{folder} holds no curriculum: {checked.issues[0]}")
    return checked.curriculum


def read_demo(folder: Path, hold_out: HoldOut) -> DataSet:
    """Reads the bundled curriculum.

    Args:
        folder: Its folder.
        hold_out: Chooses the concepts that are tested.
    """
    curriculum = read_curriculum(folder, "yaml", "algebra-to-ml")
    documents = list_concept_documents(curriculum)
    held = hold_out(document.id for document in documents)
    queries = tuple(query for query in _list_queries(curriculum) if query.concept in held)
    return DataSet(
        name="demo",
        worlds=(World(documents=documents, queries=queries),),
        curriculum=drop_concepts(curriculum, held),
        notes=("queries: stems of questions, misconceptions and titles of sections; documents: concepts",),
    )


def _list_queries(curriculum: Curriculum) -> Iterator[Query]:
    for question in curriculum.questions:
        # The heaviest; of equal ones the first.
        concept = max(question.assesses, key=lambda name: question.assesses[name])
        yield Query(text=question.stem, relevant=tuple(question.assesses), concept=concept)
    for misconception in curriculum.misconceptions:
        if misconception.concepts:
            text = f"{misconception.title}. {misconception.description}".strip()
            yield Query(text=text, relevant=misconception.concepts, concept=misconception.concepts[0])
    for resource in curriculum.resources:
        for section in resource.sections:
            if section.title:
                yield Query(text=section.title, relevant=(section.concept,), concept=section.concept)
