import re
from pathlib import Path

import pytest

from kg.identifiers import is_id
from kg.importers.csv_format import TABLES
from kg.importers.draft import Metadata
from kg.importers.entries import ID_PATTERN
from kg.importers.formats import read_draft
from kg.importers.schema import make_schema, write_schema
from kg.validation import validate

DOCS = Path(__file__).parents[2] / "docs"


def list_examples(language: str) -> list[str]:
    text = (DOCS / "curriculum-format.md").read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def test_committed_schema_is_the_one_of_the_models() -> None:
    assert (DOCS / "curriculum.schema.json").read_text(encoding="utf-8") == write_schema()


def test_every_field_of_the_schema_says_what_it_means() -> None:
    schema = make_schema()

    for model in [schema, *schema["$defs"].values()]:
        for name, field in model.get("properties", {}).items():
            assert field.get("description"), f"{model['title']}.{name}"


@pytest.mark.parametrize("text", ["a", "A-1.b_~:@+", ".a", "", "a b", "ä", "a" * 128, "a" * 129, "a\n"])
def test_schema_and_identifiers_agree_on_ids(text: str) -> None:
    # In Python, unlike in JSON Schema, $ matches before a line feed at the end too.
    assert (re.search(ID_PATTERN.replace("$", r"\Z"), text) is not None) == is_id(text)


def test_documented_yaml_is_imported() -> None:
    (example,) = list_examples("yaml")
    checked = validate(read_draft("yaml", {"a.yaml": example.encode()}, "fractions"))

    assert checked.issues == ()
    assert checked.curriculum is not None
    assert checked.curriculum.questions[0].assesses == {"adding-fractions": 0.75, "fractions": 0.25}


def test_documented_csv_is_imported() -> None:
    (example,) = list_examples("csv")
    concepts = "id,title\n" + "".join(
        f"{name},T\n" for name in ("whole-numbers", "fractions", "number-line", "fraction-strips", "adding-fractions")
    )
    files = {"concepts.csv": concepts.encode(), "prerequisites.csv": example.encode()}
    checked = validate(read_draft("csv", files, "fractions", Metadata(title="T")))

    assert checked.issues == ()
    assert (checked.size.prerequisites, checked.size.groups) == (1, 1)


def test_documented_columns_are_those_of_the_tables() -> None:
    text = (DOCS / "curriculum-format.md").read_text(encoding="utf-8")

    for table in TABLES:
        row = next(line for line in text.splitlines() if line.startswith(f"| {table.name} |"))
        columns = row.split("|")[2]
        assert set(re.findall(r"\*\*(\w+)\*\*", columns)) == {name for name, needed in table.columns.items() if needed}
        assert set(re.findall(r"\w+", re.sub(r"\(.*?\)", "", columns))) == set(table.columns)
