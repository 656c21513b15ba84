"""`graphmasal tutor`: a conversation in the terminal."""

# ruff: noqa: PLC0415 - what takes long to load is loaded by the command that needs it

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from graphmasal.cli.commands import CurriculumOption, command
from graphmasal.cli.failures import CommandError
from graphmasal.cli.session import Session

if TYPE_CHECKING:
    from graphmasal.cli.tutor_talk import Talk
    from graphmasal.cli.tutor_view import TurnView
    from graphmasal.v1.session_pb2 import TurnEvent

app = typer.Typer()

_HELP = (
    "Say what you like: ask about a concept, answer the question at hand, say what you do not understand or what you "
    "want to learn.\n"
    "  /next  what to do now    /hint  the next hint    /plan  your plan     /why   why that diagnosis or step\n"
    "  /yes   confirm a proposal    /no  decline it     /helpful, /wrong  what the last turn was worth\n"
    "  /quit  end (the session stays)    Ctrl-C  stop the turn under way"
)
_SAID = {"/next": "What should I do next?", "/plan": "Show me my plan.", "/why": "Why?"}


@command(app, "tutor")
def tutor(
    session: Session,
    *,
    learner: Annotated[str, typer.Option("--learner", "-l", metavar="ID", help="Who learns; created if new.")],
    curriculum: CurriculumOption = None,
    resume: Annotated[
        str | None, typer.Option("--session", "-s", metavar="ID", help="Go on with this session of the learner.")
    ] = None,
    reading: Annotated[
        bool, typer.Option("--reading", help="Reading rather than practice: questions are answered plainly.")
    ] = False,
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            "-m",
            metavar="PROVIDER:NAME",
            help="Chat model of the server inside the command; 'local' is a small one on this machine.",
        ),
    ] = None,
    sample: Annotated[
        bool, typer.Option("--sample", help="Use the bundled curriculum, imported where it is not there.")
    ] = False,
    trace: Annotated[bool, typer.Option("--trace", help="Show what is decided and searched on the way.")] = False,
) -> None:
    """Talk with the tutor: it asks, grades, hints, explains with citations, and keeps the plan.

    It needs no chat model; with one, it speaks more freely, and everything it says is checked.

    Example: graphmasal tutor --learner ada --sample
    """
    from graphmasal.cli.titles import read_titles
    from graphmasal.cli.tutor_start import ensure_learner, ensure_sample
    from graphmasal.cli.tutor_talk import Talk
    from graphmasal.cli.tutor_view import TurnView

    if model and session.options.server:
        raise CommandError("--model is for the server inside the command; a running server has its own setting, model")
    if session.options.json:
        raise CommandError("a conversation has no JSON form: StreamTurn of TutoringService streams its events")
    session.options = replace(session.options, model=model) if model else session.options
    client = session.client
    chosen = ensure_sample(client, session.err) if sample else session.the_curriculum(curriculum)
    ensure_learner(client, session.err, learner)
    name = f"{client.learner_name(learner)}/sessions/{resume}" if resume else ""
    talk = Talk(client, name) if name else Talk.start(client, learner, chosen, reading=reading)
    session.err.print(f"Session {talk.session.rsplit('/', 1)[1]} · /help says what there is", style="dim")
    titles = read_titles(client, chosen)
    _converse(session, talk, lambda: TurnView(session.out, titles, trace=trace))


def _converse(session: Session, talk: "Talk", make_view: "Callable[[], TurnView]") -> None:
    while True:
        try:
            line = session.out.input("\nyou> ").strip()
        except (EOFError, KeyboardInterrupt):
            session.out.print()
            return
        if line in {"/quit", "/exit", "/q"}:
            return
        events = _read_line(session, talk, line) if line else None
        if events is None:
            continue
        try:
            make_view().show(events)
        except KeyboardInterrupt:
            talk.cancel()
            session.out.print("\n(stopped)", style="dim")


def _read_line(session: Session, talk: "Talk", line: str) -> "Iterator[TurnEvent] | None":
    """Takes the turn that a line asks for; None: it asks for none."""
    if line in _SAID or not line.startswith("/"):
        return talk.say(_SAID.get(line, line))
    if line == "/hint":
        return talk.ask_hint()
    if line in {"/yes", "/no"} and talk.proposal:
        return talk.confirm(accepted=line == "/yes")
    session.out.print(_reply(talk, line), style="dim")
    return None


def _reply(talk: "Talk", line: str) -> str:
    """Does what a line asks of the command itself."""
    from graphmasal.v1.tutoring_service_pb2 import SubmitFeedbackRequest

    ratings = {"/helpful": SubmitFeedbackRequest.HELPFUL, "/wrong": SubmitFeedbackRequest.WRONG}
    if line in {"/help", "/?"}:
        return _HELP
    if line in {"/yes", "/no"}:
        return "Nothing waits for a yes or no."
    if line not in ratings:
        return f"There is no {line.split(maxsplit=1)[0]}: /help says what there is."
    if not talk.request:
        return "There was no turn yet."
    talk.rate(ratings[line])
    return "Noted."
