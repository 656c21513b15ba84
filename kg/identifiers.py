"""Ids and resource names: ASCII only, so that every store sorts and pages alike."""

import re

from kg.errors import refuse

ID_RULE = "must be 1 to 128 of the characters A-Z a-z 0-9 . _ ~ : @ + - and not start with a dot"
_ID = re.compile(r"(?!\.)[A-Za-z0-9._~:@+-]{1,128}")


def is_id(text: str) -> bool:
    """Says whether `text` may serve as an id."""
    return _ID.fullmatch(text) is not None


def check_id(text: str, field: str) -> str:
    """Returns `text` if it may serve as an id.

    Raises:
        InvalidInputError: It may not; the violation names `field`.
    """
    if not is_id(text):
        raise refuse(field, ID_RULE)
    return text


def parse_name(name: str, pattern: str, field: str) -> tuple[str, ...]:
    """Takes a resource name apart.

    Args:
        name: Such as `tenants/t/learners/l`.
        pattern: Its form, with `*` for each id: `tenants/*/learners/*`.
        field: What to name in the violation.

    Returns:
        The ids, in order.

    Raises:
        InvalidInputError: The name does not have that form.
    """
    parts, form = name.split("/"), pattern.split("/")
    if len(parts) != len(form) or any(want not in ("*", part) for part, want in zip(parts, form, strict=True)):
        raise refuse(field, f"must have the form {pattern}, each * an id")
    return tuple(check_id(part, field) for part, want in zip(parts, form, strict=True) if want == "*")
