"""Talking to the tutor in tests: turns through the whole graph, and models that say what they are told to say."""

from collections.abc import AsyncGenerator, Sequence
from typing import Any

from langgraph.checkpoint.memory import InMemorySaver

from tests.tutoring_surroundings import MemorySurroundings
from tutoring.events import Cited, Event, HintGiven, Notice, QuestionAsked, Text, Usage
from tutoring.graph import build_graph
from tutoring.models.chat_model import ChatModel, Judgement, Message, ModelFailedError
from tutoring.state import TurnInput


class Talk:
    """A conversation with one learner.

    Attributes:
        surroundings: Of all its turns.
        state: After the last turn.
    """

    def __init__(self, surroundings: MemorySurroundings | None = None) -> None:
        self.surroundings = surroundings or MemorySurroundings()
        self.state: dict[str, Any] = {}
        self._graph = build_graph(InMemorySaver())
        self._turns = 0

    async def say(self, text: str) -> str:
        """Takes a turn in words; returns the reply."""
        return await self._take(kind="text", text=text)

    async def answer(self, response: str, question: str = "") -> str:
        """Answers the question at hand, or another."""
        return await self._take(kind="answer", text=response, question=question)

    async def ask_hint(self, question: str = "") -> str:
        """Asks for the next hint."""
        return await self._take(kind="hint", question=question)

    async def _take(self, *, kind: str, text: str = "", question: str = "") -> str:
        self._turns += 1
        request = f"r{self._turns}"
        self.surroundings.begin_turn(request)
        turn = TurnInput(
            request=request,
            started_at=self.surroundings.now,
            kind=kind,
            text=text,
            question=question,
            proposal="",
            accepted=False,
        )
        self.state = await self._graph.ainvoke(
            {"turn": turn}, {"configurable": {"thread_id": "t"}}, context=self.surroundings
        )
        return self.reply

    @property
    def events(self) -> list[Event]:
        """Of the last turn."""
        return self.surroundings.events

    @property
    def reply(self) -> str:
        """The text of the last turn."""
        return "".join(event.text for event in self.events if isinstance(event, Text))

    @property
    def cited(self) -> list[Cited]:
        """What the last turn cited."""
        return [event for event in self.events if isinstance(event, Cited)]

    @property
    def hint(self) -> HintGiven | None:
        """The hint of the last turn."""
        return next((event for event in self.events if isinstance(event, HintGiven)), None)

    @property
    def asked(self) -> QuestionAsked | None:
        """The question that the last turn asked."""
        return next((event for event in self.events if isinstance(event, QuestionAsked)), None)

    @property
    def notices(self) -> list[str]:
        """Codes of the last turn's notices."""
        return [event.code for event in self.events if isinstance(event, Notice)]


class SpokenModel(ChatModel):
    """A model that writes given pieces, and judges nothing.

    Args:
        pieces: What it writes.
        fails: After them it breaks off.

    Attributes:
        prompts: What it was asked.
        given: How many pieces were taken.
        stopped: It was asked, and writes no more.
    """

    name = "spoken"

    def __init__(self, *pieces: str, fails: bool = False) -> None:
        self.prompts: list[Sequence[Message]] = []
        self.given = 0
        self.stopped = False
        self._pieces, self._fails = pieces, fails

    @property
    def usage(self) -> Usage:
        return Usage(model=self.name)

    async def write(self, messages: Sequence[Message], *, most_tokens: int = 600) -> AsyncGenerator[str, None]:
        self.prompts.append(messages)
        self.stopped = False
        try:
            for piece in self._pieces:
                self.given += 1
                yield piece
        finally:
            self.stopped = True
        if self._fails:
            raise ModelFailedError("it broke off")

    async def judge(self, messages: Sequence[Message], form: type[Judgement], *, most_tokens: int = 400) -> Judgement:
        raise ModelFailedError("it judges nothing")
