from dataclasses import replace

from kg.comparison import Change, compare, fingerprint, merge, regraded_questions
from kg.curriculum import (
    AnswerKey,
    Concept,
    Curriculum,
    Misconception,
    Prerequisite,
    PrerequisiteGroup,
    Question,
    QuestionKind,
    Resource,
    Section,
)
from kg.importers.draft import Metadata
from kg.importers.formats import read_draft
from kg.reports import make_report
from kg.validation import validate

QUESTION = Question(
    id="q",
    kind=QuestionKind.NUMERIC,
    stem="1 + 1?",
    assesses={"a": 1.0},
    key=AnswerKey(accepted=("2", "two")),
)
CURRICULUM = Curriculum(
    id="c",
    title="C",
    concepts=(Concept(id="a", title="A"), Concept(id="b", title="B")),
    prerequisites=(Prerequisite(before="a", after="b"),),
    groups=(PrerequisiteGroup(concept="b", id="g", need=1, members=("a",)),),
    resources=(Resource(id="r", title="R", sections=(Section(concept="a"),)),),
    questions=(QUESTION,),
    misconceptions=(Misconception(id="m", title="M", concepts=("a",)),),
)
EMPTY = Curriculum(id="c", title="C")


def ask(**changes: object) -> Curriculum:
    """Returns the curriculum with another question in place of its own."""
    return replace(CURRICULUM, questions=(replace(QUESTION, **changes),))  # type: ignore[arg-type]


def get_key(curriculum: Curriculum) -> AnswerKey:
    key = curriculum.questions[0].key
    assert key is not None
    return key


def test_everything_is_added_to_nothing_and_removed_from_itself() -> None:
    parts = (
        Change("concept", "a"),
        Change("concept", "b"),
        Change("resource", "r"),
        Change("question", "q"),
        Change("misconception", "m"),
        Change("prerequisite", "a -> b"),
        Change("group", "b/g"),
    )

    assert compare(None, CURRICULUM).added == parts
    assert compare(CURRICULUM, EMPTY).removed == parts


def test_changed_parts_name_their_fields() -> None:
    new = replace(
        CURRICULUM,
        concepts=(Concept(id="a", title="A!", minutes=5), CURRICULUM.concepts[1]),
        prerequisites=(Prerequisite(before="a", after="b", strength=0.5),),
        resources=(Resource(id="r", title="R", sections=(Section(concept="a", text="New"),)),),
        questions=(replace(QUESTION, key=AnswerKey(accepted=("2",))),),
    )
    difference = compare(CURRICULUM, new)

    assert difference.changed == (
        Change("concept", "a", ("minutes", "title")),
        Change("resource", "r", ("sections",)),
        Change("question", "q", ("key",)),
        Change("prerequisite", "a -> b", ("strength",)),
    )
    assert (difference.added, difference.removed) == ((), ())


def test_state_of_a_question_is_no_content() -> None:
    stored = ask(key=replace(get_key(CURRICULUM), version=3, set_at=7), voided=True)

    assert compare(stored, CURRICULUM) == compare(CURRICULUM, CURRICULUM)
    assert fingerprint(stored) == fingerprint(CURRICULUM)


def test_fingerprint_covers_parts_and_the_texts_about_the_whole() -> None:
    others = [
        replace(CURRICULUM, licence="MIT"),
        ask(slip=0.2),
        replace(CURRICULUM, groups=()),
        replace(CURRICULUM, concepts=CURRICULUM.concepts[:1]),
    ]

    assert len({fingerprint(curriculum) for curriculum in [CURRICULUM, *others]}) == 5
    assert len(fingerprint(CURRICULUM)) == 64


def test_fingerprint_is_the_same_in_every_release() -> None:
    assert fingerprint(EMPTY) == "ce9970339a160ba6c63bbac9b49ce7cea79f2812254f6a4c276db6602036d824"


def test_gone_parts_are_kept_archived_and_edges_are_not() -> None:
    merged = merge(CURRICULUM, replace(EMPTY, concepts=(Concept(id="c", title="C"),)), 9)

    assert [(concept.id, concept.archived) for concept in merged.concepts] == [("a", True), ("b", True), ("c", False)]
    assert (merged.resources[0].archived, merged.questions[0].archived, merged.misconceptions[0].archived) == (
        True,
    ) * 3
    assert (merged.prerequisites, merged.groups) == ((), ())


def test_archived_parts_are_outside_comparison_and_fingerprint() -> None:
    merged = merge(CURRICULUM, EMPTY, 9)

    assert compare(merged, EMPTY) == compare(EMPTY, EMPTY)
    assert fingerprint(merged) == fingerprint(EMPTY)


def test_part_that_comes_back_is_added() -> None:
    gone = merge(CURRICULUM, EMPTY, 9)
    back = merge(gone, CURRICULUM, 10)

    assert Change("concept", "a") in compare(gone, CURRICULUM).added
    assert not any(concept.archived for concept in back.concepts)


def test_new_key_is_the_first_version() -> None:
    assert get_key(merge(None, CURRICULUM, 9)) == AnswerKey(accepted=("2", "two"), version=1, set_at=9)


def test_equal_key_keeps_its_version_and_time_and_another_gets_the_next() -> None:
    first = merge(None, CURRICULUM, 9)
    same = merge(first, ask(key=AnswerKey(accepted=("two", "2"))), 10)
    other = merge(same, ask(key=AnswerKey(accepted=("2",), tolerance=0.5)), 11)

    assert (get_key(same).version, get_key(same).set_at) == (1, 9)
    assert (get_key(other).version, get_key(other).set_at) == (2, 11)


def test_key_keeps_its_version_while_its_question_is_archived() -> None:
    first = merge(None, CURRICULUM, 9)
    back = merge(merge(first, EMPTY, 10), CURRICULUM, 11)

    assert (get_key(back).version, get_key(back).set_at) == (1, 9)


def test_key_where_there_was_none_is_the_first_version() -> None:
    assert get_key(merge(ask(key=None), CURRICULUM, 9)) == AnswerKey(accepted=("2", "two"), version=1, set_at=9)
    assert merge(CURRICULUM, ask(key=None), 9).questions[0].key is None


def test_void_is_carried_over() -> None:
    assert merge(ask(voided=True), CURRICULUM, 9).questions[0].voided


def test_regraded_are_questions_that_grade_otherwise() -> None:
    changes: list[dict[str, object]] = [
        {"key": AnswerKey(accepted=("3",))},
        {"key": None},
        {"assesses": {"b": 1.0}},
        {"slip": 0.2},
        {"guess": 0.3},
        {"kind": QuestionKind.TEXT},
        {"voided": True},
    ]

    assert [regraded_questions(CURRICULUM, ask(**change)) for change in changes] == [("q",)] * len(changes)


def test_not_regraded_are_questions_that_grade_alike() -> None:
    same_key = AnswerKey(accepted=("two", "2"), version=5, set_at=6)
    changes: list[dict[str, object]] = [
        {"key": same_key},
        {"stem": "2 + 2?"},
        {"difficulty": 0.9},
        {"distractors": {"3": "m"}},
        {"archived": True},
        {"id": "new", "slip": 0.2},
    ]

    assert [regraded_questions(CURRICULUM, ask(**change)) for change in changes] == [()] * len(changes)
    assert regraded_questions(None, CURRICULUM) == ()


def test_question_that_comes_back_otherwise_is_regraded() -> None:
    gone = merge(CURRICULUM, EMPTY, 9)

    assert regraded_questions(gone, merge(gone, CURRICULUM, 10)) == ()
    assert regraded_questions(gone, merge(gone, ask(slip=0.2), 10)) == ("q",)


def test_report_of_a_refused_import_tells_of_no_changes() -> None:
    checked = validate(read_draft("csv", {"concepts.csv": b"id,title\na,A\na,A\n"}, "c", Metadata(title="T")))
    report = make_report(checked, None)

    assert (report.accepted, report.added, report.size.concepts, len(report.issues)) == (False, (), 1, 1)


def test_report_of_an_import_tells_what_changed() -> None:
    checked = validate(read_draft("csv", {"concepts.csv": b"id,title\na,A\n"}, "c", Metadata(title="T")))
    assert checked.curriculum is not None
    report = make_report(checked, compare(None, checked.curriculum))

    assert (report.accepted, report.added, report.longest_chain) == (True, (Change("concept", "a"),), 1)
