from dataclasses import replace

import pytest

from kg.errors import LearnerNotFoundError, PlanNotFoundError
from kg.learner import Learner
from kg.store import Store
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
