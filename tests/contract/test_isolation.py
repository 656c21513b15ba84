from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from kg.curriculum import AnswerKey
from kg.errors import EvidenceNotFoundError, InvalidInputError, LearnerNotFoundError, NotFoundError
from kg.evidence import Position
from kg.learner import Learner
from kg.operations import OperationFailure
from kg.sessions import ModelUsage
from kg.store import Store
from tests.contract.calls import append, correct, load, read_state, refuse, regrade_all
from tests.contract.dump import TODAY, dump_tenant
from tests.samples import (
    ENCODER,
    NOON,
    answer,
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

ADA = Learner(id="ada", external_id="lms|42", goals=(("algebra", "rings"),), created_at=NOON)
USAGE = ModelUsage(model="a/small", calls=1, input_tokens=9)
FAILURE = OperationFailure(item="ada", code=9, reason="NO_GOALS", message="no goals")


async def fill(store: Store, tenant: str) -> None:
    await load(store, tenant)
    await store.create_learner(tenant, ADA)
    await append(store, tenant, *(answer(f"e{n}", "xy"[n % 2], at=NOON + n) for n in range(70)))
    await store.save_plan(tenant, make_plan("p"))
    await store.create_operation(tenant, make_operation("op-batch"), ["ada", "bob"])
    await store.update_operation(tenant, make_operation("op-batch"), [FAILURE])
    await store.create_operation(tenant, replace(make_operation("op"), done=True))
    await store.create_operation(tenant, make_operation("op-open"))
    await regrade_all(store, tenant, await correct(store, tenant, "y", operation="op-done"))
    await store.save_vectors(tenant, "algebra", ENCODER, make_vectors(6, 8))
    await store.save_index(tenant, make_index("tuned"))
    await store.save_ranker(tenant, make_ranker("tuned"))
    await store.create_session(tenant, make_session("s", learner="ada"))
    await store.write_records(tenant, "s", [make_record("a"), make_record("b", space="turns")], now=NOON + 1)
    await store.claim_session(tenant, "s", "me", now=NOON, until=NOON + 9)
    await store.add_usage(tenant, TODAY, USAGE)


async def delete_curriculum(store: Store, tenant: str) -> None:
    await store.erase_learner(tenant, "ada")
    await store.delete_curriculum(tenant, "algebra")


Write = Callable[[Store, str], Awaitable[object]]
KEY = AnswerKey(accepted=("x", "y"))
WRITES: dict[str, Write] = {
    "import": lambda store, t: load(store, t, make_curriculum(without=["rings"]), operation="op-9"),
    "delete": delete_curriculum,
    "correct": lambda store, t: store.correct_answer_key(t, "algebra", "q-sets", KEY, now=NOON, operation="op-9"),
    "void question": lambda store, t: store.void_question(
        t, "algebra", "q-sets", voided=True, now=NOON, operation="op-9"
    ),
    "create": lambda store, t: store.create_learner(t, Learner(id="bob", external_id="lms|43")),
    "update": lambda store, t: store.update_learner(t, replace(ADA, external_id="other")),
    "erase": lambda store, t: store.erase_learner(t, "ada"),
    "append": lambda store, t: append(store, t, answer("new", at=NOON + 3), answer("new-2", learner="bob")),
    "void": lambda store, t: store.void_evidence(t, "ada", "e3"),
    "regrade": lambda store, t: store.regrade_learner(t, "op", "ada", "algebra"),
    "save plan": lambda store, t: store.save_plan(t, make_plan("p", at=NOON + 5)),
    "save revision": lambda store, t: store.save_plan(t, make_plan("q", series="p", revision=2)),
    "create operation": lambda store, t: store.create_operation(t, make_operation("op-9")),
    "update operation": lambda store, t: store.update_operation(t, replace(make_operation("op-open"), items_done=4)),
    "record failures": lambda store, t: store.update_operation(
        t, replace(make_operation("op-batch"), items_done=2), [replace(FAILURE, code=5), replace(FAILURE, item="bob")]
    ),
    "end operation": lambda store, t: store.update_operation(t, replace(make_operation("op-batch"), done=True)),
    "delete batch": lambda store, t: store.delete_operation(t, "op-batch"),
    "cancel operation": lambda store, t: store.cancel_operation(t, "op-open"),
    "delete operation": lambda store, t: store.delete_operation(t, "op-done"),
    "save vectors": lambda store, t: store.save_vectors(t, "algebra", ENCODER, make_vectors(9, 8, seed=2)),
    "drop vectors": lambda store, t: store.drop_vectors(t, "algebra", ENCODER, ["0001", "0002"]),
    "save index": lambda store, t: store.save_index(t, replace(make_index("tuned"), count=9)),
    "delete index": lambda store, t: store.delete_index(t, "algebra", "tuned"),
    "save ranker": lambda store, t: store.save_ranker(t, make_ranker("tuned", weights=b"new")),
    "delete ranker": lambda store, t: store.delete_ranker(t, "algebra", "tuned"),
    "create session": lambda store, t: store.create_session(t, make_session("s2", learner="ada")),
    "delete session": lambda store, t: store.delete_session(t, "s"),
    "claim session": lambda store, t: store.claim_session(t, "s", "you", now=NOON + 9, until=NOON + 99),
    "release session": lambda store, t: store.release_session(t, "s", "me"),
    "write records": lambda store, t: store.write_records(
        t, "s", [make_record("a", b"new"), make_record("c")], removed=[("turns", "b")], owner="me", now=NOON + 5
    ),
    "add usage": lambda store, t: store.add_usage(t, TODAY, USAGE),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES.keys())
async def test_no_write_reaches_another_tenant(store: Store, tenant: str, other_tenant: str, write: Write) -> None:
    await fill(store, tenant)
    await fill(store, other_tenant)
    before = await dump_tenant(store, other_tenant)
    await write(store, tenant)
    assert await dump_tenant(store, other_tenant) == before
    await write(store, other_tenant)
    assert await dump_tenant(store, other_tenant) == await dump_tenant(store, tenant)


READS: dict[str, Write] = {
    "record": lambda store, t: store.get_curriculum_record(t, "algebra"),
    "curriculum": lambda store, t: store.load_curriculum(t, "algebra"),
    "delete curriculum": lambda store, t: store.delete_curriculum(t, "algebra"),
    "correct": lambda store, t: store.correct_answer_key(t, "algebra", "q-sets", KEY, now=NOON, operation="o"),
    "void question": lambda store, t: store.void_question(t, "algebra", "q-sets", voided=True, now=NOON, operation="o"),
    "learner": lambda store, t: store.get_learner(t, "ada"),
    "update": lambda store, t: store.update_learner(t, ADA),
    "erase": lambda store, t: store.erase_learner(t, "ada"),
    "void": lambda store, t: store.void_evidence(t, "ada", "e3"),
    "save plan": lambda store, t: store.save_plan(t, make_plan("p")),
    "plan": lambda store, t: store.get_plan(t, "ada", "p"),
    "operation": lambda store, t: store.get_operation(t, "op"),
    "cancel": lambda store, t: store.cancel_operation(t, "op-open"),
    "delete operation": lambda store, t: store.delete_operation(t, "op"),
    "save vectors": lambda store, t: store.save_vectors(t, "algebra", ENCODER, make_vectors(3, 8)),
    "save index": lambda store, t: store.save_index(t, make_index("tuned")),
    "save ranker": lambda store, t: store.save_ranker(t, make_ranker("tuned")),
    "ranker": lambda store, t: store.get_ranker(t, "algebra", "tuned"),
    "delete ranker": lambda store, t: store.delete_ranker(t, "algebra", "tuned"),
    "create session": lambda store, t: store.create_session(t, make_session("s", learner="ada")),
    "session": lambda store, t: store.get_session(t, "s"),
    "delete session": lambda store, t: store.delete_session(t, "s"),
    "claim session": lambda store, t: store.claim_session(t, "s", "me", now=NOON, until=NOON + 9),
    "write records": lambda store, t: store.write_records(t, "s", [], removed=[("events", "a")], now=NOON + 5),
}


@pytest.mark.parametrize("read", READS.values(), ids=READS.keys())
async def test_what_another_tenant_has_is_not_found(store: Store, tenant: str, other_tenant: str, read: Write) -> None:
    await fill(store, other_tenant)
    before = await dump_tenant(store, other_tenant)
    with pytest.raises(NotFoundError):
        await read(store, tenant)
    assert await dump_tenant(store, other_tenant) == before
    assert await dump_tenant(store, tenant) == {}


async def test_what_another_tenant_has_is_not_listed(store: Store, tenant: str, other_tenant: str) -> None:
    await fill(store, other_tenant)
    assert await store.find_learner(tenant, "lms|42") is None
    assert await store.list_evidence(tenant, "ada", "", Position(0, ""), 10) == []
    assert await store.list_plans(tenant, "ada", "", None, 10) == []
    assert await store.get_learners(tenant, ["ada"]) == {}
    assert await store.list_learners_with_goals(tenant, "algebra", "", 10) == []
    assert await store.list_plan_revisions(tenant, "ada", "p", None, 10) == []
    assert await store.list_operations(tenant, "", 10) == []
    assert await store.list_operation_items(tenant, "op-batch", "", 10) == []
    assert await store.list_operation_failures(tenant, "op-batch", 10) == ([], 0)
    assert await store.list_mastery_changes(tenant, "op-done", 10) == ([], 0)
    assert await store.list_learners_to_regrade(tenant, "algebra", ["q-sets"], 99, 10) == []
    assert await store.read_states(tenant, ["ada"], "algebra", None) == {}
    assert await store.list_vector_hashes(tenant, "algebra", ENCODER) == set()
    assert await store.load_vectors(tenant, "algebra", ENCODER, "", 10) == []
    assert await store.read_vectors(tenant, "algebra", ENCODER, list(make_vectors(3, 8))) == {}
    assert not await store.finds_nearest(tenant, "algebra", ENCODER)
    assert await store.find_nearest(tenant, "algebra", ENCODER, bytes(32), 10) is None
    assert await store.list_indexes(tenant, "algebra") == []
    assert await store.list_rankers(tenant, "algebra") == []
    assert await store.list_sessions(tenant, "ada", None, 10) == []
    assert await store.list_sessions(tenant, "", None, 10) == []
    assert await store.read_record(tenant, "s", "events", "a") is None
    assert await store.list_records(tenant, "s", "events", limit=10) == []
    assert await store.list_usage(tenant, TODAY) == []
    await store.release_session(tenant, "s", "me")
    assert (await store.get_session(other_tenant, "s")).owner == "me"


async def test_evidence_finds_no_curriculum_and_no_learner_of_another_tenant(
    store: Store, tenant: str, other_tenant: str
) -> None:
    await fill(store, other_tenant)
    assert isinstance(await refuse(store, tenant, answer("e", curriculum="algebra")), InvalidInputError)
    assert isinstance(await refuse(store, tenant, observe("e")), InvalidInputError)
    await load(store, tenant)
    assert isinstance(await refuse(store, tenant, answer("e"), allow_missing=False), LearnerNotFoundError)


async def test_the_same_evidence_id_in_two_tenants_is_no_conflict(store: Store, tenant: str, other_tenant: str) -> None:
    await fill(store, other_tenant)
    await load(store, tenant)
    assert await append(store, tenant, answer("e0", "y", at=NOON + 7), answer("x1", learner="bob")) == [False, False]
    with pytest.raises(EvidenceNotFoundError):
        await store.void_evidence(tenant, "ada", "e5")
    assert (await read_state(store, tenant)).evidence_count == 1


async def test_an_erasure_bars_the_id_in_its_tenant_only(store: Store, tenant: str, other_tenant: str) -> None:
    await store.create_learner(tenant, ADA)
    await store.erase_learner(tenant, "ada")
    assert await store.create_learner(other_tenant, ADA) == ADA


async def test_a_tenant_whose_name_starts_like_another(store: Store, tenant: str) -> None:
    for name in (tenant, f"{tenant}x"):
        await store.create_learner(name, Learner(id="ada", external_id=name))
    await store.erase_learner(tenant, "ada")
    assert [learner.external_id for learner in await store.list_learners(f"{tenant}x", "", 10)] == [f"{tenant}x"]
    await store.erase_learner(f"{tenant}x", "ada")
