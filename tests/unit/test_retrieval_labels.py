from pathlib import Path

import pytest

from kg.errors import InvalidInputError
from retrieval.training.labels import read_labels


def write(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "labels.csv"
    path.write_bytes(text.encode(encoding))
    return path


def list_faults(path: Path, concepts: set[str] | None = None) -> list[tuple[str, str]]:
    with pytest.raises(InvalidInputError) as refused:
        read_labels(path, concepts)
    return [(violation.field, violation.rule) for violation in refused.value.violations]


def test_labels_in_any_order_of_columns(tmp_path: Path) -> None:
    path = write(tmp_path, '\ufeffconcept,who,query\nlines,x," how steep, is it? "\n\nlines,y,slope\nlines,z,slope\n')

    read = read_labels(path, {"lines"})

    assert [(query.text, query.concept, str(query.source)) for query in read] == [
        ("how steep, is it?", "lines", "label"),
        ("slope", "lines", "label"),
    ]


def test_all_faults_are_named_with_their_lines(tmp_path: Path) -> None:
    path = write(tmp_path, 'query,concept\n"two\nlines",lines\n,lines\nslope\nslope,planes\n')

    assert list_faults(path, {"lines"}) == [
        ("labels.csv:4", "the query must not be empty"),
        ("labels.csv:5", "the concept must not be empty"),
        ("labels.csv:6", "there is no concept planes"),
    ]


def test_any_concept_is_taken_where_none_are_known(tmp_path: Path) -> None:
    assert [query.concept for query in read_labels(write(tmp_path, "query,concept\na,b\n"))] == ["b"]


@pytest.mark.parametrize("text", ["", "question,concept\na,b\n"])
def test_a_table_without_the_columns_is_refused(tmp_path: Path, text: str) -> None:
    ((field, rule),) = list_faults(write(tmp_path, text))

    assert field == "labels.csv:1"
    assert "query" in rule.rpartition(";")[2]


def test_a_table_with_an_open_quote_is_refused(tmp_path: Path) -> None:
    ((field, rule),) = list_faults(write(tmp_path, 'query,concept\n"a,b\n'))

    assert field == "labels.csv:2"
    assert rule.startswith("must be CSV")


def test_another_encoding_is_refused(tmp_path: Path) -> None:
    ((field, rule),) = list_faults(write(tmp_path, "query,concept\nä,b\n", "latin-1"))

    assert (field, rule) == ("labels.csv", "must be encoded in UTF-8; byte 14 is not")
