"""Thoughts that some reasoning models write into their answer, where a server does not take them out."""

from collections.abc import AsyncGenerator, AsyncIterator
from typing import Final

_OPENING: Final = "<think>"
_CLOSING: Final = "</think>"


async def drop_thoughts(pieces: AsyncIterator[str]) -> AsyncGenerator[str, None]:
    """Passes pieces on, without a `<think>` ... `</think>` that they begin with; one that never ends leaves nothing."""
    held = ""
    passing = False
    async for piece in pieces:
        if passing:
            yield piece
            continue
        held += piece
        start = held.lstrip()
        if start.startswith(_OPENING):
            passing = _CLOSING in start
            start = start.partition(_CLOSING)[2].lstrip()
        else:
            passing = not _OPENING.startswith(start)
        if passing and start:
            yield start
    if held and not passing and not held.lstrip().startswith(_OPENING):
        yield held
