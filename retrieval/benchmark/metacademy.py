"""Metacademy: 392 concepts of machine learning and mathematics, asked for with sentences about them."""

from collections.abc import Collection, Iterator
from pathlib import Path

from kg.curriculum import Curriculum
from retrieval.benchmark.datasets import (
    FEWEST_WORDS,
    DataSet,
    HoldOut,
    Query,
    World,
    count_words,
    drop_concepts,
    leave_sentences_out,
    list_concept_documents,
)
from retrieval.benchmark.demo import read_curriculum
from retrieval.training.wordings import hide_title


def read_metacademy(folder: Path, hold_out: HoldOut) -> DataSet:
    """Reads a content folder.

    Args:
        folder: Holds `concepts`.
        hold_out: Chooses the concepts that are tested.
    """
    curriculum = read_curriculum(folder, "metacademy", "metacademy")
    documents = list_concept_documents(curriculum)
    held = hold_out(document.id for document in documents)
    reasons = World(documents=documents, queries=tuple(_ask_with_reasons(curriculum, held)))
    return DataSet(
        name="metacademy",
        worlds=(*leave_sentences_out(documents, held), *([reasons] if reasons.queries else ())),
        curriculum=drop_concepts(curriculum, held),
        notes=(
            "queries: sentences of summaries, each left out of its document, and reasons of prerequisites, which no "
            "document holds; the concept's title is taken out of both",
        ),
    )


def _ask_with_reasons(curriculum: Curriculum, held: Collection[str]) -> Iterator[Query]:
    """A reason is about two concepts: the one that needs the other, and the other; either is a right answer."""
    titles = {concept.id: concept.title for concept in curriculum.concepts}
    for edge in curriculum.prerequisites:
        if edge.after in held and edge.before in held:
            text = hide_title(edge.reason, titles[edge.after])
            if count_words(text) >= FEWEST_WORDS:
                yield Query(text=text, relevant=(edge.after, edge.before), concept=edge.after)
