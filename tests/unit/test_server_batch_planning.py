import json
import multiprocessing
from collections.abc import AsyncIterator, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from graphmasal.v1.plan_pb2 import CostModel, GoalDeadline, PlanConstraints
from graphmasal.v1.planning_service_pb2 import BatchGeneratePlansRequest, BatchGeneratePlansResponse
from kg.curriculum import Concept, Curriculum, Prerequisite
from kg.errors import CurriculumNotFoundError, InvalidInputError, StoreUnavailableError
from kg.learner import Learner, StoredPlan
from kg.operations import Operation, OperationFailure
from kg.sqlite_store.store import SqliteStore
from server.backend import Backend
from server.batch_planning import BatchPlanner, start_batch
from server.curriculum_cache import CurriculumCache
from server.operation_messages import describe_operation
from server.operation_runner import LEASE_SECONDS, OperationRunner
from tests.contract.calls import append
from tests.samples import NOON, observe

GOALS = (("algebra", "rings"),)
NAMES = [f"l{number}" for number in range(10)]


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> int:
        self.now += 1
        return self.now


class BatchStore(SqliteStore):
    """A store that fails, or lets something happen, when so many plans were saved; it notes the sizes of lists."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.saved = 0
        self.fails_at = 0
        self.kills_at = 0
        self.erased = ""
        self.imported: Curriculum | None = None
        self.sizes: set[int] = set()

    async def save_plan(self, tenant: str, plan: StoredPlan) -> None:
        self.saved += 1
        if self.saved == self.fails_at:
            raise StoreUnavailableError("gone")
        if self.erased == plan.learner:
            await self.erase_learner(tenant, plan.learner)
        if self.saved == self.kills_at:
            for process in multiprocessing.active_children():
                process.kill()
        if self.imported is not None:
            curriculum, self.imported = self.imported, None
            await self.import_curriculum(tenant, curriculum, NOON, "op-import")
        await super().save_plan(tenant, plan)

    async def update_operation(
        self, tenant: str, operation: Operation, failures: Sequence[OperationFailure] = ()
    ) -> None:
        self.sizes.add(len(failures))
        await super().update_operation(tenant, operation, failures)

    async def get_learners(self, tenant: str, learners: Sequence[str]) -> dict[str, Learner]:
        self.sizes.add(len(learners))
        return await super().get_learners(tenant, learners)


def make_course(minutes: int = 20) -> Curriculum:
    titles = ("maps", "rings", "sets")
    return Curriculum(
        id="algebra",
        title="Algebra",
        concepts=tuple(Concept(id=title, title=title.title(), minutes=minutes) for title in titles),
        prerequisites=(Prerequisite(before="sets", after="maps"), Prerequisite(before="maps", after="rings")),
    )


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[BatchStore]:
    """A store with a course and ten learners, of whom every second has mastered something."""
    opened = BatchStore(tmp_path / "s.db")
    await opened.open()
    await opened.import_curriculum("t", make_course(), NOON, "op")
    for name in NAMES:
        await opened.create_learner("t", Learner(id=name, goals=GOALS))
    await append(opened, "t", *(observe(f"e-{name}", learner=name) for name in NAMES[::2]))
    yield opened
    await opened.close()


@pytest.fixture
async def backend(store: BatchStore, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Backend]:
    monkeypatch.setattr("server.batch_planning.PAGE", 3)
    monkeypatch.setattr("server.batch_planning.FEW", 3)
    with ThreadPoolExecutor(2) as executor:
        yield Backend(store=store, executor=executor, curricula=CurriculumCache(store, executor), clock=Clock())


async def start(backend: Backend, **fields: object) -> str:
    """Starts a batch and returns the operation's id."""
    request = BatchGeneratePlansRequest(parent="tenants/t", curriculum="algebra", **fields)  # type: ignore[arg-type]
    return (await start_batch(backend, request)).name.rsplit("/", 1)[1]


async def carry_out(backend: Backend, processes: int = 0) -> bool:
    return await OperationRunner(backend, BatchPlanner(backend, processes)).run_once()


async def read_plans(backend: Backend, names: Collection[str] = NAMES) -> dict[str, list[StoredPlan]]:
    return {name: await backend.store.list_plans("t", name, "", None, 10) for name in names}


async def read_failures(backend: Backend, operation: str) -> dict[str, str]:
    failures, count = await backend.store.list_operation_failures("t", operation, 100)
    assert len(failures) == count
    return {failure.item: failure.reason for failure in failures}


async def read_result(backend: Backend, operation: str) -> BatchGeneratePlansResponse:
    message = await describe_operation(backend.store, "t", await backend.store.get_operation("t", operation))
    response = BatchGeneratePlansResponse()
    assert message.response.Unpack(response)
    return response


async def test_everybody_with_goals_gets_one_plan(backend: Backend) -> None:
    await backend.store.create_learner("t", Learner(id="aimless"))
    operation = await start(backend)
    assert await carry_out(backend)
    plans = await read_plans(backend)
    assert {name: len(found) for name, found in plans.items()} == dict.fromkeys(NAMES, 1)
    assert plans["l1"][0].concepts == ("sets", "maps", "rings")
    assert await read_plans(backend, ["aimless"]) == {"aimless": []}
    ended = await backend.store.get_operation("t", operation)
    assert (ended.done, ended.items_done, ended.items_total, ended.items_failed) == (True, 10, 10, 0)


async def test_learners_that_are_named_twice_are_planned_once(backend: Backend) -> None:
    operation = await start(backend, learners=["l7", "l2", "l7", "l0", "l9", "l1"])
    await carry_out(backend)
    plans = await read_plans(backend)
    assert [name for name, found in plans.items() if found] == ["l0", "l1", "l2", "l7", "l9"]
    assert (await read_result(backend, operation)).learners_planned == 5


async def test_who_cannot_be_planned_for_is_told_with_the_reason(backend: Backend) -> None:
    await backend.store.create_learner("t", Learner(id="aimless", goals=(("logic", "sets"),)))
    operation = await start(backend, learners=["nobody", "l1", "aimless", "no-one"])
    await carry_out(backend)
    response = await read_result(backend, operation)
    assert (response.learners_planned, response.failure_count) == (1, 3)
    assert [failure.learner for failure in response.failures] == [
        f"tenants/t/learners/{name}" for name in ("aimless", "no-one", "nobody")
    ]
    assert [failure.status.code for failure in response.failures] == [9, 5, 5]
    assert await read_failures(backend, operation) == {
        "aimless": "NO_GOALS",
        "no-one": "LEARNER_NOT_FOUND",
        "nobody": "LEARNER_NOT_FOUND",
    }


async def test_goals_that_are_given_are_those_of_everybody(backend: Backend) -> None:
    await backend.store.create_learner("t", Learner(id="aimless"))
    await start(backend, learners=["aimless", "l1"], goals=["maps"])
    await carry_out(backend)
    plans = await read_plans(backend, ["aimless", "l1"])
    assert [found[0].concepts for found in plans.values()] == [("sets", "maps")] * 2


async def test_terms_are_kept_to(backend: Backend) -> None:
    await start(backend, mastery_threshold=0.3, refresh_threshold=0.2, goals=["sets"])
    await carry_out(backend)
    plans = await read_plans(backend)
    bodies = {name: json.loads(found[0].body) for name, found in plans.items()}
    assert all((body["masteryThreshold"], body["refreshThreshold"]) == (0.3, 0.2) for body in bodies.values())


async def test_processes_make_the_same_plans_as_threads(backend: Backend, tmp_path: Path) -> None:
    await start(backend)
    await carry_out(backend)
    first = await read_plans(backend)
    await start(backend)
    await carry_out(backend, processes=2)
    again = await read_plans(backend)
    assert {name: [plan.body for plan in found] for name, found in again.items()} == {
        name: [plan.body for plan in found] for name, found in first.items()
    }
    assert all(again[name][0].created_at > first[name][0].created_at for name in NAMES)


@pytest.mark.parametrize("fails_at", range(1, 11))
async def test_another_server_goes_on_where_one_died(backend: Backend, store: BatchStore, fails_at: int) -> None:
    names = ["a-nobody", *NAMES, "z-nobody"]
    operation = await start(backend, learners=names)
    store.fails_at = fails_at
    with pytest.raises(StoreUnavailableError):
        await carry_out(backend)
    assert not (await store.get_operation("t", operation)).done
    assert not await carry_out(backend)
    assert isinstance(backend.clock, Clock)
    backend.clock.now += (LEASE_SECONDS + 1) * 1_000_000
    assert await carry_out(backend)
    assert {name: len(found) for name, found in (await read_plans(backend)).items()} == dict.fromkeys(NAMES, 1)
    assert list(await read_failures(backend, operation)) == ["a-nobody", "z-nobody"]
    ended = await store.get_operation("t", operation)
    assert (ended.done, ended.items_done, ended.items_total, ended.items_failed) == (True, 12, 12, 2)


async def test_a_batch_goes_on_where_its_processes_die(
    backend: Backend, store: BatchStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.batch_planning.CHUNK", 1)
    store.kills_at = 2
    operation = await start(backend)
    assert await carry_out(backend, processes=1)
    assert {len(found) for found in (await read_plans(backend)).values()} == {1}
    ended = await store.get_operation("t", operation)
    assert (ended.error, ended.items_done, ended.items_failed) == ("", 10, 0)


async def test_what_was_planned_before_a_server_died_is_not_planned_again(backend: Backend, store: BatchStore) -> None:
    await start(backend)
    store.fails_at = 8
    with pytest.raises(StoreUnavailableError):
        await carry_out(backend)
    backend.clock.now += (LEASE_SECONDS + 1) * 1_000_000  # type: ignore[attr-defined]
    saved = store.saved
    await carry_out(backend)
    assert store.saved - saved == 4  # the page that was not ended, and the last


async def test_a_learner_erased_meanwhile_leaves_nothing(backend: Backend, store: BatchStore) -> None:
    store.erased = "l4"
    operation = await start(backend, learners=NAMES)
    await carry_out(backend)
    assert len([found for found in (await read_plans(backend)).values() if found]) == 9
    assert await read_failures(backend, operation) == {}
    ended = await store.get_operation("t", operation)
    assert (ended.items_done, ended.items_failed) == (10, 1)


@pytest.mark.parametrize("processes", [0, 1])
async def test_a_curriculum_changed_meanwhile_counts_from_then_on(
    backend: Backend, store: BatchStore, processes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.batch_planning.CHUNK", 1)
    store.imported = make_course(minutes=30)
    await start(backend)
    await carry_out(backend, processes)
    versions = [json.loads(found[0].body)["curriculumVersion"] for found in (await read_plans(backend)).values()]
    assert (versions[0], versions[-1], versions) == (1, 2, sorted(versions))


async def test_learners_are_taken_page_by_page(backend: Backend, store: BatchStore) -> None:
    for number in range(20):
        await store.create_learner("t", Learner(id=f"x{number:02}", goals=GOALS))
    await start(backend)
    await carry_out(backend)
    assert max(store.sizes) == 3


async def test_a_batch_for_nobody_ends_at_once(backend: Backend) -> None:
    await backend.store.import_curriculum("t", Curriculum(id="empty", title="Empty"), NOON, "op-2")
    message = await start_batch(backend, BatchGeneratePlansRequest(parent="tenants/t", curriculum="empty"))
    await carry_out(backend)
    response = await read_result(backend, message.name.rsplit("/", 1)[1])
    assert response == BatchGeneratePlansResponse()


async def test_a_curriculum_that_is_gone_ends_the_batch_with_an_error(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.operation_runner._RETRY_SECONDS", 0)
    await backend.store.import_curriculum("t", Curriculum(id="brief", title="Brief"), NOON, "op-2")
    request = BatchGeneratePlansRequest(parent="tenants/t", curriculum="brief", learners=["l1"])
    name = (await start_batch(backend, request)).name.rsplit("/", 1)[1]
    await backend.store.delete_curriculum("t", "brief")
    await carry_out(backend)
    ended = await backend.store.get_operation("t", name)
    assert (ended.done, ended.error) == (True, "no curriculum curricula/brief")


async def test_the_request_that_is_kept_names_no_learner(backend: Backend, store: BatchStore) -> None:
    operation = await start(backend, learners=NAMES)
    assert "l1" not in (await store.get_operation("t", operation)).request
    await carry_out(backend)
    ended = await store.get_operation("t", operation)
    assert (ended.progress, await store.list_operation_items("t", operation, "", 10)) == ("", [])


async def test_everything_that_is_wrong_is_told_at_once(backend: Backend) -> None:
    request = BatchGeneratePlansRequest(
        parent="t",
        curriculum="no spaces",
        learners=["l1", "", "no spaces"],
        goals=["maps"] * 501,
        mastery_threshold=2.0,
        order=99,  # type: ignore[arg-type]
    )
    request.as_of.seconds = -1
    with pytest.raises(InvalidInputError) as caught:
        await start_batch(backend, request)
    assert [violation.field for violation in caught.value.violations] == [
        "parent",
        "curriculum",
        "learners[1]",
        "learners[2]",
        "goals",
        "as_of",
        "mastery_threshold",
        "order",
    ]
    assert await backend.store.list_operations("t", "", 10) == []


async def test_goals_must_be_in_the_curriculum(backend: Backend) -> None:
    with pytest.raises(InvalidInputError) as caught:
        await start(backend, goals=["maps", "nothing", "maps"])
    assert [violation.field for violation in caught.value.violations] == ["goals[1]", "goals[2]"]
    with pytest.raises(CurriculumNotFoundError):
        await start_batch(backend, BatchGeneratePlansRequest(parent="tenants/t", curriculum="nowhere"))


async def test_too_many_learners_are_refused(backend: Backend) -> None:
    with pytest.raises(InvalidInputError) as caught:
        await start(backend, learners=["x"] * 100_001)
    assert [violation.field for violation in caught.value.violations] == ["learners"]


async def test_constraints_and_costs_must_be_for_the_curriculum(backend: Backend) -> None:
    constraints = PlanConstraints(vetoed=["concepts/nothing"], deadlines=[GoalDeadline(goal="sets", minutes=0)])
    with pytest.raises(InvalidInputError) as caught:
        await start(backend, constraints=constraints, cost_model=CostModel(custom={"concepts/none": 1.0}))
    assert [violation.field for violation in caught.value.violations] == [
        "constraints.vetoed[0]",
        "constraints.deadlines[0].minutes",
        'cost_model.custom["concepts/none"]',
    ]


async def test_constraints_that_cannot_hold_are_a_failure(backend: Backend) -> None:
    operation = await start(backend, learners=["l1", "l3"], constraints=PlanConstraints(vetoed=["concepts/sets"]))
    await carry_out(backend)
    assert await read_failures(backend, operation) == {"l1": "INVALID_INPUT", "l3": "INVALID_INPUT"}
    assert await read_plans(backend, ["l1", "l3"]) == {"l1": [], "l3": []}
