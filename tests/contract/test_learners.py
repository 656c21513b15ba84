from dataclasses import replace
from pathlib import Path

import pytest

from kg.errors import LearnerAlreadyExistsError, LearnerErasedError, LearnerNotFoundError, PlanNotFoundError
from kg.learner import Learner
from kg.ledger import BEGINNING
from kg.operations import OperationFailure
from kg.store import Store
from tests.contract.calls import append, correct, load, read_state, refuse, regrade_all
from tests.contract.places import Place
from tests.samples import NOON, answer, make_operation, make_plan, make_record, make_session

ADA = Learner(
    id="ada",
    external_id="lms|42",
    display_name="Ada Łovelace",
    goals=(("algebra", "rings"), ("algebra", "maps"), ("logic", "sets")),
    created_at=NOON,
)


async def test_a_created_learner_is_read_back(store: Store, tenant: str) -> None:
    assert await store.create_learner(tenant, ADA) == ADA
    assert await store.get_learner(tenant, "ada") == ADA


async def test_a_learner_needs_nothing_but_an_id(store: Store, tenant: str) -> None:
    for name in ("bob", "eve"):
        await store.create_learner(tenant, Learner(id=name))
    assert await store.get_learner(tenant, "eve") == Learner(id="eve")
    assert await store.find_learner(tenant, "") is None


async def test_ids_and_external_ids_are_given_once(store: Store, tenant: str) -> None:
    await store.create_learner(tenant, ADA)
    for twin in (replace(ADA, external_id="other"), replace(ADA, id="other")):
        with pytest.raises(LearnerAlreadyExistsError):
            await store.create_learner(tenant, twin)
    assert await store.list_learners(tenant, "", 10) == [ADA]


async def test_learners_are_found_by_external_id(store: Store, tenant: str) -> None:
    await store.create_learner(tenant, ADA)
    assert await store.find_learner(tenant, "lms|42") == ADA
    assert await store.find_learner(tenant, "lms|43") is None


async def test_learners_are_read_together(store: Store, tenant: str, other_tenant: str) -> None:
    bob = Learner(id="bob", created_at=NOON)
    for learner in (ADA, bob, Learner(id="eve")):
        await store.create_learner(tenant, learner)
    assert await store.get_learners(tenant, ["bob", "nobody", "ada"]) == {"ada": ADA, "bob": bob}
    assert await store.get_learners(tenant, []) == await store.get_learners(other_tenant, ["ada"]) == {}


async def test_learners_are_listed_by_the_curricula_of_their_goals(
    store: Store, tenant: str, other_tenant: str
) -> None:
    for name in ("b", "a", "B", "~"):
        await store.create_learner(tenant, replace(ADA, id=name, external_id=""))
    await store.create_learner(tenant, Learner(id="aimless"))
    await store.create_learner(other_tenant, ADA)
    first = await store.list_learners_with_goals(tenant, "algebra", "", 3)
    assert [*first, *await store.list_learners_with_goals(tenant, "algebra", first[-1], 3)] == ["B", "a", "b", "~"]
    assert await store.list_learners_with_goals(tenant, "logic", "a", 1) == ["b"]
    assert await store.list_learners_with_goals(tenant, "alg", "", 9) == []


async def test_other_goals_are_listed_in_place_of_the_old(store: Store, tenant: str) -> None:
    await store.create_learner(tenant, ADA)
    for goals, found in (
        ((("logic", "sets"), ("logic", "maps"), ("art", "line")), ["art", "logic"]),
        ((("algebra", "sets"),), ["algebra"]),
        ((), []),
    ):
        await store.update_learner(tenant, replace(ADA, goals=goals))
        homes = ("algebra", "art", "logic")
        assert [home for home in homes if await store.list_learners_with_goals(tenant, home, "", 9)] == found


async def test_an_erased_learner_has_no_goals(store: Store, tenant: str) -> None:
    await store.create_learner(tenant, ADA)
    await store.create_learner(tenant, replace(ADA, id="bob", external_id=""))
    await store.erase_learner(tenant, "ada")
    assert await store.list_learners_with_goals(tenant, "algebra", "", 9) == ["bob"]


async def test_unknown_learners_are_not_found(store: Store, tenant: str) -> None:
    with pytest.raises(LearnerNotFoundError):
        await store.get_learner(tenant, "ada")
    with pytest.raises(LearnerNotFoundError):
        await store.update_learner(tenant, ADA)
    with pytest.raises(LearnerNotFoundError):
        await store.erase_learner(tenant, "ada")


async def test_learners_are_listed_by_id_in_pages(store: Store, tenant: str) -> None:
    names = ["b", "a", "B", "a.1", "~", "0", "a:1", "a@x"]
    for name in names:
        await store.create_learner(tenant, Learner(id=name, created_at=NOON))
    first = await store.list_learners(tenant, "", 3)
    rest = await store.list_learners(tenant, first[-1].id, 100)
    assert [learner.id for learner in (*first, *rest)] == sorted(names)


async def test_an_update_writes_texts_and_goals_only(store: Store, tenant: str) -> None:
    await store.create_learner(tenant, ADA)
    wanted = replace(ADA, external_id="new", display_name="", goals=(("algebra", "sets"),), created_at=1, revision=99)
    updated = await store.update_learner(tenant, wanted)
    assert updated == replace(wanted, created_at=NOON, revision=0) == await store.get_learner(tenant, "ada")
    assert await store.find_learner(tenant, "lms|42") is None
    assert await store.find_learner(tenant, "new") == updated


async def test_an_update_keeps_the_revision(store: Store, tenant: str) -> None:
    await load(store, tenant)
    await append(store, tenant, answer("e1"), answer("e2"))
    assert (await store.update_learner(tenant, ADA)).revision == 2


async def test_an_update_takes_no_external_id_of_another(store: Store, tenant: str) -> None:
    await store.create_learner(tenant, ADA)
    await store.create_learner(tenant, Learner(id="bob"))
    with pytest.raises(LearnerAlreadyExistsError):
        await store.update_learner(tenant, Learner(id="bob", external_id="lms|42"))
    assert await store.get_learner(tenant, "bob") == Learner(id="bob")


async def test_an_external_id_that_was_given_up_is_free(store: Store, tenant: str) -> None:
    await store.create_learner(tenant, ADA)
    await store.update_learner(tenant, replace(ADA, external_id=""))
    await store.create_learner(tenant, Learner(id="bob", external_id="lms|42"))
    assert (await store.update_learner(tenant, replace(ADA, external_id="mine"))).external_id == "mine"


async def test_an_erased_learner_is_gone_with_everything(store: Store, tenant: str) -> None:
    await load(store, tenant)
    await store.create_learner(tenant, ADA)
    await append(store, tenant, *(answer(f"e{n}", at=NOON + n) for n in range(70)))
    await store.save_plan(tenant, make_plan("p"))
    await store.erase_learner(tenant, "ada")
    with pytest.raises(LearnerNotFoundError):
        await store.get_learner(tenant, "ada")
    with pytest.raises(PlanNotFoundError):
        await store.get_plan(tenant, "ada", "p")
    assert await store.list_learners(tenant, "", 10) == []
    assert await store.find_learner(tenant, "lms|42") is None
    assert await store.list_evidence(tenant, "ada", "", BEGINNING, 10) == []
    assert await store.list_plans(tenant, "ada", "", None, 10) == []
    assert await store.read_states(tenant, ["ada"], "algebra", None) == {}


async def test_an_erased_learner_stays_erased(store: Store, tenant: str) -> None:
    await load(store, tenant)
    await store.create_learner(tenant, ADA)
    await store.erase_learner(tenant, "ada")
    with pytest.raises(LearnerErasedError):
        await store.create_learner(tenant, ADA)
    assert isinstance(await refuse(store, tenant, answer("e")), LearnerErasedError)
    with pytest.raises(LearnerNotFoundError):
        await store.save_plan(tenant, make_plan("p"))
    await store.erase_learner(tenant, "ada")
    assert await store.list_learners(tenant, "", 10) == []


async def test_erasing_frees_external_id_and_evidence_ids(store: Store, tenant: str) -> None:
    await load(store, tenant)
    await store.create_learner(tenant, ADA)
    await append(store, tenant, answer("e"))
    await store.erase_learner(tenant, "ada")
    await store.create_learner(tenant, replace(ADA, id="bob"))
    assert await append(store, tenant, answer("e", learner="bob")) == [False]


async def test_erasing_one_leaves_the_others(store: Store, tenant: str) -> None:
    await load(store, tenant)
    await append(store, tenant, answer("e1"), answer("e2", learner="bob"))
    await store.save_plan(tenant, make_plan("p", learner="bob"))
    before = await read_state(store, tenant, learner="bob")
    await store.erase_learner(tenant, "ada")
    assert await read_state(store, tenant, learner="bob") == before
    assert len(await store.list_plans(tenant, "bob", "", None, 10)) == 1


async def test_erasing_takes_the_learner_out_of_recorded_changes(store: Store, tenant: str) -> None:
    await load(store, tenant)
    await append(store, tenant, answer("e1"), answer("e2", learner="bob"))
    await regrade_all(store, tenant, await correct(store, tenant, "y", operation="op"))
    await store.erase_learner(tenant, "ada")
    changes, count = await store.list_mastery_changes(tenant, "op", 10)
    assert ([change.learner for change in changes], count) == (["bob"], 1)


async def test_an_erased_learner_is_not_regraded(store: Store, tenant: str) -> None:
    await load(store, tenant)
    await append(store, tenant, answer("e1"))
    operation = await correct(store, tenant, "y", operation="op")
    await store.erase_learner(tenant, "ada")
    assert await regrade_all(store, tenant, operation) == 0
    assert await store.regrade_learner(tenant, "op", "ada", "algebra") == 0


async def test_texts_keep_every_character(store: Store, tenant: str) -> None:
    strange = replace(ADA, external_id="a\u0000|'\"\\ \U0001f4a1", display_name="Zoë\n\t«x»")
    await store.create_learner(tenant, strange)
    assert await store.find_learner(tenant, strange.external_id) == strange


def read_files(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(folder.iterdir()))


async def test_a_file_keeps_no_trace_of_an_erased_learner(tmp_path: Path) -> None:
    place = Place(tmp_path / "store.db")
    async with place.connect() as store:
        await load(store, "t")
        await store.create_learner("t", replace(ADA, id="id-of-ada"))
        await append(store, "t", *(answer(f"e{n}", learner="id-of-ada", at=NOON + n) for n in range(80)))
        await store.save_plan("t", make_plan("p", learner="id-of-ada"))
        await regrade_all(store, "t", await correct(store, "t", "y", operation="op"))
        await store.create_operation("t", make_operation("op-2"), ["id-of-ada"])
        failure = OperationFailure(item="id-of-ada", code=9, reason="NO_GOALS", message="id-of-ada has no goals")
        await store.update_operation("t", make_operation("op-2"), [failure])
        await store.update_learner("t", replace(ADA, id="id-of-ada", external_id="lms|43"))
        await store.create_session("t", make_session("id-of-session", learner="id-of-ada"))
        for number in range(200):  # some written over, some removed before the erasure
            record, removed = make_record(f"{number % 7}", b"words of ada " * number), ("events", f"{number % 5}x")
            await store.write_records("t", "id-of-session", [record], removed=[removed], now=NOON + number)
            await store.write_records("t", "id-of-session", [replace(record, key=f"{number % 9}x")], now=NOON)
        await store.erase_learner("t", "id-of-ada")
    left = read_files(tmp_path)
    assert b"algebra" in left
    words = (b"id-of-ada", b"Lovelace", b"lms|42", b"lms|43", b"id-of-session", b"words of ada")
    assert not [word for word in words if word in left]


async def test_a_file_keeps_no_trace_of_a_deleted_session(tmp_path: Path) -> None:
    async with Place(tmp_path / "store.db").connect() as store:
        for name in ("one", "another"):
            await store.create_session("t", make_session(f"id-of-{name}"))
            records = [make_record(f"{number}", f"words of {name} {number}".encode() * 50) for number in range(90)]
            await store.write_records("t", f"id-of-{name}", records, now=NOON)
            await store.write_records("t", f"id-of-{name}", [], removed=[("events", "7")], now=NOON)
        await store.delete_session("t", "id-of-one")
    left = read_files(tmp_path)
    assert [word for word in (b"id-of-one", b"words of one", b"words of another 7w") if word in left] == []
    assert [word for word in (b"id-of-another", b"words of another 8") if word not in left] == []
