"""The same calls on both stores, and every answer compared, floats to the last bit."""

import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from kg.curriculum import AnswerKey
from kg.errors import GraphMasalError, SessionAlreadyExistsError
from kg.learner import Learner
from kg.operations import OperationFailure
from kg.sessions import ModelUsage
from kg.store import Store
from tests.contract.calls import correct, load, regrade_all
from tests.contract.dump import SPACES, TODAY, dump_tenant
from tests.contract.places import Place
from tests.neo4j_server import Neo4jAddress
from tests.samples import (
    CHOICE,
    DAY,
    NOON,
    NUMERIC,
    answer,
    draw_evidence,
    make_curriculum,
    make_index,
    make_operation,
    make_plan,
    make_ranker,
    make_record,
    make_session,
    make_vectors,
    observe,
)

LEARNERS = ("ada", "bob", "Eve", "~x")
pytestmark = pytest.mark.neo4j


@pytest.fixture
async def stores(tmp_path: Path, neo4j_server: Neo4jAddress) -> AsyncIterator[list[Store]]:
    async with AsyncExitStack() as stack:
        places = (Place(tmp_path / "store.db"), Place(neo4j_server))
        yield [await stack.enter_async_context(place.connect()) for place in places]


@pytest.fixture
def place(neo4j_server: Neo4jAddress) -> Place:
    return Place(neo4j_server)


async def append_some(store: Store, tenant: str, rng: random.Random, step: int) -> object:
    batch = []
    for learner in rng.sample(LEARNERS, 2):
        drawn = draw_evidence(rng, rng.choice([1, 5, 40]), learner=learner)
        batch += [replace(item, id=f"{item.id}.{step % 7}") for item in drawn]
    batch += [answer(f"odd-{step}", "none of these"), observe(f"odd-{step}", concept="none"), answer("q", question="")]
    rng.shuffle(batch)
    outcomes = await store.append_evidence(tenant, batch, allow_missing=rng.random() < 0.8, now=NOON + step)
    return [(each.duplicate, str(each.error)) for each in outcomes]


async def void_one(store: Store, tenant: str, rng: random.Random, step: int) -> object:
    learner = rng.choice(LEARNERS)
    return await store.void_evidence(tenant, learner, f"{learner}-{rng.randrange(9)}.{step % 7}")


async def import_another(store: Store, tenant: str, rng: random.Random, step: int) -> object:
    maps = replace(NUMERIC, assesses=rng.choice([NUMERIC.assesses, {"groups": 0.25, "maps": 0.75}]))
    sets = replace(CHOICE, guess=rng.choice([0.2, 0.3]), stem=f"stem {rng.randrange(2)}")
    without = rng.choice([(), (), ("q-word",), ("rings",)])
    curriculum = make_curriculum(without=without, maps=maps, sets=sets)
    return await load(store, tenant, curriculum, now=NOON + step, operation=f"op-{step}")


async def correct_one(store: Store, tenant: str, rng: random.Random, step: int) -> object:
    if rng.random() < 0.3:
        voided = rng.random() < 0.5
        operation = await store.void_question(
            tenant, "algebra", "q-word", voided=voided, now=NOON + step, operation=f"op-{step}"
        )
    else:
        operation = await correct(store, tenant, *rng.choice([("x",), ("y",), ("x", "y")]), operation=f"op-{step}")
    return operation, await regrade_all(store, tenant, operation) if rng.random() < 0.7 else None


async def change_learner(store: Store, tenant: str, rng: random.Random, step: int) -> object:
    goals = rng.choice([(), (("algebra", "sets"),), (("logic", "sets"), ("algebra", "maps"))])
    learner = Learner(id=rng.choice(LEARNERS), external_id=rng.choice(["", "1", "2"]), goals=goals)
    call = rng.choice([store.create_learner, store.update_learner])
    series, revision = rng.choice([("", 1), ("p0", rng.randrange(2, 5))])
    plan = make_plan(f"p{step % 3}", learner=learner.id, at=NOON + step, series=series, revision=revision)
    await store.save_plan(tenant, plan)
    return await call(tenant, learner)


async def run_batch(store: Store, tenant: str, rng: random.Random, step: int) -> object:
    operation = make_operation(f"batch-{step}")
    await store.create_operation(tenant, operation, rng.sample(LEARNERS, 3))
    failures = [
        OperationFailure(item=item, code=5, reason="LEARNER_NOT_FOUND", message=f"step {step}")
        for item in rng.sample(LEARNERS, 2)
    ]
    await store.update_operation(tenant, replace(operation, items_failed=step, done=rng.random() < 0.3), failures)
    return await store.list_operation_failures(tenant, operation.id, 1)


async def change_retrieval(store: Store, tenant: str, rng: random.Random, step: int) -> object:
    curriculum, ranker, encoder = rng.choice(["algebra", "logic"]), rng.choice("ab"), rng.choice(["e1", "e2"])
    await store.save_vectors(tenant, curriculum, encoder, make_vectors(rng.randrange(9), 3, seed=step))
    if rng.random() < 0.3:
        await store.drop_vectors(tenant, curriculum, encoder, ["0002", "0004", "none"])
    if rng.random() < 0.6:
        await store.save_index(tenant, make_index(ranker, curriculum=curriculum, encoder=encoder))
    if rng.random() < 0.6:
        await store.save_ranker(tenant, make_ranker(ranker, curriculum=curriculum, weights=rng.randbytes(9)))
    if rng.random() < 0.3:
        await store.delete_index(tenant, curriculum, rng.choice("ab"))
    if rng.random() < 0.3:
        await store.delete_ranker(tenant, curriculum, rng.choice("ab"))
    return [await store.load_vectors(tenant, curriculum, name, "0001", 3) for name in ("e1", "e2")]


async def talk(store: Store, tenant: str, rng: random.Random, step: int) -> object:
    session, owner = f"s{rng.randrange(4)}", rng.choice(["", "me", "you"])
    if rng.random() < 0.1:
        await store.delete_session(tenant, session)
    with suppress(SessionAlreadyExistsError):
        learner = rng.choice(["", *LEARNERS])
        await store.create_session(tenant, make_session(session, learner=learner, at=NOON + rng.randrange(3)))
    taken = owner and await store.claim_session(tenant, session, owner, now=NOON + step, until=NOON + step + 2)
    places = [(space, key) for space in SPACES for key in ("a", "b", "b/c", "~")]
    records = [make_record(key, rng.randbytes(rng.randrange(20)), space=space) for space, key in rng.sample(places, 3)]
    removed = {rng.choice(places)} - {(record.space, record.key) for record in records}
    await store.write_records(tenant, session, records, removed=removed, owner=owner, now=NOON + step)
    if rng.random() < 0.5:
        await store.release_session(tenant, session, owner)
    usage = ModelUsage(model=rng.choice("ab"), calls=1, input_tokens=step, output_tokens=1, cost_micros=step * 7)
    await store.add_usage(tenant, TODAY, usage)
    some = [
        await store.list_records(tenant, session, space, after="a", prefix="b", limit=1, last=rng.random() < 0.5)
        for space in SPACES
    ]
    return taken, some, await store.list_sessions(tenant, "", (NOON + 1, "s2"), 2)


async def erase_one(store: Store, tenant: str, rng: random.Random, step: int) -> object:
    if rng.random() < 0.2:
        await store.erase_learner(tenant, rng.choice(LEARNERS))
    return None


STEPS = (
    *[append_some] * 5,
    *[void_one] * 3,
    import_another,
    *[correct_one] * 2,
    *[change_learner] * 2,
    run_batch,
    *[change_retrieval] * 2,
    *[talk] * 3,
    erase_one,
)


async def run_sequence(store: Store, tenant: str, seed: int) -> list[object]:
    rng = random.Random(seed)
    answers: list[object] = [await load(store, tenant)]
    for step in range(40):
        call, chance = rng.choice(STEPS), random.Random(rng.random())
        try:
            answers.append(await call(store, tenant, chance, step))
        except GraphMasalError as error:
            answers.append((type(error), str(error)))
        if step % 8 == 7:
            answers.append(await dump_tenant(store, tenant))
    return answers


@pytest.mark.parametrize("seed", range(6))
async def test_both_stores_answer_a_random_sequence_alike(stores: list[Store], tenant: str, seed: int) -> None:
    first, second = [await run_sequence(store, tenant, seed) for store in stores]
    for one, other in zip(first, second, strict=True):
        assert one == other


async def test_both_stores_age_every_float_alike(stores: list[Store], tenant: str) -> None:
    rng = random.Random(99)
    items = draw_evidence(rng, 400, days=400)
    key = AnswerKey(accepted=("half", "2"))
    answers = []
    for store in stores:
        await load(store, tenant)
        for start in range(0, 400, 25):
            await store.append_evidence(tenant, items[start : start + 25], allow_missing=True, now=NOON)
        operation = await store.correct_answer_key(tenant, "algebra", "q-maps", key, now=NOON, operation="op")
        await regrade_all(store, tenant, operation)
        moments = range(NOON - DAY, NOON + 500 * DAY, 17 * DAY)
        answers.append([await store.read_states(tenant, ["ada"], "algebra", moment) for moment in moments])
    assert answers[0] == answers[1]
