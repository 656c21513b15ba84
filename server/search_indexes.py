"""Indexes in memory, each held against the store on every use: no search answers from an old or half made one."""

import asyncio
from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from kg.curriculum import Curriculum, CurriculumRecord
from kg.errors import IndexMismatchError
from kg.indexes import IndexRecord
from retrieval.documents import Document, DocumentKind, fingerprint_documents, list_documents
from retrieval.index import Index, make_index
from retrieval.index_building import load_index
from retrieval.neighbourhood import Survey, read_neighbourhood
from retrieval.search import Searcher
from server.backend import Backend
from server.curriculum_cache import CachedCurriculum, SingleFlight
from server.index_operations import IndexOperations, find_record
from server.names import CURRICULUM, make_name
from server.ranker_library import EquippedRanker, RankerLibrary, use_words_only

MOST_BYTES = 2 * 1024**3
"""Vectors and texts that are kept together."""

BEING_BUILT: Final = "the index of this version is being built"
GONE: Final = "the store's vector index was taken down meanwhile"

# What is kept of a document beside its text and its vector: objects, postings, entries of look-ups.
_DOCUMENT_BYTES: Final = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadySearch:
    """Everything to search a curriculum with.

    Attributes:
        tenant: Id.
        cached: The curriculum.
        searcher: Of its current version.
    """

    tenant: str
    cached: CachedCurriculum
    searcher: Searcher


@dataclass(frozen=True, slots=True, kw_only=True)
class _Loaded:
    """A searcher, and what it was made of."""

    curriculum: CurriculumRecord
    record: IndexRecord | None
    equipped: EquippedRanker
    searcher: Searcher
    outdated: bool
    size: int


class SearchIndexes:
    """The indexes used last, bounded by their bytes.

    Args:
        backend: What the services share.
        rankers: Say what a curriculum is searched with.
        operations: Build indexes that are out of date.
        most_bytes: Bound; the one used last is kept whatever its size.
    """

    def __init__(
        self, backend: Backend, rankers: RankerLibrary, operations: IndexOperations, most_bytes: int = MOST_BYTES
    ) -> None:
        self._backend = backend
        self._rankers = rankers
        self._operations = operations
        self._most_bytes = most_bytes
        self._loaded: OrderedDict[tuple[str, str, str], _Loaded] = OrderedDict()
        self._flight: SingleFlight[tuple[str, CurriculumRecord, IndexRecord | None, str, str]] = SingleFlight()

    async def get(self, tenant: str, curriculum: str, ranker: str) -> ReadySearch:
        """Returns what a curriculum is to be searched with.

        Where its index is not of the current version the current version is searched by words only, and an operation
        builds the index.

        Args:
            tenant: Id.
            curriculum: Id.
            ranker: Id; empty: the curriculum's default, which goes by words only where its models are not to be had.

        Raises:
            CurriculumNotFoundError: There is no such curriculum.
            RankerNotFoundError: There is no such ranker.
            ModelUnavailableError: A model of the ranker that is named cannot be loaded.
            IndexMismatchError: The index was built by another encoder than this server's.
        """
        cached, records = await asyncio.gather(
            self._backend.curricula.get(tenant, curriculum), self._backend.store.list_indexes(tenant, curriculum)
        )
        found = await self._rankers.find(tenant, curriculum, ranker, records)
        equipped = await self._rankers.equip(found, required=bool(ranker))
        record = find_record(records, found.id) if equipped.encoder else None
        if equipped.encoder and record and record.encoder != equipped.encoder.fingerprint:
            raise _refuse_mismatch(make_name(CURRICULUM, tenant, curriculum), curriculum, found.id)
        loaded = await self._find(tenant, cached, record, equipped)
        if loaded.outdated:
            await self._operations.ensure(tenant, curriculum, found)
        return ReadySearch(tenant=tenant, cached=cached, searcher=loaded.searcher)

    async def read(self, ready: ReadySearch, survey: Survey) -> Mapping[str, bytes] | None:
        """Reads what a search wants of the vectors that stay in the store; None: see `give_up`."""
        names = ready.tenant, ready.cached.record.id, ready.searcher.index.encoder
        return await read_neighbourhood(self._backend.store, names, survey)

    def give_up(self, ready: ReadySearch) -> Searcher:
        """Forgets an index whose vectors the store does not find any more; returns what goes by its words only."""
        searcher = ready.searcher
        self._loaded.pop((ready.tenant, ready.cached.record.id, searcher.ranker.id), None)
        return _make_searcher(searcher.index, use_words_only(searcher.ranker, GONE))

    async def _find(
        self, tenant: str, cached: CachedCurriculum, record: IndexRecord | None, equipped: EquippedRanker
    ) -> _Loaded:
        key = tenant, cached.record.id, equipped.ranker.id
        loaded = self._loaded.get(key)
        if loaded is None or (loaded.curriculum, loaded.record, loaded.equipped) != (cached.record, record, equipped):
            encoder = equipped.encoder.fingerprint if equipped.encoder else ""
            flight = tenant, cached.record, record, equipped.ranker.id, encoder
            loaded = await self._flight.run(flight, lambda: self._load(tenant, cached, record, equipped))
        if key in self._loaded:
            self._loaded.move_to_end(key)
        return loaded

    async def _load(
        self, tenant: str, cached: CachedCurriculum, record: IndexRecord | None, equipped: EquippedRanker
    ) -> _Loaded:
        index = None
        if record is not None:
            index = await load_index(self._backend.store, tenant, cached.curriculum, record, self._make)
        outdated = equipped.encoder is not None and index is None
        searched = await cached.derive(index_words) if index is None else index
        loaded = _Loaded(
            curriculum=cached.record,
            record=record,
            equipped=equipped,
            searcher=_make_searcher(searched, use_words_only(equipped.ranker, BEING_BUILT) if outdated else equipped),
            outdated=outdated,
            size=_measure(searched),
        )
        self._loaded[tenant, cached.record.id, equipped.ranker.id] = loaded
        while len(self._loaded) > 1 and sum(each.size for each in self._loaded.values()) > self._most_bytes:
            self._loaded.popitem(last=False)
        return loaded

    async def _make(
        self,
        documents: Iterable[Document],
        language: str,
        encoder: str,
        vectors: dict[str, bytes] | None,
        stored: Collection[DocumentKind],
    ) -> Index:
        return await self._backend.run(make_index, documents, language, encoder, vectors, stored)


def index_words(curriculum: Curriculum) -> Index:
    """Makes the index of a curriculum's words."""
    return make_index(list_documents(curriculum), curriculum.language)


def fingerprint_content(curriculum: Curriculum) -> str:
    """Returns the fingerprint of what can be found in a curriculum."""
    return fingerprint_documents(list_documents(curriculum))


def _make_searcher(index: Index, equipped: EquippedRanker) -> Searcher:
    return Searcher(
        index=index,
        ranker=equipped.ranker,
        encoder=equipped.encoder,
        reranker=equipped.reranker,
        without=equipped.without,
    )


def _measure(index: Index) -> int:
    """Estimates the bytes that an index takes."""
    shelves = index.shelves.values()
    vectors = sum(shelf.vectors.nbytes for shelf in shelves if shelf.vectors is not None)
    return vectors + _DOCUMENT_BYTES * sum(len(shelf.documents) for shelf in shelves)


def _refuse_mismatch(name: str, curriculum: str, ranker: str) -> IndexMismatchError:
    return IndexMismatchError(
        f"the index of {name} for the ranker {ranker} was built by another encoder than this server's: "
        f"graphmasal index build {curriculum} --ranker {ranker}",
        [name],
    )
