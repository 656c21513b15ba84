import random
from dataclasses import replace

import pytest

from kg.errors import EvidenceConflictError, InvalidInputError, LearnerNotFoundError
from kg.evidence import Evidence, Position, Source
from kg.learner import Learner
from kg.ledger import BEGINNING
from kg.store import Store
from tests.contract.calls import append, fold_log, load, read_log, read_state, refuse
from tests.samples import CHOICE, DAY, NOON, answer, draw_evidence, make_curriculum, observe


async def test_an_item_is_stored_with_its_curriculum(store: Store, tenant: str) -> None:
    await load(store, tenant)
    item = answer("e1", " x ", score=0.25)
    assert await append(store, tenant, item) == [False]
    assert await read_log(store, tenant) == [replace(item, curriculum="algebra")]


async def test_every_kind_of_item_is_read_back_unchanged(store: Store, tenant: str) -> None:
    await load(store, tenant)
    items = [
        answer("a", "naïve \u0000 \U0001f4a1", question="q-word", at=0),
        answer("b", "", question="q-word", at=1),
        answer("c", None, question="q-essay", score=1 / 3, at=2),
        answer("d", "7" * 8192, question="q-maps", at=3),
        *(observe(f"o-{source}", 0.0, source=source, at=2**53 + 1) for source in list(Source)[1:]),
    ]
    await append(store, tenant, *items)
    expected = [replace(item, curriculum="algebra") for item in items]
    assert await read_log(store, tenant) == sorted(expected, key=lambda item: item.position)


async def test_sending_again_changes_nothing(store: Store, tenant: str) -> None:
    await load(store, tenant)
    items = draw_evidence(random.Random(1), 20)
    await append(store, tenant, *items)
    before = await read_state(store, tenant)
    assert await append(store, tenant, *items) == [True] * 20
    assert await read_state(store, tenant) == before
    assert len(await read_log(store, tenant)) == 20


async def test_sending_again_may_leave_the_curriculum_out(store: Store, tenant: str) -> None:
    await load(store, tenant)
    await append(store, tenant, answer("e1", curriculum="algebra"))
    assert await append(store, tenant, answer("e1")) == [True]
    await load(store, tenant, make_curriculum("algebra-2"))
    assert await append(store, tenant, answer("e1")) == [True]


@pytest.mark.parametrize(
    "other",
    [
        answer("e1", "y"),
        answer("e1", at=NOON + 1),
        answer("e1", learner="bob"),
        answer("e1", score=1.0),
        answer("e1", None, score=1.0),
        answer("e1", curriculum="algebra-2"),
        answer("e1", "0.5", question="q-maps"),
        observe("e1"),
    ],
)
async def test_another_content_under_the_same_id_is_refused(store: Store, tenant: str, other: Evidence) -> None:
    await load(store, tenant)
    await load(store, tenant, make_curriculum("algebra-2"))
    await append(store, tenant, answer("e1", curriculum="algebra"))
    before = await read_state(store, tenant)
    assert isinstance(await refuse(store, tenant, other), EvidenceConflictError)
    assert await read_state(store, tenant) == before


async def test_a_batch_may_repeat_itself(store: Store, tenant: str) -> None:
    await load(store, tenant)
    batch = [answer("e1"), answer("e1"), answer("e1", "y"), answer("e2")]
    outcomes = await store.append_evidence(tenant, batch, allow_missing=True, now=NOON)
    assert [outcome.duplicate for outcome in outcomes] == [False, True, False, False]
    assert [type(outcome.error) for outcome in outcomes] == [type(None), type(None), EvidenceConflictError, type(None)]
    assert (await read_state(store, tenant)).evidence_count == 2


async def test_items_succeed_or_fail_by_themselves(store: Store, tenant: str) -> None:
    await load(store, tenant)
    batch = [answer("e1", "none of these"), answer("e2"), observe("e3", 2.0), answer("e4", question="q-none")]
    outcomes = await store.append_evidence(tenant, batch, allow_missing=True, now=NOON)
    violations = [each.error.violations[0].field for each in outcomes if isinstance(each.error, InvalidInputError)]
    assert violations == ["evidence[0].response", "evidence[2].score", "evidence[3].question"]
    assert [item.id for item in await read_log(store, tenant)] == ["e2"]


async def test_an_id_that_was_refused_is_free(store: Store, tenant: str) -> None:
    await load(store, tenant)
    await refuse(store, tenant, answer("e1", "none of these"))
    assert await append(store, tenant, answer("e1")) == [False]


async def test_nothing_is_written_where_everything_is_refused(store: Store, tenant: str) -> None:
    await load(store, tenant)
    await refuse(store, tenant, answer("e1", "none of these"))
    assert await store.list_learners(tenant, "", 10) == []


async def test_an_empty_batch_is_nothing(store: Store, tenant: str) -> None:
    assert await append(store, tenant) == []


async def test_missing_learners_are_created_where_that_is_allowed(store: Store, tenant: str) -> None:
    await load(store, tenant)
    await store.append_evidence(tenant, [answer("e1")], allow_missing=True, now=NOON + 3)
    assert await store.get_learner(tenant, "ada") == Learner(id="ada", created_at=NOON + 3, revision=1)


async def test_missing_learners_are_refused_otherwise(store: Store, tenant: str) -> None:
    await load(store, tenant)
    await store.create_learner(tenant, Learner(id="bob"))
    batch = [answer("e1"), answer("e2", learner="bob")]
    outcomes = await store.append_evidence(tenant, batch, allow_missing=False, now=NOON)
    assert isinstance(outcomes[0].error, LearnerNotFoundError)
    assert outcomes[1].error is None
    assert [learner.id for learner in await store.list_learners(tenant, "", 10)] == ["bob"]


async def test_an_unset_curriculum_is_the_only_one_with_the_subject(store: Store, tenant: str) -> None:
    await load(store, tenant)
    await load(store, tenant, make_curriculum("short", without=["rings", "q-sets"]))
    await append(store, tenant, answer("e1"), observe("e2", concept="rings"))
    assert {item.curriculum for item in await read_log(store, tenant, curriculum="")} == {"algebra"}


@pytest.mark.parametrize("item", [answer("e1"), observe("e1")])
async def test_an_unset_curriculum_that_is_not_clear_is_refused(store: Store, tenant: str, item: Evidence) -> None:
    await load(store, tenant, make_curriculum("b"))
    await load(store, tenant, make_curriculum("a"))
    error = await refuse(store, tenant, item)
    assert isinstance(error, InvalidInputError)
    assert error.violations[0].field == "evidence[0].curriculum"
    assert "is in a, b" in error.violations[0].rule


async def test_a_named_curriculum_must_have_the_subject(store: Store, tenant: str) -> None:
    await load(store, tenant)
    await load(store, tenant, make_curriculum("short", without=["rings", "q-sets"]))
    for item in (answer("e1", curriculum="short"), observe("e2", concept="rings", curriculum="none")):
        assert isinstance(await refuse(store, tenant, item), InvalidInputError)
    await append(store, tenant, answer("e1", curriculum="algebra"), observe("e2", concept="rings"))


async def test_the_same_question_counts_in_the_curriculum_named(store: Store, tenant: str) -> None:
    await load(store, tenant)
    await load(store, tenant, make_curriculum("algebra-2", sets=replace(CHOICE, slip=0.3)))
    await append(store, tenant, answer("e1", curriculum="algebra"), answer("e2", curriculum="algebra-2"))
    first, second = [await read_state(store, tenant, curriculum=name) for name in ("algebra", "algebra-2")]
    assert (first.evidence_count, second.evidence_count, first.revision) == (1, 1, 2)
    assert first.mastery["sets"].probability > second.mastery["sets"].probability


async def test_archived_questions_and_concepts_still_take_evidence(store: Store, tenant: str) -> None:
    await load(store, tenant)
    await load(store, tenant, make_curriculum(without=["rings", "q-sets"]))
    await append(store, tenant, answer("e1"), observe("e2", concept="rings"))
    assert list((await read_state(store, tenant)).mastery) == ["rings", "sets"]


async def test_the_subject_must_fit_the_source(store: Store, tenant: str) -> None:
    await load(store, tenant)
    for item in (answer("e1", question=""), replace(observe("e1"), source=Source.ANSWER)):
        assert isinstance(await refuse(store, tenant, item), InvalidInputError)


async def test_the_log_is_in_order_of_time_and_id(store: Store, tenant: str) -> None:
    await load(store, tenant)
    await append(store, tenant, answer("b"), answer("c", at=NOON - 1), answer("a"), answer("B"))
    assert [item.id for item in await read_log(store, tenant)] == ["c", "B", "a", "b"]


async def test_the_log_is_read_in_pages(store: Store, tenant: str) -> None:
    await load(store, tenant)
    items = draw_evidence(random.Random(2), 50, days=2)
    await append(store, tenant, *items)
    page = await store.list_evidence(tenant, "ada", "algebra", BEGINNING, 20)
    rest = await store.list_evidence(tenant, "ada", "algebra", page[-1].position, 1000)
    assert [*page, *rest] == sorted(items, key=lambda item: item.position)


async def test_a_page_starts_after_a_position_that_is_no_item(store: Store, tenant: str) -> None:
    await load(store, tenant)
    await append(store, tenant, answer("b"), answer("d"))
    listed = await store.list_evidence(tenant, "ada", "algebra", Position(NOON, "c"), 10)
    assert [item.id for item in listed] == ["d"]


async def test_the_log_of_all_curricula(store: Store, tenant: str) -> None:
    for name in ("algebra", "logic"):
        await load(store, tenant, make_curriculum(name))
    await append(store, tenant, answer("a", curriculum="logic"), answer("b", curriculum="algebra"))
    assert [item.id for item in await read_log(store, tenant, curriculum="")] == ["a", "b"]
    assert [item.id for item in await read_log(store, tenant, curriculum="logic")] == ["a"]


async def test_one_batch_for_many_learners(store: Store, tenant: str) -> None:
    await load(store, tenant)
    batch = [answer(f"{name}-{n}", learner=name, at=NOON + n) for n in range(3) for name in ("eve", "ada", "bob")]
    await append(store, tenant, *batch)
    states = await store.read_states(tenant, ["eve", "ada", "nobody", "bob"], "algebra", None)
    assert {name: (state.evidence_count, state.revision) for name, state in states.items()} == {
        "ada": (3, 3),
        "bob": (3, 3),
        "eve": (3, 3),
    }
    assert states["ada"].mastery == states["eve"].mastery


async def test_late_evidence_counts_as_if_it_had_come_in_time(store: Store, tenant: str, other_tenant: str) -> None:
    first, second, third = answer("e1", "y"), answer("e2", at=NOON + DAY), answer("e3", at=NOON + 9 * DAY)
    for name, order in ((tenant, (first, second, third)), (other_tenant, (third, first, second))):
        await load(store, name)
        for item in order:
            await append(store, name, item)
    assert await read_state(store, tenant) == await read_state(store, other_tenant)


async def test_items_of_one_moment_count_by_id_whatever_came_first(store: Store, tenant: str) -> None:
    await load(store, tenant)
    for item in (answer("b", "y"), answer("a", "x"), answer("c", "x")):
        await append(store, tenant, item)
    state = await read_state(store, tenant)
    assert state.mastery == await fold_log(store, tenant, [answer("a"), answer("b", "y"), answer("c")])


async def test_a_late_item_among_hundreds(store: Store, tenant: str) -> None:
    await load(store, tenant)
    items = draw_evidence(random.Random(3), 300)
    late = [items.pop(), answer("late-1", "y", at=NOON - DAY), observe("late-2", at=NOON + 30 * DAY)]
    items.sort(key=lambda item: item.position)
    for start in range(0, 299, 33):
        await append(store, tenant, *items[start : start + 33])
    for item in late:
        await append(store, tenant, item)
    state = await read_state(store, tenant)
    assert (state.evidence_count, state.revision) == (302, 302)
    assert state.mastery == await fold_log(store, tenant, [*items, *late])


async def test_more_items_after_a_late_one(store: Store, tenant: str) -> None:
    await load(store, tenant)
    early, middle, after = (draw_evidence(random.Random(seed), 90, learner="ada") for seed in (4, 5, 6))
    batches = [
        [replace(item, id=f"{n}-{item.id}", occurred_at=item.occurred_at + n * 90 * DAY) for item in items]
        for n, items in ((0, early), (2, after), (1, middle), (3, early))
    ]
    for batch in batches:
        await append(store, tenant, *batch)
    items = [item for batch in batches for item in batch]
    assert (await read_state(store, tenant)).mastery == await fold_log(store, tenant, items)
