"""How a function becomes a command: it gets the common options, a session, and its failures are told plainly."""

# ruff: noqa: PLC0415 - what takes long to load is loaded by the command that needs it

import functools
import inspect
from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, Any

import typer

from graphmasal.cli.failures import CommandError, describe, exit_code_of, status_of
from graphmasal.cli.options import Options
from graphmasal.cli.session import Session

_PANEL = "Common options"

TenantOption = Annotated[
    str | None, typer.Option("--tenant", metavar="ID", help="Tenant that the command is about.", rich_help_panel=_PANEL)
]
ServerOption = Annotated[
    str | None,
    typer.Option(
        "--server",
        metavar="HOST:PORT",
        help="Server to talk to; without it, one runs inside the command.",
        rich_help_panel=_PANEL,
    ),
]
StoreOption = Annotated[
    str | None,
    typer.Option("--store", metavar="URL", help="Store of the server inside the command.", rich_help_panel=_PANEL),
]
JsonOption = Annotated[
    bool,
    typer.Option("--json", help="Print the response as one JSON document, nothing else.", rich_help_panel=_PANEL),
]

COMMON: dict[str, Any] = {"tenant": TenantOption, "server": ServerOption, "store": StoreOption, "json": JsonOption}

CurriculumOption = Annotated[
    str | None,
    typer.Option("--curriculum", "-c", metavar="ID", help="Curriculum; may be left out where there is only one."),
]
AsOfOption = Annotated[
    str | None,
    typer.Option(
        "--as-of",
        metavar="TIME",
        help="Moment at which mastery is reckoned: RFC 3339, 'now', or by default that of the latest evidence.",
    ),
]

Command = Callable[..., None]


def command(app: typer.Typer, name: str) -> Callable[[Command], Command]:
    """Registers a function `f(session, ...)` as a command of `app`; it gets the common options on top of its own."""

    def register(function: Command) -> Command:
        app.command(name)(_with_common_options(function))
        return function

    return register


def _with_common_options(function: Command) -> Command:
    signature = inspect.signature(function)
    own = list(signature.parameters.values())[1:]

    @functools.wraps(function)
    def run(ctx: typer.Context, **given: Any) -> None:
        common = {key: given.pop(key) for key in COMMON}
        options = replace(ctx.find_root().obj or Options(), **{key: value for key, value in common.items() if value})
        _run(function, options, given)

    context = inspect.Parameter("ctx", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)
    common = [
        inspect.Parameter(
            key, inspect.Parameter.KEYWORD_ONLY, default=False if key == "json" else None, annotation=annotation
        )
        for key, annotation in COMMON.items()
    ]
    parameters = [context, *[part.replace(kind=inspect.Parameter.KEYWORD_ONLY) for part in own], *common]
    run.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {part.name: part.annotation for part in parameters}
    # inspect would otherwise look through to the function wrapped.
    del run.__wrapped__
    return run


def _run(function: Command, options: Options, given: dict[str, Any]) -> None:
    session = Session(options)
    try:
        function(session, **given)
    except CommandError as error:
        _fail(session, error)
    except Exception as error:
        # Known by its name first, so that a command without a call need not load gRPC.
        if not _is_rpc_error(error):
            raise
        _fail(session, error)
    finally:
        session.close()


def _is_rpc_error(error: Exception) -> bool:
    return any(kind.__name__ == "RpcError" and kind.__module__ == "grpc" for kind in type(error).__mro__)


def _fail(session: Session, error: Any) -> None:
    status = status_of(error)
    if session.options.json:
        from graphmasal.cli.output import print_json

        print_json(status, to_stderr=True)
    else:
        text = str(error) if isinstance(error, CommandError) else describe(status, session.options.server)
        session.err.print(f"Error: {text}", style="red", soft_wrap=True)
    raise typer.Exit(exit_code_of(status))


def split_ids(given: str | None) -> list[str]:
    """Ids from a comma-separated list; empty for None."""
    return [part for part in (piece.strip() for piece in (given or "").split(",")) if part]
