from dataclasses import replace

from kg.curriculum import Concept, Curriculum, Misconception, Prerequisite, Question, QuestionKind, Resource, Section
from retrieval.documents import DocumentKind, list_documents
from retrieval.training.queries import LONGEST, QuerySource, TrainingQuery, leave_out, make_queries
from retrieval.training.wordings import find_acronyms, name_differently, take_predicate

GRADIENT = Concept(
    id="gradient",
    title="the gradient",
    description="The gradient is the vector of all partial derivatives. It points uphill. Its length says how steep.",
)
MDP = Concept(id="mdp", title="Markov decision processes (MDP)", description="Choices under uncertainty.")
COURSE = Curriculum(
    id="course",
    title="Course",
    concepts=(GRADIENT, MDP),
    prerequisites=(Prerequisite(before="gradient", after="mdp", reason="Policies are improved by climbing uphill."),),
    resources=(
        Resource(
            id="r", title="R", sections=(Section(concept="mdp", title="Deciding", text="Chance answers each move."),)
        ),
    ),
    questions=(
        Question(
            id="q",
            kind=QuestionKind.TEXT,
            stem="Which way is uphill here?",
            assesses={"gradient": 0.7, "mdp": 0.3},
            explanation="Follow the arrow.",
        ),
    ),
    misconceptions=(Misconception(id="m", title="It points to the top", concepts=("gradient",)),),
)


def list_texts(curriculum: Curriculum, source: QuerySource) -> list[str]:
    return [query.text for query in make_queries(curriculum, 0) if query.source is source]


def find(text: str, curriculum: Curriculum = COURSE) -> TrainingQuery:
    return next(query for query in make_queries(curriculum, 0) if query.text == text)


def test_every_source_of_text_is_asked_with() -> None:
    made = {query.source for query in make_queries(COURSE, 0)}

    assert made == set(QuerySource) - {QuerySource.LABEL}


def test_a_title_is_asked_for_without_article_and_by_its_acronym() -> None:
    assert list_texts(COURSE, QuerySource.TITLE) == [
        "the gradient",
        "gradient",
        "Markov decision processes (MDP)",
        "Markov decision processes",
        "MDP",
    ]


def test_a_reason_asks_for_the_prerequisite_and_spares_what_needs_it() -> None:
    query = find("Policies are improved by climbing uphill.")

    assert (query.concept, query.seen_in, query.related) == ("gradient", "mdp", ("mdp",))


def test_a_question_asks_for_what_it_assesses_most() -> None:
    query = find("Which way is uphill here?")

    assert (query.concept, query.seen_in, query.related) == ("gradient", "", ("mdp",))


def test_what_defines_the_concept_is_asked_for_without_its_name() -> None:
    query = find("the vector of all partial derivatives")

    assert query.source is QuerySource.PREDICATE
    assert query.quoted == "The gradient is the vector of all partial derivatives."


def test_the_sentence_asked_with_is_left_out_of_its_document() -> None:
    document = next(part for part in list_documents(COURSE) if part.id == "gradient")

    for query in make_queries(COURSE, 0):
        if query.quoted and query.concept == "gradient":
            assert query.quoted in document.searched_text
            assert query.quoted not in leave_out(document, query).searched_text
            assert query.text not in leave_out(document, query).searched_text


def test_other_documents_stay_whole() -> None:
    query = find("It points uphill.")

    for document in list_documents(COURSE):
        if document.id != "gradient" or document.kind is not DocumentKind.CONCEPT:
            assert leave_out(document, query) == document


def test_a_sentence_across_lines_is_left_out_too() -> None:
    concept = replace(GRADIENT, description="It is\nsteep there. It leads up.")
    curriculum = replace(COURSE, concepts=(concept, MDP))
    document = next(part for part in list_documents(curriculum) if part.id == "gradient")

    query = find("It is steep there.", curriculum)

    assert leave_out(document, query).searched_text == "the gradient\nIt leads up."


def test_a_text_that_stands_for_two_concepts_stands_for_none() -> None:
    twin = replace(MDP, description="It points uphill! Chance is in it.")

    texts = list_texts(replace(COURSE, concepts=(GRADIENT, twin)), QuerySource.SENTENCE)

    assert "Chance is in it." in texts
    assert not any("uphill" in text for text in texts)


def test_archived_and_voided_parts_are_not_asked_with() -> None:
    curriculum = replace(
        COURSE,
        concepts=(GRADIENT, replace(MDP, archived=True)),
        questions=(replace(COURSE.questions[0], voided=True),),
        misconceptions=(replace(COURSE.misconceptions[0], archived=True),),
    )

    made = make_queries(curriculum, 0)

    assert {query.concept for query in made} == {"gradient"}
    assert not {query.source for query in made} & {QuerySource.QUESTION, QuerySource.MISCONCEPTION}


def test_templates_are_english() -> None:
    german = replace(COURSE, language="de")

    assert list_texts(german, QuerySource.TEMPLATE) == []
    assert list_texts(german, QuerySource.PREDICATE) == []
    assert len(list_texts(COURSE, QuerySource.TEMPLATE)) == 2


def test_a_long_description_is_bounded_and_the_seed_chooses() -> None:
    concept = replace(GRADIENT, description=" ".join(f"Fact number {number} about it." for number in range(40)))
    curriculum = replace(COURSE, concepts=(concept, MDP))

    chosen = [[query.text for query in make_queries(curriculum, seed)] for seed in (0, 0, 1)]

    assert chosen[0] == chosen[1] != chosen[2]
    assert sum("Fact number" in text for text in chosen[0]) == 3


def test_what_is_chosen_for_a_concept_does_not_depend_on_the_others() -> None:
    alone = replace(COURSE, concepts=(GRADIENT,))

    def own(curriculum: Curriculum) -> list[str]:
        return [q.text for q in make_queries(curriculum, 3) if q.concept == "gradient" and q.seen_in == "gradient"]

    assert own(alone) == own(COURSE)


def test_calculations_and_endless_sentences_are_no_queries() -> None:
    concept = replace(GRADIENT, description=f"12 − 12 = 0, so 0. {'long ' * LONGEST}. Good words remain.")

    texts = list_texts(replace(COURSE, concepts=(concept, MDP)), QuerySource.SENTENCE)

    assert texts == ["Good words remain.", "Choices under uncertainty."]


def test_another_number_is_used_only_where_the_curriculum_has_it() -> None:
    assert name_differently("Kalman filters", frozenset({"filter"})) == ["Kalman filters", "Kalman filter"]
    assert name_differently("naive Bayes", frozenset({"filter"})) == ["naive Bayes"]


def test_an_acronym_is_read_right_behind_the_title() -> None:
    text = "Support vector machines (SVMs) are trained by sequential minimal optimization (SMO)."

    assert find_acronyms("the support vector machine", text) == ["SVMs"]


def test_a_sentence_about_something_else_defines_nothing() -> None:
    assert take_predicate("Matrices (tables) are arrays of numbers.", "matrix") == "arrays of numbers"
    assert take_predicate("The rank of a matrix is its number of pivots.", "matrix") == ""
    assert take_predicate("It multiplies.", "matrix") == ""
