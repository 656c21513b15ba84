from collections.abc import Sequence
from random import Random

import pytest

from kg import validation
from kg.cycles import find_cycles
from kg.errors import LimitExceededError
from kg.importers.draft import Metadata
from kg.importers.formats import read_draft
from kg.issues import ImportIssue, IssueKind, PrerequisiteEdge, Severity
from kg.validation import Checked, Repairs, validate

DROP = Repairs(drop_dangling=True)
BREAK = Repairs(break_cycles=True)


def check(text: str, repairs: Repairs | None = None) -> Checked:
    """Checks a file whose first line, instead of YAML, holds ids of concepts to add in another file."""
    names, _, body = text.removeprefix("\n").partition("\n")
    concepts = "".join(f"  - {{id: {name}, title: T}}\n" for name in names.split())
    files = {"a.yaml": f"\n{body}".encode(), "names.yaml": f"concepts:\n{concepts}".encode()}
    return validate(read_draft("yaml", files, "c", Metadata(title="T")), repairs)


def list_kinds(issues: Sequence[ImportIssue]) -> list[str]:
    return [str(issue.kind) for issue in issues]


def test_parts_come_out_in_order() -> None:
    curriculum = check("""
b
concepts:
  - {id: c, title: T, requires: [b, a], helped_by: [d], requires_any: [{id: h, of: [b, a]}, {id: g, of: [a]}]}
  - {id: d, title: T, requires: [a]}
  - {id: a, title: T}
questions:
  - {id: r, kind: text, stem: S, assesses: {b: 1, a: 3}}
  - {id: q, kind: text, stem: S, assesses: [b, a]}
""").curriculum

    assert curriculum is not None
    assert [concept.id for concept in curriculum.concepts] == ["a", "b", "c", "d"]
    edges = [(edge.after, edge.before) for edge in curriculum.prerequisites]
    assert edges == [("c", "a"), ("c", "b"), ("c", "d"), ("d", "a")]
    assert [(group.id, group.members) for group in curriculum.groups] == [("g", ("a",)), ("h", ("a", "b"))]
    assert [(question.id, list(question.assesses.items())) for question in curriculum.questions] == [
        ("q", [("a", 0.5), ("b", 0.5)]),
        ("r", [("a", 0.75), ("b", 0.25)]),
    ]


def test_longest_chain_counts_concepts_along_hard_edges_and_group_members() -> None:
    checked = check("""
a
concepts:
  - {id: b, title: T, requires: [a]}
  - {id: c, title: T, requires_any: [{id: g, of: [b]}]}
  - {id: d, title: T, helped_by: [c]}
""")

    assert checked.longest_chain == 3


@pytest.mark.parametrize(
    ("extra", "subject"),
    [
        ("resources:\n  - &r {id: x, title: T, sections: [{concept: a}]}\n  - *r", "resource x"),
        ("questions:\n  - &q {id: x, kind: text, stem: S, assesses: [a]}\n  - *q", "question x"),
        ("misconceptions:\n  - &m {id: x, title: T}\n  - *m", "misconception x"),
        ("concepts:\n  - {id: a, title: Again}", "concept a"),
        (
            "concepts:\n  - {id: b, title: T, requires_any: [{id: g, of: [a]}, {id: g, of: [a]}]}",
            "group g of concept b",
        ),
    ],
)
def test_same_id_twice_is_an_error_without_repair(extra: str, subject: str) -> None:
    checked = check(f"a\n{extra}", Repairs(drop_dangling=True, break_cycles=True))

    assert list_kinds(checked.issues) == ["duplicate_id"]
    assert checked.issues[0].message.startswith(f"{subject} is there already, from a.yaml:")
    assert not checked.accepted


def test_same_id_in_different_kinds_is_fine() -> None:
    assert check(
        "a\nmisconceptions:\n  - {id: a, title: T}\nresources:\n  - {id: a, title: T, sections: [{concept: a}]}"
    ).accepted


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        ("concepts:\n  - {id: b, title: T, requires: [x]}", "concept b has prerequisite concept x"),
        ("concepts:\n  - {id: b, title: T, helped_by: [not an id]}", "concept b has prerequisite concept not an id"),
        (
            "concepts:\n  - {id: b, title: T, requires_any: [{id: g, of: [a, x]}]}",
            "group g of concept b has member concept x",
        ),
        ("resources:\n  - {id: r, title: T, sections: [{concept: x}]}", "resource r teaches concept x"),
        ("questions:\n  - {id: q, kind: text, stem: S, assesses: [x]}", "question q assesses concept x"),
        (
            "questions:\n  - {id: q, kind: text, stem: S, assesses: [a], distractors: {no: m}}",
            "response no to question q shows misconception m",
        ),
        ("misconceptions:\n  - {id: m, title: T, about: [x]}", "misconception m is about concept x"),
    ],
)
def test_reference_to_nothing(extra: str, message: str) -> None:
    refused, repaired = check(f"a\n{extra}"), check(f"a\n{extra}", DROP)

    assert list_kinds(refused.issues) == ["dangling_reference"]
    assert refused.issues[0].message == f"{message}, which is not there"
    assert (refused.curriculum, refused.repairs_applied, refused.accepted) == (None, (), False)
    assert repaired.accepted
    assert repaired.issues == refused.issues
    assert repaired.repairs_applied[0] == f"Left out that {message}."


def test_dropping_references_keeps_what_is_left() -> None:
    checked = check(
        """
a b
concepts:
  - id: c
    title: T
    requires_any:
      - {id: g, need: 2, of: [a, x, b]}
      - {id: h, need: 2, of: [y, a]}
      - {id: i, of: [x, y]}
resources:
  - {id: r, title: T, sections: [{concept: x}, {concept: b, title: Kept}]}
  - {id: s, title: T, sections: [{concept: x}]}
questions:
  - {id: p, kind: text, stem: S, assesses: {a: 1, b: 1, x: 2}}
  - {id: q, kind: text, stem: S, assesses: [x]}
misconceptions:
  - {id: m, title: T, about: [x]}
""",
        DROP,
    )

    curriculum = checked.curriculum
    assert curriculum is not None
    assert [(group.id, group.need, group.members) for group in curriculum.groups] == [
        ("g", 2, ("a", "b")),
        ("h", 1, ("a",)),
    ]
    assert [(resource.id, [part.title for part in resource.sections]) for resource in curriculum.resources] == [
        ("r", ["Kept"])
    ]
    assert [(question.id, question.assesses) for question in curriculum.questions] == [("p", {"a": 0.5, "b": 0.5})]
    assert [(misconception.id, misconception.concepts) for misconception in curriculum.misconceptions] == [("m", ())]
    assert [sentence for sentence in checked.repairs_applied if not sentence.startswith("Left out")] == [
        "Lowered the need of group h of concept c from 2 to the 1 that are left.",
        "Dropped group i of concept c, which has no members left.",
        "Dropped resource s, which has no sections left.",
        "Dropped question q, which assesses nothing that is left.",
    ]


def test_reference_to_a_refused_concept_is_no_second_error() -> None:
    checked = check("a\nconcepts:\n  - {id: b, title: T, minutes: 0}\n  - {id: c, title: T, requires: [b]}", DROP)

    assert list_kinds(checked.issues) == ["invalid_value"]
    assert not checked.accepted


def test_where_a_file_cannot_be_read_nothing_is_called_missing() -> None:
    files = {"a.yaml": b"concepts: [{id: a, title: T, requires: [b]}]", "b.yaml": b"concepts: ["}
    checked = validate(read_draft("yaml", files, "c", Metadata(title="T")), DROP)

    assert list_kinds(checked.issues) == ["malformed"]
    assert not checked.accepted


def test_prerequisite_given_twice_warns_and_the_first_counts() -> None:
    checked = check("""
a
concepts:
  - id: b
    title: T
    requires: [{concept: a, strength: 0.5}, a]
    helped_by: [a]
    requires_any: [{id: g, of: [a, a]}]
""")

    assert list_kinds(checked.issues) == ["duplicate_prerequisite"] * 3
    assert {issue.severity for issue in checked.issues} == {Severity.WARNING}
    assert checked.curriculum is not None
    assert [edge.strength for edge in checked.curriculum.prerequisites] == [0.5]
    assert [group.members for group in checked.curriculum.groups] == [("a",)]


@pytest.mark.parametrize("field", ["requires: [b]", "helped_by: [b]", "requires_any: [{id: g, of: [a, b]}]"])
def test_concept_that_requires_itself(field: str) -> None:
    text = f"a\nconcepts:\n  - {{id: b, title: T, {field}}}"
    refused, repaired = check(text), check(text, BREAK)

    assert list_kinds(refused.issues) == ["self_loop"]
    assert refused.issues[0].concepts == ("b",)
    assert (refused.accepted, refused.longest_chain) == (False, 0)
    assert repaired.accepted
    assert len(repaired.repairs_applied) == 1


CIRCLE = """
a
concepts:
  - {id: b, title: T, requires: [d, {concept: a, strength: 0.1}]}
  - {id: c, title: T, requires: [{concept: b, strength: 0.4}]}
  - {id: d, title: T, requires: [{concept: c, strength: 0.9}]}
"""


def test_cycle_names_its_concepts_in_order_and_its_weakest_edge() -> None:
    checked = check(CIRCLE)

    (issue,) = checked.issues
    assert (issue.kind, issue.severity, issue.concepts) == (IssueKind.CYCLE, Severity.ERROR, ("b", "d", "c"))
    assert issue.weakest_edge == PrerequisiteEdge(before="b", after="c", strength=0.4)
    assert issue.place == "a.yaml:4: concepts[1].requires[0]"
    assert issue.message == "b requires d requires c requires b; the weakest edge, of strength 0.4, is c requires b"
    assert (checked.curriculum, checked.longest_chain) == (None, 0)


def test_repair_removes_the_weakest_edge_of_a_cycle_and_no_weaker_one_outside() -> None:
    checked = check(CIRCLE, BREAK)

    assert checked.curriculum is not None
    edges = [(edge.before, edge.after) for edge in checked.curriculum.prerequisites]
    assert edges == [("a", "b"), ("d", "b"), ("c", "d")]
    assert checked.repairs_applied == ("Removed that c requires b, the weakest edge of a cycle.",)
    assert checked.longest_chain == 3


def test_cycle_through_a_group_lowers_its_need() -> None:
    checked = check(
        """
a
concepts:
  - {id: b, title: T, requires_any: [{id: g, need: 2, of: [a, c], strength: 0.5}]}
  - {id: c, title: T, requires: [b]}
""",
        BREAK,
    )

    assert checked.issues[0].weakest_edge == PrerequisiteEdge(before="c", after="b", strength=0.5, group="g")
    assert checked.curriculum is not None
    assert [(group.need, group.members) for group in checked.curriculum.groups] == [(1, ("a",))]
    assert checked.repairs_applied == (
        "Removed that b requires c in group g, the weakest edge of a cycle.",
        "Lowered the need of group g of concept b from 2 to the 1 that are left.",
    )


def test_one_edge_on_two_cycles_is_enough() -> None:
    checked = check(
        """

concepts:
  - {id: a, title: T, requires: [{concept: c, strength: 0.5}]}
  - {id: b, title: T, requires: [{concept: a, strength: 0.4}]}
  - {id: c, title: T, requires: [b, d]}
  - {id: d, title: T, requires: [{concept: a, strength: 0.9}]}
""",
        BREAK,
    )

    # a-c-d loses a-c, its weakest edge; that breaks a-c-b too, so b still requires a.
    assert [issue.concepts for issue in checked.issues] == [("a", "c", "d")]
    assert checked.repairs_applied == ("Removed that a requires c, the weakest edge of a cycle.",)


def test_soft_prerequisites_that_close_a_cycle_only_warn() -> None:
    checked = check("""

concepts:
  - {id: a, title: T, helped_by: [b]}
  - {id: b, title: T, requires: [a]}
""")

    (issue,) = checked.issues
    assert (issue.kind, issue.severity, issue.weakest_edge) == (IssueKind.CYCLE, Severity.WARNING, None)
    assert issue.concepts == ("a", "b")
    assert checked.curriculum is not None
    assert len(checked.curriculum.prerequisites) == 2


def test_at_most_100_cycles_are_shown_and_all_are_repaired() -> None:
    pairs = [(f"a{index}", f"b{index}") for index in range(150)]
    text = "\n\nconcepts:\n" + "".join(
        f"  - {{id: {a}, title: T, requires: [{b}]}}\n  - {{id: {b}, title: T, requires: [{a}]}}\n" for a, b in pairs
    )
    checked = check(text, BREAK)

    assert list_kinds(checked.issues) == ["cycle"] * 101
    assert checked.issues[100].message == "there are more cycles, and a repair would remove 50 more edges"
    assert (len(checked.repairs_applied), checked.size.prerequisites) == (150, 150)


def test_errors_come_first() -> None:
    checked = check("a\nconcepts:\n  - {id: b, title: T, requires: [a, a, x], helped_by: [a]}")

    assert list_kinds(checked.issues) == ["dangling_reference", "duplicate_prerequisite", "duplicate_prerequisite"]


def test_long_list_of_issues_is_cut() -> None:
    references = ", ".join(f"x{index}" for index in range(1_500))
    checked = check(f"a\nconcepts:\n  - {{id: b, title: T, requires: [{references}]}}", DROP)

    assert len(checked.issues) == 1_000
    assert checked.issues[-1].message == "501 more issues are not listed"
    assert len(checked.repairs_applied) == 1_500


def test_curriculum_without_concepts_is_refused() -> None:
    checked = validate(read_draft("yaml", {"a.yaml": b"curriculum: {title: T}"}, "c"))

    assert [issue.message for issue in checked.issues] == ["a curriculum has at least one concept"]


@pytest.mark.parametrize(
    ("about", "place"),
    [
        (Metadata(), "curriculum: title"),
        (Metadata(title="T", language="English, please"), "curriculum: language"),
        (Metadata(title="T", source_url="file:///etc"), "curriculum: source_url"),
        (Metadata(title="T", description="x" * 100_001), "curriculum: description"),
    ],
)
def test_texts_about_the_whole_are_checked(about: Metadata, place: str) -> None:
    checked = validate(read_draft("csv", {"concepts.csv": b"id,title\na,A\n"}, "c", about))

    assert [(str(issue.kind), issue.place) for issue in checked.issues] == [("invalid_value", place)]


def test_fault_in_the_description_of_the_whole_is_named_once() -> None:
    files = {"a.yaml": b"curriculum: {description: no title}\nconcepts: [{id: a, title: A}]"}
    checked = validate(read_draft("yaml", files, "c"))

    assert [issue.place for issue in checked.issues] == ["a.yaml:1: curriculum.title"]


def test_validating_again_finds_the_same() -> None:
    draft = read_draft("yaml", {"a.yaml": b"concepts: [{id: a, title: A, requires: [a, x]}]"}, "c")

    assert validate(draft) == validate(draft)


def test_size_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(validation, "MOST_CONCEPTS", 2)

    with pytest.raises(LimitExceededError, match="at most 2 concepts"):
        check("a b c")


def test_long_cycle_needs_no_deep_stack() -> None:
    size = 20_000
    ring = [PrerequisiteEdge(before=str(index), after=str((index + 1) % size), strength=1.0) for index in range(size)]
    cycles = find_cycles(ring)

    assert cycles.removed == (PrerequisiteEdge(before="0", after="1", strength=1.0),)
    assert len(cycles.shown[0].concepts) == size


def test_tangle_of_cycles_is_undone_in_time() -> None:
    random = Random(1)
    ends = ((random.randrange(3_000), random.randrange(3_000)) for _ in range(12_000))
    edges = {PrerequisiteEdge(before=str(before), after=str(after), strength=1.0) for before, after in ends}
    cycles = find_cycles(edge for edge in edges if edge.before != edge.after)

    assert len(cycles.shown) == 100
    assert len(cycles.removed) > 2_000
