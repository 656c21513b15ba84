"""Searching, grounding, reranking and explaining over a real channel, with the real encoder."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import RetryInfo

from graphmasal.v1 import retrieval_pb2
from graphmasal.v1 import retrieval_service_pb2 as messages
from graphmasal.v1.concept_pb2 import Concept
from graphmasal.v1.curriculum_service_pb2 import GetConceptRequest, ListResourcesRequest
from graphmasal.v1.retrieval_pb2 import Citation, StageReport
from tests.e2e.course import append, fields_of, override, reason_of, refuse_of
from tests.e2e.searched_course import COURSE, SearchedCourse, serve_course

pytest.importorskip("onnxruntime", reason="needs the models extra")

HERE = "tenants/t/curricula/statistics"
OFF_TOPIC = "a recipe for onion soup with cheese"


@pytest.fixture(scope="module")
async def course(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SearchedCourse]:
    home = tmp_path_factory.mktemp("server")
    async with serve_course(home, f"sqlite:{home / 'store.db'}", "t") as served:
        yield served


def titles(response: messages.SearchConceptsResponse) -> list[str]:
    return [result.title for result in response.results]


def used(stages: list[StageReport]) -> dict[str, bool]:
    return {stage.stage: stage.used for stage in stages}


# Searching


async def test_words_find_what_they_are_about(course: SearchedCourse) -> None:
    found = await course.search("update what one believes when evidence comes in")
    assert titles(found)[0] == "Bayes' rule"
    assert used(list(found.stages)) == {"lexical": True, "dense": True, "reranker": False}
    assert (found.ranker, len(found.encoder_fingerprint), found.reranker_fingerprint) == ("base", 64, "")


@pytest.mark.parametrize("query", ["Probability", " probability ", "CONDITIONAL  probability", "bayes-rule"])
async def test_a_title_or_an_id_comes_first(course: SearchedCourse, query: str) -> None:
    first = (await course.search(query)).results[0]
    assert first.exact
    assert query.strip().casefold().replace("  ", " ") in (first.title.casefold(), first.concepts[0])


async def test_what_nothing_is_about_is_likely_none_of_these(course: SearchedCourse) -> None:
    (off,) = (await course.search(OFF_TOPIC)).none_of_these
    (on,) = (await course.search("fit a straight line to points")).none_of_these
    assert off.probability > 0.5 > on.probability


async def test_each_kind_is_searched_by_itself(course: SearchedCourse) -> None:
    kinds = [retrieval_pb2.MISCONCEPTION, retrieval_pb2.QUESTION, retrieval_pb2.PASSAGE]
    found = await course.search("throwing dice and coins", kinds=kinds, limit=1)
    assert [result.kind for result in found.results] == [entry.kind for entry in found.none_of_these] == kinds
    assert [result.name for result in found.results][:2] == [
        f"{HERE}/misconceptions/gambler",
        f"{HERE}/questions/q-dice",
    ]
    assert found.results[2].name == ""
    for kind, none in zip(kinds, found.none_of_these, strict=True):
        assert sum(each.probability for each in found.results if each.kind == kind) + none.probability <= 1 + 1e-9


async def test_the_limit_holds_for_each_kind(course: SearchedCourse) -> None:
    kinds = [retrieval_pb2.CONCEPT, retrieval_pb2.PASSAGE]
    found = await course.search("evidence", kinds=kinds, limit=2)
    assert [result.kind for result in found.results] == [kinds[0]] * 2 + [kinds[1]] * 2


@pytest.mark.parametrize(("ready", "first"), [("eigenvectors", "Twin sums"), ("probability", "Twin tums")])
async def test_what_a_learner_is_ready_for_breaks_ties(course: SearchedCourse, ready: str, first: str) -> None:
    learner = f"ready-for-{ready}"
    await append(course.others, override(f"e-{learner}", ready, learner=learner))
    found = await course.search("twins", learner=learner, limit=2, ranker="lexical")
    frontier = [result.scores.frontier for result in found.results]
    assert (titles(found)[0], frontier[0] > frontier[1]) == (first, True)
    nobody = await course.search("twins", limit=2, ranker="lexical")
    assert not any(result.scores.HasField("frontier") for result in nobody.results)


async def test_words_alone_can_be_asked_for(course: SearchedCourse) -> None:
    found = await course.search("least squares", ranker="lexical")
    assert (found.ranker, found.encoder_fingerprint, titles(found)[0]) == ("lexical", "", "Linear regression")
    assert used(list(found.stages)) == {"lexical": True, "dense": False, "reranker": False}
    assert not found.results[0].scores.HasField("dense")


async def test_many_searches_at_once_answer_as_alone(course: SearchedCourse) -> None:
    queries = [f"{word} {number}" for word in ("evidence", "line", "matrix", "dice") for number in range(16)]
    alone = [await course.search(query) for query in queries]
    assert await asyncio.gather(*map(course.search, queries)) == alone


async def test_too_many_searches_are_refused_with_a_time_to_try_again(tmp_path: Path) -> None:
    store = f"sqlite:{tmp_path / 'store.db'}"
    async with serve_course(tmp_path, store, "t", retrieval_threads=1, retrieval_queue=1) as small:
        calls = [small.retrieval.SearchConcepts(_make_long(small)) for _ in range(64)]
        await asyncio.wait([asyncio.ensure_future(call.code()) for call in calls])
        refused = [call for call in calls if await call.code() is not grpc.StatusCode.OK]
        assert 0 < len(refused) < len(calls)
        code, status = await refuse_of(refused[0])
        assert (code, reason_of(status)) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED")
        assert any(detail.Is(RetryInfo.DESCRIPTOR) for detail in status.details)
        assert titles(await small.search("Probability"))[0] == "Probability"


def _make_long(course: SearchedCourse) -> messages.SearchConceptsRequest:
    return messages.SearchConceptsRequest(parent=course.parent, query="evidence " * 200)


# Grounding


async def cut(course: SearchedCourse, citation: Citation) -> str:
    """Cuts the passage out of the curriculum, as its place says."""
    if not citation.resource:
        concept: Concept = await course.others.curricula.GetConcept(GetConceptRequest(name=citation.concept))
        return concept.description[citation.start : citation.end]
    listed = await course.others.curricula.ListResources(ListResourcesRequest(parent=course.parent))
    (resource,) = [each for each in listed.resources if each.name == citation.resource]
    (section,) = [each for each in resource.sections if citation.concept.endswith(f"/{each.concept}")]
    assert section.title == citation.section
    return str(section.text[citation.start : citation.end])


async def test_passages_are_cited_by_their_place(course: SearchedCourse) -> None:
    request = messages.GroundRequest(parent=course.parent, query="weigh a hypothesis by evidence, odds", limit=50)
    response = await course.retrieval.Ground(request)
    assert response.passages[0].citation.concept == f"{HERE}/concepts/bayes-rule"
    assert {passage.citation.resource for passage in response.passages} == {"", f"{HERE}/resources/book"}
    for passage in response.passages:
        citation = passage.citation
        assert citation.text == await cut(course, citation) != ""
        assert (citation.licence, citation.attribution) == ("CC-BY-4.0", "The authors")


async def test_grounds_may_be_limited_to_concepts(course: SearchedCourse) -> None:
    request = messages.GroundRequest(
        parent=course.parent, query="weigh a hypothesis", concepts=["linear-regression", "eigenvectors"], limit=50
    )
    response = await course.retrieval.Ground(request)
    assert {*(tuple(passage.concepts) for passage in response.passages)} == {("linear-regression",), ("eigenvectors",)}
    total = sum(passage.probability for passage in response.passages) + response.none_of_these
    assert total == pytest.approx(1.0)


async def test_there_is_no_ground_where_nothing_is_said(course: SearchedCourse) -> None:
    request = messages.GroundRequest(parent=course.parent, query="twins", concepts=["twin-sums"])
    response = await course.retrieval.Ground(request)
    assert (len(response.passages), response.none_of_these) == (0, 1.0)


async def test_results_cite_the_passage_that_speaks_for_them(course: SearchedCourse) -> None:
    found = await course.search("beliefs and evidence: forgetting the base rate", limit=1)
    assert "base rate" in found.results[0].citation.text
    assert found.results[0].citation.text == await cut(course, found.results[0].citation)


# Reranking


def candidate(name: str, title: str, text: str = "") -> messages.RerankCandidate:
    return messages.RerankCandidate(id=name, title=title, text=text)


@pytest.mark.parametrize("curriculum", ["", "statistics"])
async def test_given_candidates_are_ordered(course: SearchedCourse, curriculum: str) -> None:
    given = [
        candidate("soup", "Onion soup"),
        candidate("line", "", "A line fitted by least squares"),
        candidate("x", ""),
    ]
    request = messages.RerankRequest(parent="tenants/t", query="regression", candidates=given, curriculum=curriculum)
    response = await course.retrieval.Rerank(request)
    assert (response.candidates[0].id, response.candidates[0].position) == ("line", 1)
    assert sorted(each.position for each in response.candidates) == [0, 1, 2]
    assert sum(each.probability for each in response.candidates) + response.none_of_these == pytest.approx(1.0)
    assert response.ranker == "base"


# Explaining


@pytest.mark.parametrize("ranker", ["", "lexical"])
@pytest.mark.parametrize("query", ["Bayes' rule", "evidence about a straight line", OFF_TOPIC])
async def test_contributions_sum_to_the_score_that_a_search_tells(
    course: SearchedCourse, query: str, ranker: str
) -> None:
    await append(course.others, override("e-explained", "probability", learner="explained"))
    found = await course.search(query, learner="explained", ranker=ranker)
    for place, result in enumerate(found.results, start=1):
        request = messages.ExplainRankingRequest(
            parent=course.parent, query=query, document=result.concepts[0], learner="explained", ranker=ranker
        )
        explained = await course.retrieval.ExplainRanking(request)
        assert (explained.rank, explained.documents, explained.result) == (place, len(COURSE["concepts"]), result)
        total = sum(part.score * part.weight for part in explained.contributions)
        assert total == pytest.approx(result.scores.fused)
        assert f"has place {place} of" in explained.text


# What is refused

LONG = "x" * 2001
UNKNOWN: Any = 9
"""Of every enum."""
MALFORMED: list[tuple[str, Message, list[str]]] = [
    ("SearchConcepts", messages.SearchConceptsRequest(), ["parent", "query"]),
    (
        "SearchConcepts",
        messages.SearchConceptsRequest(
            parent=HERE,
            query=LONG,
            kinds=[retrieval_pb2.DOCUMENT_KIND_UNSPECIFIED, retrieval_pb2.CONCEPT, UNKNOWN],
            limit=101,
            learner="a b",
            ranker="/",
            reranking=UNKNOWN,
        ),
        ["query", "kinds[1]", "kinds[2]", "limit", "reranking", "learner", "ranker"],
    ),
    ("SearchConcepts", messages.SearchConceptsRequest(parent=HERE, query=" \n", limit=-1), ["query", "limit"]),
    (
        "Ground",
        messages.GroundRequest(parent="x", limit=51, concepts=["c"] * 101),
        ["parent", "query", "limit", "concepts"],
    ),
    ("Ground", messages.GroundRequest(parent=HERE, query="q", concepts=["probability", "none"]), ["concepts[1]"]),
    ("Rerank", messages.RerankRequest(curriculum="/"), ["parent", "query", "candidates", "curriculum"]),
    (
        "Rerank",
        messages.RerankRequest(
            parent="tenants/t",
            query="q",
            candidates=[candidate("a", ""), candidate("a", "x" * 1001), candidate("", "", "x" * 20_001)],
            ranker="mine",
        ),
        ["candidates[1].id", "candidates[1].title", "candidates[2].id", "candidates[2].text", "ranker"],
    ),
    (
        "ExplainRanking",
        messages.ExplainRankingRequest(parent="x", kind=UNKNOWN),
        ["parent", "query", "kind", "document"],
    ),
    ("ExplainRanking", messages.ExplainRankingRequest(parent=HERE, query="q", document="none"), ["document"]),
    ("BuildIndex", messages.BuildIndexRequest(parent="x", ranker="/"), ["parent", "ranker"]),
    ("ListIndexes", messages.ListIndexesRequest(parent="x"), ["parent"]),
]
NOWHERE = "tenants/t/curricula/none"
MISSING: list[tuple[str, Message, str]] = [
    ("SearchConcepts", messages.SearchConceptsRequest(parent=NOWHERE, query="q"), "CURRICULUM_NOT_FOUND"),
    ("SearchConcepts", messages.SearchConceptsRequest(parent=HERE, query="q", ranker="none"), "RANKER_NOT_FOUND"),
    ("SearchConcepts", messages.SearchConceptsRequest(parent=HERE, query="q", learner="none"), "LEARNER_NOT_FOUND"),
    ("Ground", messages.GroundRequest(parent=NOWHERE, query="q"), "CURRICULUM_NOT_FOUND"),
    (
        "Rerank",
        messages.RerankRequest(parent="tenants/t", query="q", candidates=[candidate("a", "a")], curriculum="none"),
        "CURRICULUM_NOT_FOUND",
    ),
    ("ExplainRanking", messages.ExplainRankingRequest(parent=NOWHERE, query="q", document="d"), "CURRICULUM_NOT_FOUND"),
    ("BuildIndex", messages.BuildIndexRequest(parent=NOWHERE), "CURRICULUM_NOT_FOUND"),
    ("BuildIndex", messages.BuildIndexRequest(parent=HERE, ranker="none"), "RANKER_NOT_FOUND"),
    ("ListIndexes", messages.ListIndexesRequest(parent=NOWHERE), "CURRICULUM_NOT_FOUND"),
]


@pytest.mark.parametrize(("method", "request_", "fields"), MALFORMED)
async def test_every_wrong_field_is_named(
    course: SearchedCourse, method: str, request_: Message, fields: list[str]
) -> None:
    code, status = await refuse_of(getattr(course.retrieval, method)(request_))
    assert (code, fields_of(status)) == (grpc.StatusCode.INVALID_ARGUMENT, fields)


@pytest.mark.parametrize(("method", "request_", "reason"), MISSING)
async def test_what_is_not_there_is_not_found(
    course: SearchedCourse, method: str, request_: Message, reason: str
) -> None:
    code, status = await refuse_of(getattr(course.retrieval, method)(request_))
    assert (code, reason_of(status)) == (grpc.StatusCode.NOT_FOUND, reason)
