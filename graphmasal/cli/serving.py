"""`graphmasal serve` and `migrate`: running an installation."""

# ruff: noqa: PLC0415 - what takes long to load is loaded by the command that needs it
from typing import TYPE_CHECKING, Annotated

import typer

from graphmasal.cli.commands import command
from graphmasal.cli.failures import CommandError
from graphmasal.cli.session import Session

if TYPE_CHECKING:
    from server.settings import Settings

app = typer.Typer()


@command(app, "serve")
def serve(
    session: Session,
    listen: Annotated[
        str | None,
        typer.Option(
            metavar="HOST:PORT", help="Address to listen on; port 0 is any free one.", envvar="GRAPHMASAL_LISTEN"
        ),
    ] = None,
) -> None:
    """Run a server until it is told to stop (SIGTERM, Ctrl-C); calls under way are finished first.

    Prints the address it listens on as the first line. All other settings come from the environment (GRAPHMASAL_...).

    Example: graphmasal serve --listen 127.0.0.1:50051
    """
    import asyncio

    from graphmasal.cli.local_server import read_settings

    asyncio.run(_serve(read_settings(listen=listen, store=session.options.store)))


async def _serve(settings: "Settings") -> None:
    import asyncio
    import signal

    from kg.errors import GraphMasalError
    from planner.compilation import start_compiling
    from server.application import Application
    from server.logs import configure_logs

    configure_logs(settings.log_format, settings.log_level)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    application = Application(settings)
    try:
        address = await application.start()
    except (GraphMasalError, OSError) as error:
        raise CommandError(str(error)) from error
    typer.echo(address)
    compiler = start_compiling()
    await stop.wait()
    await application.stop()
    if compiler is not None:
        compiler.terminate()


@command(app, "migrate")
def migrate(session: Session) -> None:
    """Bring a store to the schema of this release; it does nothing where it is there already.

    Example: graphmasal migrate --store sqlite:/var/lib/graphmasal/graphmasal.db
    """
    import asyncio

    from graphmasal.cli.local_server import read_settings
    from kg.errors import GraphMasalError
    from kg.stores import create_store

    async def run() -> tuple[int, int]:
        store = create_store(settings.store_url, settings.neo4j_user, settings.neo4j_password.get_secret_value())
        try:
            return await store.migrate()
        finally:
            await store.close()

    settings = read_settings(store=session.options.store)
    try:
        before, after = asyncio.run(run())
    except GraphMasalError as error:
        raise CommandError(str(error)) from error
    typer.echo(f"schema version {after}, nothing to do" if before == after else f"schema version {before} -> {after}")
