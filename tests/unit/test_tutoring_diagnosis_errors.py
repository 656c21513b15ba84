"""Kinds of error, root causes, and when it is worth asking back."""

import itertools
from dataclasses import replace

import pytest

from kg.curriculum import Concept, Curriculum, Prerequisite, PrerequisiteGroup, PrerequisiteKind, QuestionKind
from kg.mastery import MasteryReading
from tutoring.diagnosis.clarification import NONE_OF_THESE, ask_back, is_worth_asking, read_reply
from tutoring.diagnosis.course import find_title, measure_distances
from tutoring.diagnosis.error_weights import FITTED, WEIGHTS, find_error, weigh_errors
from tutoring.diagnosis.errors import ErrorKind
from tutoring.diagnosis.root_cause import trace_weakness
from tutoring.diagnosis.signs import Attempt, Sign, list_signs
from tutoring.events import MisconceptionFound

SUM = Attempt(asked="Work out 48 + 36.", response="84", kind=QuestionKind.NUMERIC, accepted=("84",))


def attempt(response: str, **terms: object) -> Attempt:
    return replace(SUM, response=response, **terms)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("response", "sign"),
    [
        ("-84", Sign.OPPOSITE),
        ("85", Sign.SLIP),
        ("74", Sign.SLIP),
        ("48", Sign.SLIP),
        ("840", Sign.SLIP),
        ("8400", Sign.ROUGH),
        ("17", None),
        ("1764", None),
    ],
)
def test_numbers_are_compared_with_the_right_one(response: str, sign: Sign | None) -> None:
    against_key = {Sign.OPPOSITE, Sign.SLIP, Sign.ROUGH}
    assert against_key.intersection(list_signs(attempt(response))) == ({sign} if sign else set())


def test_a_rounded_number_is_rough_where_the_right_one_is_none() -> None:
    third = Attempt(asked="What is 1 divided by 3?", response="0.33", kind=QuestionKind.NUMERIC, accepted=("1/3",))
    assert Sign.ROUGH in list_signs(third)
    assert find_error(third) is ErrorKind.IMPRECISE


def test_what_is_asked_and_how_it_is_answered_are_signs() -> None:
    said = Attempt(asked="What is the area of a shape?", response="I think the space inside of it, maybe")
    assert list_signs(said) == [Sign.UNSURE, Sign.SENTENCE, Sign.MEANING]
    assert list_signs(Attempt(asked="How many sides has it?", response="a square")) == [Sign.PHRASE, Sign.CLASH]
    assert list_signs(Attempt(asked="Have you got it?", response="yes")) == [Sign.BARE]
    assert Sign.ECHO in list_signs(Attempt(asked="What are we asked about 928?", response="928"))


def test_words_of_an_option_are_no_signs() -> None:
    option = Attempt(
        asked="What does a slope tell?",
        response="I think it is how long the line is, maybe",
        kind=QuestionKind.CHOICE,
        accepted=("how steep a line is",),
    )
    assert list_signs(option) == []


def test_a_slip_is_careless_unless_a_wrong_idea_explains_it() -> None:
    assert find_error(attempt("85")) is ErrorKind.CARELESS
    assert find_error(attempt("85", named=True)) is not ErrorKind.CARELESS
    assert find_error(attempt("85", repeated=True)) is not ErrorKind.CARELESS


def test_mastery_tells_a_slip_from_a_guess() -> None:
    probabilities = {
        mastery: weigh_errors(list_signs(attempt("17", mastery=mastery)))[ErrorKind.CARELESS]
        for mastery in (0.1, 0.4, 0.7)
    }
    assert probabilities[0.1] < probabilities[0.4] < probabilities[0.7]
    assert find_error(attempt("17", mastery=0.1)) is ErrorKind.GUESS


def test_texts_are_compared_by_letters_and_by_words() -> None:
    word = Attempt(
        asked="It keeps structure:", response="homomorfism", kind=QuestionKind.TEXT, accepted=("homomorphism",)
    )
    assert Sign.SPELT in list_signs(word)
    phrase = replace(word, response="the map of groups", accepted=("a map between groups",))
    assert Sign.SHARED in list_signs(phrase)
    assert not {Sign.SPELT, Sign.SHARED} & set(list_signs(replace(word, response="ring")))


def test_probabilities_sum_to_one_and_every_kind_has_one() -> None:
    for signs in ([], list(Sign)):
        weighed = weigh_errors(signs)
        assert set(weighed) == set(ErrorKind)
        assert sum(weighed.values()) == pytest.approx(1.0)
        assert list(weighed.values()) == sorted(weighed.values(), reverse=True)


def test_every_sign_has_weights_and_the_fitted_ones_stay_as_they_are() -> None:
    assert set(WEIGHTS.signs) == set(Sign)
    assert all(WEIGHTS.signs[sign] == FITTED.signs[sign] for sign in FITTED.signs)


def chain(*edges: str, groups: tuple[PrerequisiteGroup, ...] = ()) -> Curriculum:
    """A curriculum of one-letter concepts; "ab" is an edge from a to b, "a~b" a soft one."""
    pairs = sorted((edge[-1], edge[0], "~" in edge) for edge in edges)
    names = sorted({name for pair in pairs for name in pair[:2]} | {m for group in groups for m in group.members})
    return Curriculum(
        id="c",
        title="C",
        concepts=tuple(Concept(id=name, title=name.upper()) for name in names),
        prerequisites=tuple(
            Prerequisite(before=before, after=after, kind=PrerequisiteKind.SOFT if soft else PrerequisiteKind.HARD)
            for after, before, soft in pairs
        ),
        groups=groups,
    )


def readings(**mastery: float) -> dict[str, MasteryReading]:
    return {name: MasteryReading(value, 0.5, 1.0, 1, 0, 7.0) for name, value in mastery.items()}


def test_the_root_cause_is_the_deepest_weak_prerequisite() -> None:
    assert trace_weakness(chain("ab", "bc", "cd"), readings(a=0.2, b=0.3, c=0.4, d=0.1), ["d"]) == ("a", "b", "c", "d")
    assert trace_weakness(chain("ab", "bc", "cd"), readings(d=0.1), ["d"]) == ()


def test_the_way_to_the_root_cause_ends_at_what_is_strong() -> None:
    assert trace_weakness(chain("ab", "bc", "cd"), readings(a=0.2, b=0.9, c=0.4), ["d"]) == ("c", "d")


def test_the_way_passes_through_what_nothing_is_known_about() -> None:
    assert trace_weakness(chain("ab", "bc", "ac", "cd"), readings(a=0.2), ["d"]) == ("a", "c", "d")


def test_of_equally_deep_causes_the_weakest_counts_and_then_the_first() -> None:
    assert trace_weakness(chain("ac", "bc"), readings(a=0.3, b=0.2), ["c"]) == ("b", "c")
    assert trace_weakness(chain("ac", "bc"), readings(a=0.2, b=0.2), ["c"]) == ("a", "c")
    # More weak concepts on the way win over a weaker one.
    assert trace_weakness(chain("ab", "bd", "cd"), readings(a=0.4, b=0.4, c=0.1), ["d"]) == ("a", "b", "d")


def test_soft_prerequisites_are_no_cause() -> None:
    assert trace_weakness(chain("a~b"), readings(a=0.1), ["b"]) == ()


def test_a_group_counts_until_enough_of_it_is_strong() -> None:
    group = PrerequisiteGroup(concept="d", id="one", need=1, members=("a", "b"))
    course = chain("cd", groups=(group,))
    assert trace_weakness(course, readings(a=0.1), ["d"]) == ("a", "d")
    assert trace_weakness(course, readings(a=0.1, b=0.9), ["d"]) == ()
    assert trace_weakness(course, readings(a=0.1, b=0.9, c=0.3), ["d"]) == ("c", "d")


def test_of_several_concepts_in_question_the_longest_way_counts() -> None:
    course = chain("ab", "bc", "xy")
    assert trace_weakness(course, readings(a=0.3, b=0.3, x=0.1), ["y", "c"]) == ("a", "b", "c")
    assert trace_weakness(course, readings(b=0.3), ["b", "c"]) == ("b", "c")


def test_a_long_chain_is_no_trouble() -> None:
    names = [f"c{number:05d}" for number in range(5_000)]
    course = Curriculum(
        id="c",
        title="C",
        concepts=tuple(Concept(id=name, title=name) for name in names),
        prerequisites=tuple(Prerequisite(before=one, after=two) for one, two in itertools.pairwise(names)),
    )
    assert trace_weakness(course, readings(**{names[0]: 0.1}), [names[-1]]) == tuple(names)


def test_distances_go_over_hard_edges_and_groups() -> None:
    group = PrerequisiteGroup(concept="c", id="one", need=1, members=("x",))
    course = chain("ab", "bc", "z~c", groups=(group,))
    assert measure_distances(course, ["c"], 1) == {"c": 0, "b": 1, "x": 1}
    assert measure_distances(course, ["c"], 4) == {"c": 0, "b": 1, "x": 1, "a": 2}
    assert (find_title(course, "a"), find_title(course, "unknown")) == ("A", "unknown")


def suspects(*probabilities: float) -> list[MisconceptionFound]:
    return [
        MisconceptionFound(id=f"m{place}", title=f"Idea {place}", probability=each, source="retrieval")
        for place, each in enumerate(probabilities)
    ]


@pytest.mark.parametrize(
    ("probabilities", "worth"),
    [
        ((0.4, 0.35), True),
        ((0.3, 0.2, 0.1), True),
        ((0.9, 0.05), False),
        ((0.5, 0.2, 0.2), False),
        ((0.2, 0.15, 0.1), False),
        ((0.35, 0.18), False),
        ((0.6,), False),
        ((), False),
    ],
)
def test_asking_back_is_worth_it_where_it_tells_enough(probabilities: tuple[float, ...], worth: bool) -> None:
    assert is_worth_asking(suspects(*probabilities)) is worth


@pytest.mark.parametrize(
    ("words", "read"),
    [
        ("1", "m0"),
        ("2", "m1"),
        ("(2)", "m1"),
        ("the second one", "m1"),
        ("option 2", "m1"),
        ("I think idea 1", "m1"),
        ("None of these", ""),
        ("none", ""),
        ("neither really", ""),
        ("3", ""),
        ("7", None),
        ("I just counted", None),
        ("", None),
    ],
)
def test_a_reply_names_an_option_by_number_place_or_words(words: str, read: str | None) -> None:
    asked = ask_back("q", "x", suspects(0.4, 0.35))
    assert asked["options"] == ["Idea 0", "Idea 1", NONE_OF_THESE]
    assert read_reply(asked, words) == read
