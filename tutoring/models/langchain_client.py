"""A provider's chat model as LangChain gives it, and where providers differ in what they are called with."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from pydantic import SecretStr

from kg.errors import ModelUnavailableError
from tutoring.models.chat_model import Message, Role

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import BaseMessage

OPENAI: Final = "openai"

# Provider by LangChain's name: module that it needs, extra that brings it.
_EXTRAS: Final = {
    OPENAI: ("langchain_openai", "chat"),
    "anthropic": ("langchain_anthropic", "chat-anthropic"),
    "google_genai": ("langchain_google_genai", "chat-google"),
    "mistralai": ("langchain_mistralai", "chat-mistral"),
    "ollama": ("langchain_ollama", "chat-ollama"),
}
_LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")
# What is sent where there is no key: left out, the library would send the one in its own environment variable, which
# is for its vendor and not for whoever is at a base URL.
_NO_KEY: Final = "none"


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of an answer; tokens are those told with it, and add up to the whole call's."""

    text: str = ""
    input_tokens: int = 0
    output_tokens: int = 0


class LangChainClient:
    """Streams answers of one model. Requests are made once: who calls tries again, and bounds the time.

    Args:
        chat: The model.
        provider: LangChain's name of it.
        old_bound: An answer's length is bounded by `max_tokens`, which all OpenAI-compatible servers know, rather than
            by what OpenAI replaced it with.
        close: Closes connections.
    """

    def __init__(
        self, chat: "BaseChatModel", provider: str, *, old_bound: bool, close: Callable[[], Awaitable[None]] | None
    ) -> None:
        self._chat = chat
        self._provider = provider
        self._old_bound = old_bound
        self._close = close

    async def stream(
        self, messages: Sequence[Message], most_tokens: int, schema: dict[str, Any] | None = None
    ) -> AsyncGenerator[Piece, None]:
        """Asks once.

        Args:
            messages: The prompt; neighbours with one role are sent as one, for some models insist on turns.
            most_tokens: Longest answer.
            schema: JSON schema that the provider holds the model to; None: it writes freely.

        Raises:
            Exception: Whatever the provider's library raises; see `read_failure`.
        """
        options = self._choose(most_tokens, schema)
        async with aclosing(self._chat.astream(_write_prompt(messages), **options)) as chunks:  # type: ignore[type-var]
            async for chunk in chunks:
                usage = getattr(chunk, "usage_metadata", None) or {}
                yield Piece(str(chunk.text), usage.get("input_tokens", 0), usage.get("output_tokens", 0))

    async def close(self) -> None:
        """Closes connections."""
        if self._close is not None:
            await self._close()

    def _choose(self, most_tokens: int, schema: dict[str, Any] | None) -> dict[str, Any]:
        demand: dict[str, Any] = {}
        if schema is not None:
            form = {"name": "answer", "schema": schema, "strict": True}
            demand = {"response_format": {"type": "json_schema", "json_schema": form}}
        match self._provider:
            case "openai" if self._old_bound:
                return {"extra_body": {"max_tokens": most_tokens} | demand}
            case "openai":  # past the library's own reading of forms, which raises over an answer that was cut off
                return {"max_tokens": most_tokens, "extra_body": demand}
            case "google_genai":
                return {"max_output_tokens": most_tokens} | demand
            case "ollama":
                return {"options": {"num_predict": most_tokens}} | demand
            case _:
                return {"max_tokens": most_tokens} | demand


def check_installed(provider: str) -> None:
    """Raises ModelUnavailableError, with the command that helps, where a known provider's packages are missing."""
    module, extra = _EXTRAS.get(provider, ("langchain", "chat"))
    for needed in ("langchain", module):
        if find_spec(needed) is None:
            raise ModelUnavailableError(
                f"the Python module {needed} is not installed: pip install 'graphmasal[{extra}]'", [provider]
            )


def make_client(provider: str, model: str, base_url: str, api_key: SecretStr) -> LangChainClient:
    """Makes a client; takes seconds the first time, for LangChain is imported.

    Args:
        provider: LangChain's name of it.
        model: The provider's name of it.
        base_url: Of another server that talks as the provider's does; empty: the provider's own.
        api_key: Empty: without a base URL the one in the provider's own environment variable, else none.

    Raises:
        ModelUnavailableError: There is no such provider, its package is missing, or it has no key.
    """
    check_installed(provider)
    from langchain.chat_models import init_chat_model  # noqa: PLC0415 - takes seconds, and is part of an extra

    options, close = _choose_options(provider, base_url, api_key)
    try:
        chat = init_chat_model(model, model_provider=provider, **options)
    except ImportError as error:  # it names the package to install
        raise ModelUnavailableError(str(error), [provider]) from error
    except Exception as error:
        # Libraries say with errors of their own that a key is missing; none of them repeats one.
        raise ModelUnavailableError(
            f"the model {model} of {provider} cannot be set up: {str(error).partition(chr(10))[0]}", [provider]
        ) from error
    return LangChainClient(chat, provider, old_bound=provider == OPENAI and bool(base_url), close=close)


def _choose_options(
    provider: str, base_url: str, api_key: SecretStr
) -> tuple[dict[str, Any], Callable[[], Awaitable[None]] | None]:
    options: dict[str, Any] = {"base_url": base_url} if base_url else {}
    if provider == "ollama":
        if api_key.get_secret_value():
            options["client_kwargs"] = {"headers": {"Authorization": f"Bearer {api_key.get_secret_value()}"}}
        return options, None
    options["max_retries"] = 0
    if api_key.get_secret_value() or base_url:
        options["api_key"] = api_key if api_key.get_secret_value() else SecretStr(_NO_KEY)
    if provider != OPENAI:
        return options, None
    from openai import DefaultAsyncHttpxClient  # noqa: PLC0415 - as above

    # Connections of our own, so that they can be closed; to this machine without the proxy that may be set for others.
    connections = DefaultAsyncHttpxClient(timeout=None, trust_env=urlsplit(base_url).hostname not in _LOOPBACK)
    options |= {"http_async_client": connections, "stream_usage": True}
    # With a bound of its own on silence the library loses a cancellation that comes together with a piece, for
    # Python 3.11's `asyncio.wait_for` does (https://github.com/python/cpython/issues/86296).
    options["stream_chunk_timeout"] = None
    return options, connections.aclose


def _write_prompt(messages: Sequence[Message]) -> list["BaseMessage"]:
    from langchain_core.messages import AIMessage, HumanMessage, SystemMessage  # noqa: PLC0415 - as above

    kinds = {Role.SYSTEM: SystemMessage, Role.LEARNER: HumanMessage, Role.TUTOR: AIMessage}
    return [
        kinds[role]("\n\n".join(message.text for message in group))
        for role, group in groupby(messages, key=lambda message: message.role)
    ]
