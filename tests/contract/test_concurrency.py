import asyncio
import multiprocessing
import random
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor

import pytest

from kg.errors import RevisionConflictError
from kg.evidence import Evidence
from kg.learner import Learner
from kg.store import Store
from tests.contract.calls import append, correct, fold_log, load, read_log, read_state, regrade_all
from tests.contract.places import Place
from tests.samples import NOON, answer, draw_evidence, make_curriculum, make_operation, make_plan


def split(items: Sequence[Evidence], size: int) -> list[Sequence[Evidence]]:
    return [items[start : start + size] for start in range(0, len(items), size)]


async def append_all(store: Store, tenant: str, batches: Sequence[Sequence[Evidence]]) -> None:
    for batch in batches:
        await append(store, tenant, *batch)


def append_in_process(place: Place, tenant: str, batches: Sequence[Sequence[Evidence]]) -> None:
    async def work() -> None:
        async with place.connect() as store:
            await append_all(store, tenant, batches)

    asyncio.run(work())


async def check_nothing_lost(store: Store, tenant: str, items: Sequence[Evidence]) -> None:
    state = await read_state(store, tenant)
    assert (state.evidence_count, state.revision) == (len(items), len(items))
    assert await read_log(store, tenant) == sorted(items, key=lambda item: item.position)
    assert state.mastery == await fold_log(store, tenant, items)


async def test_two_stores_append_for_one_learner_at_once(place: Place, store: Store, tenant: str) -> None:
    await load(store, tenant)
    items = draw_evidence(random.Random(21), 240)
    async with place.connect() as second:
        await asyncio.gather(
            append_all(store, tenant, split(items[:120], 5)), append_all(second, tenant, split(items[120:], 7))
        )
    await check_nothing_lost(store, tenant, items)


async def test_two_processes_append_for_one_learner_at_once(place: Place, store: Store, tenant: str) -> None:
    await load(store, tenant)
    items = draw_evidence(random.Random(22), 160)
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        loop = asyncio.get_running_loop()
        halves = [split(items[:80], 4), split(items[80:], 4)]
        await asyncio.gather(*(loop.run_in_executor(pool, append_in_process, place, tenant, half) for half in halves))
    await check_nothing_lost(store, tenant, items)


async def test_many_batches_at_once_on_one_store(store: Store, tenant: str) -> None:
    await load(store, tenant)
    items = draw_evidence(random.Random(23), 150)
    await asyncio.gather(*(append(store, tenant, *batch) for batch in split(items, 3)))
    await check_nothing_lost(store, tenant, items)


async def test_batches_of_the_same_learners_in_opposite_order_do_not_block_each_other(
    place: Place, store: Store, tenant: str
) -> None:
    await load(store, tenant)
    names = ["a", "b", "c", "d"]
    forth = [[answer(f"f{n}-{name}", learner=name, at=NOON + n) for name in names] for n in range(20)]
    back = [[answer(f"b{n}-{name}", learner=name, at=NOON + n) for name in reversed(names)] for n in range(20)]
    async with place.connect() as second:
        await asyncio.gather(append_all(store, tenant, forth), append_all(second, tenant, back))
    states = await store.read_states(tenant, names, "algebra", None)
    assert [states[name].evidence_count for name in names] == [40] * 4


async def test_the_same_batch_sent_twice_at_once_is_stored_once(place: Place, store: Store, tenant: str) -> None:
    await load(store, tenant)
    items = draw_evidence(random.Random(24), 60)
    async with place.connect() as second:
        sent = [append(each, tenant, *batch) for batch in split(items, 6) for each in (store, second)]
        duplicates = await asyncio.gather(*sent)
    assert sum(batch.count(False) for batch in duplicates) == 60
    await check_nothing_lost(store, tenant, items)


async def test_a_new_learner_is_created_once(place: Place, store: Store, tenant: str) -> None:
    await load(store, tenant)
    async with place.connect() as second:
        both = (store, second)
        await asyncio.gather(*(append(both[n % 2], tenant, answer(f"e{n}", at=NOON + n)) for n in range(20)))
    assert await store.get_learner(tenant, "ada") == Learner(id="ada", created_at=NOON, revision=20)


async def test_voids_appends_and_regrades_at_once(place: Place, store: Store, tenant: str) -> None:
    await load(store, tenant)
    items = draw_evidence(random.Random(25), 200)
    await append(store, tenant, *items[:100])
    operation = await correct(store, tenant, "y", operation="op")
    async with place.connect() as second:
        await asyncio.gather(
            append_all(second, tenant, split(items[100:], 10)),
            *(store.void_evidence(tenant, "ada", item.id) for item in items[:20:2]),
            regrade_all(second, tenant, operation),
        )
    log = await read_log(store, tenant)
    assert [len(log), sum(item.voided for item in log)] == [200, 10]
    assert (await read_state(store, tenant)).mastery == await fold_log(store, tenant, log)


async def test_an_erasure_during_appends_leaves_nothing(place: Place, store: Store, tenant: str) -> None:
    await load(store, tenant)
    items = draw_evidence(random.Random(26), 90)
    await append(store, tenant, *items[:10])
    async with place.connect() as second:
        sends = [store.append_evidence(tenant, batch, allow_missing=True, now=NOON) for batch in split(items[10:], 4)]
        await asyncio.gather(*sends, second.erase_learner(tenant, "ada"))
    assert await store.list_learners(tenant, "", 10) == []
    assert await read_log(store, tenant) == []
    assert await store.read_states(tenant, ["ada"], "algebra", None) == {}


async def test_an_import_is_seen_as_a_whole(place: Place, store: Store, tenant: str) -> None:
    long, short = make_curriculum(), make_curriculum(without=["rings", "q-sets"])
    await load(store, tenant, long)
    sizes = set()

    async def read_on(reader: Store, imports: asyncio.Task[None]) -> None:
        while not imports.done():
            record, content = await reader.load_curriculum(tenant, "algebra")
            current = sum(not concept.archived for concept in content.concepts)
            sizes.add((record.version % 2, record.size.concepts, current, len(content.groups)))

    async def import_all() -> None:
        for number in range(12):
            await load(store, tenant, short if number % 2 == 0 else long)

    async with place.connect() as second:
        imports = asyncio.create_task(import_all())
        await asyncio.gather(read_on(second, imports), imports)
    assert sizes
    assert sizes <= {(1, 4, 4, 1), (0, 3, 3, 0)}


async def test_imports_at_once_count_every_version(place: Place, store: Store, tenant: str) -> None:
    async with place.connect() as second:
        both = (store, second)
        outcomes = await asyncio.gather(
            *(load(both[n % 2], tenant, make_curriculum(), operation=f"op-{n}", now=NOON + n) for n in range(8))
        )
    assert {outcome.record.version for outcome in outcomes} == {1}
    assert sum(bool(outcome.difference.added) for outcome in outcomes) == 1


async def test_corrections_at_once_count_every_revision(place: Place, store: Store, tenant: str) -> None:
    await load(store, tenant)
    async with place.connect() as second:
        both = (store, second)
        operations = await asyncio.gather(
            *(correct(both[n % 2], tenant, f"word {n}", question="q-word", operation=f"op-{n}") for n in range(8))
        )
    assert sorted(operation.grading_revision for operation in operations) == list(range(2, 10))
    assert (await store.get_curriculum_record(tenant, "algebra")).grading_revision == 9


async def test_an_operation_goes_to_one_of_two_claimants(place: Place, store: Store, tenant: str) -> None:
    for number in range(6):
        await store.create_operation(tenant, make_operation(f"op-{number}"))
    async with place.connect() as second:
        claims = [each.claim_operation(f"owner-{n}", 1000, 2000) for n in range(6) for each in (store, second)]
        claimed = [found for found in await asyncio.gather(*claims) if found]
    assert len({(tenant, operation.id) for tenant, operation in claimed}) == len(claimed) >= 6


async def test_two_owners_of_one_operation_do_not_both_write(place: Place, store: Store, tenant: str) -> None:
    await store.create_operation(tenant, make_operation("op"))
    async with place.connect() as second:
        while claimed := await second.claim_operation("me", 1000, 1100):
            mine = claimed[1] if claimed[0] == tenant else None
            if mine:
                break
        while claimed := await store.claim_operation("you", 1101, 1200):
            if claimed[0] == tenant:
                break
        assert mine
        with pytest.raises(RevisionConflictError):
            await second.update_operation(tenant, mine)


async def test_plans_and_evidence_of_one_learner_at_once(place: Place, store: Store, tenant: str) -> None:
    await load(store, tenant)
    await store.create_learner(tenant, Learner(id="ada"))
    async with place.connect() as second:
        await asyncio.gather(
            *(append(store, tenant, answer(f"e{n}", at=NOON + n)) for n in range(15)),
            *(second.save_plan(tenant, make_plan(f"p{n % 5}", at=NOON + n)) for n in range(15)),
            *(second.update_learner(tenant, Learner(id="ada", display_name=f"Ada {n}")) for n in range(5)),
        )
    assert (await store.get_learner(tenant, "ada")).revision == 15
    assert len(await store.list_plans(tenant, "ada", "", None, 100)) == 5
