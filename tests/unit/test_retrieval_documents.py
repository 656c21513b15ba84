"""Documents and passages: what is searched, and where it stands."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.curriculum import Concept, Curriculum, Misconception, Prerequisite, Question, QuestionKind, Resource, Section
from retrieval.documents import DocumentKind, fingerprint_documents, list_documents
from retrieval.passages import split_passages, split_sentences


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("One. Two!", ["One.", "Two!"]),
        ("About 3.5 m, e.g. this. “Next” one?", ["About 3.5 m, e.g. this.", "“Next” one?"]),
        ("No mark\n\nNew paragraph", ["No mark", "New paragraph"]),
        ("  \n ", []),
    ],
)
def test_sentences_end_where_they_should(text: str, sentences: list[str]) -> None:
    assert [text[span.start : span.end] for span in split_sentences(text)] == sentences


@given(st.text(alphabet="ab .!?\n“”A", max_size=200), st.integers(1, 60))
def test_passages_hold_every_character_once(text: str, longest: int) -> None:
    spans = split_passages(text, longest)
    assert all(before.end <= after.start for before, after in itertools.pairwise(spans))
    held = "".join(text[span.start : span.end] for span in spans)
    assert "".join(held.split()) == "".join(text.split())


@given(st.lists(st.sampled_from(["Short one.", "A somewhat longer sentence."]), max_size=9))
def test_passages_of_several_sentences_are_short(sentences: list[str]) -> None:
    text = " ".join(sentences)
    assert all(span.end - span.start <= 40 for span in split_passages(text, 40))


def make_curriculum(description: str = "Rise over run.") -> Curriculum:
    return Curriculum(
        id="c",
        title="C",
        concepts=(
            Concept(id="a", title="Alpha"),
            Concept(id="b", title="Beta", description=description),
            Concept(id="z", title="Zeta", archived=True),
        ),
        prerequisites=(Prerequisite(before="a", after="b"),),
        resources=(Resource(id="r", title="R", sections=(Section(concept="b", title="S", text="Read me. Twice."),)),),
        questions=(
            Question(id="q", kind=QuestionKind.TEXT, stem="How steep?", assesses={"b": 1.0}),
            Question(id="v", kind=QuestionKind.TEXT, stem="Voided", assesses={"b": 1.0}, voided=True),
        ),
        misconceptions=(Misconception(id="m", title="Run over rise", description="Turned round.", concepts=("b",)),),
    )


def test_every_part_that_counts_is_a_document() -> None:
    listed = [(document.kind.value, document.id) for document in list_documents(make_curriculum())]
    assert listed == [
        ("concept", "a"),
        ("concept", "b"),
        ("passage", "/b/0-14"),
        ("passage", "r/b/0-15"),
        ("question", "q"),
        ("misconception", "m"),
    ]


def test_a_concept_is_found_by_what_it_requires() -> None:
    beta = next(document for document in list_documents(make_curriculum()) if document.id == "b")
    assert beta.searched_text == "Beta\nRise over run.\nAlpha"


def test_an_edit_changes_the_hashes_of_what_it_touches_only() -> None:
    before = {(document.kind, document.id): document.hash for document in list_documents(make_curriculum())}
    after = {(document.kind, document.id): document.hash for document in list_documents(make_curriculum("New words."))}
    changed = {key for key in before.keys() & after.keys() if before[key] != after[key]}
    assert changed == {(DocumentKind.CONCEPT, "b")}


def test_the_fingerprint_tells_curricula_apart() -> None:
    one, same, other = (make_curriculum(text) for text in ("One.", "One.", "Other."))
    assert fingerprint_documents(list_documents(one)) == fingerprint_documents(list_documents(same))
    assert fingerprint_documents(list_documents(one)) != fingerprint_documents(list_documents(other))
