"""The chat model of one turn: it tries again, holds answers to their form, and counts."""

import asyncio
import itertools
import random
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any, Final

import structlog

from kg.errors import GraphMasalError, ModelUnavailableError
from kg.sessions import ModelUsage
from tutoring.events import Usage
from tutoring.models.budget import Budget, UsageStore
from tutoring.models.chat_model import ChatModel, Judgement, Message, ModelFailedError, Role
from tutoring.models.failures import read_failure
from tutoring.models.forms import MisfitError, ask_again, ask_for_form, describe_form, read_form
from tutoring.models.langchain_client import Piece
from tutoring.models.providers import Provider
from tutoring.models.thoughts import drop_thoughts

MOST_REPAIRS: Final = 2
"""How often an answer that does not fit its form is sent back."""

_FIRST_WAIT: Final = 0.5
_LONGEST_WAIT: Final = 8.0
_CHARACTERS_PER_TOKEN: Final = 4
_LONGEST_SENT_BACK: Final = 4_000

_log = structlog.get_logger("graphmasal.models")


class NotTakenError(ModelFailedError):
    """The provider does not take what was asked for, or how; it may take less."""


class TurnModel(ChatModel):
    """A provider's model in one turn. The turn's time begins with its first call.

    Args:
        provider: The model.
        budget: The tenant's.
    """

    def __init__(self, provider: Provider, budget: Budget) -> None:
        self.name = provider.name
        self._provider = provider
        self._settings = provider.settings
        self._budget = budget
        self._usage = Usage(model=self.name)
        self._deadline: float | None = None

    @property
    def usage(self) -> Usage:
        """What was used so far in this turn."""
        return self._usage

    async def write(self, messages: Sequence[Message], *, most_tokens: int = 600) -> AsyncGenerator[str, None]:
        """See `ChatModel.write`. Once a piece was given, what breaks off is not begun again."""
        for tries in itertools.count(1):
            begun = False
            try:
                async with aclosing(self._ask(messages, most_tokens)) as pieces:
                    async for piece in pieces:
                        begun = True
                        yield piece
                return
            except Exception as error:
                await self._recover(error, tries, begun=begun)

    async def judge(self, messages: Sequence[Message], form: type[Judgement], *, most_tokens: int = 400) -> Judgement:
        """See `ChatModel.judge`."""
        if self._provider.takes_schemas:
            try:
                return await self._judge(messages, form, most_tokens, describe_form(form))
            except NotTakenError:
                pass
        judged = await self._judge([Message(Role.SYSTEM, ask_for_form(form)), *messages], form, most_tokens)
        self._provider.takes_schemas = False
        return judged

    async def _judge(
        self,
        messages: Sequence[Message],
        form: type[Judgement],
        most_tokens: int,
        schema: dict[str, Any] | None = None,
    ) -> Judgement:
        for _ in range(1 + MOST_REPAIRS):
            answer = await self._ask_whole(messages, most_tokens, schema)
            try:
                return read_form(answer, form)
            except MisfitError as misfit:
                sent_back = Message(Role.TUTOR, answer[:_LONGEST_SENT_BACK])
                messages = [*messages, sent_back, Message(Role.LEARNER, ask_again(form, misfit))]
        raise ModelFailedError(f"{self.name} did not answer in the form {form.__name__}")

    async def _ask_whole(self, messages: Sequence[Message], most_tokens: int, schema: dict[str, Any] | None) -> str:
        for tries in itertools.count(1):
            try:
                return "".join([piece async for piece in self._ask(messages, most_tokens, schema)])
            except Exception as error:
                await self._recover(error, tries)
        raise AssertionError  # the tries end by themselves

    async def _ask(
        self, messages: Sequence[Message], most_tokens: int, schema: dict[str, Any] | None = None
    ) -> AsyncGenerator[str, None]:
        written = False
        stream = self._stream(messages, most_tokens, schema)
        async with aclosing(stream), aclosing(drop_thoughts(stream)) as pieces:
            async for piece in pieces:
                written = True
                yield piece
        if not written:
            raise ModelFailedError(f"{self.name} wrote nothing within {most_tokens} tokens")

    async def _stream(
        self, messages: Sequence[Message], most_tokens: int, schema: dict[str, Any] | None
    ) -> AsyncGenerator[str, None]:
        client = await self._provider.load()
        await self._budget.check()
        loop = asyncio.get_running_loop()
        settings = self._settings
        if self._deadline is None:
            self._deadline = loop.time() + settings.timeout_seconds
        if loop.time() >= self._deadline:
            raise TimeoutError
        # So that a turn's time is enough for all tries where the first ones are met with silence.
        patience = settings.timeout_seconds / (1 + settings.retries)
        told: list[Piece] = []
        waited = False
        try:
            async with aclosing(client.stream(messages, most_tokens, schema)) as stream:
                while True:
                    async with asyncio.timeout_at(min(self._deadline, loop.time() + patience)):
                        piece = await anext(stream, None)
                    if piece is None:
                        return
                    told.append(piece)
                    if piece.text:
                        yield piece.text
        except (TimeoutError, asyncio.CancelledError, GeneratorExit):
            # It read the prompt, and may have begun to write.
            waited = True
            raise
        finally:
            if told or waited:
                await self._count(messages, told)

    async def _count(self, messages: Sequence[Message], told: Sequence[Piece]) -> None:
        """Counts a call; what the provider did not tell is estimated from the characters."""
        read = sum(piece.input_tokens for piece in told)
        written = sum(piece.output_tokens for piece in told)
        estimated = not read or not written
        read = read or _estimate_tokens(message.text for message in messages)
        written = written or _estimate_tokens(piece.text for piece in told)
        cost = round(read * self._settings.input_price + written * self._settings.output_price)
        self._usage = replace(
            self._usage,
            calls=self._usage.calls + 1,
            input_tokens=self._usage.input_tokens + read,
            output_tokens=self._usage.output_tokens + written,
            cost_micros=self._usage.cost_micros + cost,
            estimated=self._usage.estimated or estimated,
        )
        await self._budget.add(
            ModelUsage(model=self.name, calls=1, input_tokens=read, output_tokens=written, cost_micros=cost)
        )

    async def _recover(self, error: Exception, tries: int, *, begun: bool = False) -> None:
        """Waits until the next try, or raises ModelFailedError where there is none."""
        if isinstance(error, ModelUnavailableError):
            raise ModelFailedError(str(error)) from error
        if isinstance(error, GraphMasalError):
            raise error
        failure = read_failure(error)
        # A provider's message may repeat what was asked.
        _log.debug("model call failed", model=self.name, error=str(error))
        backoff = min(_LONGEST_WAIT, _FIRST_WAIT * 2 ** (tries - 1)) * random.uniform(0.5, 1.0)  # noqa: S311 - no secret
        wait = max(failure.wait, backoff)
        now = asyncio.get_running_loop().time()
        in_time = self._deadline is None or now + wait < self._deadline
        if failure.passing and in_time and not begun and tries <= self._settings.retries:
            await asyncio.sleep(wait)
            return
        _log.warning("model failed", model=self.name, reason=failure.text, tries=tries)
        kind = NotTakenError if failure.not_taken else ModelFailedError
        raise kind(f"{self.name} {failure.text}") from None


def begin_turn(provider: Provider, store: UsageStore, tenant: str) -> ChatModel:
    """Returns the model for one turn of a tenant's; cheap."""
    return TurnModel(provider, Budget(store, tenant, provider.settings.tokens_per_day))


def _estimate_tokens(texts: Iterable[str]) -> int:
    return -(-sum(map(len, texts)) // _CHARACTERS_PER_TOKEN)
