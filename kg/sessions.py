"""Tutoring sessions as a store keeps them: whose they are, who works on one, and records that only tutoring reads."""

import hashlib
from dataclasses import dataclass
from typing import Final

MOST_SESSION_BYTES: Final = 8 * 1024 * 1024
"""Largest sum of a session's records, keys and values counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A conversation.

    Attributes:
        id: Unique in the tenant; once deleted it is never used again.
        learner: Id of whom it is with: erasing the learner deletes it. Empty: nobody's.
        curriculum: Id of what it is about; may be empty.
        created_at: Microseconds since 1970 UTC.
        updated_at: Of the last write, microseconds since 1970 UTC.
        size: Bytes of its records, keys and values.
        owner: Who works on it; empty: nobody.
        owned_until: When the owner's lease ends unless it is renewed, microseconds since 1970 UTC.
    """

    id: str
    learner: str = ""
    curriculum: str = ""
    created_at: int
    updated_at: int = 0
    size: int = 0
    owner: str = ""
    owned_until: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRecord:
    """Something kept in a session.

    Attributes:
        space: What it is one of, such as `events`.
        key: ASCII, unique in its space, which is read in ascending order of keys.
        value: Opaque to the store.
    """

    space: str
    key: str
    value: bytes

    @property
    def size(self) -> int:
        """Bytes that it counts for."""
        return len(self.key) + len(self.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelUsage:
    """What a tenant used of a chat model in one day.

    Attributes:
        model: Provider and name.
        calls: Number of them.
        input_tokens: Read by the model.
        output_tokens: Written by it.
        cost_micros: Millionths of the currency that prices are set in.
    """

    model: str
    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_micros: int = 0


def find_key_range(after: str, prefix: str) -> tuple[str, str]:
    """The first key that may be greater than `after` and begin with `prefix`, and a text above all that begin so."""
    return max(after, prefix), f"{prefix}\x80"


def hash_session(tenant: str, session: str) -> str:
    """What stays of a deleted session: SHA-256 of `tenant/session`, hexadecimal."""
    return hashlib.sha256(f"{tenant}/{session}".encode()).hexdigest()
