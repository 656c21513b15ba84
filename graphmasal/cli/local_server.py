"""A server inside the command: the whole application, in a thread of its own, reached like any other."""

import asyncio
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from graphmasal.cli.failures import CommandError
from kg.errors import GraphMasalError
from server.application import Application
from server.logs import configure_logs
from server.settings import Settings, load_settings

_LONGEST_FOLDER = 70


def read_settings(**given: Any) -> Settings:
    """Reads the server's settings; those that are None are not given.

    Raises:
        CommandError: A setting is wrong.
    """
    try:
        return load_settings(**{name: value for name, value in given.items() if value is not None})
    except GraphMasalError as error:
        raise CommandError(str(error)) from error


@contextmanager
def serve_in_background(store: str | None, listen: str | None = None, model: str | None = None) -> Iterator[str]:
    """Runs the application until the block is left.

    Args:
        store: URL of the store, or None: the one that the settings name.
        listen: Address to listen on; None: a socket in a private temporary folder, which nobody else can reach.
        model: Of the tutor; None: the one that the settings name.

    Returns:
        Its address.

    Raises:
        CommandError: It cannot start.
    """
    with tempfile.TemporaryDirectory(prefix="graphmasal-", dir=_short_folder()) as folder:
        settings = read_settings(
            store=store,
            listen=listen or f"unix:{Path(folder) / 'socket'}",
            metrics_listen="",
            log_level="error",
            model=model,
        )
        started: Future[tuple[str, asyncio.AbstractEventLoop, asyncio.Event]] = Future()
        thread = threading.Thread(target=lambda: asyncio.run(_serve(settings, started)), name="graphmasal-server")
        thread.start()
        try:
            address, loop, stop = started.result()
        except (GraphMasalError, OSError) as error:
            raise CommandError(str(error)) from error
        try:
            yield address
        finally:
            loop.call_soon_threadsafe(stop.set)
            thread.join()


def _short_folder() -> str | None:
    # The path of a socket may have about 100 bytes; some systems' own temporary folders leave too few of them.
    return None if len(tempfile.gettempdir()) < _LONGEST_FOLDER else "/tmp"  # noqa: S108 - a private folder in it


async def _serve(settings: Settings, started: "Future[tuple[str, asyncio.AbstractEventLoop, asyncio.Event]]") -> None:
    configure_logs(settings.log_format, settings.log_level)
    application = Application(settings, preload=False)
    stop = asyncio.Event()
    try:
        address = await application.start()
    except BaseException as error:
        started.set_exception(error)
        return
    started.set_result((address, asyncio.get_running_loop(), stop))
    try:
        await stop.wait()
    finally:
        await application.stop()
