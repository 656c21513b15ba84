"""An index in memory: a curriculum's documents by kind, with what finds them by words and by vectors."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retrieval.candidates import Matrix
from retrieval.documents import Document, DocumentKind, fingerprint_documents
from retrieval.lexical import LexicalIndex


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """The documents of one kind.

    Attributes:
        documents: In ascending order of id.
        lexical: BM25 over them.
        vectors: Float32 [documents, dimension], rows of unit length; None: they are found by words only.
        exact: Positions by folded title and by folded id.
        by_concept: Positions by concept that the documents are about.
    """

    documents: tuple[Document, ...]
    lexical: LexicalIndex
    vectors: Matrix | None
    exact: Mapping[str, tuple[int, ...]]
    by_concept: Mapping[str, tuple[int, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """All that can be found in one version of a curriculum.

    Attributes:
        shelves: By kind; every kind has one.
        documents: Fingerprint of the documents.
        encoder: Fingerprint of the encoder that made the vectors; empty: there are none.
    """

    shelves: Mapping[DocumentKind, Shelf]
    documents: str
    encoder: str


def make_index(
    documents: Iterable[Document], language: str, encoder: str = "", vectors: Mapping[str, bytes] | None = None
) -> Index:
    """Puts an index together; linear in the documents' length.

    Args:
        documents: Of all kinds, by id within a kind.
        language: BCP 47 tag of the curriculum.
        encoder: Fingerprint of the encoder that made the vectors.
        vectors: By hash of the searched text, float32 little-endian; None: the index has none.

    Raises:
        KeyError: A document has no vector.
    """
    listed = tuple(documents)
    shelves = {}
    for kind in DocumentKind:
        chosen = tuple(document for document in listed if document.kind == kind)
        shelves[kind] = Shelf(
            documents=chosen,
            lexical=LexicalIndex((document.searched_text for document in chosen), language),
            vectors=None if vectors is None else _stack(chosen, vectors),
            exact=_group((_fold(name), at) for at, document in enumerate(chosen) for name in _name(document)),
            by_concept=_group((concept, at) for at, document in enumerate(chosen) for concept in document.concepts),
        )
    return Index(shelves=shelves, documents=fingerprint_documents(listed), encoder=encoder if vectors else "")


def find_exact(shelf: Shelf, query: str) -> NDArray[np.float64]:
    """Returns 1.0 where the query is a document's title or id but for case and spaces, else 0.0, [documents]."""
    found = np.zeros(len(shelf.documents))
    found[list(shelf.exact.get(_fold(query), ()))] = 1.0
    return found


def _stack(documents: tuple[Document, ...], vectors: Mapping[str, bytes]) -> Matrix:
    rows = b"".join(vectors[document.hash] for document in documents)
    dimension = len(next(iter(vectors.values()), b"")) // 4
    # One copy: what frombuffer returns cannot be written and rests on the joined bytes anyway.
    return np.frombuffer(rows, dtype="<f4").reshape(len(documents), dimension)


def _name(document: Document) -> Iterable[str]:
    return dict.fromkeys((document.title, document.id)) if document.place is None else ()


def _fold(text: str) -> str:
    return " ".join(text.casefold().split())


def _group(pairs: Iterable[tuple[str, int]]) -> Mapping[str, tuple[int, ...]]:
    grouped: dict[str, list[int]] = {}
    for key, position in pairs:
        grouped.setdefault(key, []).append(position)
    return {key: tuple(dict.fromkeys(positions)) for key, positions in grouped.items()}
