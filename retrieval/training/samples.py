"""Samples: what an encoder is trained on, and how they are put into batches."""

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from retrieval.documents import Document, DocumentKind
from retrieval.training.queries import TrainingQuery, leave_out


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleDocument:
    """A text of a concept.

    Attributes:
        concept: Id of the concept.
        text: As the encoder reads it.
    """

    concept: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderSample:
    """A query with the document that it has to find.

    Attributes:
        query: Its words.
        document: The right one.
        related: Ids of concepts whose documents are neither right nor wrong.
        negatives: Wrong documents that are easily taken for the right one; may be none, for the other samples of a
            batch give wrong ones as well.
    """

    query: str
    document: SampleDocument
    related: frozenset[str] = frozenset()
    negatives: tuple[SampleDocument, ...] = ()

    def may_reject(self, document: SampleDocument) -> bool:
        """Says whether a document counts as wrong for this query."""
        return (
            document.concept != self.document.concept
            and document.concept not in self.related
            and document.text != self.document.text
        )


def make_samples(
    queries: Iterable[TrainingQuery],
    documents: Iterable[Document],
    negatives: Mapping[TrainingQuery, Sequence[str]] | None = None,
) -> tuple[EncoderSample, ...]:
    """Pairs each query with its concept's document, from which the words that it was made of are left out.

    Args:
        queries: Those whose concept has no document are left out.
        documents: As `list_documents` gives them; only those of concepts are used.
        negatives: Ids of wrong concepts, as `negatives.find_hard_negatives` gives them.

    Returns:
        In the order of the queries.
    """
    found = {document.id: document for document in documents if document.kind is DocumentKind.CONCEPT}
    return tuple(
        EncoderSample(
            query=query.text,
            document=SampleDocument(concept=query.concept, text=leave_out(found[query.concept], query).searched_text),
            related=frozenset(query.related),
            negatives=tuple(
                SampleDocument(concept=other, text=found[other].searched_text)
                for other in (negatives or {}).get(query, ())
            ),
        )
        for query in queries
        if query.concept in found
    )


def plan_batches(samples: Sequence[EncoderSample], size: int, seed: int) -> list[list[EncoderSample]]:
    """Deals shuffled samples into batches of almost equal size, one concept as rarely twice in a batch as may be.

    Two samples of a concept teach each other nothing. O(n * batches).

    Args:
        samples: At least one.
        size: Largest size of a batch, >= 1.
        seed: Of the order.
    """
    count = -(-len(samples) // size)
    generator = random.Random(seed)  # noqa: S311 - no secret
    batches: list[list[EncoderSample]] = [[] for _ in range(count)]
    held: list[dict[str, int]] = [{} for _ in range(count)]
    for sample in generator.sample(samples, len(samples)):
        concept = sample.document.concept
        place = min(
            (position for position in range(count) if len(batches[position]) < size),
            key=lambda position: (held[position].get(concept, 0), len(batches[position]), position),
        )
        batches[place].append(sample)
        held[place][concept] = held[place].get(concept, 0) + 1
    generator.shuffle(batches)
    return batches
