from dataclasses import replace

from retrieval.documents import Document, DocumentKind
from retrieval.training.disguises import CROPPED, FEWEST, HIDDEN, MOST, disguise
from retrieval.training.queries import QuerySource, TrainingQuery, leave_out

SLOPE = Document(kind=DocumentKind.CONCEPT, id="slope", title="Slope", text="How steep it is.", context="lines")
PROSE = TrainingQuery(
    text="for every step to the right the slope counts how many steps a line goes up",
    concept="slope",
    source=QuerySource.SENTENCE,
    seen_in="slope",
)
MANY = (PROSE,) * 400


def test_prose_is_hidden_and_cropped_as_often_as_is_said() -> None:
    made = disguise(MANY, (SLOPE,), "en", seed=0)
    words = [query.text.split() for query in made]
    long = [text for text in words if len(text) > MOST]

    assert abs(1 - len(long) / len(MANY) - CROPPED) < 0.08
    assert abs(sum("slope" not in text for text in long) / len(long) - HIDDEN) < 0.12
    assert all(len(text) >= FEWEST for text in words)
    whole = {PROSE.text, PROSE.text.replace("the slope", "it")}
    assert all(any(query.text in text for text in whole) for query in made)


def test_the_same_seed_disguises_alike() -> None:
    first, again, other = (disguise(MANY, (SLOPE,), "en", seed=seed) for seed in (0, 0, 1))

    assert first == again != other


def test_titles_stay_in_other_languages() -> None:
    made = disguise(MANY, (SLOPE,), "de", seed=0)

    assert not [query for query in made if " it " in f" {query.text} "]


def test_a_title_has_to_find_its_document_without_the_title() -> None:
    title = replace(PROSE, text="slope", source=QuerySource.TITLE)

    (made,) = disguise([title], (SLOPE,), "en", seed=0)

    assert made.text == "slope"
    assert leave_out(SLOPE, title).searched_text == "Slope\nHow steep it is.\nlines"
    assert leave_out(SLOPE, made).searched_text == "How steep it is.\nlines"


def test_a_document_that_says_nothing_else_keeps_its_title() -> None:
    title = replace(PROSE, text="slope", source=QuerySource.TITLE)
    bare = replace(SLOPE, text="")

    assert leave_out(bare, *disguise([title], (bare,), "en", seed=0)).searched_text == "Slope\nlines"


def test_what_people_asked_is_left_as_it_is() -> None:
    asked = tuple(replace(query, source=QuerySource.LABEL) for query in MANY)
    stems = tuple(replace(query, source=QuerySource.QUESTION) for query in MANY)

    assert disguise(asked, (SLOPE,), "en", seed=0) == asked
    assert disguise(stems, (SLOPE,), "en", seed=0) == stems
