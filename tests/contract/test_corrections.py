import random
from dataclasses import replace

import pytest

from kg.curriculum import AnswerKey
from kg.errors import EvidenceNotFoundError, LearnerNotFoundError
from kg.evidence import Evidence, Source
from kg.learner import Learner
from kg.ledger import MasteryChange
from kg.store import Store
from tests.contract.calls import append, correct, fold_log, load, read_log, read_state, regrade_all
from tests.samples import CHOICE, DAY, NOON, answer, draw_evidence, make_curriculum, observe


async def void(store: Store, tenant: str, name: str, learner: str = "ada") -> list[MasteryChange]:
    return (await store.void_evidence(tenant, learner, name))[1]


async def test_a_voided_item_stays_in_the_log_without_effect(store: Store, tenant: str) -> None:
    await load(store, tenant)
    await append(store, tenant, answer("e1"), answer("e2", "y", at=NOON + DAY))
    item, _ = await store.void_evidence(tenant, "ada", "e2")
    assert item == replace(answer("e2", "y", at=NOON + DAY), curriculum="algebra", voided=True)
    assert (await read_log(store, tenant))[1] == item
    state = await read_state(store, tenant)
    assert (state.evidence_count, state.revision, state.as_of) == (1, 3, NOON)
    assert state.mastery == await fold_log(store, tenant, [answer("e1")])


async def test_a_void_returns_the_exact_difference_at_the_latest_evidence(store: Store, tenant: str) -> None:
    await load(store, tenant)
    await append(store, tenant, answer("e1"), answer("e2", "0.5", question="q-maps", at=NOON + DAY))
    before = await read_state(store, tenant, NOON + DAY)
    changes = await void(store, tenant, "e1")
    after = await read_state(store, tenant, NOON + DAY)
    sets = MasteryChange("ada", "sets", before.mastery["sets"].probability, after.mastery["sets"].probability)
    assert changes == [sets]
    assert sets.before > sets.after


async def test_voiding_the_last_item_compares_at_its_moment(store: Store, tenant: str) -> None:
    await load(store, tenant)
    await append(store, tenant, answer("e1"), answer("e2", at=NOON + 63 * DAY))
    before = await read_state(store, tenant)
    (change,) = await void(store, tenant, "e2")
    assert change.before == before.mastery["sets"].probability
    assert change.after == pytest.approx(0.25 + 0.39 / 2)


async def test_voiding_everything_leaves_the_prior(store: Store, tenant: str) -> None:
    await load(store, tenant)
    await append(store, tenant, answer("e1"))
    (change,) = await void(store, tenant, "e1")
    assert (round(change.before, 9), change.after) == (0.64, 0.25)
    state = await read_state(store, tenant)
    assert (state.mastery, state.evidence_count, state.as_of, state.revision) == ({}, 0, None, 2)


async def test_voiding_twice_makes_no_difference(store: Store, tenant: str) -> None:
    await load(store, tenant)
    await append(store, tenant, answer("e1"), answer("e2"))
    first, _ = await store.void_evidence(tenant, "ada", "e1")
    before = await read_state(store, tenant)
    assert await store.void_evidence(tenant, "ada", "e1") == (first, [])
    assert await read_state(store, tenant) == before


async def test_a_voided_item_sent_again_stays_voided(store: Store, tenant: str) -> None:
    await load(store, tenant)
    await append(store, tenant, answer("e1"), answer("e2"))
    await void(store, tenant, "e1")
    assert await append(store, tenant, answer("e1")) == [True]
    assert [item.voided for item in await read_log(store, tenant)] == [True, False]


async def test_only_the_learners_own_items_are_voided(store: Store, tenant: str) -> None:
    await load(store, tenant)
    await append(store, tenant, answer("e1"), answer("e2", learner="bob"))
    for name in ("e2", "none"):
        with pytest.raises(EvidenceNotFoundError):
            await void(store, tenant, name)
    with pytest.raises(LearnerNotFoundError):
        await void(store, tenant, "e1", learner="nobody")
    logs = [await read_log(store, tenant, learner=name) for name in ("ada", "bob")]
    assert [item.voided for log in logs for item in log] == [False, False]


async def test_evidence_after_a_void(store: Store, tenant: str) -> None:
    await load(store, tenant)
    await append(store, tenant, answer("e1"), answer("e9", at=NOON + 9 * DAY))
    await void(store, tenant, "e9")
    await append(store, tenant, answer("e5", "y", at=NOON + 5 * DAY))
    assert (await read_state(store, tenant)).mastery == await fold_log(store, tenant, await read_log(store, tenant))


async def test_voids_all_over_a_long_log(store: Store, tenant: str) -> None:
    await load(store, tenant)
    rng = random.Random(11)
    items = draw_evidence(rng, 210)
    for start in range(0, 210, 30):
        await append(store, tenant, *items[start : start + 30])
    gone = {item.id for item in rng.sample(items, 12)} | {min(items, key=lambda item: item.position).id}
    for name in sorted(gone):
        await void(store, tenant, name)
    kept = [item for item in items if item.id not in gone]
    for moment in (None, NOON + 20 * DAY, NOON + 45 * DAY):
        assert (await read_state(store, tenant, moment)).mastery == await fold_log(store, tenant, kept, moment)
    assert (await read_state(store, tenant)).evidence_count == len(kept)


async def test_a_void_of_an_override_brings_back_what_was_before(store: Store, tenant: str) -> None:
    await load(store, tenant)
    await append(store, tenant, answer("e1"), answer("e2", at=NOON + DAY))
    before = await read_state(store, tenant)
    await append(store, tenant, observe("o", 0.0, source=Source.TEACHER_OVERRIDE, at=NOON + 2))
    await void(store, tenant, "o")
    assert (await read_state(store, tenant)).mastery == before.mastery


async def test_a_correction_changes_nothing_before_the_regrade(store: Store, tenant: str) -> None:
    await load(store, tenant)
    await append(store, tenant, answer("e1"))
    before = await read_state(store, tenant)
    await correct(store, tenant, "y", operation="op")
    assert await read_state(store, tenant) == before


async def test_a_regrade_brings_the_new_key_and_records_the_difference(store: Store, tenant: str) -> None:
    await load(store, tenant)
    await append(store, tenant, answer("e1"), answer("e2", "y", learner="bob"))
    operation = await correct(store, tenant, "y", operation="op")
    assert await store.regrade_learner(tenant, operation.id, "ada", "algebra") == 1
    state = await read_state(store, tenant)
    assert state.mastery == await fold_log(store, tenant, [answer("e1")])
    assert state.revision == 2
    changes, count = await store.list_mastery_changes(tenant, "op", 10)
    assert ([(change.learner, change.concept) for change in changes], count) == ([("ada", "sets")], 1)
    assert (round(changes[0].before, 9), changes[0].after) == (0.64, state.mastery["sets"].probability)


async def test_a_regrade_without_effect_leaves_the_revision(store: Store, tenant: str) -> None:
    await load(store, tenant)
    await append(store, tenant, answer("e1"))
    before = await read_state(store, tenant)
    operation = await correct(store, tenant, "x", operation="op")
    assert await store.regrade_learner(tenant, operation.id, "ada", "algebra") == 0
    assert await read_state(store, tenant) == before
    assert await store.list_mastery_changes(tenant, "op", 10) == ([], 0)


async def test_a_regrade_of_more_than_the_probability_grows_the_revision(store: Store, tenant: str) -> None:
    await load(store, tenant)
    await append(store, tenant, observe("a", 1.0, source=Source.TEACHER_OVERRIDE), answer("b", "y"))
    operation = await correct(store, tenant, "y", operation="op")
    before = await read_state(store, tenant)
    assert await store.regrade_learner(tenant, operation.id, "ada", "algebra") == 0
    after = await read_state(store, tenant)
    assert before.mastery["sets"].stability_days < after.mastery["sets"].stability_days
    assert after.revision == before.revision + 1


async def test_a_regrade_of_a_learner_without_evidence(store: Store, tenant: str) -> None:
    await load(store, tenant)
    await store.create_learner(tenant, Learner(id="ada"))
    operation = await correct(store, tenant, "y", operation="op")
    assert await store.regrade_learner(tenant, operation.id, "ada", "algebra") == 0
    assert await store.regrade_learner(tenant, operation.id, "nobody", "algebra") == 0
    assert (await read_state(store, tenant)).mastery == {}


async def test_a_voided_question_takes_its_concepts_away(store: Store, tenant: str) -> None:
    await load(store, tenant)
    await append(store, tenant, answer("e1"), observe("e2", concept="maps"))
    operation = await store.void_question(tenant, "algebra", "q-sets", voided=True, now=NOON, operation="op")
    await regrade_all(store, tenant, operation)
    state = await read_state(store, tenant)
    assert (list(state.mastery), state.evidence_count) == (["maps"], 2)
    changes, _ = await store.list_mastery_changes(tenant, "op", 10)
    assert [(change.concept, change.after) for change in changes] == [("sets", 0.25)]


async def test_a_question_that_counts_again(store: Store, tenant: str) -> None:
    await load(store, tenant)
    await append(store, tenant, answer("e1"), answer("e2", "0.5", question="q-maps"))
    before = await read_state(store, tenant)
    for voided, name in ((True, "op-1"), (False, "op-2")):
        operation = await store.void_question(tenant, "algebra", "q-sets", voided=voided, now=NOON, operation=name)
        assert await regrade_all(store, tenant, operation) == 1
    assert (await read_state(store, tenant)).mastery == before.mastery


async def test_evidence_to_a_voided_question_is_kept_for_later(store: Store, tenant: str) -> None:
    await load(store, tenant)
    await store.void_question(tenant, "algebra", "q-sets", voided=True, now=NOON, operation="op-1")
    await append(store, tenant, answer("e1"))
    assert (await read_state(store, tenant)).mastery == {}
    operation = await store.void_question(tenant, "algebra", "q-sets", voided=False, now=NOON, operation="op-2")
    await regrade_all(store, tenant, operation)
    assert (await read_state(store, tenant)).mastery == await fold_log(store, tenant, [answer("e1")])


async def test_an_imported_change_of_weights_moves_evidence_between_concepts(store: Store, tenant: str) -> None:
    await load(store, tenant)
    await append(store, tenant, answer("e1"))
    outcome = await load(store, tenant, make_curriculum(sets=replace(CHOICE, assesses={"groups": 0.5, "maps": 0.5})))
    assert outcome.operation is not None
    await regrade_all(store, tenant, outcome.operation)
    assert list((await read_state(store, tenant)).mastery) == ["groups", "maps"]
    _, count = await store.list_mastery_changes(tenant, outcome.operation.id, 10)
    assert count == 3


async def test_only_learners_who_answered_are_to_be_regraded(store: Store, tenant: str) -> None:
    await load(store, tenant)
    names = ["eve", "ada", "dan", "bob"]
    await append(store, tenant, *(answer(f"e-{name}", learner=name) for name in names))
    await append(store, tenant, observe("o", learner="carl"), answer("w", "ring", question="q-word", learner="fay"))
    operation = await correct(store, tenant, "y", operation="op")
    listed = await store.list_learners_to_regrade(tenant, "algebra", operation.questions, 2, 10)
    assert listed == sorted(names)
    assert await store.list_learners_to_regrade(tenant, "algebra", operation.questions, 2, 3) == sorted(names)[:3]
    assert await store.list_learners_to_regrade(tenant, "algebra", operation.questions, 1, 10) == []
    assert await store.list_learners_to_regrade(tenant, "algebra", ["q-essay"], 2, 10) == []
    assert await store.list_learners_to_regrade(tenant, "algebra", ["q-word", "q-sets"], 2, 10) == [
        *sorted(names),
        "fay",
    ]


async def test_who_was_regraded_is_listed_no_more(store: Store, tenant: str) -> None:
    await load(store, tenant)
    await append(store, tenant, *(answer(f"e-{name}", learner=name) for name in ("ada", "bob", "eve")))
    operation = await correct(store, tenant, "y", operation="op")
    await store.regrade_learner(tenant, "op", "bob", "algebra")
    assert await store.list_learners_to_regrade(tenant, "algebra", operation.questions, 2, 10) == ["ada", "eve"]
    assert await regrade_all(store, tenant, operation) == 2


async def test_a_first_answer_after_the_correction_needs_no_regrade(store: Store, tenant: str) -> None:
    await load(store, tenant)
    operation = await correct(store, tenant, "y", operation="op")
    await append(store, tenant, answer("e1"))
    assert await regrade_all(store, tenant, operation) == 0
    assert (await read_state(store, tenant)).mastery == await fold_log(store, tenant, [answer("e1")])


async def test_answers_between_correction_and_regrade_come_out_right(store: Store, tenant: str) -> None:
    await load(store, tenant)
    items = draw_evidence(random.Random(12), 150)
    await append(store, tenant, *items[:70])
    operation = await correct(store, tenant, "y", operation="op")
    await append(store, tenant, *items[70:])
    await void(store, tenant, items[3].id)
    await regrade_all(store, tenant, operation)
    log = await read_log(store, tenant)
    for moment in (None, NOON + 10 * DAY, NOON + 50 * DAY):
        assert (await read_state(store, tenant, moment)).mastery == await fold_log(store, tenant, log, moment)


async def test_late_evidence_after_a_regrade_of_a_long_log(store: Store, tenant: str) -> None:
    await load(store, tenant)
    items = draw_evidence(random.Random(13), 200)
    await append(store, tenant, *items)
    await regrade_all(store, tenant, await correct(store, tenant, "2", question="q-maps", operation="op"))
    await append(store, tenant, answer("late", "0.5", question="q-maps", at=NOON + 30 * DAY))
    assert (await read_state(store, tenant)).mastery == await fold_log(store, tenant, await read_log(store, tenant))


async def test_repeating_a_regrade_keeps_the_first_before(store: Store, tenant: str) -> None:
    await load(store, tenant)
    await append(store, tenant, answer("e1"))
    operation = await correct(store, tenant, "y", operation="op")
    await store.regrade_learner(tenant, operation.id, "ada", "algebra")
    assert await store.regrade_learner(tenant, operation.id, "ada", "algebra") == 0
    await append(store, tenant, answer("e2", "y", at=NOON + 1))
    key = AnswerKey(accepted=("x", "y"))
    await store.correct_answer_key(tenant, "algebra", "q-sets", key, now=NOON, operation="op-2")
    await store.regrade_learner(tenant, operation.id, "ada", "algebra")
    (change,), _ = await store.list_mastery_changes(tenant, "op", 10)
    assert round(change.before, 9) == 0.64
    assert change.after == (await read_state(store, tenant)).mastery["sets"].probability


async def test_changes_are_listed_by_learner_and_concept(store: Store, tenant: str) -> None:
    await load(store, tenant)
    names = ["eve", "Bob", "ada"]
    await append(store, tenant, *(answer(f"e-{name}", "0.5", question="q-maps", learner=name) for name in names))
    await regrade_all(store, tenant, await correct(store, tenant, "2", question="q-maps", operation="op"))
    changes, count = await store.list_mastery_changes(tenant, "op", 5)
    expected = [(name, concept) for name in sorted(names) for concept in ("maps", "sets")]
    assert ([(change.learner, change.concept) for change in changes], count) == (expected[:5], 6)


async def test_an_evidence_item_may_be_voided_between_two_regrades(store: Store, tenant: str) -> None:
    await load(store, tenant)
    log: list[Evidence] = [answer("e1"), answer("e2", "y", at=NOON + DAY), answer("e3", at=NOON + 2 * DAY)]
    await append(store, tenant, *log)
    await regrade_all(store, tenant, await correct(store, tenant, "y", operation="op-1"))
    await void(store, tenant, "e1")
    await regrade_all(store, tenant, await correct(store, tenant, "x", operation="op-2"))
    assert (await read_state(store, tenant)).mastery == await fold_log(store, tenant, log[1:])
