"""Pages whose messages together fit what a client receives by default, even where single ones are large."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import accumulate
from typing import TypeVar

from google.protobuf.message import Message

from server.pages import Page, Position

MOST_BYTES = 3 * 1024 * 1024
"""Bytes of a page's messages; gRPC clients refuse answers above 4 MiB unless told otherwise."""

Item = TypeVar("Item")
Entry = TypeVar("Entry", bound=Message)


def shrink_page(page: Page, sizes: Iterable[int]) -> Page:
    """Returns a page of fewer items where more would be too large (AIP-158 allows it), but of at least one.

    Args:
        page: The page asked for.
        sizes: Bytes of the items from where it begins, in order.
    """
    fitting = sum(total <= MOST_BYTES for total in accumulate(sizes))
    return replace(page, size=min(page.size, max(1, fitting)))


def cut_page(
    page: Page, items: Sequence[Item], entries: Sequence[Entry], locate: Callable[[Item], Position]
) -> tuple[Sequence[Entry], str]:
    """Takes what a page shows out of what was read; see `shrink_page`.

    Args:
        page: The page asked for.
        items: At most `page.limit`, from where the page begins.
        entries: Their messages.
        locate: Position of an item.

    Returns:
        The messages, at least one if there are any, and the token of the next page, empty on the last.
    """
    shown, token = shrink_page(page, (entry.ByteSize() for entry in entries)).cut(items, locate)
    return entries[: len(shown)], token
