"""Which store a URL names."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from kg.errors import refuse
from kg.store import Store

NEO4J_SCHEMES = ("neo4j", "neo4j+s", "neo4j+ssc", "bolt", "bolt+s", "bolt+ssc")
RULE = f"must be sqlite:PATH, or host:port after one of {', '.join(f'{scheme}://' for scheme in NEO4J_SCHEMES)}"


def create_store(url: str, user: str = "", password: str = "") -> Store:
    """Returns the store that a URL names; it is not opened yet.

    Args:
        url: `sqlite:PATH`, or `neo4j://[user:password@]host:port` (or another of Neo4j's schemes).
        user: At Neo4j, where the URL names none.
        password: At Neo4j, where the URL has none.

    Raises:
        InvalidInputError: The URL names no store.
    """
    scheme, colon, rest = url.partition(":")
    if not colon or not rest:
        raise refuse("store", RULE)
    if scheme == "sqlite":
        # Each store brings its own driver, which those who use the other need not load.
        from kg.sqlite_store.store import SqliteStore  # noqa: PLC0415

        return SqliteStore(Path(rest).expanduser())
    if scheme in NEO4J_SCHEMES:
        from kg.neo4j_store.store import Neo4jStore  # noqa: PLC0415

        return Neo4jStore(*_split_credentials(url, user, password))
    raise refuse("store", RULE)


def _split_credentials(url: str, user: str, password: str) -> tuple[str, str, str]:
    """Takes user and password out of a URL, as drivers refuse them there."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise refuse("store", RULE) from error
    if not parts.hostname:
        raise refuse("store", RULE)
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    bare = f"{parts.scheme}://{host}" + (f":{port}" if port else "")
    return bare, unquote(parts.username or "") or user, unquote(parts.password or "") or password
