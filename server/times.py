"""Protobuf timestamps and the domain's microseconds since 1970 UTC."""

from google.protobuf.timestamp_pb2 import Timestamp

from kg.errors import refuse

LATEST_SECONDS = 7_258_118_400
"""The beginning of the year 2200."""


def to_timestamp(micros: int) -> Timestamp:
    """Returns the timestamp of a moment, to the microsecond."""
    seconds, rest = divmod(micros, 1_000_000)
    return Timestamp(seconds=seconds, nanos=rest * 1_000)


def to_micros(timestamp: Timestamp, field: str) -> int:
    """Returns microseconds since 1970 UTC; a finer fraction is cut off.

    Raises:
        InvalidInputError: It is not a moment from 1970 up to 2200.
    """
    if not (0 <= timestamp.seconds < LATEST_SECONDS and 0 <= timestamp.nanos < 1_000_000_000):
        raise refuse(field, "must be a moment from 1970 up to the year 2200")
    return timestamp.seconds * 1_000_000 + timestamp.nanos // 1_000
