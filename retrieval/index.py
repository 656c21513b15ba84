"""An index in memory: a curriculum's documents by kind, with what finds them by words and by vectors."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from retrieval.candidates import Matrix, Vector
from retrieval.documents import Document, DocumentKind, fingerprint_documents
from retrieval.lexical import LexicalIndex

Positions = NDArray[np.intp]

_ARTICLES: Final = frozenset({"the", "a", "an"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """The documents of one kind.

    Attributes:
        documents: In ascending order of id.
        lexical: BM25 over them.
        vectors: Float32 [documents, dimension], rows of unit length; None: they are found by words only.
        exact: Positions by folded title and by folded id.
        by_concept: Positions by concept that the documents are about.
        stored: Positions by hash, where the vectors stay in the store; empty where they do not.
        held: Positions whose vectors one search was given, ascending: `vectors` are theirs; None: those of all.
    """

    documents: tuple[Document, ...]
    lexical: LexicalIndex
    vectors: Matrix | None
    exact: Mapping[str, tuple[int, ...]]
    by_concept: Mapping[str, tuple[int, ...]]
    stored: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    held: Positions | None = None


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

    @property
    def stored(self) -> bool:
        """Vectors of some kinds stay in the store, so that it takes the store to search by them."""
        return any(shelf.stored for shelf in self.shelves.values())


def make_index(
    documents: Iterable[Document],
    language: str,
    encoder: str = "",
    vectors: Mapping[str, bytes] | None = None,
    stored: Collection[DocumentKind] = (),
) -> Index:
    """Puts an index together; linear in the documents' length.

    Args:
        documents: Of all kinds, by id within a kind.
        language: BCP 47 tag of the curriculum.
        encoder: Fingerprint of the encoder that made the vectors.
        vectors: By hash of the searched text, float32 little-endian; None: the index has none.
        stored: Kinds whose vectors stay in the store, so that each search is to be given some by `hold_vectors`.

    Raises:
        KeyError: A document has no vector.
    """
    listed = tuple(documents)
    shelves = {}
    for kind in DocumentKind:
        chosen = tuple(document for document in listed if document.kind == kind)
        hashes = [document.hash for document in chosen]
        shelves[kind] = Shelf(
            documents=chosen,
            lexical=LexicalIndex((document.searched_text for document in chosen), language),
            vectors=None if vectors is None or kind in stored else _stack(hashes, vectors),
            exact=_group((_fold(name), at) for at, document in enumerate(chosen) for name in _name(document)),
            by_concept=_group((concept, at) for at, document in enumerate(chosen) for concept in document.concepts),
            stored=_group((name, at) for at, name in enumerate(hashes)) if kind in stored else {},
        )
    # Where the documents' vectors stay in the store, `vectors` may well be empty.
    named = encoder if vectors or stored else ""
    return Index(shelves=shelves, documents=fingerprint_documents(listed), encoder=named)


def hold_vectors(index: Index, vectors: Mapping[str, bytes]) -> Index:
    """Gives an index, for one search, some of the vectors that stay in the store.

    Args:
        index: It is left as it is, and shares everything else.
        vectors: By hash; those of texts that are not in the index are passed over.
    """
    return replace(
        index, shelves={kind: _hold(shelf, vectors) if shelf.stored else shelf for kind, shelf in index.shelves.items()}
    )


def _hold(shelf: Shelf, vectors: Mapping[str, bytes]) -> Shelf:
    places = sorted((at, name) for name in vectors for at in shelf.stored.get(name, ()))
    held = np.array([at for at, _ in places], dtype=np.intp)
    return replace(shelf, vectors=_stack([name for _, name in places], vectors), held=held)


def find_exact(shelf: Shelf, query: str) -> NDArray[np.float64]:
    """Returns 1.0 where the query is a document's title or id, but for case, spaces and article, else 0.0, [n]."""
    found = np.zeros(len(shelf.documents))
    found[list(shelf.exact.get(_fold(query), ()))] = 1.0
    return found


def list_about(shelf: Shelf, concepts: Iterable[str]) -> list[int]:
    """Lists the positions of the documents that are about one of some concepts, ascending."""
    return sorted({at for concept in concepts for at in shelf.by_concept.get(concept, ())})


def pick_nearest(shelf: Shelf, positions: Sequence[int], vector: Vector) -> int:
    """Returns which of some positions, one at least, is most alike to a vector; the first where none has a vector."""
    places = np.array(positions) if shelf.held is None else np.intersect1d(positions, shelf.held)
    if shelf.vectors is None or not places.size:
        return positions[0]
    rows = places if shelf.held is None else np.searchsorted(shelf.held, places)
    return int(places[np.argmax(shelf.vectors[rows] @ vector)])


def _stack(hashes: Sequence[str], vectors: Mapping[str, bytes]) -> Matrix:
    rows = b"".join(vectors[name] for name in hashes)
    dimension = len(next(iter(vectors.values()), b"")) // 4
    # One copy: what frombuffer returns cannot be written and rests on the joined bytes anyway.
    return np.frombuffer(rows, dtype="<f4").reshape(len(hashes), dimension)


def _name(document: Document) -> Iterable[str]:
    return dict.fromkeys((document.title, document.id)) if document.place is None else ()


def _fold(text: str) -> str:
    words = text.casefold().split()
    return " ".join(words[1:] if len(words) > 1 and words[0] in _ARTICLES else words)


def _group(pairs: Iterable[tuple[str, int]]) -> Mapping[str, tuple[int, ...]]:
    grouped: dict[str, list[int]] = {}
    for key, position in pairs:
        grouped.setdefault(key, []).append(position)
    return {key: tuple(dict.fromkeys(positions)) for key, positions in grouped.items()}
