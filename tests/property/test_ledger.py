import random
import secrets
from collections.abc import AsyncIterator, Sequence
from itertools import pairwise
from pathlib import Path

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kg.evidence import Evidence
from kg.fold import fold_evidence
from kg.mastery import MasteryReading, read_mastery
from kg.sqlite_store.store import SqliteStore
from kg.store import Store
from tests.samples import DAY, NOON, QUESTIONS, draw_evidence, make_curriculum

# Each example writes to a real file; what is drawn is small, the log long enough for several snapshots.
few = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
seeds = st.integers(0, 2**32)
lengths = st.one_of(st.integers(1, 20), st.integers(60, 220))


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def store(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Store]:
    folder: Path = tmp_path_factory.mktemp("ledger")
    opened = SqliteStore(folder / "store.db")
    await opened.open()
    yield opened
    await opened.close()


async def make_tenant(store: Store) -> str:
    tenant = f"t-{secrets.token_hex(8)}"
    await store.import_curriculum(tenant, make_curriculum(), NOON, "op")
    return tenant


async def send(store: Store, tenant: str, items: Sequence[Evidence], rng: random.Random) -> list[bool]:
    """Sends evidence in batches of random sizes; returns which items were there already."""
    cuts = sorted({0, len(items), *(rng.randrange(len(items) + 1) for _ in range(rng.randrange(12)))})
    duplicates: list[bool] = []
    for start, end in pairwise(cuts):
        outcomes = await store.append_evidence(tenant, items[start:end], allow_missing=True, now=NOON)
        assert not any(outcome.error for outcome in outcomes)
        duplicates += [outcome.duplicate for outcome in outcomes]
    return duplicates


async def read(store: Store, tenant: str, as_of: int | None = None) -> dict[str, MasteryReading]:
    states = await store.read_states(tenant, ["ada"], "algebra", as_of)
    return dict(states["ada"].mastery)


def fold(items: Sequence[Evidence], as_of: int | None = None) -> dict[str, MasteryReading]:
    counted = [item for item in items if as_of is None or item.occurred_at <= as_of]
    moment = max((item.occurred_at for item in counted), default=None) if as_of is None else as_of
    return {concept: read_mastery(state, moment) for concept, state in fold_evidence(counted, QUESTIONS).items()}


@few
@given(seed=seeds, length=lengths)
async def test_any_order_and_any_batches_give_the_fold(store: Store, seed: int, length: int) -> None:
    rng, tenant = random.Random(seed), await make_tenant(store)
    items = draw_evidence(rng, length)
    assert not any(await send(store, tenant, items, rng))
    assert await read(store, tenant) == fold(items)


@few
@given(seed=seeds, length=lengths)
async def test_sending_everything_again_changes_nothing(store: Store, seed: int, length: int) -> None:
    rng, tenant = random.Random(seed), await make_tenant(store)
    items = draw_evidence(rng, length)
    await send(store, tenant, items, rng)
    before = await store.read_states(tenant, ["ada"], "algebra", None)
    rng.shuffle(items)
    assert all(await send(store, tenant, items, rng))
    assert await store.read_states(tenant, ["ada"], "algebra", None) == before


@few
@given(seed=seeds, length=lengths, voids=st.integers(1, 6))
async def test_a_voided_item_is_as_if_it_had_never_been(store: Store, seed: int, length: int, voids: int) -> None:
    rng, tenant = random.Random(seed), await make_tenant(store)
    items = draw_evidence(rng, length)
    await send(store, tenant, items, rng)
    gone = rng.sample(items, min(voids, length))
    for item in gone:
        await store.void_evidence(tenant, "ada", item.id)
    kept = [item for item in items if item not in gone]
    assert await read(store, tenant) == fold(kept)


@few
@given(seed=seeds, length=lengths, voids=st.integers(0, 5))
async def test_voids_between_arrivals_leave_every_past_moment_right(
    store: Store, seed: int, length: int, voids: int
) -> None:
    rng, tenant = random.Random(seed), await make_tenant(store)
    items, cut = draw_evidence(rng, length), rng.randrange(1, length + 1)
    first, second = items[:cut], items[cut:]
    await send(store, tenant, first, rng)
    gone = rng.sample(first, min(voids, cut))
    for item in gone:
        await store.void_evidence(tenant, "ada", item.id)
    await send(store, tenant, second, rng)
    kept = [item for item in items if item not in gone]
    for moment in (None, NOON + rng.randrange(-1, 61) * DAY, NOON + rng.randrange(61 * DAY)):
        assert await read(store, tenant, moment) == fold(kept, moment)


@few
@given(seed=seeds, length=lengths)
async def test_differences_of_a_void_lead_from_before_to_after(store: Store, seed: int, length: int) -> None:
    rng, tenant = random.Random(seed), await make_tenant(store)
    items = draw_evidence(rng, length)
    await send(store, tenant, items, rng)
    latest = max(item.occurred_at for item in items)
    before = {concept: reading.probability for concept, reading in (await read(store, tenant, latest)).items()}
    _, changes = await store.void_evidence(tenant, "ada", rng.choice(items).id)
    after = {concept: reading.probability for concept, reading in (await read(store, tenant, latest)).items()}
    differing = {name for name in before if before[name] != after.get(name, 0.25)}
    assert {(change.concept, change.before, change.after) for change in changes} == {
        (name, before[name], after.get(name, 0.25)) for name in differing
    }
