"""Scale: how long a search takes among few and among many concepts, with and without reranking."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from retrieval.benchmark.demo import FOLDER, read_curriculum
from retrieval.benchmark.generated import count_frequencies, draw_documents, draw_queries, spread_vectors
from retrieval.benchmark.timing import WARM_UP, Times, time_calls
from retrieval.candidates import Matrix
from retrieval.documents import Document, list_documents
from retrieval.encoders.encoder import Encoder
from retrieval.fusion import Fusion
from retrieval.index import make_index
from retrieval.rankers import BASE, Ranker
from retrieval.rerankers.reranker import Reranker
from retrieval.scope import Reranking, Scope
from retrieval.search import Searcher

SMALL: Final = 392
"""Concepts of metacademy."""
LARGE: Final = 100_000
DEPTH: Final = 16
TIMED: Final = 50
_KNOWN: Final = 1_000
"""Texts that are encoded in truth; the others' vectors are made of theirs, as no time depends on what they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Generated:
    """Documents, their vectors and queries.

    Attributes:
        documents: By id.
        vectors: Unit vectors, float32 [documents, d].
        queries: Words.
    """

    documents: tuple[Document, ...]
    vectors: Matrix
    queries: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """Times of one kind of search.

    Attributes:
        name: What was timed.
        concepts: Among how many.
        times: Of one query each.
    """

    name: str
    concepts: int
    times: Times


def generate(count: int, encoder: Encoder, seed: int) -> Generated:
    """Draws documents and queries of the bundled curriculum's words, and makes their vectors."""
    curriculum = read_curriculum(FOLDER, "yaml", "algebra-to-ml")
    frequencies = count_frequencies(document.searched_text for document in list_documents(curriculum))
    documents = draw_documents(count, frequencies, seed)
    known = encoder.encode([document.searched_text for document in documents[:_KNOWN]])
    return Generated(
        documents=documents,
        vectors=spread_vectors(known, count, seed),
        queries=draw_queries(documents, TIMED, seed),
    )


def make_searcher(world: Generated, encoder: Encoder) -> Searcher:
    """Puts together what searches generated documents, all of their vectors in memory."""
    kept = {document.hash: row.tobytes() for document, row in zip(world.documents, world.vectors, strict=True)}
    return Searcher(
        index=make_index(world.documents, "en", encoder.fingerprint, kept),
        ranker=Ranker(id=BASE, encoder=encoder.name),
        encoder=encoder,
    )


def time_searches(world: Generated, encoder: Encoder, keeping: Reranker, forgetting: Reranker) -> Iterator[Pass]:
    """Times searches without reranker, with one that knows its candidates already, and with one that never does.

    Args:
        world: What is searched.
        encoder: Of its vectors.
        keeping: Keeps what it works out about candidates.
        forgetting: The same, but keeps nothing.
    """
    ranker = Ranker(id=BASE, encoder=encoder.name, fusion=replace(Fusion(), reranker=1.0, depth=DEPTH))
    searcher = replace(make_searcher(world, encoder), ranker=ranker)
    for name, reranker in (
        ("search without reranker", None),
        (f"search, {DEPTH} reranked, warm", keeping),
        (f"search, {DEPTH} reranked, cold", forgetting),
    ):
        search = replace(searcher, reranker=reranker).search
        scope = Scope(reranking=Reranking.ALWAYS)
        calls = [partial(search, query, scope) for query in world.queries]
        _, times = time_calls(calls, warm_up=len(calls) if reranker is keeping else WARM_UP)
        yield Pass(name=name, concepts=len(world.documents), times=times)


def time_encoding(encoder: Encoder, queries: Sequence[str]) -> Times:
    """Times the encoding of one query at a time."""
    return time_calls([partial(encoder.encode_queries, [query]) for query in queries])[1]
