from dataclasses import replace

import pytest

from kg.errors import OperationEndedError, OperationNotFoundError, RevisionConflictError
from kg.operations import Operation
from kg.store import Store
from tests.contract.calls import append, correct, load, regrade_all
from tests.samples import NOON, answer, make_operation

# Leases are in the far past, so that whoever else works on a shared server finds them ended.
START = 1_000


async def claim(store: Store, tenant: str, owner: str, now: int) -> Operation | None:
    """Claims until it is an operation of this tenant; others of a shared server are passed over."""
    while claimed := await store.claim_operation(owner, now, now + 100):
        if claimed[0] == tenant:
            return claimed[1]
    return None


async def test_an_operation_is_read_back(store: Store, tenant: str) -> None:
    operation = replace(
        make_operation("op"), items_done=1, items_total=2, done=True, cancelled=True, error="why", lease_owner="me"
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
    renewed = replace(claimed, items_done=3, items_total=7, lease_until=START + 500)
    await store.update_operation(tenant, renewed)
    assert await store.get_operation(tenant, "op") == renewed
    ended = replace(renewed, done=True, error="too bad")
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
