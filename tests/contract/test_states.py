import random

import pytest

from kg.learner import Learner
from kg.mastery import PARAMETERS
from kg.states import LearnerState
from kg.store import Store
from tests.contract.calls import append, fold_log, load, read_log, read_state
from tests.samples import DAY, NOON, answer, draw_evidence, observe


async def test_without_evidence_nothing_is_known(store: Store, tenant: str) -> None:
    await load(store, tenant)
    await store.create_learner(tenant, Learner(id="ada"))
    unknown = LearnerState(
        learner="ada",
        curriculum="algebra",
        as_of=None,
        model=PARAMETERS.version,
        evidence_count=0,
        revision=0,
        mastery={},
    )
    assert await read_state(store, tenant) == unknown
    assert (await read_state(store, tenant, NOON)).as_of == NOON


async def test_missing_learners_are_left_out(store: Store, tenant: str) -> None:
    await load(store, tenant)
    assert await store.read_states(tenant, ["ada"], "algebra", None) == {}
    assert await store.read_states(tenant, [], "algebra", None) == {}


async def test_an_answer_gives_the_known_state(store: Store, tenant: str) -> None:
    await load(store, tenant)
    await append(store, tenant, answer("e1"))
    state = await read_state(store, tenant)
    assert (state.as_of, state.evidence_count, state.revision, list(state.mastery)) == (NOON, 1, 1, ["sets"])
    reading = state.mastery["sets"]
    assert round(reading.probability, 9) == 0.64
    assert (round(reading.weight, 9), reading.count, reading.practised_at, reading.stability_days) == (
        0.7,
        1,
        NOON,
        7.0,
    )


async def test_concepts_come_in_order_of_id(store: Store, tenant: str) -> None:
    await load(store, tenant)
    await append(store, tenant, *(observe(f"e-{name}", concept=name) for name in ("sets", "groups", "rings", "maps")))
    assert list((await read_state(store, tenant)).mastery) == ["groups", "maps", "rings", "sets"]


@pytest.mark.parametrize("days", [0, 1, 30, 4000])
async def test_mastery_fades_after_the_head(store: Store, tenant: str, days: int) -> None:
    await load(store, tenant)
    await append(store, tenant, answer("e1"))
    state = await read_state(store, tenant, NOON + days * DAY)
    assert state.mastery["sets"].probability == pytest.approx(0.25 + 0.39 / (1 + days / 63), rel=1e-12)
    assert (state.as_of, state.evidence_count) == (NOON + days * DAY, 1)


@pytest.mark.parametrize(
    ("offset", "count"), [(-1, 0), (0, 1), (1, 1), (DAY - 1, 1), (DAY, 3), (DAY + 1, 3), (9 * DAY, 4)]
)
async def test_a_moment_in_the_past_leaves_later_items_out(store: Store, tenant: str, offset: int, count: int) -> None:
    await load(store, tenant)
    log = [
        answer("e1"),
        answer("e2", "y", at=NOON + DAY),
        observe("e3", at=NOON + DAY),
        answer("e4", at=NOON + 9 * DAY),
    ]
    await append(store, tenant, *log)
    state = await read_state(store, tenant, NOON + offset)
    assert (state.evidence_count, state.revision, state.as_of) == (count, 4, NOON + offset)
    assert state.mastery == await fold_log(store, tenant, log, NOON + offset)


async def test_a_long_past_is_what_it_was_at_every_moment(store: Store, tenant: str) -> None:
    await load(store, tenant)
    items = draw_evidence(random.Random(8), 260)
    for start in range(0, 260, 20):
        await append(store, tenant, *items[start : start + 20])
    for day in range(-1, 70, 7):
        state = await read_state(store, tenant, NOON + day * DAY)
        assert state.mastery == await fold_log(store, tenant, items, NOON + day * DAY)
        assert state.evidence_count == sum(item.occurred_at <= NOON + day * DAY for item in items)


async def test_what_was_practised_long_ago_is_remembered_through_many_small_batches(store: Store, tenant: str) -> None:
    await load(store, tenant)
    items = [observe(f"o-{name}", concept=name) for name in ("groups", "maps", "rings")]
    items += [answer(f"e{n:03}", "xy"[n % 2], at=NOON + n * DAY) for n in range(1, 140)]
    for item in items:
        await append(store, tenant, item)
    for moment in (NOON + 70 * DAY, NOON + 135 * DAY):
        assert (await read_state(store, tenant, moment)).mastery == await fold_log(store, tenant, items, moment)
    late = observe("late", concept="maps", at=NOON + 136 * DAY)
    await append(store, tenant, late)
    assert (await read_state(store, tenant)).mastery == await fold_log(store, tenant, [*items, late])


async def test_the_past_does_not_change_with_what_follows(store: Store, tenant: str) -> None:
    await load(store, tenant)
    await append(store, tenant, *draw_evidence(random.Random(9), 100))
    before = await read_state(store, tenant)
    later = before.as_of or 0
    await append(store, tenant, *(answer(f"later-{n}", at=later + n) for n in range(1, 80)))
    past = await read_state(store, tenant, later)
    assert (past.mastery, past.evidence_count) == (before.mastery, before.evidence_count)


async def test_the_revision_grows_by_one_for_every_stored_item(store: Store, tenant: str) -> None:
    await load(store, tenant)
    revisions = []
    for batch in ([answer("a")], [answer("a")], [answer("b"), answer("c")], [answer("d", at=NOON - 1), answer("a")]):
        await append(store, tenant, *batch)
        revisions.append((await read_state(store, tenant)).revision)
    assert revisions == [1, 1, 3, 4]
    assert (await store.get_learner(tenant, "ada")).revision == 4


async def test_the_learners_of_one_read_do_not_mix(store: Store, tenant: str) -> None:
    await load(store, tenant)
    names = [f"learner-{n}" for n in range(12)]
    logs = {name: draw_evidence(random.Random(name), 15, learner=name) for name in names}
    await append(store, tenant, *(item for log in logs.values() for item in log))
    for moment in (None, NOON + 30 * DAY):
        states = await store.read_states(tenant, names, "algebra", moment)
        for name in names:
            assert states[name].mastery == await fold_log(store, tenant, logs[name], moment)


async def test_states_equal_the_fold_of_the_stored_log(store: Store, tenant: str) -> None:
    await load(store, tenant)
    await append(store, tenant, *draw_evidence(random.Random(10), 200))
    assert (await read_state(store, tenant)).mastery == await fold_log(store, tenant, await read_log(store, tenant))
