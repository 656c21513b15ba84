"""Vectors of documents: a concept's is made of its whole text, its title and its sentences."""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from retrieval.candidates import Matrix
from retrieval.documents import Document, DocumentKind
from retrieval.encoders.encoder import Encoder
from retrieval.passages import split_sentences

TITLE: Final = 0.2
SENTENCES: Final = 0.2
"""Weights of the title's vector and of the sentences' mean, the whole text's having the rest: among the best on 239
queries that were written for another curriculum."""

MOST_SENTENCES: Final = 16
LONGEST: Final = 1_000
"""Only so many sentences count, and none that begins behind so many characters, about what encoders read of a whole
text: whoever sends texts to be ranked cannot make one cost more than some three."""

View = tuple[str, float]
"""A text with its weight."""


def list_views(document: Document) -> tuple[View, ...]:
    """Lists the texts that a document's vector is made of; the weights sum to 1.

    A concept with title and description has its whole text, the title, and each of the description's first sentences:
    what is asked in few words is nearer to one of these. Everything else has its whole text alone.
    """
    if document.kind is not DocumentKind.CONCEPT or not document.title or not document.text:
        return ((document.searched_text, 1.0),)
    spans = [span for span in split_sentences(document.text)[:MOST_SENTENCES] if span.start < LONGEST]
    sentences = [document.text[span.start : span.end] for span in spans]
    parts = [(sentence, SENTENCES / len(sentences)) for sentence in sentences]
    return ((document.searched_text, 1.0 - TITLE - SENTENCES), (document.title, TITLE), *parts)


def merge_views(listed: Sequence[Sequence[View]], vectors: Matrix) -> Matrix:
    """Makes documents' vectors of their views'.

    Args:
        listed: The views of each document.
        vectors: Of all views in their order, float32 [views, dimension].

    Returns:
        Float32 [documents, dimension], rows of unit length.
    """
    merged = np.empty((len(listed), vectors.shape[1]), dtype=np.float32)
    for row, (views, part) in enumerate(zip(listed, _part(listed, vectors), strict=True)):
        merged[row] = part[0] if len(views) == 1 else _average(part, [weight for _, weight in views])
    return merged


def encode_documents(encoder: Encoder, documents: Sequence[Document]) -> Matrix:
    """Makes documents' vectors, float32 [documents, dimension], rows of unit length."""
    listed = [list_views(document) for document in documents]
    return merge_views(listed, encoder.encode([text for views in listed for text, _ in views]))


def _part(listed: Sequence[Sequence[View]], vectors: Matrix) -> Iterator[Matrix]:
    start = 0
    for views in listed:
        yield vectors[start : start + len(views)]
        start += len(views)


def _average(vectors: Matrix, weights: Sequence[float]) -> Matrix:
    mean = np.asarray(weights, dtype=np.float32) @ vectors
    return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-12), dtype=np.float32)
