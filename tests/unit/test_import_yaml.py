from collections.abc import Sequence

import pytest

from kg.curriculum import PrerequisiteKind
from kg.importers.draft import Draft, Metadata
from kg.importers.formats import read_draft
from kg.importers.yaml_format import parse
from kg.issues import ImportIssue, IssueKind


def parse_text(text: str) -> Draft:
    return parse({"a.yaml": text.encode()}, "c")


def list_places(issues: Sequence[ImportIssue]) -> list[tuple[str, str]]:
    return [(str(issue.kind), issue.place) for issue in issues]


def test_entry_with_nothing_but_its_title_has_defaults() -> None:
    draft = parse_text("concepts: [{id: a, title: A}]")

    concept = draft.concepts[0].part
    assert (concept.minutes, concept.difficulty, concept.taught, concept.topic) == (30, 0.5, True, "")
    assert draft.issues == []


def test_files_are_merged() -> None:
    files = {
        "curriculum.yaml": b"curriculum: {title: T}",
        "topic/a.yml": b"concepts: [{id: a, title: A}]",
        "topic/b.yaml": b"concepts: [{id: b, title: B}]",
        "README.md": b"not read",
    }
    draft = parse(files, "c")

    assert draft.metadata.title == "T"
    assert [str(found.place) for found in draft.concepts] == [
        "topic/a.yml:1: concepts[0]",
        "topic/b.yaml:1: concepts[0]",
    ]


def test_prerequisites_of_all_kinds() -> None:
    draft = parse_text("""
concepts:
  - id: c
    title: C
    requires: [a, {concept: b, strength: 0.5, reason: R}]
    helped_by: [d]
    requires_any: [{id: g, of: [a, d], need: 2}]
""")

    assert [(found.part.before, found.part.kind, found.part.strength) for found in draft.prerequisites] == [
        ("a", PrerequisiteKind.HARD, 1.0),
        ("b", PrerequisiteKind.HARD, 0.5),
        ("d", PrerequisiteKind.SOFT, 1.0),
    ]
    group = draft.groups[0]
    assert (group.part.concept, group.part.need, group.part.members) == ("c", 2, ("a", "d"))
    assert [place.path for place in group.inner] == [
        "concepts[0].requires_any[0].of[0]",
        "concepts[0].requires_any[0].of[1]",
    ]


def test_each_unknown_field_is_named_with_its_line() -> None:
    draft = parse_text("""
curriculum: {title: T, author: X}
concepts:
  - id: a
    title: A
    titel: A
    requires:
      - concept: b
        weight: 1
lessons: []
""")

    assert list_places(draft.issues) == [
        ("unknown_field", "a.yaml:2: curriculum.author"),
        ("unknown_field", "a.yaml:9: concepts[0].requires[0].weight"),
        ("unknown_field", "a.yaml:6: concepts[0].titel"),
        ("unknown_field", "a.yaml:10: lessons"),
    ]


@pytest.mark.parametrize(
    ("entry", "path", "words"),
    [
        ("{id: a}", ".title", "title is required"),
        ("{id: .a, title: A}", ".id", "must be 1 to 128 of the characters"),
        ("{id: a, title: ''}", ".title", "at least 1 character"),
        ("{id: a, title: [A]}", ".title", "must be a text"),
        ("{id: a, title: A, minutes: 0}", ".minutes", "greater than or equal to 1"),
        ("{id: a, title: A, minutes: 2.5}", ".minutes", "integer"),
        ("{id: a, title: A, minutes: soon}", ".minutes", "it is soon"),
        ("{id: a, title: A, difficulty: 1.1}", ".difficulty", "less than or equal to 1"),
        ("{id: a, title: A, difficulty: .nan}", ".difficulty", "number"),
        ("{id: a, title: A, taught: perhaps}", ".taught", "boolean"),
        ("{id: a, title: A, requires: b}", ".requires", "must be a list"),
        ("{id: a, title: A, requires: [{concept: b, strength: 0}]}", ".requires[0].strength", "greater than 0"),
        ("{id: a, title: A, requires_any: [{id: g, of: []}]}", ".requires_any[0].of", "at least 1 item"),
        ("{id: a, title: A, requires_any: [{id: g, of: [b, b], need: 2}]}", ".requires_any[0]", "to choose from, 1"),
        ("just text", "", "must be a mapping"),
    ],
)
def test_invalid_concept_is_refused_with_place_and_rule(entry: str, path: str, words: str) -> None:
    draft = parse_text(f"concepts:\n  - {entry}")

    assert list_places(draft.issues) == [("invalid_value", f"a.yaml:2: concepts[0]{path}")]
    assert words in draft.issues[0].message
    assert draft.concepts == []


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ("kind: choice, options: {a: A}", "options must be at least two"),
        (
            "kind: choice, options: {a: A, b: B}, answer: {accepted: [c]}",
            r"accepted[0] must be one of the options a, b",
        ),
        ("kind: choice, options: {a: A, b: B}, answer: {accepted: []}", "at least 1 item"),
        ("kind: choice, options: {a: A, b: B}, answer: {accepted: [a, a]}", "each response once"),
        ("kind: choice, options: {a: A, b: B}, answer: {accepted: [a], tolerance: 1}", "must be 0 unless"),
        ("kind: choice, options: {a: A, b: B}, answer: {accepted: [a]}, distractors: {a: m}", "a is right"),
        ("kind: choice, options: {a: A, b: B}, answer: {accepted: [a]}, distractors: {c: m}", "one of the options"),
        ("kind: numeric, answer: {accepted: [1e999]}", "must be a finite number"),
        ("kind: numeric, answer: {accepted: [1], tolerance: -1}", "greater than or equal to 0"),
        ("kind: numeric, answer: {accepted: [2], tolerance: 1}, distractors: {3: m}", "3 is right"),
        ("kind: numeric, options: {a: A, b: B}", "options must be left out"),
        ("kind: text, answer: {accepted: ['']}", "at least 1 character"),
        ("kind: essay", "'choice', 'numeric' or 'text'"),
        ("kind: text, slip: 0.5", "less than 0.5"),
        ("kind: text, guess: 0.6", "less than or equal to 0.5"),
        ("kind: text, assesses: {x: 0}", "greater than or equal to"),
        ("kind: text, assesses: []", "at least 1 item"),
        ("kind: text, assesses: [x, x]", "each concept once"),
    ],
)
def test_invalid_question_is_refused(fields: str, words: str) -> None:
    assesses = "" if "assesses" in fields else ", assesses: [x]"
    draft = parse_text(f"questions: [{{id: q, stem: S, {fields}{assesses}}}]")

    assert [issue.kind for issue in draft.issues] == [IssueKind.INVALID_VALUE]
    assert words in draft.issues[0].message
    assert "question q" in draft.issues[0].message


def test_resource_needs_a_section_for_each_of_its_concepts_once() -> None:
    draft = parse_text("""
resources:
  - {id: r, title: R}
  - {id: s, title: S, sections: [{concept: a}, {concept: a}]}
  - {id: t, title: T, url: 'javascript:alert(1)', sections: [{concept: a}]}
""")

    assert list_places(draft.issues) == [
        ("invalid_value", "a.yaml:3: resources[0].sections"),
        ("invalid_value", "a.yaml:4: resources[1].sections"),
        ("invalid_value", "a.yaml:5: resources[2].url"),
    ]


def test_values_are_the_text_that_was_written() -> None:
    draft = parse_text("""
concepts: [{id: 007, title: 2024, description: no}]
questions:
  - id: q
    kind: choice
    stem: Is it?
    options: {yes: 1.50, no: ~x}
    answer: {accepted: [no]}
    assesses: [007]
  - {id: r, kind: numeric, stem: S, answer: {accepted: [0.10, -3]}, distractors: {7: m}, assesses: {007: 2}}
""")

    assert draft.issues == []
    concept, question = draft.concepts[0].part, draft.questions[0].part
    assert (concept.id, concept.title, concept.description) == ("007", "2024", "no")
    assert question.options == {"no": "~x", "yes": "1.50"}
    assert question.key is not None
    assert question.key.accepted == ("no",)
    numeric = draft.questions[1].part
    assert numeric.key is not None
    assert (numeric.key.accepted, dict(numeric.distractors)) == (("0.10", "-3"), {"7": "m"})


@pytest.mark.parametrize(
    ("kind", "guess"),
    [("choice, options: {a: A, b: B, c: C, d: D}", 0.25), ("choice, options: {a: A, b: B}", 0.5), ("text", 0.05)],
)
def test_guess_left_out_depends_on_the_kind(kind: str, guess: float) -> None:
    draft = parse_text(f"questions: [{{id: q, stem: S, assesses: [a], kind: {kind}}}]")

    assert (draft.questions[0].part.guess, draft.questions[0].part.slip) == (guess, 0.1)


def test_field_without_a_value_counts_as_left_out() -> None:
    draft = parse_text("concepts:\n  - {id: a, title: A, minutes: , description: null, requires: ~}\nresources:\n")

    assert draft.issues == []
    assert draft.concepts[0].part.minutes == 30


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("concepts:\n  - {id: a, }}\n", 2, "while parsing a block collection"),
        ("concepts:\n\t- a", 2, "cannot start any token"),
        ("- a", 1, "a file is a mapping"),
        ("just text", 1, "a file is a mapping"),
        ("a: 1\n---\nb: 2", 2, "one document"),
        ("concepts: !!python/object/apply:os.system [ls]", 1, "tags such as"),
        ("concepts: *nowhere", 1, "stands for nothing"),
        ("concepts: &a [*a]", 1, "stands for nothing"),
        ("? [a, b]\n: c", 1, "a key must be a text"),
        ("a: &a [b]\n*a : c", 2, "a key must be a text"),
        ("concepts: " + "[" * 40 + "]" * 40, 1, "nests more than"),
    ],
)
def test_malformed_file_is_named_with_its_line(text: str, line: int, words: str) -> None:
    draft = parse_text(text)

    assert [issue.kind for issue in draft.issues] == [IssueKind.MALFORMED]
    assert draft.issues[0].place == f"a.yaml:{line}"
    assert words in draft.issues[0].message
    assert draft.incomplete


def test_file_that_is_not_utf_8_is_named_with_its_line() -> None:
    draft = parse({"a.yaml": b"concepts:\n  - {id: a, title: \xe4}"}, "c")

    assert list_places(draft.issues) == [("malformed", "a.yaml:2")]


def test_nesting_of_any_depth_is_refused() -> None:
    assert parse_text("a: " + "[" * 200_000).incomplete
    assert parse_text("a: " + "- " * 200_000).incomplete


def test_alias_bomb_is_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]" for level in range(1, 10)]
    draft = parse_text("\n".join(lines))

    assert "more than 10000000 values" in draft.issues[0].message


def test_alias_stands_for_its_value() -> None:
    draft = parse_text("concepts:\n  - &a {id: a, title: A}\n  - {id: b, title: B, requires: &r [a]}\n  - *a")

    assert [found.part.id for found in draft.concepts] == ["a", "b", "a"]


def test_key_given_twice_is_reported_and_the_first_counts() -> None:
    draft = parse_text("concepts:\n  - id: a\n    title: A\n    title: B\n")

    assert list_places(draft.issues) == [("malformed", "a.yaml:4")]
    assert draft.concepts[0].part.title == "A"


def test_curriculum_is_described_once() -> None:
    draft = parse({"a.yaml": b"curriculum: {title: A}", "b.yaml": b"curriculum: {title: B}"}, "c")

    assert list_places(draft.issues) == [("malformed", "b.yaml:1: curriculum")]
    assert draft.metadata.title == "A"


def test_archive_without_yaml_is_malformed() -> None:
    draft = parse({"a.txt": b"x"}, "c")

    assert list_places(draft.issues) == [("malformed", "archive")]


def test_texts_of_the_caller_win() -> None:
    files = {"a.yaml": b"curriculum: {title: A, licence: MIT}"}
    draft = read_draft("yaml", files, "c", Metadata(title="B", attribution="X"))

    assert (draft.metadata.title, draft.metadata.licence, draft.metadata.attribution) == ("B", "MIT", "X")


def test_empty_file_says_nothing() -> None:
    draft = parse({"a.yaml": b"", "b.yaml": b"# a comment\n"}, "c")

    assert (draft.issues, draft.incomplete) == ([], False)
