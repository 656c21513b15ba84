from dataclasses import replace
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from kg.answer_keys import default_guess
from kg.comparison import Difference, compare, fingerprint, merge, regraded_questions
from kg.curriculum import (
    AnswerKey,
    Concept,
    Curriculum,
    Misconception,
    Prerequisite,
    PrerequisiteGroup,
    PrerequisiteKind,
    Question,
    QuestionKind,
    Resource,
    Section,
)
from kg.importers.formats import read_draft
from kg.validation import validate
from tests.conversions import to_yaml

NAMES = ["a", "b.1", "c:2", "0", "no", "1e3"]
# Texts that YAML would read as something else if they were not quoted, or were read by type.
TITLES = st.sampled_from(
    ["A", "no", "~", "1.50", "ä: #x", "- x", "'q'", '"', "a\nb", "{a}", "☃ 😀", "*a", "!x", "2024-01-01"]
)
TEXTS = st.just("") | TITLES
SHARES = st.floats(0.001, 1)


@st.composite
def questions(draw: st.DrawFn, name: str, concepts: list[str], misconceptions: list[str]) -> Question:
    kind = draw(st.sampled_from(QuestionKind))
    options: dict[str, str] = {}
    accepted: tuple[str, ...] = ("right",)
    wrong = "wrong"
    if kind is QuestionKind.CHOICE:
        options, accepted, wrong = {"1": draw(TEXTS), "a": draw(TEXTS), "no": draw(TEXTS)}, ("a", "no"), "1"
    if kind is QuestionKind.NUMERIC:
        accepted, wrong = ("0.10", "-3"), "7"
    weights = {concept: draw(SHARES) for concept in draw(st.lists(st.sampled_from(concepts), min_size=1, unique=True))}
    return Question(
        id=name,
        kind=kind,
        stem=draw(TITLES),
        assesses={concept: weights[concept] / sum(weights.values()) for concept in sorted(weights)},
        options=options,
        key=draw(st.sampled_from([None, AnswerKey(accepted=accepted)])),
        distractors={wrong: draw(st.sampled_from(misconceptions))} if misconceptions else {},
        slip=draw(st.sampled_from([0.0, 0.1, 0.3])),
        guess=draw(st.sampled_from([0.0, default_guess(kind, 3), 0.5])),
        explanation=draw(TEXTS),
    )


@st.composite
def curricula(draw: st.DrawFn) -> Curriculum:
    """Curricula as validation returns them; each concept needs some of those before it."""
    concepts = sorted(draw(st.lists(st.sampled_from(NAMES), min_size=1, unique=True)))
    misconceptions = sorted(draw(st.lists(st.sampled_from(NAMES), unique=True)))
    edges = [(before, after) for index, after in enumerate(concepts) for before in concepts[:index]]
    chosen = draw(st.lists(st.sampled_from(edges), unique=True)) if edges else []
    kinds, strengths = st.sampled_from(PrerequisiteKind), SHARES
    return Curriculum(
        id="c",
        title=draw(TITLES),
        description=draw(TEXTS),
        concepts=tuple(
            Concept(
                id=name,
                title=draw(TITLES),
                description=draw(TEXTS),
                minutes=draw(st.integers(1, 500)),
                difficulty=draw(st.floats(0, 1)),
                taught=draw(st.booleans()),
            )
            for name in concepts
        ),
        prerequisites=tuple(
            Prerequisite(before=before, after=after, kind=draw(kinds), strength=draw(strengths), reason=draw(TEXTS))
            for before, after in sorted(chosen, key=lambda edge: edge[::-1])
        ),
        groups=tuple(
            PrerequisiteGroup(concept=after, id="g", need=draw(st.integers(1, index)), members=tuple(concepts[:index]))
            for index, after in enumerate(concepts)
            if index and draw(st.booleans())
        ),
        resources=tuple(
            Resource(id=name, title=draw(TITLES), sections=(Section(concept=name, text=draw(TEXTS)),))
            for name in concepts
            if draw(st.booleans())
        ),
        questions=tuple(draw(questions(name, concepts, misconceptions)) for name in concepts if draw(st.booleans())),
        misconceptions=tuple(
            Misconception(id=name, title=draw(TITLES), concepts=tuple(concepts)) for name in misconceptions
        ),
    )


@given(curricula())
def test_curriculum_written_as_yaml_is_read_as_it_was(curriculum: Curriculum) -> None:
    checked = validate(read_draft("yaml", to_yaml(curriculum), "c"))

    assert checked.curriculum is not None
    # Weights are normalised once more, and may differ in their last digit.
    assert fingerprint(_round_weights(checked.curriculum)) == fingerprint(_round_weights(curriculum))
    assert compare(_round_weights(curriculum), _round_weights(checked.curriculum)) == Difference()


def _round_weights(curriculum: Curriculum) -> Curriculum:
    rounded = tuple(
        replace(question, assesses={name: round(weight, 9) for name, weight in question.assesses.items()})
        for question in curriculum.questions
    )
    return replace(curriculum, questions=rounded)


@given(curricula(), st.randoms(use_true_random=False))
def test_order_of_the_files_does_not_matter(curriculum: Curriculum, random: Random) -> None:
    parts = {name: list(getattr(curriculum, name)) for name in ("concepts", "prerequisites", "groups", "questions")}
    for items in parts.values():
        random.shuffle(items)
    shuffled = replace(
        curriculum,
        concepts=tuple(parts["concepts"]),
        prerequisites=tuple(parts["prerequisites"]),
        groups=tuple(parts["groups"]),
        questions=tuple(parts["questions"]),
    )

    assert fingerprint(shuffled) == fingerprint(curriculum)
    read, again = (validate(read_draft("yaml", to_yaml(one), "c")).curriculum for one in (curriculum, shuffled))
    assert read == again


@given(curricula())
def test_nothing_differs_from_itself(curriculum: Curriculum) -> None:
    assert compare(curriculum, curriculum) == Difference()


@given(curricula(), curricula())
def test_difference_is_the_mirror_of_its_reverse(old: Curriculum, new: Curriculum) -> None:
    there, back = compare(old, new), compare(new, old)

    assert set(there.added) == set(back.removed)
    assert set(there.changed) == set(back.changed)


@given(curricula(), curricula())
def test_merging_again_changes_nothing(old: Curriculum, new: Curriculum) -> None:
    merged = merge(merge(None, old, 1), new, 2)

    assert merge(merged, new, 3) == merged
    assert regraded_questions(merged, merge(merged, new, 3)) == ()


@given(curricula(), curricula())
def test_merged_content_is_that_of_the_new_version(old: Curriculum, new: Curriculum) -> None:
    merged = merge(old, new, 2)

    assert fingerprint(merged) == fingerprint(new)
    assert compare(new, merged) == Difference()
    assert {concept.id for concept in merged.concepts} == {concept.id for concept in (*old.concepts, *new.concepts)}
    assert set(regraded_questions(old, merged)) <= {question.id for question in old.questions}
