import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphmasal.v1.curriculum_service_pb2 import ListConceptsRequest, ListQuestionsRequest
from kg.errors import InvalidInputError
from server.pages import read_page

PARENT = "tenants/t/curricula/c"


def refused_field(request: ListConceptsRequest | ListQuestionsRequest, *form: type[str] | type[int]) -> str:
    with pytest.raises(InvalidInputError) as caught:
        read_page(request, *form)
    return caught.value.violations[0].field


def next_token(size: int = 2, archived: bool = False) -> str:
    request = ListConceptsRequest(parent=PARENT, page_size=size, show_archived=archived)
    return read_page(request).cut(["a", "b", "c"], lambda item: (item,))[1]


@pytest.mark.parametrize(("asked", "given"), [(0, 100), (1, 1), (1000, 1000), (5000, 1000)])
def test_sizes(asked: int, given: int) -> None:
    assert read_page(ListConceptsRequest(page_size=asked)).size == given


def test_a_negative_size_is_refused() -> None:
    assert refused_field(ListConceptsRequest(page_size=-1)) == "page_size"


def test_a_token_leads_to_the_next_page() -> None:
    page = read_page(ListConceptsRequest(parent=PARENT, page_size=7, page_token=next_token()))
    assert (page.after_id, page.size) == ("b", 7)


def test_the_last_page_has_no_token() -> None:
    page = read_page(ListConceptsRequest(page_size=3))
    assert page.cut(["a", "b", "c"], lambda item: (item,)) == (["a", "b", "c"], "")


@pytest.mark.parametrize(
    "request_",
    [
        ListConceptsRequest(parent="tenants/other/curricula/c", page_token=next_token()),
        ListConceptsRequest(parent=PARENT, show_archived=True, page_token=next_token()),
        ListQuestionsRequest(parent=PARENT, page_token=next_token()),
    ],
)
def test_a_token_of_another_list_is_refused(request_: ListConceptsRequest) -> None:
    assert refused_field(request_) == "page_token"


@pytest.mark.parametrize("position", [[], [1], ["a", "b"], [None], ["\ud800"], ["é"], ["a\0"], [True]])
def test_a_forged_position_is_refused(position: list[object]) -> None:
    query = json.loads(base64.urlsafe_b64decode(next_token() + "=="))[0]
    token = base64.urlsafe_b64encode(json.dumps([query, *position]).encode()).decode()
    assert refused_field(ListConceptsRequest(parent=PARENT, page_token=token)) == "page_token"


def test_a_number_beyond_64_bits_is_refused() -> None:
    page = read_page(ListConceptsRequest(page_size=1), int)
    token = page.cut([2**70, 1], lambda item: (item,))[1]
    assert refused_field(ListConceptsRequest(page_token=token), int) == "page_token"


@given(st.text(min_size=1).filter(lambda text: not any("\ud800" <= each <= "\udfff" for each in text)))
def test_any_other_text_is_refused(token: str) -> None:
    assert refused_field(ListConceptsRequest(parent=PARENT, page_token=token)) == "page_token"
