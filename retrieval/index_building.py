"""Building and loading indexes: encode what has no vector yet, and say so once all have one."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Container, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from kg.curriculum import Curriculum
from kg.indexes import IndexRecord
from kg.store import Store
from retrieval.candidates import Matrix
from retrieval.document_vectors import list_views, merge_views
from retrieval.documents import Document, DocumentKind, fingerprint_documents, list_documents
from retrieval.index import Index
from retrieval.neighbourhood import list_stored_kinds

CHUNK: Final = 64
"""Documents encoded and stored at a time: what a kill costs at most."""

_PAGE: Final = 5_000

Encode = Callable[[Sequence[str]], Awaitable[Matrix]]
"""Encodes texts elsewhere than in the event loop."""
Progress = Callable[[int, int], Awaitable[bool]]
"""Takes documents that have a vector and documents in all; returns whether to go on."""
Make = Callable[[Iterable[Document], str, str, dict[str, bytes] | None, Collection[DocumentKind]], Awaitable[Index]]
"""Calls `make_index` elsewhere than in the event loop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Which index is to be built.

    Attributes:
        tenant: Id.
        curriculum: Its content.
        ranker: Id of the ranker.
        encoder: Fingerprint of the encoder; empty: BM25 alone, nothing is encoded.
    """

    tenant: str
    curriculum: Curriculum
    ranker: str
    encoder: str


async def build_index(
    store: Store, order: Order, encode: Encode, progress: Progress, clock: Callable[[], int]
) -> IndexRecord | None:
    """Builds an index, or goes on with one that was half built; what is there already is not encoded again.

    The record is written last. Until then searches see the index before, if it is of the same documents, or none.

    Args:
        store: Where vectors and record are kept.
        order: What to build.
        encode: Makes vectors.
        progress: Called after each chunk.
        clock: Microseconds since 1970 UTC.

    Returns:
        The record; None: progress said to stop, and what was made so far is kept.

    Raises:
        CurriculumNotFoundError: It was deleted meanwhile.
    """
    # In a thread, as below: to list and hash 100,000 documents takes a second.
    fingerprint, listed = await asyncio.to_thread(_list_hashed, order.curriculum)
    hashed = listed if order.encoder else {}
    names = (order.tenant, order.curriculum.id, order.encoder)
    there = await store.list_vector_hashes(*names) if order.encoder else set()
    missing = sorted(hashed.keys() - there)
    if not await progress(len(hashed) - len(missing), len(hashed)):
        return None
    for start in range(0, len(missing), CHUNK):
        chunk = missing[start : start + CHUNK]
        views = [list_views(hashed[name]) for name in chunk]
        vectors = merge_views(views, await encode([text for each in views for text, _ in each]))
        await store.save_vectors(
            *names, {name: row.astype("<f4").tobytes() for name, row in zip(chunk, vectors, strict=True)}
        )
        if not await progress(len(hashed) - len(missing) + start + len(chunk), len(hashed)):
            return None
    record = IndexRecord(
        curriculum=order.curriculum.id,
        ranker=order.ranker,
        encoder=order.encoder,
        documents=fingerprint,
        count=len(hashed),
        dimension=await _find_dimension(store, names) if hashed else 0,
        built_at=clock(),
    )
    await store.save_index(order.tenant, record)
    await store.drop_vectors(*names, there - hashed.keys())
    return record


async def load_index(
    store: Store, tenant: str, curriculum: Curriculum, record: IndexRecord | None, make: Make
) -> Index | None:
    """Loads an index into memory; where the store finds neighbours, only vectors of rare kinds.

    Args:
        store: Where its vectors are.
        tenant: Id.
        curriculum: Its current content.
        record: Of the index; None: words only.
        make: Puts it together.

    Returns:
        None where the record is of other documents than the curriculum's, or a vector is missing: it has to be built.
    """
    documents = await asyncio.to_thread(list_documents, curriculum)
    if record is None or not record.encoder:
        return await make(documents, curriculum.language, "", None, ())
    if record.documents != await asyncio.to_thread(fingerprint_documents, documents):
        return None
    names = (tenant, record.curriculum, record.encoder)
    if await store.finds_nearest(*names):
        return await _load_rare(store, names, documents, curriculum.language, make)
    vectors = await _load_vectors(store, names)
    if not await asyncio.to_thread(_have_all, documents, vectors):
        return None
    return await make(documents, curriculum.language, record.encoder, vectors, ())


async def _load_rare(
    store: Store, names: tuple[str, str, str], documents: Sequence[Document], language: str, make: Make
) -> Index | None:
    """Loads the vectors of rare kinds; None where any document has no vector."""
    stored = await asyncio.to_thread(list_stored_kinds, documents)
    rare = [document for document in documents if document.kind not in stored]
    hashes = sorted({document.hash for document in rare})
    vectors: dict[str, bytes] = {}
    for start in range(0, len(hashes), _PAGE):
        vectors |= await store.read_vectors(*names, hashes[start : start + _PAGE])
    there = await store.list_vector_hashes(*names)
    if not await asyncio.to_thread(_have_all, documents, there) or len(vectors) < len(hashes):
        return None
    return await make(documents, language, names[-1], vectors, stored)


def _list_hashed(curriculum: Curriculum) -> tuple[str, dict[str, Document]]:
    """Returns the documents' fingerprint, and a document for each hash."""
    documents = list_documents(curriculum)
    return fingerprint_documents(documents), {document.hash: document for document in documents}


def _have_all(documents: Iterable[Document], hashes: Container[str]) -> bool:
    return all(document.hash in hashes for document in documents)


async def _load_vectors(store: Store, names: tuple[str, str, str]) -> dict[str, bytes]:
    vectors: dict[str, bytes] = {}
    after = ""
    while page := await store.load_vectors(*names, after, _PAGE):
        vectors.update(page)
        after = page[-1][0]
    return vectors


async def _find_dimension(store: Store, names: tuple[str, str, str]) -> int:
    ((_, vector),) = await store.load_vectors(*names, "", 1)
    return len(vector) // 4
