"""Indexes over a real channel, on both stores: built, brought up to date, refused, and through deaths of the server."""

import asyncio
import sys
import time
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.longrunning.operations_pb2 import (
    CancelOperationRequest,
    GetOperationRequest,
    Operation,
    WaitOperationRequest,
)
from google.rpc import code_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc

from graphmasal.client import Client
from graphmasal.v1.retrieval_pb2 import Index
from graphmasal.v1.retrieval_service_pb2 import (
    BuildIndexMetadata,
    BuildIndexRequest,
    ListIndexesRequest,
    SearchConceptsRequest,
    SearchConceptsResponse,
)
from kg.curriculum import Concept, Curriculum
from kg.indexes import IndexRecord
from retrieval.fusion import Fusion
from retrieval.rankers import Ranker, Verdict, store_ranker
from server.search_indexes import BEING_BUILT
from tests.contract.places import Place
from tests.e2e.course import reason_of, refuse_of
from tests.e2e.searched_course import COURSE, PATIENCE_SECONDS, SearchedCourse, serve_course
from tests.e2e.server_process import ServerProcess
from tests.samples import NOON

pytest.importorskip("onnxruntime", reason="needs the models extra")

ENCODER = "all-MiniLM-L6-v2"
VERDICT = Verdict(
    stage="reranker",
    passed=False,
    metric="nDCG@10",
    without=0.7,
    with_stage=0.69,
    low=-0.02,
    high=0.01,
    queries=300,
    reason="it is not better",
)


def read_index(operation: Operation) -> Index:
    index = Index()
    assert operation.response.Unpack(index), operation
    return index


def read_metadata(operation: Operation) -> BuildIndexMetadata:
    metadata = BuildIndexMetadata()
    assert operation.metadata.Unpack(metadata)
    return metadata


async def list_indexes(course: SearchedCourse) -> list[Index]:
    return list((await course.retrieval.ListIndexes(ListIndexesRequest(parent=course.parent))).indexes)


async def count_vectors(place: Place, tenant: str, encoder: str) -> int:
    async with place.connect() as store:
        return len(await store.list_vector_hashes(tenant, "statistics", encoder))


def change_one(content: dict[str, Any]) -> dict[str, Any]:
    """A version in which one concept, which nothing requires, says something else."""
    changed = deepcopy(content)
    (concept,) = [each for each in changed["concepts"] if each["id"] == "twin-sums"]
    concept["title"] = "Siamese sums"
    return changed


async def test_an_import_has_its_index_built(place: Place, tenant: str, tmp_path: Path) -> None:
    async with serve_course(tmp_path, place.setting, tenant) as course:
        (index,) = await list_indexes(course)
        assert (index.ranker, index.encoder, index.current, index.curriculum) == ("base", ENCODER, True, course.parent)
        assert index.vectors == await count_vectors(place, tenant, index.encoder_fingerprint) > len(COURSE["concepts"])
        found = await course.search("fit a line to points")
        assert found.results[0].title == "Linear regression"
        assert found.documents_fingerprint == index.documents_fingerprint
        again = await course.bring(COURSE)
        assert again.index_operation == ""


async def test_only_what_changed_is_encoded_again(place: Place, tenant: str, tmp_path: Path) -> None:
    async with serve_course(tmp_path, place.setting, tenant) as course:
        (before,) = await list_indexes(course)
        vectors = await load_vectors(place, tenant, before.encoder_fingerprint)
        name = (await course.bring(change_one(COURSE))).index_operation
        ended = await course.wait(name)
        assert read_index(ended) == (await list_indexes(course))[0]
        assert read_index(ended).documents_fingerprint != before.documents_fingerprint
        after = await load_vectors(place, tenant, before.encoder_fingerprint)
        assert (len(after.keys() - vectors.keys()), len(vectors.keys() - after.keys())) == (1, 1)
        assert all(vectors[key] == after[key] for key in vectors.keys() & after.keys())
        metadata = read_metadata(ended)
        assert (metadata.texts_done, metadata.texts_total, metadata.ranker) == (len(after), len(after), "base")
        assert (await course.search("Siamese sums")).results[0].exact


async def load_vectors(place: Place, tenant: str, encoder: str) -> dict[str, bytes]:
    async with place.connect() as store:
        return dict(await store.load_vectors(tenant, "statistics", encoder, "", 1_000))


async def test_what_has_no_index_yet_is_searched_by_words_and_built(place: Place, tenant: str, tmp_path: Path) -> None:
    async with serve_course(tmp_path, place.setting, tenant, ranker="lexical") as course:
        assert await list_indexes(course) == []
        found = await course.search("least squares", ranker="base")
        assert found.results[0].title == "Linear regression"
        (dense,) = [stage for stage in found.stages if stage.stage == "dense"]
        assert (dense.used, dense.reason) == (False, BEING_BUILT)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not await list_indexes(course):
            assert time.monotonic() < deadline
            await asyncio.sleep(0.05)
        found = await course.search("least squares", ranker="base")
        assert [stage.used for stage in found.stages if stage.stage == "dense"] == [True]


async def test_another_encoders_index_is_refused_by_the_command_that_mends_it(
    place: Place, tenant: str, tmp_path: Path
) -> None:
    async with serve_course(tmp_path, place.setting, tenant) as course:
        (index,) = await list_indexes(course)
        other = IndexRecord(
            curriculum="statistics",
            ranker="base",
            encoder="0" * 64,
            documents=index.documents_fingerprint,
            count=index.vectors,
            dimension=384,
            built_at=NOON,
        )
        async with place.connect() as store:
            await store.save_index(tenant, other)
        code, status = await refuse_of(course.search("lines"))
        assert (code, reason_of(status)) == (grpc.StatusCode.FAILED_PRECONDITION, "INDEX_MISMATCH")
        assert "graphmasal index build statistics --ranker base" in status.message
        assert [each.current for each in await list_indexes(course)] == [False]
        assert read_index(await course.build()).current
        assert (await course.search("lines")).encoder_fingerprint == index.encoder_fingerprint


async def test_other_tenants_see_nothing(place: Place, tenant: str, other_tenant: str, tmp_path: Path) -> None:
    async with serve_course(tmp_path, place.setting, tenant) as course:
        stranger = course.of(other_tenant)
        for call in (stranger.search("lines"), list_indexes(stranger), stranger.build()):
            assert (await refuse_of(call))[0] is grpc.StatusCode.NOT_FOUND
        await stranger.wait((await stranger.bring(change_one(COURSE))).index_operation)
        for searched, title in ((course, "Twin sums"), (stranger, "Siamese sums")):
            titles = [result.title for result in (await searched.search("sums")).results]
            assert [each for each in titles if each in ("Twin sums", "Siamese sums")] == [title]


async def test_the_latest_trained_ranker_is_the_default(place: Place, tenant: str, tmp_path: Path) -> None:
    async with serve_course(tmp_path, place.setting, tenant) as course:
        tuned = Ranker(
            id="tuned", encoder=ENCODER, reranker="listwise", fusion=Fusion(reranker=1.0, sure=1.0), verdicts=()
        )
        gated = replace(tuned, id="gated", verdicts=(VERDICT,))
        async with place.connect() as store:
            await store.save_ranker(tenant, store_ranker(tuned, "statistics", NOON + 2))
            await store.save_ranker(tenant, store_ranker(gated, "statistics", NOON + 1))
        assert read_index(await course.build()).ranker == "tuned"
        found = await course.search("lines and evidence")
        assert (found.ranker, len(found.reranker_fingerprint)) == ("tuned", 64)
        assert [stage.used for stage in found.stages] == [True, True, True]
        index = read_index(await course.build("gated"))
        assert index.verdicts[0].reason == "it is not better"
        found = await course.search("lines and evidence", ranker="gated")
        (reranker,) = [stage for stage in found.stages if stage.stage == "reranker"]
        assert (reranker.used, reranker.reason) == (False, "the gate keeps it off: it is not better")
        assert [each.ranker for each in await list_indexes(course)] == ["base", "gated", "tuned"]
        assert await count_vectors(place, tenant, index.encoder_fingerprint) == index.vectors


async def test_a_default_without_its_model_goes_by_words_and_a_named_one_is_refused(tmp_path: Path) -> None:
    store = f"sqlite:{tmp_path / 'store.db'}"
    async with serve_course(tmp_path, store, "t", ranker="base", encoder=str(tmp_path / "none")) as course:
        found = await course.search("least squares")
        assert (found.results[0].title, found.encoder_fingerprint) == ("Linear regression", "")
        (dense,) = [stage for stage in found.stages if stage.stage == "dense"]
        assert (dense.used, str(tmp_path / "none") in dense.reason) == (False, True)
        for call in (course.search("least squares", ranker="base"), course.build()):
            code, status = await refuse_of(call)
            assert (code, reason_of(status)) == (grpc.StatusCode.FAILED_PRECONDITION, "MODEL_UNAVAILABLE")
        await wait_until_served(course.channel)


async def test_a_server_without_the_models_extra_searches_by_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    monkeypatch.delitem(sys.modules, "retrieval.encoders.onnx_encoder", raising=False)
    async with serve_course(tmp_path, f"sqlite:{tmp_path / 'store.db'}", "t") as course:
        assert (await course.bring(change_one(COURSE))).index_operation == ""
        found = await course.search("least squares")
        (dense,) = [stage for stage in found.stages if stage.stage == "dense"]
        assert (dense.used, "pip install 'graphmasal[models]'" in dense.reason) == (False, True)
        await wait_until_served(course.channel)


async def test_the_service_is_ready_once_its_model_is(tmp_path: Path) -> None:
    async with serve_course(tmp_path, f"sqlite:{tmp_path / 'store.db'}", "t") as course:
        await wait_until_served(course.channel)


async def wait_until_served(channel: grpc.aio.Channel) -> None:
    stub: Any = health_pb2_grpc.HealthStub(channel)
    request = health_pb2.HealthCheckRequest(service="graphmasal.v1.RetrievalService")
    async with asyncio.timeout(PATIENCE_SECONDS):
        async for told in stub.Watch(request):
            if told.status == health_pb2.HealthCheckResponse.SERVING:
                return


# Through the death of the server

CONCEPTS = 600
LARGE = Curriculum(
    id="statistics",
    title="Many",
    concepts=tuple(
        Concept(id=f"c-{number:04}", title=f"Topic {number}", description=f"What number {number} is about. " * 6)
        for number in range(CONCEPTS)
    ),
)


def search(client: Client, query: str) -> SearchConceptsResponse:
    request = SearchConceptsRequest(parent=f"{client.parent}/curricula/statistics", query=query, ranker="base")
    return client.retrieval.SearchConcepts(request)


def wait_for_progress(client: Client, name: str) -> BuildIndexMetadata:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        metadata = read_metadata(client.operations.GetOperation(GetOperationRequest(name=name)))
        if metadata.texts_done:
            return metadata
    raise TimeoutError


def wait(client: Client, name: str) -> Operation:
    request = WaitOperationRequest(name=name)
    request.timeout.FromSeconds(PATIENCE_SECONDS)
    operation: Operation = client.operations.WaitOperation(request)
    assert operation.done
    return operation


def check_half_built(found: SearchConceptsResponse) -> None:
    """Words only, over everything."""
    assert found.results[0].title == "Topic 599"
    assert found.encoder_fingerprint == ""
    assert [stage.used for stage in found.stages] == [True, False, False]


async def start_large(place: Place, tenant: str, client: Client) -> str:
    async with place.connect() as store:
        await store.import_curriculum(tenant, LARGE, NOON, "op")
    request = BuildIndexRequest(parent=f"{client.parent}/curricula/statistics", ranker="base")
    started: Operation = await asyncio.to_thread(client.retrieval.BuildIndex, request)
    await asyncio.to_thread(wait_for_progress, client, started.name)
    return started.name


async def test_an_index_survives_the_death_of_the_server(place: Place, tenant: str, tmp_path: Path) -> None:
    with ServerProcess(place.setting, tmp_path) as server:
        with server.connect(tenant) as client:
            name = await start_large(place, tenant, client)
            check_half_built(await asyncio.to_thread(search, client, "Topic 599"))
            server.kill()
        async with place.connect() as store:
            left = await store.get_operation(tenant, name.rsplit("/", 1)[1])
            assert (left.done, 0 < left.items_done < 2 * CONCEPTS) == (False, True)
            assert await store.list_indexes(tenant, "statistics") == []
            await store.update_operation(tenant, replace(left, lease_until=0))
        server.start()
        with server.connect(tenant) as client:
            index = read_index(await asyncio.to_thread(wait, client, name))
            assert (index.current, index.vectors) == (True, 2 * CONCEPTS)
            found = await asyncio.to_thread(search, client, "Topic 599")
            assert (found.results[0].title, found.encoder_fingerprint) == ("Topic 599", index.encoder_fingerprint)
        assert server.stop() == 0
    assert await count_vectors(place, tenant, index.encoder_fingerprint) == 2 * CONCEPTS


async def test_building_is_cancelled_and_goes_on_where_it_was(place: Place, tenant: str, tmp_path: Path) -> None:
    with ServerProcess(place.setting, tmp_path) as server, server.connect(tenant) as client:
        name = await start_large(place, tenant, client)
        client.operations.CancelOperation(CancelOperationRequest(name=name))
        ended = await asyncio.to_thread(wait, client, name)
        assert ended.error.code == code_pb2.CANCELLED
        done = read_metadata(ended).texts_done
        assert 0 < done < 2 * CONCEPTS
        check_half_built(await asyncio.to_thread(search, client, "Topic 599"))
        request = BuildIndexRequest(parent=f"{client.parent}/curricula/statistics", ranker="base")
        again = client.retrieval.BuildIndex(request).name
        assert (await asyncio.to_thread(wait_for_progress, client, again)).texts_done >= done
        assert read_index(await asyncio.to_thread(wait, client, again)).current
