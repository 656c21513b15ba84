"""Options that every command takes, before and after its name."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What all commands have in common.

    Attributes:
        tenant: Id of the tenant.
        server: `HOST:PORT` of a running server, or None: one runs inside the command.
        store: URL of the store of a server inside the command, or None: the one its settings name.
        model: Chat model of a server inside the command, or None: the one its settings name.
        json: Print the RPC's response as JSON and nothing else.
    """

    tenant: str = "default"
    server: str | None = None
    store: str | None = None
    model: str | None = None
    json: bool = False
