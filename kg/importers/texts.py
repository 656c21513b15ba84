"""Files as text: everything is UTF-8, with or without a byte order mark."""

from kg.importers.draft import Draft, Place


def decode(name: str, content: bytes, draft: Draft) -> str | None:
    """Returns the text of a file; None, and an issue, if it is not UTF-8."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        draft.add_unreadable(Place(name, line), f"it must be UTF-8, and byte {error.start} is not")
        return None
