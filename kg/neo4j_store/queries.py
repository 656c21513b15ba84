"""The store's Cypher, by name; all of it stands in queries.cypher."""

import re
from collections.abc import Mapping
from importlib.resources import files
from typing import Final

_NAME = re.compile(r"^// name: (\w+)$", re.MULTILINE)
_COMMENT = re.compile(r"^//.*\n?", re.MULTILINE)


def split_queries(text: str) -> dict[str, tuple[str, ...]]:
    """Splits a file of named queries.

    Args:
        text: Sections, each headed by a line `// name: x`, of statements that end in `;` at the end of a line.

    Returns:
        The statements of each section, comments left out.
    """
    _, *sections = _NAME.split(text)
    return {
        name: tuple(
            part.strip() for part in re.split(r";\s*$", _COMMENT.sub("", body), flags=re.MULTILINE) if part.strip()
        )
        for name, body in zip(sections[::2], sections[1::2], strict=True)
    }


QUERIES: Final[Mapping[str, tuple[str, ...]]] = split_queries(
    files(__package__).joinpath("queries.cypher").read_text(encoding="utf-8")
)
