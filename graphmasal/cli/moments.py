"""Moments as people and files write them, to the microsecond."""

import time
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation

from google.protobuf.timestamp_pb2 import Timestamp

from graphmasal.cli.failures import CommandError

RULE = "must be RFC 3339, such as 2026-03-01T09:30:00Z, or a number of seconds since 1970"


def moment_from_text(text: str) -> Timestamp:
    """Reads RFC 3339.

    Raises:
        ValueError: It is not RFC 3339.
    """
    moment = Timestamp()
    try:
        moment.FromJsonString(text)
    except (ValueError, OverflowError) as error:
        raise ValueError(RULE) from error
    return moment


def moment_from_seconds(seconds: int | Decimal) -> Timestamp:
    """A number of seconds since 1970 as a moment, rounded to the microsecond.

    Raises:
        ValueError: It is outside the years that a timestamp can hold.
    """
    moment = Timestamp()
    try:
        micros = int((Decimal(seconds) * 1_000_000).quantize(Decimal(1), ROUND_HALF_EVEN))
        moment.FromMicroseconds(micros)
    except (ValueError, OverflowError, InvalidOperation) as error:
        raise ValueError(RULE) from error
    return moment


def as_of_option(given: str | None) -> Timestamp | None:
    """The moment that --as-of names; None: that of the latest evidence.

    Raises:
        CommandError: It cannot be read.
    """
    if given is None:
        return None
    if given == "now":
        return moment_from_seconds(Decimal(time.time_ns()) / 1_000_000_000)
    try:
        return moment_from_text(given)
    except ValueError as error:
        raise CommandError(f"--as-of {given!r}: must be RFC 3339, such as 2026-03-01T09:30:00Z, or 'now'") from error


def show_moment(moment: Timestamp) -> str:
    """A moment for a person, to the minute, in UTC."""
    return f"{moment.ToDatetime():%Y-%m-%d %H:%M} UTC"
