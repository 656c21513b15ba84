import pytest

from kg.curriculum import PrerequisiteKind, QuestionKind
from kg.importers.csv_format import parse
from kg.importers.draft import Draft, Metadata
from kg.importers.formats import read_draft
from kg.validation import validate

CONCEPTS = "id,title\na,A\nb,B\nc,C\n"


def parse_tables(**tables: str) -> Draft:
    texts = {"concepts": CONCEPTS, **tables}
    return parse({f"{name}.csv": text.encode() for name, text in texts.items()}, "x")


def list_issues(draft: Draft) -> list[tuple[str, str]]:
    return [(str(issue.kind), issue.place) for issue in draft.issues]


def test_concepts_with_all_columns_in_any_order() -> None:
    draft = parse_tables(
        concepts='title,id,taught,difficulty,minutes,topic,description\n"A, or\nB",a,no,0.25,90,T,D\nC,c,,,,,\n'
    )

    first, second = (found.part for found in draft.concepts)
    assert (first.id, first.title, first.taught, first.difficulty) == ("a", "A, or\nB", False, 0.25)
    assert (first.minutes, first.topic, first.description) == (90, "T", "D")
    assert (second.minutes, second.difficulty, second.taught) == (30, 0.5, True)
    assert [str(found.place) for found in draft.concepts] == ["concepts.csv:2", "concepts.csv:4"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_byte_order_mark_is_no_part_of_a_column(encoding: str) -> None:
    draft = parse({"folder/concepts.csv": "id,title\r\na,Ä\r\n".encode(encoding)}, "x")

    assert [found.part.title for found in draft.concepts] == ["Ä"]
    assert draft.issues == []


def test_single_prerequisites_and_members_of_a_group() -> None:
    draft = parse_tables(
        prerequisites="before,after,kind,strength,group,need,reason\na,b,soft,0.5,,,R\na,c,,,g,,\nb,c,hard,0.7,g,2,S\n"
    )

    edge = draft.prerequisites[0].part
    assert (edge.before, edge.after, edge.kind, edge.strength) == ("a", "b", PrerequisiteKind.SOFT, 0.5)
    group = draft.groups[0]
    assert (group.part.concept, group.part.members, group.part.need) == ("c", ("a", "b"), 2)
    assert (group.part.strength, group.part.reason) == (0.7, "S")
    assert [str(place) for place in group.inner] == ["prerequisites.csv:3", "prerequisites.csv:4"]


def test_rows_of_a_resource_are_its_sections() -> None:
    draft = parse_tables(
        resources="resource,title,kind,url,concept,section_title,minutes,text\n"
        "r,R,video,https://example.org,a,First,5,T\ns,S,,,a,,,\nr,,,,b,Second,6,\n"
    )

    first, second = (found.part for found in draft.resources)
    assert (first.id, first.kind, first.minutes) == ("r", "video", 11)
    assert [(section.concept, section.title) for section in first.sections] == [("a", "First"), ("b", "Second")]
    assert (second.kind, second.sections[0].minutes) == ("lesson", 10)


def test_question_with_lists_in_its_cells() -> None:
    draft = parse_tables(
        questions="id,kind,stem,assesses,options,accepted,tolerance,distractors\n"
        "q,choice,S,a:0.5; b:1.5,y = x=1|n=x≠1,y,,n=m\nr,numeric,S,a;b,,1|1.5,0.1,2=m\ns,text,S,ns:a:1,,,,\n",
        misconceptions="id,title,description,concepts\nm,M,D,a; b\n",
    )

    choice, numeric, text = (found.part for found in draft.questions)
    assert choice.options == {"n": "x≠1", "y": "x=1"}
    assert (choice.assesses, choice.distractors) == ({"a": 0.5, "b": 1.5}, {"n": "m"})
    assert numeric.key is not None
    assert (numeric.kind, numeric.key.accepted, numeric.key.tolerance) == (QuestionKind.NUMERIC, ("1", "1.5"), 0.1)
    assert (text.key, text.assesses) == (None, {"ns:a": 1.0})
    assert draft.misconceptions[0].part.concepts == ("a", "b")
    assert draft.issues == []


def test_unknown_columns_are_named_one_by_one() -> None:
    draft = parse_tables(concepts="id,title,titel,notes\na,A,,\n")

    assert list_issues(draft) == [
        ("unknown_field", "concepts.csv:1: notes"),
        ("unknown_field", "concepts.csv:1: titel"),
    ]


@pytest.mark.parametrize(
    ("table", "place", "words"),
    [
        ("id\na\n", "concepts.csv:1", "column title is missing"),
        ("", "concepts.csv:1", "column id is missing"),
        ("id,title,title\na,A,A\n", "concepts.csv:1: title", "there twice"),
        ("id,title\na,A,surplus\n", "concepts.csv:2", "3 cells"),
        ('id,title\na,"A\n', "concepts.csv:2", "not CSV"),
    ],
)
def test_malformed_table(table: str, place: str, words: str) -> None:
    issue = parse_tables(concepts=table).issues[0]

    assert (str(issue.kind), issue.place) == ("malformed", place)
    assert words in issue.message


@pytest.mark.parametrize(
    ("name", "table", "place", "words"),
    [
        ("concepts", "id,title,minutes\na,A,soon\n", "concepts.csv:2: minutes", "integer"),
        ("concepts", "id,title\na,\n", "concepts.csv:2", "title is required"),
        ("prerequisites", "before,after\na,\n", "prerequisites.csv:2", "after is required"),
        ("prerequisites", "before,after,need\na,b,1\n", "prerequisites.csv:2", "no group"),
        ("prerequisites", "before,after,kind\na,b,weak\n", "prerequisites.csv:2: kind", "'hard' or 'soft'"),
        ("prerequisites", "before,after,group,kind\na,b,g,soft\n", "prerequisites.csv:2: kind", "must be hard"),
        (
            "prerequisites",
            "before,after,group,need\na,c,g,1\nb,c,g,2\n",
            "prerequisites.csv:3: need",
            "1 in an earlier row",
        ),
        ("resources", "resource,title,concept\n,R,a\n", "resources.csv:2", "resource is required"),
        ("resources", "resource,title,concept\nr,R,a\nr,Q,b\n", "resources.csv:3: title", "R in an earlier row"),
        (
            "resources",
            "resource,title,concept,minutes\nr,R,a,\nr,R,b,0\n",
            "resources.csv:3: minutes",
            "greater than or equal to 1",
        ),
        (
            "questions",
            "id,kind,stem,assesses,options\nq,choice,S,a,a=1|a=2|b=3\n",
            "questions.csv:2: options",
            "a is given twice",
        ),
        (
            "questions",
            "id,kind,stem,assesses,options\nq,choice,S,a,a|b=3\n",
            "questions.csv:2: options",
            "must be a text",
        ),
        ("questions", "id,kind,stem,assesses\nq,text,S,a:much\n", "questions.csv:2: assesses", "it is much"),
        (
            "questions",
            "id,kind,stem,assesses,tolerance\nq,numeric,S,a,1\n",
            "questions.csv:2",
            "answer.accepted is required",
        ),
    ],
)
def test_invalid_value_is_named_with_line_and_column(name: str, table: str, place: str, words: str) -> None:
    issues = parse_tables(**{name: table}).issues

    assert [(str(issue.kind), issue.place) for issue in issues] == [("invalid_value", place)]
    assert words in issues[0].message


def test_file_that_is_no_table_is_named() -> None:
    draft = parse_tables(prerequisite="before,after\na,b\n")

    assert list_issues(draft) == [("malformed", "prerequisite.csv")]


def test_table_there_twice_is_named() -> None:
    draft = parse({"a/concepts.csv": b"id,title\na,A\n", "b/concepts.csv": b"id,title\nb,B\n"}, "x")

    assert list_issues(draft) == [("malformed", "b/concepts.csv")]


def test_concepts_are_needed() -> None:
    draft = parse({"prerequisites.csv": b"before,after\na,b\n"}, "x")

    assert list_issues(draft) == [("malformed", "archive")]


def test_title_comes_from_the_caller() -> None:
    files = {"concepts.csv": CONCEPTS.encode()}

    assert not validate(read_draft("csv", files, "x")).accepted
    assert validate(read_draft("csv", files, "x", Metadata(title="T"))).accepted
