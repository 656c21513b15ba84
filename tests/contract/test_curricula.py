from dataclasses import replace

import pytest

from kg.comparison import Change, Difference, fingerprint
from kg.curriculum import AnswerKey, Concept, Curriculum, Prerequisite, Question, count_parts
from kg.errors import CurriculumInUseError, CurriculumNotFoundError, QuestionNotFoundError
from kg.store import Store
from tests.contract.calls import append, correct, load
from tests.samples import CHOICE, ESSAY, NOON, NUMERIC, QUESTIONS, answer, make_curriculum


async def read(store: Store, tenant: str, name: str = "algebra") -> Curriculum:
    return (await store.load_curriculum(tenant, name))[1]


async def test_the_first_import_makes_version_one(store: Store, tenant: str) -> None:
    outcome = await load(store, tenant)
    record = outcome.record
    assert (record.id, record.title, record.licence) == ("algebra", "Algebra", "CC0-1.0")
    assert (record.version, record.grading_revision, record.updated_at) == (1, 1, NOON)
    assert (record.size, record.fingerprint) == (count_parts(make_curriculum()), fingerprint(make_curriculum()))
    assert outcome.operation is None


async def test_the_first_import_adds_every_part(store: Store, tenant: str) -> None:
    difference = (await load(store, tenant)).difference
    assert (len(difference.added), difference.changed, difference.removed) == (4 + 1 + 4 + 1 + 2 + 1, (), ())
    assert Change("prerequisite", "sets -> maps") in difference.added
    assert Change("group", "rings/base") in difference.added


async def test_what_was_imported_is_loaded_unchanged(store: Store, tenant: str) -> None:
    outcome = await load(store, tenant)
    record, loaded = await store.load_curriculum(tenant, "algebra")
    stamped = [
        question if question.key is None else replace(question, key=replace(question.key, set_at=NOON))
        for question in make_curriculum().questions
    ]
    assert loaded == replace(make_curriculum(), questions=tuple(stamped))
    assert record == outcome.record == await store.get_curriculum_record(tenant, "algebra")


async def test_weights_and_options_keep_value_and_order(store: Store, tenant: str) -> None:
    await load(store, tenant)
    questions = {question.id: question for question in (await read(store, tenant)).questions}
    assert list(questions["q-maps"].assesses.items()) == [("maps", 2 / 3), ("sets", 1 / 3)]
    assert list(questions["q-sets"].options.items()) == list(CHOICE.options.items())


async def test_equal_content_makes_no_version(store: Store, tenant: str) -> None:
    first = await load(store, tenant)
    again = await load(store, tenant, now=NOON + 5)
    assert again.record == first.record
    assert (again.difference, again.operation) == (Difference(), None)


async def test_another_title_makes_a_version_without_changed_parts(store: Store, tenant: str) -> None:
    await load(store, tenant)
    outcome = await load(store, tenant, replace(make_curriculum(), title="Algebra I"), now=NOON + 5)
    assert (outcome.record.title, outcome.record.version, outcome.record.updated_at) == ("Algebra I", 2, NOON + 5)
    assert outcome.difference == Difference()


async def test_a_new_version_says_what_changed(store: Store, tenant: str) -> None:
    await load(store, tenant)
    sets, *others = reversed(make_curriculum().concepts)
    changed = replace(sets, minutes=45, title="Sets!")
    curriculum = replace(make_curriculum(), concepts=(*reversed(others), changed), prerequisites=())
    outcome = await load(store, tenant, curriculum)
    assert outcome.difference.changed == (Change("concept", "sets", ("minutes", "title")),)
    assert [change.id for change in outcome.difference.removed] == ["sets -> groups", "sets -> maps"]
    assert (outcome.record.version, outcome.record.grading_revision, outcome.operation) == (2, 1, None)
    assert (await read(store, tenant)).concepts[-1] == changed


async def test_edges_and_groups_are_replaced(store: Store, tenant: str) -> None:
    await load(store, tenant)
    edges = (Prerequisite(before="sets", after="maps", strength=0.25), Prerequisite(before="maps", after="rings"))
    await load(store, tenant, replace(make_curriculum(), prerequisites=edges, groups=()))
    loaded = await read(store, tenant)
    assert (loaded.prerequisites, loaded.groups) == (edges, ())


async def test_what_is_gone_is_archived(store: Store, tenant: str) -> None:
    await load(store, tenant)
    shorter = replace(make_curriculum(without=["rings", "q-sets"]), resources=(), misconceptions=())
    outcome = await load(store, tenant, shorter)
    loaded = await read(store, tenant)
    assert [concept.id for concept in loaded.concepts if concept.archived] == ["rings"]
    assert [each.id for each in loaded.questions if each.archived] == ["q-essay", "q-sets", "q-word"]
    assert (loaded.resources[0].archived, loaded.misconceptions[0].archived) == (True, True)
    assert (outcome.record.size.concepts, outcome.record.size.questions, outcome.record.size.resources) == (3, 1, 0)
    assert outcome.record.fingerprint == fingerprint(shorter)


async def test_archiving_grades_nothing_anew(store: Store, tenant: str) -> None:
    await load(store, tenant)
    outcome = await load(store, tenant, make_curriculum(without=["q-sets"]))
    assert (outcome.operation, outcome.record.grading_revision) == (None, 1)


async def test_what_comes_back_is_restored(store: Store, tenant: str) -> None:
    first = await load(store, tenant)
    await load(store, tenant, make_curriculum(without=["rings"]), now=NOON + 1)
    outcome = await load(store, tenant, now=NOON + 2)
    assert Change("concept", "rings") in outcome.difference.added
    assert (outcome.record.version, outcome.record.fingerprint) == (3, first.record.fingerprint)
    loaded = await read(store, tenant)
    assert not any(concept.archived for concept in loaded.concepts)
    assert not any(question.archived for question in loaded.questions)
    assert {each.id: each.key and each.key.set_at for each in loaded.questions}["q-word"] == NOON


async def test_another_key_creates_a_regrade_operation(store: Store, tenant: str) -> None:
    await load(store, tenant)
    sets = replace(CHOICE, key=AnswerKey(accepted=("y",)), distractors={})
    outcome = await load(store, tenant, make_curriculum(sets=sets), now=NOON + 9, operation="op-7")
    operation = outcome.operation
    assert operation is not None
    assert operation == await store.get_operation(tenant, "op-7")
    assert (operation.questions, operation.grading_revision, operation.curriculum) == (("q-sets",), 2, "algebra")
    assert (operation.created_at, operation.done, operation.lease_owner) == (NOON + 9, False, "")
    assert outcome.record.grading_revision == 2


async def test_an_imported_key_counts_versions(store: Store, tenant: str) -> None:
    await load(store, tenant)
    sets = replace(CHOICE, key=AnswerKey(accepted=("x", "y")), distractors={})
    await load(store, tenant, make_curriculum(sets=sets), now=NOON + 9)
    (question,) = [each for each in (await read(store, tenant)).questions if each.id == "q-sets"]
    assert question.key == AnswerKey(accepted=("x", "y"), version=2, set_at=NOON + 9)


@pytest.mark.parametrize(
    "changed",
    [replace(NUMERIC, slip=0.2), replace(NUMERIC, guess=0.3), replace(NUMERIC, assesses={"maps": 0.5, "sets": 0.5})],
)
async def test_another_reading_of_answers_grades_anew(store: Store, tenant: str, changed: Question) -> None:
    await load(store, tenant)
    outcome = await load(store, tenant, make_curriculum(maps=changed))
    assert outcome.operation is not None
    assert outcome.operation.questions == ("q-maps",)


async def test_another_stem_or_a_new_question_grades_nothing_anew(store: Store, tenant: str) -> None:
    await load(store, tenant, make_curriculum(without=["q-word"]))
    outcome = await load(store, tenant, make_curriculum(sets=replace(CHOICE, stem="Which one is a set?")))
    assert (outcome.operation, outcome.record.grading_revision, outcome.record.version) == (None, 1, 2)


async def test_an_import_keeps_voids(store: Store, tenant: str) -> None:
    await load(store, tenant)
    await store.void_question(tenant, "algebra", "q-sets", voided=True, now=NOON, operation="op")
    again = await load(store, tenant)
    assert (again.record.version, again.difference) == (1, Difference())
    assert {each.id for each in (await read(store, tenant)).questions if each.voided} == {"q-sets"}


async def test_a_corrected_key_changes_question_revision_and_fingerprint(store: Store, tenant: str) -> None:
    before = (await load(store, tenant)).record
    operation = await correct(store, tenant, "y", operation="op")
    record, loaded = await store.load_curriculum(tenant, "algebra")
    (question,) = [each for each in loaded.questions if each.id == "q-sets"]
    assert question.key == AnswerKey(accepted=("y",), version=2, set_at=NOON + 1)
    assert (operation.questions, operation.grading_revision) == (("q-sets",), 2)
    assert record == replace(before, grading_revision=2, fingerprint=fingerprint(loaded))
    assert operation == await store.get_operation(tenant, "op")


async def test_importing_the_old_files_takes_a_correction_back(store: Store, tenant: str) -> None:
    await load(store, tenant)
    await correct(store, tenant, "y", operation="op")
    outcome = await load(store, tenant, operation="op-2")
    assert (outcome.record.version, outcome.record.grading_revision) == (2, 3)
    assert outcome.difference.changed == (Change("question", "q-sets", ("key",)),)


async def test_an_equal_key_leaves_everything_but_creates_the_operation(store: Store, tenant: str) -> None:
    before = (await load(store, tenant)).record
    operation = await correct(store, tenant, "x", operation="op")
    record, loaded = await store.load_curriculum(tenant, "algebra")
    assert record == before
    assert next(each.key for each in loaded.questions if each.id == "q-sets") == AnswerKey(accepted=("x",), set_at=NOON)
    assert (operation.id, operation.grading_revision) == ("op", 1)
    assert operation == await store.get_operation(tenant, "op")


async def test_another_tolerance_is_another_key(store: Store, tenant: str) -> None:
    await load(store, tenant)
    key = AnswerKey(accepted=("0.5",), tolerance=0.1)
    operation = await store.correct_answer_key(tenant, "algebra", "q-maps", key, now=NOON, operation="op")
    assert operation.grading_revision == 2


async def test_a_question_without_a_key_can_be_given_one(store: Store, tenant: str) -> None:
    await load(store, tenant)
    await correct(store, tenant, "a ring is", question="q-essay", operation="op")
    question = (await read(store, tenant)).questions[0]
    assert question.id == ESSAY.id
    assert question.key == AnswerKey(accepted=("a ring is",), version=1, set_at=NOON + 1)


async def test_voiding_a_question_and_taking_it_back(store: Store, tenant: str) -> None:
    before = (await load(store, tenant)).record
    void = await store.void_question(tenant, "algebra", "q-sets", voided=True, now=NOON + 3, operation="op-1")
    again = await store.void_question(tenant, "algebra", "q-sets", voided=True, now=NOON + 3, operation="op-2")
    back = await store.void_question(tenant, "algebra", "q-sets", voided=False, now=NOON + 3, operation="op-3")
    assert [each.grading_revision for each in (void, again, back)] == [2, 2, 3]
    assert [each.questions for each in (void, again, back)] == [("q-sets",)] * 3
    assert await store.get_curriculum_record(tenant, "algebra") == replace(before, grading_revision=3)
    assert await store.list_operations(tenant, "", 10) == [void, again, back]


async def test_corrections_name_what_is_missing(store: Store, tenant: str) -> None:
    await load(store, tenant)
    key = AnswerKey(accepted=("x",))
    with pytest.raises(QuestionNotFoundError):
        await store.correct_answer_key(tenant, "algebra", "q-none", key, now=NOON, operation="op")
    with pytest.raises(QuestionNotFoundError):
        await store.void_question(tenant, "algebra", "q-none", voided=True, now=NOON, operation="op")
    with pytest.raises(CurriculumNotFoundError):
        await store.correct_answer_key(tenant, "none", "q-sets", key, now=NOON, operation="op")
    with pytest.raises(CurriculumNotFoundError):
        await store.void_question(tenant, "none", "q-sets", voided=True, now=NOON, operation="op")
    assert await store.list_operations(tenant, "", 10) == []


async def test_unknown_curricula_are_not_found(store: Store, tenant: str) -> None:
    with pytest.raises(CurriculumNotFoundError):
        await store.get_curriculum_record(tenant, "none")
    with pytest.raises(CurriculumNotFoundError):
        await store.load_curriculum(tenant, "none")
    with pytest.raises(CurriculumNotFoundError):
        await store.delete_curriculum(tenant, "none")


async def test_curricula_are_listed_by_id_in_pages(store: Store, tenant: str) -> None:
    names = ["a", "b", "B", "a.1", "a-1", "~", "0", "a:1", "_", "a+", "a@"]
    for name in names:
        await load(
            store, tenant, replace(make_curriculum(name), concepts=(), questions=(), prerequisites=(), groups=())
        )
    first = await store.list_curricula(tenant, "", 4)
    rest = await store.list_curricula(tenant, first[-1].id, 100)
    assert [record.id for record in (*first, *rest)] == sorted(names)
    assert first[0] == await store.get_curriculum_record(tenant, first[0].id)


async def test_a_curriculum_without_parts(store: Store, tenant: str) -> None:
    outcome = await load(store, tenant, Curriculum(id="empty", title="Nothing"))
    assert await store.load_curriculum(tenant, "empty") == (outcome.record, Curriculum(id="empty", title="Nothing"))


async def test_a_deleted_curriculum_is_gone_and_starts_again_at_one(store: Store, tenant: str) -> None:
    await load(store, tenant)
    await load(store, tenant, make_curriculum(without=["rings"]))
    await store.delete_curriculum(tenant, "algebra")
    assert await store.list_curricula(tenant, "", 10) == []
    assert (await load(store, tenant)).record.version == 1
    assert not any(concept.archived for concept in (await read(store, tenant)).concepts)


async def test_a_curriculum_with_evidence_is_not_deleted(store: Store, tenant: str) -> None:
    await load(store, tenant)
    await append(store, tenant, answer("e"))
    await store.void_evidence(tenant, "ada", "e")
    with pytest.raises(CurriculumInUseError):
        await store.delete_curriculum(tenant, "algebra")
    await store.erase_learner(tenant, "ada")
    await store.delete_curriculum(tenant, "algebra")


async def test_two_curricula_may_share_ids(store: Store, tenant: str) -> None:
    await load(store, tenant)
    await load(store, tenant, replace(make_curriculum("algebra-2", without=["rings"]), title="II"))
    assert len((await read(store, tenant)).concepts) == 4
    assert len((await read(store, tenant, "algebra-2")).concepts) == 3
    await store.delete_curriculum(tenant, "algebra-2")
    assert {question.id for question in (await read(store, tenant)).questions} == set(QUESTIONS)


async def test_texts_keep_every_character(store: Store, tenant: str) -> None:
    text = "naïve \u0000 \t\n «ℝ→ℂ» \U0001f4a1 'quote' \"double\" \\ $x {y}"
    concept = Concept(id="c", title=text, description=text * 200)
    await load(store, tenant, Curriculum(id="texts", title=text, concepts=(concept,)))
    assert (await read(store, tenant, "texts")).concepts == (concept,)
    assert (await store.get_curriculum_record(tenant, "texts")).title == text


async def test_a_thousand_concepts_with_edges_come_back_in_order(store: Store, tenant: str) -> None:
    concepts = tuple(Concept(id=f"c{n:04}", title=f"C {n}", difficulty=n / 1000) for n in range(1000))
    edges = tuple(Prerequisite(before=f"c{n:04}", after=f"c{n + 1:04}", strength=1 / (n + 1)) for n in range(999))
    curriculum = Curriculum(id="long", title="Long", concepts=concepts, prerequisites=edges)
    await load(store, tenant, curriculum)
    assert await read(store, tenant, "long") == curriculum
