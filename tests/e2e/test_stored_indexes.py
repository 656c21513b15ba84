"""Indexes whose vectors stay in Neo4j, searched over a real channel beside the same course held in memory."""

import random
import secrets
from collections.abc import AsyncIterator
from itertools import combinations
from typing import Any

import pytest
from neo4j import AsyncGraphDatabase

from graphmasal.v1 import retrieval_pb2
from graphmasal.v1.retrieval_service_pb2 import (
    ExplainRankingRequest,
    ExplainRankingResponse,
    GroundRequest,
    GroundResponse,
    SearchConceptsResponse,
)
from kg.neo4j_store.store import Neo4jStore
from server.search_indexes import GONE
from tests.contract.places import Place
from tests.e2e.searched_course import SearchedCourse, serve_course
from tests.neo4j_server import Neo4jAddress

pytest.importorskip("onnxruntime", reason="needs the models extra")
pytestmark = pytest.mark.neo4j

WORDS = [
    "angle", "area", "axis", "circle", "cosine", "curve", "degree", "divisor", "equation", "exponent", "factor",
    "fraction", "function", "graph", "group", "integer", "interval", "limit", "line", "matrix", "mean", "number",
    "parabola", "percent", "plane", "polygon", "power", "prime", "product", "proof", "ratio", "root", "sequence", "set",
    "slope", "square", "sum", "tangent", "triangle", "vector",
]  # fmt: skip
TITLES = [" ".join(words) for words in random.Random(4).sample(list(combinations(WORDS, 3)), 1_000)]
CONCEPTS: list[dict[str, Any]] = [
    {"id": title.replace(" ", "-"), "title": title.capitalize()}
    | ({"description": f"What a {title} is, and how a {WORDS[at % 40]} bears on it."} if at % 3 == 0 else {})
    for at, title in enumerate(TITLES)
]
LARGE: dict[str, Any] = {"curriculum": {"title": "Words"}, "concepts": CONCEPTS}
QUERIES = [
    TITLES[3],
    TITLES[8].upper(),
    "how steep is a straight graph",
    "numbers that nothing divides",
    "chance and the average",
    "a recipe for onion soup with cheese",
]
OVER_ALL, OVER_SOME = "exact over all vectors", "exact over what the store's vector index and BM25 find"


@pytest.fixture(scope="module")
async def indexed(
    neo4j_server: Neo4jAddress, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[SearchedCourse]:
    """At a server that has Neo4j index more than a hundred vectors."""
    place, tenant = Place(neo4j_server), f"t-{secrets.token_hex(8)}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Neo4jStore.__init__, "__kwdefaults__", {"vector_index_above": 100})
        async with serve_course(tmp_path_factory.mktemp("indexed"), place.setting, tenant, LARGE) as course:
            yield course
        async with place.connect() as store:
            await store.delete_curriculum(tenant, "statistics")


@pytest.fixture(scope="module")
async def exact(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SearchedCourse]:
    """At a server whose store has no vector index."""
    home = tmp_path_factory.mktemp("exact")
    async with serve_course(home, f"sqlite:{home / 'store.db'}", "t", LARGE) as course:
        yield course


def dense_reasons(response: SearchConceptsResponse | GroundResponse | ExplainRankingResponse) -> set[str]:
    return {stage.reason for stage in response.stages if stage.stage == "dense"}


def check_equal(found: retrieval_pb2.SearchResult, expected: retrieval_pb2.SearchResult) -> None:
    assert (found.document, found.exact, found.citation.text) == (
        expected.document,
        expected.exact,
        expected.citation.text,
    )
    for score in ("lexical", "dense", "fused"):
        assert getattr(found.scores, score) == pytest.approx(getattr(expected.scores, score), abs=1e-5)
    assert found.probability == pytest.approx(expected.probability, abs=1e-3)


@pytest.mark.parametrize("query", QUERIES)
async def test_searches_find_what_an_exact_search_finds(
    indexed: SearchedCourse, exact: SearchedCourse, query: str
) -> None:
    kinds = [retrieval_pb2.CONCEPT, retrieval_pb2.PASSAGE]
    found, expected = [await course.search(query, kinds=kinds) for course in (indexed, exact)]
    assert (dense_reasons(found), dense_reasons(expected)) == ({OVER_SOME}, {OVER_ALL})
    assert len(found.results) == len(expected.results) == 20
    for one, other in zip(found.results, expected.results, strict=True):
        check_equal(one, other)
    for none, other_none in zip(found.none_of_these, expected.none_of_these, strict=True):
        assert none.probability == pytest.approx(other_none.probability, abs=1e-3)


@pytest.mark.parametrize("concepts", [[], [concept["id"] for concept in CONCEPTS[:60]]], ids=["all", "some"])
async def test_grounds_are_those_of_an_exact_search(
    indexed: SearchedCourse, exact: SearchedCourse, concepts: list[str]
) -> None:
    found, expected = [
        await course.retrieval.Ground(
            GroundRequest(parent=course.parent, query="how steep is a straight graph", concepts=concepts, limit=10)
        )
        for course in (indexed, exact)
    ]
    # Of a few concepts all passages are compared.
    assert dense_reasons(found) == {OVER_ALL if concepts else OVER_SOME}
    for one, other in zip(found.passages, expected.passages, strict=True):
        check_equal(one, other)


@pytest.mark.parametrize("place", [0, 9, 400])
async def test_explanations_are_those_of_an_exact_search(
    indexed: SearchedCourse, exact: SearchedCourse, place: int
) -> None:
    query = "how steep is a straight graph"
    nearest = [each.document for each in (await exact.search(query, limit=100)).results]
    document = (
        nearest[place] if place < len(nearest) else next(each["id"] for each in CONCEPTS if each["id"] not in nearest)
    )
    found, expected = [
        await course.retrieval.ExplainRanking(
            ExplainRankingRequest(parent=course.parent, query=query, document=document)
        )
        for course in (indexed, exact)
    ]
    assert (found.rank, found.documents, found.terms) == (expected.rank, expected.documents, expected.terms)
    check_equal(found.result, expected.result)
    for part, other in zip(found.contributions, expected.contributions, strict=True):
        assert (part.stage, part.weight, part.rank) == (other.stage, pytest.approx(other.weight), other.rank)


async def test_what_the_store_does_not_find_any_more_is_searched_by_words_and_then_exactly(
    indexed: SearchedCourse, neo4j_server: Neo4jAddress
) -> None:
    async def mark(*, there: bool) -> None:
        driver = AsyncGraphDatabase.driver(neo4j_server.url, auth=(neo4j_server.user, neo4j_server.password))
        async with driver:
            await driver.execute_query(
                "MATCH (s:VectorSet {tenant: $tenant}) SET s.indexed = $there", tenant=indexed.tenant, there=there
            )

    assert dense_reasons(await indexed.search("prime numbers")) == {OVER_SOME}
    await mark(there=False)
    try:
        found = await indexed.search("prime numbers")
        assert (dense_reasons(found), found.encoder_fingerprint) == ({GONE}, "")
        assert dense_reasons(await indexed.search("prime numbers")) == {OVER_ALL}
    finally:
        await mark(there=True)
