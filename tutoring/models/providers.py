"""The chat model that an installation chose: cheap to hold, loaded when it is first asked."""

import asyncio
from dataclasses import dataclass, field

from pydantic import SecretStr

from kg.errors import refuse
from tutoring.models.langchain_client import OPENAI, LangChainClient, check_installed, make_client
from tutoring.models.local import LOCAL, LOCAL_MODEL, LocalModel


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderSettings:
    """What an installation chose.

    Attributes:
        model: `provider:name`, the provider by LangChain's name, such as `openai:gpt-4o-mini`; or `local`.
        base_url: Of another server that talks as the provider's does, such as vLLM's with `openai:NAME`; empty: the
            provider's own.
        api_key: Empty: see `make_client`.
        timeout_seconds: How long a turn waits for the model, all of its calls together, > 0.
        retries: Further tries of a call that failed in passing, >= 0.
        input_price: Of a million tokens read, in any currency, >= 0.
        output_price: Of a million tokens written.
        tokens_per_day: That each tenant may use; 0: no bound.
    """

    model: str
    base_url: str = ""
    api_key: SecretStr = field(default=SecretStr(""))
    timeout_seconds: float = 60.0
    retries: int = 2
    input_price: float = 0.0
    output_price: float = 0.0
    tokens_per_day: int = 0


class Provider:
    """Loads the model once, for all turns; belongs to one event loop.

    Attributes:
        settings: As they were given.
        name: As usage is kept under.
        takes_schemas: The provider holds the model to a JSON schema; found out when it refuses one.
    """

    def __init__(self, settings: ProviderSettings) -> None:
        self.settings = settings
        self.name = f"{LOCAL}:{LOCAL_MODEL}" if settings.model == LOCAL else settings.model
        self.takes_schemas = True
        self._local = LocalModel() if settings.model == LOCAL else None
        self._client: LangChainClient | None = None
        self._loading = asyncio.Lock()

    async def load(self) -> LangChainClient:
        """Returns the client; the first time, and after a local model has ended by itself, that takes seconds.

        Raises:
            ModelUnavailableError: It cannot be had; the message says what mends it.
        """
        async with self._loading:
            if self._client is not None and self._local is not None and not self._local.running:
                await self._client.close()
                self._client = None
            if self._client is None:
                self._client = await asyncio.to_thread(self._make_client)
            return self._client

    def _make_client(self) -> LangChainClient:
        if self._local is None:
            provider, _, model = self.settings.model.partition(":")
            return make_client(provider, model, self.settings.base_url, self.settings.api_key)
        place = self._local.start()
        return make_client(OPENAI, LOCAL_MODEL, place.base_url, place.api_key)

    async def close(self) -> None:
        """Closes connections, and ends a local model."""
        if self._client is not None:
            await self._client.close()
        if self._local is not None:
            await asyncio.to_thread(self._local.close)


def load_provider(settings: ProviderSettings) -> Provider:
    """Makes a provider, without loading its model or LangChain.

    Raises:
        InvalidInputError: The model is not named as it must be.
        ModelUnavailableError: Packages are missing; the message names the command that installs them.
    """
    provider, _, model = settings.model.partition(":")
    if settings.model == LOCAL:
        if settings.base_url:
            raise refuse("model_base_url", f"must be empty for the model {LOCAL}")
        LocalModel.check_installed()
        provider = OPENAI
    elif not (provider and model):
        raise refuse("model", f"must be {LOCAL}, or provider:name such as openai:gpt-4o-mini, not {settings.model!r}")
    check_installed(provider)
    return Provider(settings)
