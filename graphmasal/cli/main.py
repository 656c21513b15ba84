"""The command `graphmasal`."""

# ruff: noqa: PLC0415 - what takes long to load is loaded by the command that needs it

import sys
from typing import Annotated

import typer

from graphmasal.cli import (
    batch,
    curricula,
    demo,
    evidence,
    imports,
    indexes,
    learners,
    plan_changes,
    plans,
    prepare_models,
    search,
    serving,
    train_retriever,
    tutor,
)
from graphmasal.cli.commands import JsonOption
from graphmasal.cli.options import Options

app = typer.Typer(
    name="graphmasal",
    help="Adaptive tutoring: what a learner knows, and the proven shortest way to what they want to know.",
    epilog="Start with: graphmasal demo",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"graphmasal {version('graphmasal')}")
        raise typer.Exit


@app.callback()
def _remember_common_options(
    ctx: typer.Context,
    *,
    tenant: Annotated[
        str, typer.Option(metavar="ID", envvar="GRAPHMASAL_TENANT", help="Tenant that the command is about.")
    ] = "default",
    server: Annotated[
        str | None,
        typer.Option(
            metavar="HOST:PORT",
            envvar="GRAPHMASAL_SERVER",
            help="Server to talk to; without it, one runs inside the command.",
        ),
    ] = None,
    store: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            envvar="GRAPHMASAL_STORE",
            help="Store of the server inside the command; by default a SQLite file in GRAPHMASAL_HOME (~/.graphmasal).",
        ),
    ] = None,
    json: JsonOption = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    ctx.obj = Options(tenant=tenant, server=server or None, store=store or None, json=json)


app.add_typer(imports.app)
app.add_typer(evidence.app, name="evidence")
app.add_typer(learners.app, name="learners")
app.add_typer(curricula.app, name="curricula")
app.add_typer(plans.app)
app.add_typer(plan_changes.app)
app.add_typer(batch.app)
app.add_typer(search.app)
app.add_typer(indexes.app, name="index")
app.add_typer(train_retriever.app)
app.add_typer(prepare_models.app)
app.add_typer(tutor.app)
app.add_typer(serving.app)
app.add_typer(demo.app)


def main() -> None:
    """Runs the command line; the exit code is 0 for done, 1 for "no", 2 for wrong use."""
    try:
        app()
    except BrokenPipeError:
        # The reader, such as `head`, has had enough; what is still buffered must not raise again at exit.
        sys.stdout = None
        sys.exit(0)


if __name__ == "__main__":
    main()
