import pytest

from kg.errors import InvalidInputError
from kg.identifiers import check_id, is_id, parse_name


@pytest.mark.parametrize("text", ["a", "A-1", "urn:x", "a@b.example", "a+b", "~x", "_", "0", "x" * 128, "a.b"])
def test_ids(text: str) -> None:
    assert is_id(text)
    assert check_id(text, "id") == text


@pytest.mark.parametrize("text", ["", ".", ".a", "a b", "a/b", "ä", "a\n", "a*", "x" * 129, "a\x00", "é"])
def test_what_is_no_id(text: str) -> None:
    assert not is_id(text)
    with pytest.raises(InvalidInputError) as raised:
        check_id(text, "learner.id")
    assert raised.value.violations[0].field == "learner.id"


def test_names_are_taken_apart() -> None:
    assert parse_name("tenants/t/learners/l", "tenants/*/learners/*", "name") == ("t", "l")
    assert parse_name("tenants/t/curricula/c/changes", "tenants/*/curricula/*/changes", "name") == ("t", "c")


@pytest.mark.parametrize(
    "name",
    ["", "tenants/t", "tenants/t/learners/", "tenants/t/learner/l", "tenants/t/learners/l/x", "tenants/t/learners/.l"],
)
def test_names_of_another_form_are_refused(name: str) -> None:
    with pytest.raises(InvalidInputError) as raised:
        parse_name(name, "tenants/*/learners/*", "parent")
    assert raised.value.violations[0].field == "parent"
