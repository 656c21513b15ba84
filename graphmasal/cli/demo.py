"""`graphmasal demo`: from answers to a proven plan, on a server of its own."""

# ruff: noqa: PLC0415 - what takes long to load is loaded by the command that needs it

import typer

from graphmasal.cli.commands import command
from graphmasal.cli.session import Session

app = typer.Typer()


@command(app, "demo")
def demo(session: Session) -> None:
    """Watch a learner go from answers to a proven plan, on a server of its own.

    Nothing is left behind but the encoder, made ready to run, for the next server.

    Example: graphmasal demo
    """
    import tempfile
    from pathlib import Path

    from graphmasal.cli.demo_story import tell
    from graphmasal.cli.local_server import serve_in_background
    from graphmasal.client import connect

    with (
        tempfile.TemporaryDirectory(prefix="graphmasal-demo-") as home,
        serve_in_background(f"sqlite:{Path(home) / 'graphmasal.db'}", "127.0.0.1:0") as address,
        connect(address, "demo") as client,
    ):
        tell(session.out, client, address)
