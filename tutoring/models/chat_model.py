"""The chat model as agents see it: it writes text, or it judges in a form that is checked. It never acts."""

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from pydantic import BaseModel

from kg.errors import GraphMasalError
from tutoring.events import Usage

Judgement = TypeVar("Judgement", bound=BaseModel)


class ModelFailedError(GraphMasalError):
    """The model did not answer, or not in the form asked for, however often it was asked; the turn goes on without it.

    Attributes:
        code: model_failed or budget_spent.
    """

    def __init__(self, message: str, code: str = "model_failed") -> None:
        super().__init__(message)
        self.code = code


class Role(StrEnum):
    """Who speaks."""

    SYSTEM = "system"
    LEARNER = "learner"
    TUTOR = "tutor"


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a prompt."""

    role: Role
    text: str


class ChatModel(ABC):
    """A model for one turn: it counts what it uses, and keeps to the tenant's budget.

    Attributes:
        name: Provider and name, such as `openai:gpt-4o-mini`.
    """

    name: str

    @property
    @abstractmethod
    def usage(self) -> Usage:
        """What was used so far in this turn."""

    @abstractmethod
    def write(self, messages: Sequence[Message], *, most_tokens: int = 600) -> AsyncGenerator[str, None]:
        """Writes text, piece by piece; closed before its end, it stops.

        Raises:
            ModelFailedError: It cannot be had, broke off, or the budget is spent; pieces may have come before.
        """

    @abstractmethod
    async def judge(self, messages: Sequence[Message], form: type[Judgement], *, most_tokens: int = 400) -> Judgement:
        """Answers in a form: what does not fit its JSON schema is sent back with what is wrong, then given up.

        Raises:
            ModelFailedError: As `write`, or the form was never met.
        """
