"""What a command works with: a client, made when it is first needed, and the way to answer."""

# ruff: noqa: PLC0415 - what takes long to load is loaded by the command that needs it

from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING, NoReturn

from graphmasal.cli.failures import CommandError
from graphmasal.cli.options import Options

if TYPE_CHECKING:
    from google.protobuf.message import Message
    from rich.console import Console

    from graphmasal.client import Client


class Session:
    """One run of one command.

    Attributes:
        options: What all commands have in common.
    """

    def __init__(self, options: Options) -> None:
        self.options = options
        self._open = ExitStack()
        self._client: Client | None = None
        self._consoles: dict[bool, Console] = {}

    def close(self) -> None:
        """Closes the channel, and ends the server inside the command if there is one."""
        self._open.close()

    @property
    def client(self) -> "Client":
        """A client of the server named, or of one that runs inside this command."""
        if self._client is None:
            from graphmasal.client import connect

            address = self.options.server or self._start_server()
            self._client = self._open.enter_context(connect(address, self.options.tenant))
        return self._client

    def _start_server(self) -> str:
        from graphmasal.cli.local_server import serve_in_background

        return self._open.enter_context(serve_in_background(self.options.store, model=self.options.model))

    @property
    def out(self) -> "Console":
        """Standard output, for the answer."""
        return self._console(stderr=False)

    @property
    def err(self) -> "Console":
        """Standard error, for progress and everything that is not the answer."""
        return self._console(stderr=True)

    def _console(self, *, stderr: bool) -> "Console":
        from graphmasal.cli.output import make_console

        if stderr not in self._consoles:
            self._consoles[stderr] = make_console(stderr=stderr)
        return self._consoles[stderr]

    def show(self, response: "Message", render: Callable[["Console"], None]) -> None:
        """Prints a response: as JSON if that was asked for, otherwise as `render` does."""
        if self.options.json:
            from graphmasal.cli.output import print_json

            print_json(response)
        else:
            render(self.out)

    def the_curriculum(self, given: str | None) -> str:
        """Id of the curriculum meant: the one given, or the tenant's only one.

        Raises:
            CommandError: None was given and there is not exactly one.
        """
        if given:
            return given
        from graphmasal.client import list_all
        from graphmasal.v1.curriculum_service_pb2 import ListCurriculaRequest

        request = ListCurriculaRequest(parent=self.client.parent)
        found = [
            entry.name.rsplit("/", 1)[1] for entry in list_all(self.client.curricula.ListCurricula, request).curricula
        ]
        if len(found) != 1:
            choice = f"there are several ({', '.join(found[:10])})" if found else "there is none yet"
            raise CommandError(f"name a curriculum with --curriculum: {choice}")
        return found[0]

    def answer_no(self) -> NoReturn:
        """Ends the command with the exit code for "the answer is no"."""
        import typer

        raise typer.Exit(1)
