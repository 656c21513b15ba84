"""What a tenant may use of a chat model in a day, and has used."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

from kg.sessions import ModelUsage
from tutoring.models.chat_model import ModelFailedError


class UsageStore(Protocol):
    """Where usage is kept: `kg.store.Store` is one."""

    async def add_usage(self, tenant: str, day: str, usage: ModelUsage) -> None:
        """Adds to what a tenant used on a day (`YYYY-MM-DD`, UTC)."""

    async def list_usage(self, tenant: str, day: str) -> list[ModelUsage]:
        """What a tenant used on a day, by model."""


def read_day() -> str:
    """Returns the day it is, `YYYY-MM-DD`, UTC."""
    return datetime.now(UTC).date().isoformat()


class Budget:
    """Tokens of one tenant, of all models together, by day in UTC.

    It is looked at before a call: calls that are under way when it runs out are let end, so a day may go beyond it by
    what they use.

    Args:
        store: Where usage is kept.
        tenant: Whose.
        tokens_per_day: Read and written ones together; 0: no bound.
        day: Reads the day.
    """

    def __init__(
        self, store: UsageStore, tenant: str, tokens_per_day: int = 0, day: Callable[[], str] = read_day
    ) -> None:
        self._store = store
        self._tenant = tenant
        self._tokens_per_day = tokens_per_day
        self._day = day

    async def check(self) -> None:
        """Raises ModelFailedError (budget_spent) where nothing of the day's tokens is left."""
        if not self._tokens_per_day:
            return
        used = sum(each.input_tokens + each.output_tokens for each in await self._store.list_usage(*self._now))
        if used >= self._tokens_per_day:
            raise ModelFailedError(
                f"the {self._tokens_per_day:,} tokens that may be used in a day are spent", "budget_spent"
            )

    async def add(self, usage: ModelUsage) -> None:
        """Adds what a call used."""
        await self._store.add_usage(*self._now, usage)

    @property
    def _now(self) -> tuple[str, str]:
        return self._tenant, self._day()
