"""The demo's conversation: no model, a wrong answer, what it rests on, hints, a right answer, and the plan after it."""

from rich.console import Console

from graphmasal.cli.demo_answers import CURRICULUM, LEARNER
from graphmasal.cli.titles import Titles
from graphmasal.cli.tutor_talk import Talk
from graphmasal.cli.tutor_view import TurnView
from graphmasal.client import Client
from graphmasal.v1.session_pb2 import TurnAnswer, TurnHint, TurnInput

QUESTION = "q-integer-exponents-2"

_SCRIPT = (
    ("What are integer exponents?", None),
    ("2⁻³ is c) 1/6", TurnInput(answer=TurnAnswer(question=QUESTION, response="c"))),
    ("Just tell me the answer!", None),
    ("(the next hint)", TurnInput(hint=TurnHint())),
    ("Then it is d", TurnInput(answer=TurnAnswer(response="d"))),
    ("Why?", None),
    ("What should I do next?", None),
)


def converse(console: Console, client: Client, titles: Titles) -> None:
    """Plays the conversation through the API."""
    talk = Talk.start(client, LEARNER, CURRICULUM)
    for words, given in _SCRIPT:
        console.print(f"Mira> {words}", style="bold cyan")
        events = talk.say(words) if given is None else talk.take(given)
        TurnView(console, titles).show(events)
        console.print()
