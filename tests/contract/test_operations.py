from collections.abc import Collection
from dataclasses import replace

import pytest

from kg.errors import OperationEndedError, OperationNotFoundError, RevisionConflictError
from kg.learner import Learner
from kg.operations import Operation, OperationFailure, OperationKind
from kg.store import Store
from tests.contract.calls import append, correct, load, regrade_all
from tests.samples import NOON, answer, make_operation

# Leases are in the far past, so that whoever else works on a shared server finds them ended.
START = 1_000


async def claim(
    store: Store, tenant: str, owner: str, now: int, kinds: Collection[OperationKind] = frozenset(OperationKind)
) -> Operation | None:
    """Claims until it is an operation of this tenant; others of a shared server are passed over."""
    while claimed := await store.claim_operation(owner, now, now + 100, kinds):
        if claimed[0] == tenant:
            return claimed[1]
    return None


async def test_an_operation_is_read_back(store: Store, tenant: str) -> None:
    operation = replace(
        make_operation("op"),
        request='{"é": ["\U0001f4a1", null]}',
        progress='{"after": "ada"}',
        items_done=1,
        items_total=3,
        items_failed=1,
        done=True,
        cancelled=True,
        error="why",
        lease_owner="me",
    )
    await store.create_operation(tenant, operation)
    assert await store.get_operation(tenant, "op") == operation


async def test_operations_are_listed_by_id_in_pages(store: Store, tenant: str) -> None:
    names = ["b", "a", "B", "a-1", "~", "0"]
    for name in names:
        await store.create_operation(tenant, replace(make_operation(name), done=True))
    first = await store.list_operations(tenant, "", 2)
    rest = await store.list_operations(tenant, first[-1].id, 10)
    assert [operation.id for operation in (*first, *rest)] == sorted(names)


async def test_unknown_operations_are_not_found(store: Store, tenant: str) -> None:
    for call in (store.get_operation, store.delete_operation, store.cancel_operation):
        with pytest.raises(OperationNotFoundError):
            await call(tenant, "none")


async def test_a_claim_leases_the_operation(store: Store, tenant: str) -> None:
    await store.create_operation(tenant, make_operation("op"))
    claimed = await claim(store, tenant, "me", START)
    assert claimed == replace(make_operation("op"), lease_owner="me", lease_until=START + 100)
    assert claimed == await store.get_operation(tenant, "op")


async def test_an_operation_is_leased_to_one(store: Store, tenant: str) -> None:
    await store.create_operation(tenant, make_operation("op"))
    assert await claim(store, tenant, "me", START)
    assert await claim(store, tenant, "you", START + 99) is None
    taken = await claim(store, tenant, "you", START + 101)
    assert taken is not None
    assert (taken.lease_owner, taken.lease_until) == ("you", START + 201)


async def test_every_operation_is_claimed_once(store: Store, tenant: str) -> None:
    names = {f"op-{number}" for number in range(5)}
    for name in names:
        await store.create_operation(tenant, make_operation(name))
    claimed = [await claim(store, tenant, "me", START) for _ in names]
    assert {operation.id for operation in claimed if operation} == names
    assert await claim(store, tenant, "me", START) is None


async def test_ended_operations_are_not_claimed(store: Store, tenant: str) -> None:
    await store.create_operation(tenant, replace(make_operation("op"), done=True))
    assert await claim(store, tenant, "me", START) is None


async def test_the_owner_writes_progress_and_result(store: Store, tenant: str) -> None:
    await store.create_operation(tenant, make_operation("op"))
    claimed = await claim(store, tenant, "me", START)
    assert claimed
    renewed = replace(
        claimed, items_done=3, items_total=7, items_failed=2, progress='{"after": "bob"}', lease_until=START + 500
    )
    await store.update_operation(tenant, renewed)
    assert await store.get_operation(tenant, "op") == renewed
    ended = replace(renewed, done=True, error="too bad", progress="")
    await store.update_operation(tenant, ended)
    assert await store.get_operation(tenant, "op") == ended
    assert await claim(store, tenant, "you", START + 9_000) is None


async def test_who_lost_the_lease_writes_no_more(store: Store, tenant: str) -> None:
    await store.create_operation(tenant, make_operation("op"))
    mine = await claim(store, tenant, "me", START)
    yours = await claim(store, tenant, "you", START + 101)
    assert mine
    with pytest.raises(RevisionConflictError):
        await store.update_operation(tenant, replace(mine, items_done=9, done=True))
    assert await store.get_operation(tenant, "op") == yours


async def test_a_cancel_is_kept_through_the_owners_next_write(store: Store, tenant: str) -> None:
    await store.create_operation(tenant, make_operation("op"))
    claimed = await claim(store, tenant, "me", START)
    assert claimed
    await store.cancel_operation(tenant, "op")
    assert (await store.get_operation(tenant, "op")).cancelled
    await store.update_operation(tenant, replace(claimed, items_done=1))
    assert await store.get_operation(tenant, "op") == replace(claimed, items_done=1, cancelled=True)
    await store.cancel_operation(tenant, "op")


async def test_a_cancelled_operation_is_still_claimed_to_be_ended(store: Store, tenant: str) -> None:
    await store.create_operation(tenant, make_operation("op"))
    await store.cancel_operation(tenant, "op")
    claimed = await claim(store, tenant, "me", START)
    assert claimed
    assert claimed.cancelled


async def test_an_ended_operation_is_not_cancelled(store: Store, tenant: str) -> None:
    await store.create_operation(tenant, replace(make_operation("op"), done=True))
    with pytest.raises(OperationEndedError):
        await store.cancel_operation(tenant, "op")
    assert not (await store.get_operation(tenant, "op")).cancelled


async def test_a_deleted_operation_is_gone_with_its_changes(store: Store, tenant: str) -> None:
    await load(store, tenant)
    await append(store, tenant, answer("e1"))
    await regrade_all(store, tenant, await correct(store, tenant, "y", operation="op"))
    await store.delete_operation(tenant, "op")
    with pytest.raises(OperationNotFoundError):
        await store.get_operation(tenant, "op")
    assert await store.list_operations(tenant, "", 10) == []
    await store.create_operation(tenant, replace(make_operation("op"), done=True, created_at=NOON))
    assert await store.list_mastery_changes(tenant, "op", 10) == ([], 0)


async def test_a_deleted_operation_is_not_claimed(store: Store, tenant: str) -> None:
    await store.create_operation(tenant, make_operation("op"))
    await store.delete_operation(tenant, "op")
    assert await claim(store, tenant, "me", START) is None


async def test_what_a_correction_creates_can_be_claimed(store: Store, tenant: str) -> None:
    await load(store, tenant)
    operation = await correct(store, tenant, "y", operation="op")
    claimed = await claim(store, tenant, "me", START)
    assert claimed == replace(operation, lease_owner="me", lease_until=START + 100)


def make_batch(name: str) -> Operation:
    """An operation that plans, which nobody works on."""
    return Operation(id=name, kind=OperationKind.PLAN, curriculum="algebra", request='{"goals": []}', created_at=NOON)


def fail(item: str, message: str = "no goals") -> OperationFailure:
    return OperationFailure(item=item, code=9, reason="NO_GOALS", message=message)


async def test_operations_are_claimed_by_kind(store: Store, tenant: str) -> None:
    await store.create_operation(tenant, make_operation("op-1"))
    await store.create_operation(tenant, make_batch("op-2"))
    batch = await claim(store, tenant, "me", START, {OperationKind.PLAN})
    assert batch == replace(make_batch("op-2"), lease_owner="me", lease_until=START + 100)
    assert await claim(store, tenant, "me", START, {OperationKind.PLAN}) is None
    regrade = await claim(store, tenant, "me", START, {OperationKind.REGRADE})
    assert regrade is not None
    assert regrade.id == "op-1"


async def test_what_was_asked_for_stays_as_it_was(store: Store, tenant: str) -> None:
    await store.create_operation(tenant, make_batch("op"))
    await store.update_operation(tenant, replace(make_batch("op"), request="{}", items_done=1))
    assert await store.get_operation(tenant, "op") == replace(make_batch("op"), items_done=1)


async def test_items_are_listed_by_id_in_pages(store: Store, tenant: str, other_tenant: str) -> None:
    names = ["b", "a", "B", "a-1", "~", "0"]
    await store.create_operation(tenant, make_batch("op"), names)
    await store.create_operation(tenant, make_batch("op-2"), ["c"])
    first = await store.list_operation_items(tenant, "op", "", 2)
    rest = await store.list_operation_items(tenant, "op", first[-1], 10)
    assert [*first, *rest] == sorted(names)
    assert await store.list_operation_items(other_tenant, "op", "", 10) == []


async def test_items_are_gone_once_the_operation_has_ended(store: Store, tenant: str) -> None:
    for name in ("op", "op-2", "op-3"):
        await store.create_operation(tenant, make_batch(name), ["a", "b"])
    await store.update_operation(tenant, replace(make_batch("op"), items_done=1))
    await store.update_operation(tenant, replace(make_batch("op-2"), done=True))
    await store.delete_operation(tenant, "op-3")
    left = [await store.list_operation_items(tenant, name, "", 10) for name in ("op", "op-2", "op-3")]
    assert left == [["a", "b"], [], []]


async def test_many_items_are_kept(store: Store, tenant: str) -> None:
    names = [f"l-{number:05}" for number in range(12_000)]
    await store.create_operation(tenant, make_batch("op"), names)
    assert await store.list_operation_items(tenant, "op", "", 20_000) == names
    await store.update_operation(tenant, replace(make_batch("op"), done=True))
    assert await store.list_operation_items(tenant, "op", "", 10) == []


async def test_failures_are_recorded_with_the_progress(store: Store, tenant: str, other_tenant: str) -> None:
    await store.create_operation(tenant, make_batch("op"))
    strange = replace(fail("bob", "Zoë\n\u0000«x» \U0001f4a1"), code=5)
    await store.update_operation(tenant, replace(make_batch("op"), items_failed=2), [strange, fail("ada")])
    assert await store.list_operation_failures(tenant, "op", 10) == ([fail("ada"), strange], 2)
    assert await store.list_operation_failures(tenant, "op", 1) == ([fail("ada")], 2)
    assert (await store.get_operation(tenant, "op")).items_failed == 2
    for home, name in ((other_tenant, "op"), (tenant, "op-2")):
        assert await store.list_operation_failures(home, name, 10) == ([], 0)


async def test_a_failure_of_an_item_is_recorded_once(store: Store, tenant: str) -> None:
    await store.create_operation(tenant, make_batch("op"))
    for message in ("first", "second"):
        await store.update_operation(tenant, make_batch("op"), [fail("ada", message), fail("bob")])
    assert await store.list_operation_failures(tenant, "op", 10) == ([fail("ada", "second"), fail("bob")], 2)


async def test_who_lost_the_lease_records_no_failures(store: Store, tenant: str) -> None:
    await store.create_operation(tenant, make_batch("op"))
    mine = await claim(store, tenant, "me", START)
    await claim(store, tenant, "you", START + 101)
    assert mine
    with pytest.raises(RevisionConflictError):
        await store.update_operation(tenant, mine, [fail("ada")])
    with pytest.raises(OperationNotFoundError):
        await store.update_operation(tenant, make_batch("none"), [fail("ada")])
    for name in ("op", "none"):
        assert await store.list_operation_failures(tenant, name, 10) == ([], 0)


async def test_a_deleted_operation_is_gone_with_its_failures(store: Store, tenant: str) -> None:
    for name in ("op", "op-2"):
        await store.create_operation(tenant, make_batch(name))
        await store.update_operation(tenant, make_batch(name), [fail("ada")])
    await store.delete_operation(tenant, "op")
    counts = [(await store.list_operation_failures(tenant, name, 10))[1] for name in ("op", "op-2")]
    assert counts == [0, 1]


async def test_operations_forget_an_erased_learner(store: Store, tenant: str, other_tenant: str) -> None:
    for home in (tenant, other_tenant):
        await store.create_learner(home, Learner(id="ada"))
        await store.create_operation(home, make_batch("op"), ["ada", "bob"])
        await store.update_operation(home, make_batch("op"), [fail("ada"), fail("bob")])
    await store.erase_learner(tenant, "ada")
    await store.update_operation(tenant, make_batch("op"), [fail("ada"), fail("eve")])
    assert await store.list_operation_items(tenant, "op", "", 10) == ["bob"]
    assert await store.list_operation_failures(tenant, "op", 10) == ([fail("bob"), fail("eve")], 2)
    assert await store.list_operation_items(other_tenant, "op", "", 10) == ["ada", "bob"]
    assert (await store.list_operation_failures(other_tenant, "op", 10))[1] == 2
