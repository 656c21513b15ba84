import asyncio
from dataclasses import replace

import pytest

from kg.errors import LearnerNotFoundError, PlanNotFoundError, RevisionConflictError
from kg.learner import Learner
from kg.store import Store
from tests.contract.places import Place
from tests.samples import NOON, make_plan


@pytest.fixture(autouse=True)
async def learners(store: Store, tenant: str) -> None:
    for name in ("ada", "bob"):
        await store.create_learner(tenant, Learner(id=name))


async def test_a_plan_is_read_back(store: Store, tenant: str) -> None:
    plan = replace(make_plan("p"), body='{"é": [0.1, null], "\U0001f4a1": "\\u0000"}')
    await store.save_plan(tenant, plan)
    assert await store.get_plan(tenant, "ada", "p") == plan


async def test_a_plan_may_have_no_steps(store: Store, tenant: str) -> None:
    plan = replace(make_plan("p"), concepts=())
    await store.save_plan(tenant, plan)
    assert await store.get_plan(tenant, "ada", "p") == plan


async def test_saving_again_only_renews_the_time(store: Store, tenant: str) -> None:
    await store.save_plan(tenant, make_plan("p"))
    await store.save_plan(tenant, replace(make_plan("p", at=NOON + 5), body="{}", concepts=()))
    assert await store.get_plan(tenant, "ada", "p") == make_plan("p", at=NOON + 5)
    assert len(await store.list_plans(tenant, "ada", "", None, 10)) == 1


async def test_plans_need_a_learner(store: Store, tenant: str) -> None:
    with pytest.raises(LearnerNotFoundError):
        await store.save_plan(tenant, make_plan("p", learner="nobody"))


async def test_unknown_plans_are_not_found(store: Store, tenant: str) -> None:
    await store.save_plan(tenant, make_plan("p"))
    for learner, plan in (("ada", "q"), ("bob", "p"), ("nobody", "p")):
        with pytest.raises(PlanNotFoundError):
            await store.get_plan(tenant, learner, plan)


async def test_two_learners_may_have_the_same_plan(store: Store, tenant: str) -> None:
    plans = [make_plan("p"), make_plan("p", learner="bob", at=NOON + 1)]
    for plan in plans:
        await store.save_plan(tenant, plan)
    assert [await store.get_plan(tenant, name, "p") for name in ("ada", "bob")] == plans


async def test_plans_are_listed_latest_first(store: Store, tenant: str) -> None:
    for name, at in (("b", 1), ("a", 1), ("c", 0), ("d", 2), ("B", 1)):
        await store.save_plan(tenant, make_plan(name, at=NOON + at))
    assert [plan.id for plan in await store.list_plans(tenant, "ada", "", None, 10)] == ["d", "b", "a", "B", "c"]


async def test_plans_are_listed_in_pages(store: Store, tenant: str) -> None:
    for number in range(7):
        await store.save_plan(tenant, make_plan(f"p{number}", at=NOON + number // 3))
    pages, before = [], None
    while page := await store.list_plans(tenant, "ada", "", before, 2):
        pages.append([plan.id for plan in page])
        before = (page[-1].created_at, page[-1].id)
    assert pages == [["p6", "p5"], ["p4", "p3"], ["p2", "p1"], ["p0"]]


async def test_plans_are_listed_by_curriculum(store: Store, tenant: str) -> None:
    for number, curriculum in enumerate(("algebra", "logic", "algebra")):
        await store.save_plan(tenant, make_plan(f"p{number}", at=NOON + number, curriculum=curriculum))
    await store.save_plan(tenant, make_plan("other", learner="bob"))
    listed = {name: await store.list_plans(tenant, "ada", name, None, 10) for name in ("", "algebra", "none")}
    assert {name: [plan.id for plan in plans] for name, plans in listed.items()} == {
        "": ["p2", "p1", "p0"],
        "algebra": ["p2", "p0"],
        "none": [],
    }


async def save_line(store: Store, tenant: str, *names: str, learner: str = "ada") -> None:
    """Saves plans that revise each other, the first one first."""
    for number, name in enumerate(names, start=1):
        plan = make_plan(name, at=NOON - number, learner=learner, series=names[0], revision=number)
        await store.save_plan(tenant, plan)


async def test_a_revision_is_read_back(store: Store, tenant: str) -> None:
    await save_line(store, tenant, "p", "q")
    found = await store.get_plan(tenant, "ada", "q")
    assert (found.series, found.revision) == ("p", 2)


async def test_revisions_are_listed_latest_first_in_pages(store: Store, tenant: str) -> None:
    await save_line(store, tenant, "c", "b", "d", "a", "e")
    await save_line(store, tenant, "other", "another")
    pages, before = [], None
    while page := await store.list_plan_revisions(tenant, "ada", "c", before, 2):
        pages.append([plan.id for plan in page])
        before = page[-1].revision
    assert pages == [["e", "a"], ["d", "b"], ["c"]]
    assert len(await store.list_plans(tenant, "ada", "", None, 10)) == 7


async def test_revisions_are_listed_of_one_learner_and_tenant(store: Store, tenant: str, other_tenant: str) -> None:
    await save_line(store, tenant, "p", "q")
    await save_line(store, tenant, "p", learner="bob")
    listed = [
        await store.list_plan_revisions(name, learner, series, None, 10)
        for name, learner, series in ((tenant, "bob", "p"), (tenant, "bob", "q"), (other_tenant, "ada", "p"))
    ]
    assert [[plan.learner for plan in plans] for plans in listed] == [["bob"], [], []]


async def test_a_number_in_a_series_is_given_once(store: Store, tenant: str) -> None:
    await save_line(store, tenant, "p", "q")
    with pytest.raises(RevisionConflictError):
        await store.save_plan(tenant, make_plan("r", series="p", revision=2))
    with pytest.raises(PlanNotFoundError):
        await store.get_plan(tenant, "ada", "r")
    await store.save_plan(tenant, make_plan("r", series="p", revision=3))


async def test_saving_a_revision_again_is_no_conflict(store: Store, tenant: str) -> None:
    await save_line(store, tenant, "p", "q")
    again = make_plan("q", at=NOON + 9, series="p", revision=2)
    await store.save_plan(tenant, again)
    assert [plan.id for plan in await store.list_plan_revisions(tenant, "ada", "p", None, 10)] == ["q", "p"]
    assert await store.get_plan(tenant, "ada", "q") == again


async def test_of_two_revisions_at_once_one_is_refused(place: Place, store: Store, tenant: str) -> None:
    await save_line(store, tenant, "p")
    async with place.connect() as second:
        rivals = [make_plan(f"q{number}", series="p", revision=2) for number in range(6)]
        saves = (each.save_plan(tenant, plan) for each, plan in zip((store, second) * 3, rivals, strict=True))
        outcomes = await asyncio.gather(*saves, return_exceptions=True)
    assert sum(outcome is None for outcome in outcomes) == 1
    assert sum(isinstance(outcome, RevisionConflictError) for outcome in outcomes) == 5
    assert len(await store.list_plan_revisions(tenant, "ada", "p", None, 10)) == 2


async def test_revisions_are_erased_with_their_learner(store: Store, tenant: str) -> None:
    await save_line(store, tenant, "p", "q")
    await save_line(store, tenant, "p", learner="bob")
    await store.erase_learner(tenant, "ada")
    assert await store.list_plan_revisions(tenant, "ada", "p", None, 10) == []
    assert len(await store.list_plan_revisions(tenant, "bob", "p", None, 10)) == 1
