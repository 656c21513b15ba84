import asyncio
import math
import random
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import replace

import pytest
from neo4j import GraphDatabase

from kg.errors import CurriculumInUseError, CurriculumNotFoundError, RankerNotFoundError
from kg.neo4j_store.store import Neo4jStore
from kg.operations import OperationKind
from kg.store import Store
from tests.contract.calls import append, load, read_index
from tests.contract.places import Place
from tests.neo4j_server import Neo4jAddress
from tests.samples import ENCODER, NOON, answer, make_curriculum, make_index, make_operation, make_ranker, make_vectors

OTHER = "0ddba11"


@pytest.fixture(autouse=True)
async def curricula(store: Store, tenant: str) -> None:
    for name in ("algebra", "logic"):
        await load(store, tenant, make_curriculum(name), operation=f"op-{name}")


async def save(store: Store, tenant: str, vectors: Mapping[str, bytes], encoder: str = ENCODER) -> None:
    await store.save_vectors(tenant, "algebra", encoder, vectors)


# Vectors


async def test_vectors_come_back_bit_for_bit(store: Store, tenant: str) -> None:
    odd = struct.pack("<6f", -0.0, 1e-45, float("nan"), float("-inf"), 1 / 3, 3.4028235e38)
    vectors = {"a": odd, "b": bytes.fromhex("0100c07f" * 6), **make_vectors(3, 6)}
    await save(store, tenant, vectors)
    assert await read_index(store, tenant) == vectors


async def test_vectors_are_read_in_pages_by_hash(store: Store, tenant: str) -> None:
    vectors = make_vectors(25, 8)
    await save(store, tenant, vectors)
    first = await store.load_vectors(tenant, "algebra", ENCODER, "", 10)
    second = await store.load_vectors(tenant, "algebra", ENCODER, first[-1][0], 10)
    assert first + second == sorted(vectors.items())[:20]


async def test_vectors_are_read_by_their_hashes(store: Store, tenant: str) -> None:
    vectors = make_vectors(30, 8)
    await save(store, tenant, vectors)
    wanted = ["0003", "0029", "none", "0000"]
    expected = {key: vectors[key] for key in wanted if key in vectors}
    assert await store.read_vectors(tenant, "algebra", ENCODER, wanted) == expected
    assert await store.read_vectors(tenant, "algebra", ENCODER, []) == {}
    for curriculum, encoder in (("logic", ENCODER), ("algebra", OTHER), ("nowhere", ENCODER)):
        assert await store.read_vectors(tenant, curriculum, encoder, wanted) == {}


async def test_hashes_are_listed_without_their_vectors(store: Store, tenant: str) -> None:
    vectors = make_vectors(30, 8)
    await save(store, tenant, vectors)
    assert await store.list_vector_hashes(tenant, "algebra", ENCODER) == vectors.keys()


async def test_a_vector_that_is_there_stays_as_it_is(store: Store, tenant: str) -> None:
    vectors = make_vectors(4, 8)
    await save(store, tenant, vectors)
    await save(store, tenant, {**dict.fromkeys(vectors, bytes(32)), "new": bytes(32)})
    assert await read_index(store, tenant) == {**vectors, "new": bytes(32)}


async def test_more_vectors_than_one_query_takes(store: Store, tenant: str) -> None:
    vectors = make_vectors(5_001, 2)
    await save(store, tenant, vectors)
    assert await read_index(store, tenant) == vectors
    await store.drop_vectors(tenant, "algebra", ENCODER, vectors.keys())
    assert await read_index(store, tenant) == {}


async def test_vectors_are_kept_apart_by_encoder_and_curriculum(store: Store, tenant: str) -> None:
    sets = {("algebra", ENCODER): bytes(4), ("algebra", OTHER): bytes(8), ("logic", ENCODER): bytes(12)}
    for (curriculum, encoder), vector in sets.items():
        await store.save_vectors(tenant, curriculum, encoder, {"a": vector})
    await store.drop_vectors(tenant, "logic", OTHER, ["a"])
    for (curriculum, encoder), vector in sets.items():
        assert await store.load_vectors(tenant, curriculum, encoder, "", 10) == [("a", vector)]


async def test_dropping_passes_over_what_is_not_there(store: Store, tenant: str) -> None:
    await save(store, tenant, {"a": bytes(4), "b": bytes(4), "c": bytes(4)})
    await store.drop_vectors(tenant, "algebra", ENCODER, {"a", "c", "none"})
    await store.drop_vectors(tenant, "algebra", ENCODER, [])
    await store.drop_vectors(tenant, "nowhere", ENCODER, ["a"])
    assert await store.list_vector_hashes(tenant, "algebra", ENCODER) == {"b"}


async def test_of_vectors_that_cannot_all_be_kept_none_is(store: Store, tenant: str) -> None:
    vectors = {**make_vectors(20, 8), "z": object()}  # the last one is nothing that a store can take
    with pytest.raises(Exception, match=r"."):
        await save(store, tenant, vectors)  # type: ignore[arg-type]
    assert await store.list_vector_hashes(tenant, "algebra", ENCODER) == set()


async def test_two_stores_save_the_same_vectors_at_once(place: Place, store: Store, tenant: str) -> None:
    vectors = make_vectors(60, 8)
    keys = sorted(vectors)
    async with place.connect() as second:
        parts = [{key: vectors[key] for key in keys[start : start + 20]} for start in range(0, 60, 10)]
        await asyncio.gather(*(save(each, tenant, part) for part in parts for each in (store, second)))
    assert await read_index(store, tenant) == vectors


# Indexes


async def test_an_index_is_listed_as_it_was_saved(store: Store, tenant: str) -> None:
    records = [make_index("base"), make_index("tuned", encoder=OTHER)]
    for record in reversed(records):
        await store.save_index(tenant, record)
    await store.save_index(tenant, replace(records[0], curriculum="logic"))
    assert await store.list_indexes(tenant, "algebra") == records


async def test_a_newer_index_takes_the_place_of_its_rankers_last_one(store: Store, tenant: str) -> None:
    await store.save_index(tenant, make_index("base"))
    newer = replace(make_index("base", encoder=OTHER), documents="f00d", count=9, built_at=NOON + 5)
    await store.save_index(tenant, newer)
    assert await store.list_indexes(tenant, "algebra") == [newer]


async def test_deleting_an_index_deletes_its_vectors(store: Store, tenant: str) -> None:
    for encoder in (ENCODER, OTHER):
        await save(store, tenant, make_vectors(5, 8), encoder)
    await store.save_index(tenant, make_index("base"))
    await store.delete_index(tenant, "algebra", "base")
    assert await store.list_indexes(tenant, "algebra") == []
    assert await read_index(store, tenant) == {}
    assert await read_index(store, tenant, encoder=OTHER) == make_vectors(5, 8)


async def test_deleting_an_index_keeps_vectors_that_another_needs(store: Store, tenant: str) -> None:
    vectors = make_vectors(5, 8)
    await save(store, tenant, vectors)
    for ranker in ("base", "tuned"):
        await store.save_index(tenant, make_index(ranker))
    await store.delete_index(tenant, "algebra", "base")
    assert await read_index(store, tenant) == vectors
    await store.delete_index(tenant, "algebra", "tuned")
    assert await read_index(store, tenant) == {}


async def test_deleting_an_index_that_is_not_there_changes_nothing(store: Store, tenant: str) -> None:
    await save(store, tenant, {"a": bytes(4)})
    await store.save_index(tenant, make_index("base"))
    for curriculum, ranker in (("algebra", "tuned"), ("logic", "base"), ("nowhere", "base")):
        await store.delete_index(tenant, curriculum, ranker)
    assert await store.list_indexes(tenant, "algebra") == [make_index("base")]
    assert await store.list_vector_hashes(tenant, "algebra", ENCODER) == {"a"}


async def test_an_index_is_built_again_after_its_deletion(store: Store, tenant: str) -> None:
    await save(store, tenant, {"a": bytes(4)})
    await store.save_index(tenant, make_index("base"))
    await store.delete_index(tenant, "algebra", "base")
    await save(store, tenant, {"a": bytes(8)})
    assert await read_index(store, tenant) == {"a": bytes(8)}


# Rankers


async def test_a_ranker_comes_back_byte_for_byte(store: Store, tenant: str) -> None:
    ranker = make_ranker("tuned", weights=random.Random(1).randbytes(1_000_000))
    await store.save_ranker(tenant, ranker)
    assert await store.get_ranker(tenant, "algebra", "tuned") == ranker


async def test_a_ranker_may_have_no_weights(store: Store, tenant: str) -> None:
    ranker = replace(make_ranker("plain", weights=b""), body='{"é": [0.1, null], "\U0001f4a1": "\\u0000"}')
    await store.save_ranker(tenant, ranker)
    assert await store.get_ranker(tenant, "algebra", "plain") == ranker


async def test_a_newer_ranker_takes_the_place_of_the_one_with_its_id(store: Store, tenant: str) -> None:
    newer = replace(make_ranker("tuned", weights=b"\x01"), body="{}", created_at=NOON + 1)
    for ranker in (make_ranker("tuned"), newer):
        await store.save_ranker(tenant, ranker)
    assert await store.get_ranker(tenant, "algebra", "tuned") == newer


async def test_rankers_are_listed_by_id(store: Store, tenant: str) -> None:
    for name in ("b", "a", "B", "~"):
        await store.save_ranker(tenant, make_ranker(name))
    await store.save_ranker(tenant, make_ranker("c", curriculum="logic"))
    assert await store.list_rankers(tenant, "algebra") == ["B", "a", "b", "~"]


async def test_a_ranker_goes_with_its_index(store: Store, tenant: str) -> None:
    await save(store, tenant, make_vectors(3, 8))
    for name in ("base", "tuned"):
        await store.save_ranker(tenant, make_ranker(name))
        await store.save_index(tenant, make_index(name))
    await store.delete_ranker(tenant, "algebra", "tuned")
    assert await store.list_rankers(tenant, "algebra") == ["base"]
    assert await store.list_indexes(tenant, "algebra") == [make_index("base")]
    await store.delete_ranker(tenant, "algebra", "base")
    assert await read_index(store, tenant) == {}


async def test_unknown_rankers_are_not_found(store: Store, tenant: str) -> None:
    await store.save_ranker(tenant, make_ranker("tuned"))
    await store.save_index(tenant, make_index("base"))
    for curriculum, ranker in (("algebra", "base"), ("logic", "tuned"), ("nowhere", "tuned")):
        for call in (store.get_ranker, store.delete_ranker):
            with pytest.raises(RankerNotFoundError, match=ranker):
                await call(tenant, curriculum, ranker)
    assert await store.list_indexes(tenant, "algebra") == [make_index("base")]


# Curricula


async def test_nothing_is_kept_without_a_curriculum(store: Store, tenant: str) -> None:
    for call in (
        store.save_vectors(tenant, "nowhere", ENCODER, {"a": bytes(4)}),
        store.save_vectors(tenant, "nowhere", ENCODER, {}),
        store.save_index(tenant, make_index("base", curriculum="nowhere")),
        store.save_ranker(tenant, make_ranker("tuned", curriculum="nowhere")),
    ):
        with pytest.raises(CurriculumNotFoundError, match="nowhere"):
            await call
    assert await store.list_vector_hashes(tenant, "nowhere", ENCODER) == set()
    assert await store.list_indexes(tenant, "nowhere") == []
    assert await store.list_rankers(tenant, "nowhere") == []


async def fill(store: Store, tenant: str, curriculum: str) -> None:
    for encoder in (ENCODER, OTHER):
        await store.save_vectors(tenant, curriculum, encoder, make_vectors(7, 8))
    await store.save_index(tenant, make_index("base", curriculum=curriculum))
    await store.save_ranker(tenant, make_ranker("tuned", curriculum=curriculum))


async def test_everything_goes_with_its_curriculum(store: Store, tenant: str) -> None:
    for curriculum in ("algebra", "logic"):
        await fill(store, tenant, curriculum)
    await store.delete_curriculum(tenant, "algebra")
    await load(store, tenant, operation="op-again")
    for encoder in (ENCODER, OTHER):
        assert await read_index(store, tenant, encoder=encoder) == {}
        assert await read_index(store, tenant, curriculum="logic", encoder=encoder) == make_vectors(7, 8)
    assert [await store.list_indexes(tenant, "algebra"), await store.list_rankers(tenant, "algebra")] == [[], []]
    assert await store.list_indexes(tenant, "logic") == [make_index("base", curriculum="logic")]
    assert await store.list_rankers(tenant, "logic") == ["tuned"]


async def test_a_refused_deletion_leaves_everything(store: Store, tenant: str) -> None:
    await fill(store, tenant, "algebra")
    await append(store, tenant, answer("e", curriculum="algebra"))
    with pytest.raises(CurriculumInUseError):
        await store.delete_curriculum(tenant, "algebra")
    assert await read_index(store, tenant) == make_vectors(7, 8)
    assert await store.list_indexes(tenant, "algebra") == [make_index("base")]
    assert await store.list_rankers(tenant, "algebra") == ["tuned"]


async def build_some(store: Store, tenant: str, ranker: str) -> None:
    """Goes on saving until the curriculum is gone, but not for ever."""
    with suppress(CurriculumNotFoundError):
        for number in range(12):
            await save(store, tenant, {f"{ranker} {number}": bytes(4)})
            await store.save_index(tenant, make_index(ranker))


async def test_a_deletion_during_a_build_leaves_nothing(place: Place, store: Store, tenant: str) -> None:
    async with place.connect() as second:
        builds = [build_some(each, tenant, ranker) for each, ranker in ((store, "a"), (second, "b"))]
        await asyncio.gather(*builds, second.delete_curriculum(tenant, "algebra"))
    await load(store, tenant, operation="op-again")
    assert await read_index(store, tenant) == {}
    assert await store.list_indexes(tenant, "algebra") == []


async def renew(store: Store, tenant: str) -> None:
    """Imports the curriculum again and builds an index."""
    await load(store, tenant, operation="op-again")
    await save(store, tenant, {"new": bytes(32)})
    await store.save_index(tenant, make_index("base"))


async def test_a_deletion_takes_nothing_from_the_curriculum_that_follows(
    place: Place, store: Store, tenant: str
) -> None:
    async with place.connect() as second:
        for _ in range(3):
            await save(store, tenant, make_vectors(40, 8))
            await store.save_index(tenant, make_index("base"))
            deletion = asyncio.create_task(store.delete_curriculum(tenant, "algebra"))
            while await second.list_indexes(tenant, "algebra"):  # until the deletion's first part is seen
                pass
            await asyncio.gather(deletion, renew(second, tenant))
            assert (await read_index(store, tenant))["new"] == bytes(32)
            assert await store.list_indexes(tenant, "algebra") == [make_index("base")]


# Neo4j's vector index


@pytest.fixture
async def indexing(place: Place, tenant: str, other_tenant: str) -> AsyncIterator[Neo4jStore]:
    """A store that makes a vector index for more than ten vectors."""
    assert isinstance(place.where, Neo4jAddress)
    address = place.where
    store = Neo4jStore(address.url, address.user, address.password, vector_index_above=10)
    await store.open()
    yield store
    for name in (tenant, other_tenant):
        for record in await store.list_curricula(name, "", 10):
            await store.delete_curriculum(name, record.id)
    await store.close()


def list_vector_indexes(place: Place) -> set[str]:
    """Names the vector indexes of the whole server, and checks that what is left of labels belongs to one."""
    assert isinstance(place.where, Neo4jAddress)
    address = place.where
    with GraphDatabase.driver(address.url, auth=(address.user, address.password)) as driver:
        found = driver.execute_query("SHOW VECTOR INDEXES YIELD name, labelsOrTypes RETURN name, labelsOrTypes[0]")
        names = dict(record.values() for record in found.records)
        used = driver.execute_query(
            "MATCH (v:Vector) WHERE v.values IS NOT NULL UNWIND labels(v) AS x RETURN DISTINCT x"
        )
    assert {label for (label,) in used.records} - {"Vector"} <= set(names.values())
    return set(names)


only_neo4j = pytest.mark.parametrize("place", [pytest.param("neo4j", marks=pytest.mark.neo4j)], indirect=True)


def find_exactly(vectors: Mapping[str, bytes], query: bytes, count: int) -> list[str]:
    def score(vector: bytes) -> float:
        pairs = zip(struct.unpack("<32f", vector), struct.unpack("<32f", query), strict=True)
        return math.fsum(one * other for one, other in pairs)

    return sorted(vectors, key=lambda key: -score(vectors[key]))[:count]


async def build(store: Store, tenant: str, vectors: Mapping[str, bytes], ranker: str = "base") -> None:
    await save(store, tenant, vectors)
    await store.save_index(tenant, replace(make_index(ranker), count=len(vectors), dimension=32))


async def test_there_is_no_vector_index_for_few_vectors(store: Store, tenant: str) -> None:
    vectors = make_vectors(20, 32)
    await build(store, tenant, vectors)
    assert await store.find_nearest(tenant, "algebra", ENCODER, vectors["0000"], 5) is None
    assert not await store.finds_nearest(tenant, "algebra", ENCODER)


@only_neo4j
async def test_the_nearest_is_among_what_is_found(indexing: Neo4jStore, tenant: str) -> None:
    vectors = make_vectors(400, 32)
    await build(indexing, tenant, vectors)
    for query in make_vectors(30, 32, seed=9).values():
        found = await indexing.find_nearest(tenant, "algebra", ENCODER, query, 10)
        assert found is not None
        assert len(found) == 10
        assert all(vectors[key] == vector for key, vector in found)
        assert find_exactly(vectors, query, 1)[0] in dict(found)


@only_neo4j
async def test_only_the_sets_own_vectors_are_found(indexing: Neo4jStore, tenant: str, other_tenant: str) -> None:
    await load(indexing, other_tenant)
    vectors = make_vectors(20, 32)
    await build(indexing, tenant, vectors)
    await build(indexing, other_tenant, make_vectors(30, 32, seed=2))
    await indexing.save_vectors(tenant, "logic", ENCODER, make_vectors(30, 32, seed=3))
    await save(indexing, tenant, make_vectors(30, 32, seed=4), OTHER)
    found = await indexing.find_nearest(tenant, "algebra", ENCODER, vectors["0000"], 100)
    assert dict(found or []) == vectors
    assert await indexing.finds_nearest(tenant, "algebra", ENCODER)
    for curriculum, encoder in (("logic", ENCODER), ("algebra", OTHER)):
        assert not await indexing.finds_nearest(tenant, curriculum, encoder)
        assert await indexing.find_nearest(tenant, curriculum, encoder, vectors["0000"], 100) is None


@only_neo4j
async def test_what_an_index_is_saved_with_later_is_found_as_well(indexing: Neo4jStore, tenant: str) -> None:
    vectors = make_vectors(25, 32)
    first = dict(list(vectors.items())[:20])
    await build(indexing, tenant, first)
    await indexing.drop_vectors(tenant, "algebra", ENCODER, ["0003"])
    await build(indexing, tenant, {key: vectors[key] for key in vectors if key != "0003"})
    found = await indexing.find_nearest(tenant, "algebra", ENCODER, vectors["0024"], 100)
    assert dict(found or []).keys() == vectors.keys() - {"0003"}


@only_neo4j
async def test_a_vector_index_goes_when_no_record_needs_it(place: Place, indexing: Neo4jStore, tenant: str) -> None:
    vectors, before = make_vectors(20, 32), list_vector_indexes(place)
    for ranker in ("base", "tuned"):
        await build(indexing, tenant, vectors, ranker)
    assert len(list_vector_indexes(place) - before) == 1
    await indexing.save_index(tenant, replace(make_index("base"), count=10))
    assert await indexing.find_nearest(tenant, "algebra", ENCODER, vectors["0000"], 5) is not None
    await indexing.save_index(tenant, make_index("tuned", encoder=OTHER))
    assert await indexing.find_nearest(tenant, "algebra", ENCODER, vectors["0000"], 5) is None
    assert list_vector_indexes(place) == before
    assert await read_index(indexing, tenant) == vectors


@only_neo4j
async def test_a_vector_index_goes_with_its_vectors(place: Place, indexing: Neo4jStore, tenant: str) -> None:
    vectors, before = make_vectors(20, 32), list_vector_indexes(place)
    deletions: list[Callable[[], Awaitable[None]]] = [
        lambda: indexing.delete_index(tenant, "algebra", "base"),
        lambda: indexing.delete_ranker(tenant, "algebra", "base"),
        lambda: indexing.delete_curriculum(tenant, "algebra"),
    ]
    for delete in deletions:
        await build(indexing, tenant, vectors)
        await indexing.save_ranker(tenant, make_ranker("base"))
        assert len(list_vector_indexes(place) - before) == 1
        await delete()
        assert list_vector_indexes(place) == before
        assert await indexing.find_nearest(tenant, "algebra", ENCODER, vectors["0000"], 5) is None
        assert await indexing.list_vector_hashes(tenant, "algebra", ENCODER) == set()


@only_neo4j
async def test_a_vector_index_for_no_curriculum_is_not_made(place: Place, indexing: Neo4jStore, tenant: str) -> None:
    before = list_vector_indexes(place)
    with pytest.raises(CurriculumNotFoundError):
        await indexing.save_index(tenant, replace(make_index("base", curriculum="nowhere"), count=50))
    assert list_vector_indexes(place) == before


@only_neo4j
async def test_a_deletion_that_was_cut_short_is_finished_by_the_next_call(
    place: Place, store: Store, tenant: str
) -> None:
    assert isinstance(place.where, Neo4jAddress)
    address = place.where
    await save(store, tenant, make_vectors(20, 32))
    names = {"tenant": tenant}
    with GraphDatabase.driver(address.url, auth=(address.user, address.password)) as driver:
        driver.execute_query("MATCH (s:VectorSet {tenant: $tenant}) SET s.retired = true", names)
        assert await read_index(store, tenant) == {}
        assert await store.read_vectors(tenant, "algebra", ENCODER, ["0000"]) == {}
        await store.delete_index(tenant, "algebra", "base")
        left = driver.execute_query("MATCH (n {tenant: $tenant}) WHERE n:Vector OR n:VectorSet RETURN count(n)", names)
    assert left.records[0].value() == 0


# Operations that build


async def test_an_operation_that_builds_an_index_is_kept_and_claimed(store: Store, tenant: str) -> None:
    operation = replace(make_operation("op"), kind=OperationKind.INDEX, questions=(), request='{"ranker": "tuned"}')
    await store.create_operation(tenant, operation)
    assert await store.get_operation(tenant, "op") == operation
    while claimed := await store.claim_operation("me", NOON, NOON + 1, {OperationKind.INDEX}):
        if claimed[0] == tenant:
            break
    assert claimed == (tenant, replace(operation, lease_owner="me", lease_until=NOON + 1))
