"""Curricula in memory, each held against the store on every use, so that no server answers from an old version."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Hashable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Generic, TypeVar, cast

from kg.curriculum import Concept, Curriculum, CurriculumRecord, Question
from kg.errors import CurriculumNotFoundError
from kg.store import Store

MOST_PARTS = 400_000
"""Parts that cached curricula may hold together: some hundred mebibytes with what is derived from them."""

Value = TypeVar("Value")
Key = TypeVar("Key", bound=Hashable)


class SingleFlight(Generic[Key]):
    """Runs work once for all who ask for it meanwhile.

    Who stops waiting does not stop the work: others may wait for it, and what it yields is kept.
    """

    def __init__(self) -> None:
        self._tasks: dict[Key, asyncio.Task[Any]] = {}

    async def run(self, key: Key, work: Callable[[], Coroutine[Any, Any, Value]]) -> Value:
        """Returns what `work` yields, or what the work under way for the same key does."""
        task = self._tasks.get(key)
        if task is None:
            task = asyncio.create_task(work())
            self._tasks[key] = task
            task.add_done_callback(lambda done: self._finish(key, done))
        return cast(Value, await asyncio.shield(task))

    def _finish(self, key: Key, task: asyncio.Task[Any]) -> None:
        del self._tasks[key]
        if not task.cancelled():
            # Marks the exception as seen where everybody who waited for it has gone.
            task.exception()


@dataclass
class CachedCurriculum:
    """One version of a curriculum with what was worked out from it.

    Attributes:
        record: What the store knows about it.
        curriculum: Its content, archived parts included.
        executor: Where what is derived from it is worked out.
    """

    record: CurriculumRecord
    curriculum: Curriculum
    executor: Executor
    _flight: SingleFlight[Callable[[Curriculum], Any]] = field(default_factory=SingleFlight, init=False, repr=False)
    _derived: dict[Callable[[Curriculum], Any], Any] = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def concepts(self) -> Mapping[str, Concept]:
        """Concepts by id, ascending, archived ones included."""
        return {concept.id: concept for concept in self.curriculum.concepts}

    @cached_property
    def questions(self) -> Mapping[str, Question]:
        """Questions by id, ascending, archived ones included."""
        return {question.id: question for question in self.curriculum.questions}

    async def derive(self, make: Callable[[Curriculum], Value]) -> Value:
        """Returns `make(curriculum)`, worked out in the executor once and kept, such as a compiled graph.

        Args:
            make: A function of a module; a lambda made anew each time would be run each time.
        """
        if make not in self._derived:

            async def work() -> None:
                loop = asyncio.get_running_loop()
                self._derived[make] = await loop.run_in_executor(self.executor, make, self.curriculum)

            await self._flight.run(make, work)
        return cast(Value, self._derived[make])


class CurriculumCache:
    """The curricula used last, bounded by the number of their parts.

    Each use reads the curriculum's record, which is small, and loads the content only where the record is another one
    than that in memory: what another server changed is seen at once.
    """

    def __init__(self, store: Store, executor: Executor, most_parts: int = MOST_PARTS) -> None:
        self._store = store
        self._executor = executor
        self._most_parts = most_parts
        self._cached: OrderedDict[tuple[str, str], CachedCurriculum] = OrderedDict()
        self._flight: SingleFlight[tuple[str, CurriculumRecord]] = SingleFlight()

    async def get(self, tenant: str, curriculum: str) -> CachedCurriculum:
        """Returns the current version of a curriculum.

        Raises:
            CurriculumNotFoundError: There is none.
        """
        key = tenant, curriculum
        try:
            record = await self._store.get_curriculum_record(tenant, curriculum)
        except CurriculumNotFoundError:
            self._cached.pop(key, None)
            raise
        cached = self._cached.get(key)
        if cached is None or cached.record != record:
            # By record, not by name: who has seen a newer record must not join a load that began before it was made.
            cached = await self._flight.run((tenant, record), lambda: self._load(tenant, curriculum))
        if key in self._cached:
            self._cached.move_to_end(key)
        return cached

    async def _load(self, tenant: str, curriculum: str) -> CachedCurriculum:
        record, content = await self._store.load_curriculum(tenant, curriculum)
        cached = CachedCurriculum(record, content, self._executor)
        self._cached[tenant, curriculum] = cached
        self._cached.move_to_end((tenant, curriculum))
        while len(self._cached) > 1 and sum(map(_count_parts, self._cached.values())) > self._most_parts:
            self._cached.popitem(last=False)
        return cached


def _count_parts(cached: CachedCurriculum) -> int:
    """Counts parts, archived ones included, for a bound on memory."""
    content = cached.curriculum
    return 1 + sum(
        map(
            len,
            (
                content.concepts,
                content.prerequisites,
                content.groups,
                content.resources,
                content.questions,
                content.misconceptions,
            ),
        )
    )
