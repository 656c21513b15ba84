"""Pages whose messages together fit what a client receives by default, even where single ones are large."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import accumulate
from typing import TypeVar

from google.protobuf.message import Message

from server.pages import Page, Position

MOST_BYTES = 3 * 1024 * 1024
"""Bytes of a page's messages; gRPC clients refuse answers above 4 MiB unless told otherwise."""

Item = TypeVar("Item")
Entry = TypeVar("Entry", bound=Message)


def cut_page(
    page: Page, items: Sequence[Item], entries: Sequence[Entry], locate: Callable[[Item], Position]
) -> tuple[Sequence[Entry], str]:
    """Takes what a page shows out of what was read; fewer than asked for where they are large (AIP-158 allows it).

    Args:
        page: The page asked for.
        items: At most `page.limit`, from where the page begins.
        entries: Their messages.
        locate: Position of an item.

    Returns:
        The messages, at least one if there are any, and the token of the next page, empty on the last.
    """
    fitting = sum(total <= MOST_BYTES for total in accumulate(entry.ByteSize() for entry in entries))
    shown, token = replace(page, size=min(page.size, max(1, fitting))).cut(items, locate)
    return entries[: len(shown)], token
