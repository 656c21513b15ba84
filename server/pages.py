"""Pages of lists (AIP-158): how many items, and a token that says where the next page begins."""

import base64
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar, cast

from google.protobuf.message import Message

from kg.errors import refuse

DEFAULT_SIZE = 100
MOST = 1_000
LONGEST_TOKEN = 2_000

Position = tuple[str | int, ...]
"""What the last item of a page is found by, such as its id."""

Item = TypeVar("Item")


class PagedRequest(Protocol):
    """A request for a page; every message with these two fields is one."""

    page_size: int
    page_token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The page that was asked for.

    Attributes:
        size: Most items on it, from 1 to 1,000.
        after: Where the page before ended; None: it is the first.
        query: Says which list it is a page of.
    """

    size: int
    after: Position | None
    query: str

    @property
    def after_id(self) -> str:
        """The id that the page before ended with, for lists by id alone; empty on the first page."""
        return str(self.after[0]) if self.after else ""

    @property
    def limit(self) -> int:
        """How many items to read: one more than fit tells whether there is a next page."""
        return self.size + 1

    def cut(self, items: Sequence[Item], locate: Callable[[Item], Position]) -> tuple[Sequence[Item], str]:
        """Takes the items of this page out of what was read.

        Args:
            items: At most `limit`, from `after` on.
            locate: Position of an item.

        Returns:
            The items, and the token of the next page, empty on the last.
        """
        if len(items) <= self.size:
            return items, ""
        shown = items[: self.size]
        return shown, _write_token(self.query, locate(shown[-1]))


def read_page(request: PagedRequest, *form: type[str] | type[int]) -> Page:
    """Reads which page a request asks for.

    Args:
        request: A message with page_size and page_token.
        form: Types of the position's parts; a single id where none are given.

    Raises:
        InvalidInputError: page_size is negative, or page_token is not one that this request's list gave out.
    """
    if request.page_size < 0:
        raise refuse("page_size", f"must be from 1 to {MOST}, or 0 for {DEFAULT_SIZE}")
    query = _identify_query(cast(Message, request))
    return Page(
        size=min(request.page_size or DEFAULT_SIZE, MOST),
        after=_read_token(request.page_token, query, form or (str,)) if request.page_token else None,
        query=query,
    )


def _identify_query(request: Message) -> str:
    """Returns a checksum of everything in a request but the page; AIP-158 lets the size differ between pages."""
    query = type(request)()
    query.CopyFrom(request)
    query.ClearField("page_size")
    query.ClearField("page_token")
    content = query.DESCRIPTOR.full_name.encode() + b"\0" + query.SerializeToString(deterministic=True)
    return hashlib.sha256(content).hexdigest()[:16]


def _write_token(query: str, position: Position) -> str:
    return base64.urlsafe_b64encode(json.dumps([query, *position]).encode()).decode().rstrip("=")


def _read_token(token: str, query: str, form: Sequence[type]) -> Position:
    """Reads a token that anybody may have made up: what comes out has the form that is wanted and nothing else."""
    try:
        padded = token[:LONGEST_TOKEN].encode() + b"=" * (-len(token) % 4)
        parts = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, RecursionError) as error:
        raise refuse("page_token", "must be a next_page_token as it was given out") from error
    if not (isinstance(parts, list) and parts[:1] == [query]):
        raise refuse("page_token", "must be of the same list: all other fields must be as on the page before")
    position = parts[1:]
    if [type(part) for part in position] != list(form) or not all(map(_is_sound, position)):
        raise refuse("page_token", "must be a next_page_token as it was given out")
    return tuple(position)


def _is_sound(part: str | int) -> bool:
    if isinstance(part, int):
        return -(2**63) <= part < 2**63
    return part.isascii() and part.isprintable()
