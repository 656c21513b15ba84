"""GraphMASAL's public package: the generated API `graphmasal.v1`, a thin client and the command line."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from graphmasal.client import Client as Client
    from graphmasal.client import connect as connect

__all__ = ["Client", "connect"]


def __getattr__(name: str) -> Any:
    # Loading gRPC takes longer than `graphmasal --help` should; it is loaded by those who use it.
    if name in __all__:
        from graphmasal import client  # noqa: PLC0415

        return getattr(client, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
