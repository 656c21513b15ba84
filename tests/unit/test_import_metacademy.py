from kg.archives import pack_folder, unpack
from kg.importers.draft import Draft, Metadata
from kg.importers.formats import read_draft
from kg.importers.metacademy import parse
from kg.validation import Repairs, validate
from tests.conversions import find_data


def parse_texts(**texts: str) -> Draft:
    return parse({name.replace("__", "/") + ".txt": text.encode() for name, text in texts.items()}, "m")


def test_concept_with_summary_hours_and_dependencies() -> None:
    draft = parse_texts(
        concepts__a_b__title="A b\n",
        concepts__a_b__summary="\nAbout a b.\n",
        concepts__a_b__id="x1y2",
        concepts__a_b__dependencies="# a comment\n\ntag: c-d\nreason: It: is needed.\nshortcut: 1\n\ntag: e\n",
        concepts__c_d__title="C d",
        time_estimates__concepts="a_b 1.26\n",
    )

    first, second = (found.part for found in draft.concepts)
    assert (first.id, first.title, first.description, first.minutes) == ("a_b", "A b", "About a b.", 76)
    assert (second.id, second.description, second.minutes) == ("c_d", "", 30)
    edges = [(found.part.before, found.part.reason, str(found.place)) for found in draft.prerequisites]
    assert edges == [
        ("c_d", "It: is needed.", "concepts/a_b/dependencies.txt:3"),
        ("e", "", "concepts/a_b/dependencies.txt:7"),
    ]
    assert draft.issues == []


def test_folder_around_the_content_folder_and_its_documentation() -> None:
    draft = parse_texts(
        content__concepts__a__title="A",
        content__concepts__ANNOTATED_EXAMPLE__title="Not a concept",
        content__courses__x__concepts="a",
        content__shortcuts__a__dependencies="tag: b",
    )

    assert [found.part.id for found in draft.concepts] == ["a"]
    assert draft.prerequisites == []


def test_faults_are_named_with_their_place() -> None:
    draft = parse_texts(
        concepts__a__id="x",
        concepts__b__title="B",
        concepts__b__dependencies="tag: a\nbecause I say so\n",
        time_estimates__concepts="b soon\n",
    )

    assert [(str(issue.kind), issue.place) for issue in draft.issues] == [
        ("invalid_value", "time_estimates/concepts.txt:1"),
        ("invalid_value", "concepts/a/title.txt"),
        ("malformed", "concepts/b/dependencies.txt:2"),
    ]


def test_archive_without_concepts_is_malformed() -> None:
    assert parse_texts(courses__x__concepts="a").issues[0].place == "archive"


def test_real_content() -> None:
    files = unpack(pack_folder(find_data("metacademy")))
    draft = read_draft("metacademy", files, "metacademy", Metadata(title="Machine learning"))

    refused = validate(draft)
    assert not refused.accepted
    assert [str(issue.kind) for issue in refused.issues] == ["dangling_reference"] * 21
    checked = validate(draft, Repairs(drop_dangling=True))
    assert checked.curriculum is not None
    assert (checked.size.concepts, checked.size.prerequisites, len(checked.repairs_applied)) == (392, 964, 21)
    # The longest chain has 17 edges.
    assert checked.longest_chain == 18
    assert checked.curriculum.licence == "CC-BY-SA-3.0"
    assert checked.curriculum.attribution == "Metacademy contributors (metacademy.org)"
    assert sum(bool(concept.description) for concept in checked.curriculum.concepts) == 356
    assert sum(bool(edge.reason) for edge in checked.curriculum.prerequisites) == 780
