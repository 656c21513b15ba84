"""Plans for many learners, over a real channel: through deaths of the server, taken over, and cancelled."""

import asyncio
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import grpc
import pytest
from google.longrunning.operations_pb2 import (
    CancelOperationRequest,
    GetOperationRequest,
    ListOperationsRequest,
    Operation,
    WaitOperationRequest,
)
from google.rpc import code_pb2
from grpc_status import rpc_status

from graphmasal.client import Client
from graphmasal.v1.planning_service_pb2 import (
    BatchGeneratePlansMetadata,
    BatchGeneratePlansRequest,
    BatchGeneratePlansResponse,
    GeneratePlanRequest,
    GetPlanRequest,
)
from kg.learner import Learner
from kg.operations import Operation as StoredOperation
from kg.store import Store
from tests.contract.calls import append
from tests.contract.places import Place
from tests.e2e.course import fields_of
from tests.e2e.server_process import ServerProcess
from tests.samples import NOON, make_curriculum, observe

PATIENCE_SECONDS = 120
LEARNERS = [f"learner-{number:03}" for number in range(400)]
AIMLESS, UNKNOWN = LEARNERS[::50], LEARNERS[7::80]
PLANNED = sorted({*LEARNERS} - {*AIMLESS, *UNKNOWN})
FAILED = sorted((*AIMLESS, *UNKNOWN))


async def fill(place: Place, tenant: str) -> None:
    """A course, and learners of whom some have no goals and some are not there; every third has mastered something."""
    async with place.connect() as store:
        await store.import_curriculum(tenant, make_curriculum(), NOON, "op")
        known = [name for name in LEARNERS if name not in UNKNOWN]
        for start in range(0, len(known), 20):
            await asyncio.gather(*(create(store, tenant, name) for name in known[start : start + 20]))
        items = [observe(f"e-{name}", learner=name) for name in known[::3]]
        for start in range(0, len(items), 50):
            await append(store, tenant, *items[start : start + 50])


async def create(store: Store, tenant: str, name: str) -> None:
    goals = () if name in AIMLESS else (("algebra", "rings"), ("algebra", "maps"))
    await store.create_learner(tenant, Learner(id=name, goals=goals))


def start_batch(client: Client, **fields: object) -> Operation:
    request = BatchGeneratePlansRequest(parent=client.parent, curriculum="algebra", **fields)  # type: ignore[arg-type]
    return client.planning.BatchGeneratePlans(request)


def read_metadata(operation: Operation) -> BatchGeneratePlansMetadata:
    metadata = BatchGeneratePlansMetadata()
    assert operation.metadata.Unpack(metadata)
    return metadata


def wait_for_progress(client: Client, name: str) -> BatchGeneratePlansMetadata:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        metadata = read_metadata(client.operations.GetOperation(GetOperationRequest(name=name)))
        if metadata.learners_done:
            return metadata
    raise TimeoutError


def wait(client: Client, name: str) -> Operation:
    request = WaitOperationRequest(name=name)
    request.timeout.FromSeconds(PATIENCE_SECONDS)
    operation: Operation = client.operations.WaitOperation(request)
    assert operation.done
    return operation


async def end_lease(place: Place, tenant: str, name: str) -> StoredOperation:
    """Lets a dead server's lease be over before its time; returns the operation as the dead left it."""
    async with place.connect() as store:
        operation = await store.get_operation(tenant, name.rsplit("/", 1)[1])
        await store.update_operation(tenant, replace(operation, lease_until=0))
        return operation


def list_children(process: int) -> list[int]:
    """The processes that a server began, of which there have to be some; none where the system does not tell."""
    files = Path(f"/proc/{process}/task").glob("*/children")
    children = [int(child) for file in files for child in file.read_text().split()]
    assert children or not Path("/proc").exists()
    return children


def wait_until_ended(processes: list[int]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while any(is_alive(process) for process in processes):
        assert time.monotonic() < deadline, f"left behind: {processes}"
        time.sleep(0.05)


def is_alive(process: int) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


async def check_planned_once(place: Place, tenant: str, client: Client) -> None:
    """Each learner has the one plan that GeneratePlan makes for them too."""
    async with place.connect() as store:
        found = {name: await store.list_plans(tenant, name, "", None, 10) for name in PLANNED}
        assert {len(plans) for plans in found.values()} == {1}
        for name in PLANNED[::20]:
            request = GeneratePlanRequest(parent=client.parent, curriculum="algebra", learner=name)
            single = await asyncio.to_thread(client.planning.GeneratePlan, request)
            assert single.name == f"{client.learner_name(name)}/plans/{found[name][0].id}"
            assert client.planning.GetPlan(GetPlanRequest(name=single.name)) == single
            assert [plan.body for plan in await store.list_plans(tenant, name, "", None, 10)] == [found[name][0].body]


def check_result(client: Client, operation: Operation) -> None:
    response = BatchGeneratePlansResponse()
    assert operation.response.Unpack(response), operation
    assert (response.learners_planned, response.failure_count) == (len(PLANNED), len(FAILED))
    assert [failure.learner for failure in response.failures] == [client.learner_name(name) for name in FAILED]
    codes = {failure.learner.rsplit("/", 1)[1]: failure.status.code for failure in response.failures}
    assert {name for name, code in codes.items() if code == code_pb2.NOT_FOUND} == {*UNKNOWN}
    assert {name for name, code in codes.items() if code == code_pb2.FAILED_PRECONDITION} == {*AIMLESS}
    metadata = read_metadata(operation)
    assert (metadata.learners_done, metadata.learners_total, metadata.learners_failed) == (
        len(LEARNERS),
        len(LEARNERS),
        len(FAILED),
    )


async def test_a_batch_survives_the_death_of_the_server(place: Place, tenant: str, tmp_path: Path) -> None:
    await fill(place, tenant)
    with ServerProcess(place.setting, tmp_path) as server:
        with server.connect(tenant) as client:
            name = start_batch(client, learners=LEARNERS).name
            await asyncio.to_thread(wait_for_progress, client, name)
            planners = list_children(server.pid)
            server.kill()
        left = await end_lease(place, tenant, name)
        assert (left.done, 0 < left.items_done < len(LEARNERS)) == (False, True)
        wait_until_ended(planners)
        server.start()
        with server.connect(tenant) as client:
            check_result(client, await asyncio.to_thread(wait, client, name))
            await check_planned_once(place, tenant, client)
        assert server.stop() == 0


async def test_another_server_takes_over(place: Place, tenant: str, tmp_path: Path) -> None:
    await fill(place, tenant)
    homes = [tmp_path / name for name in ("one", "two")]
    for home in homes:
        home.mkdir()
    with ServerProcess(place.setting, homes[0]) as one:
        with one.connect(tenant) as client:
            name = start_batch(client, learners=LEARNERS).name
            await asyncio.to_thread(wait_for_progress, client, name)
        with ServerProcess(place.setting, homes[1]) as two, two.connect(tenant) as client:
            one.kill()
            await end_lease(place, tenant, name)
            check_result(client, await asyncio.to_thread(wait, client, name))
            await check_planned_once(place, tenant, client)


async def test_a_batch_for_all_who_have_goals_is_cancelled(place: Place, tenant: str, tmp_path: Path) -> None:
    await fill(place, tenant)
    with ServerProcess(place.setting, tmp_path) as server, server.connect(tenant) as client:
        name = start_batch(client).name
        await asyncio.to_thread(wait_for_progress, client, name)
        client.operations.CancelOperation(CancelOperationRequest(name=name))
        ended = await asyncio.to_thread(wait, client, name)
        assert ended.error.code == code_pb2.CANCELLED
        metadata = read_metadata(ended)
        assert 0 < metadata.learners_done < metadata.learners_total == len({*LEARNERS} - {*AIMLESS, *UNKNOWN})
        async with place.connect() as store:
            planned = [name for name in PLANNED if await store.list_plans(tenant, name, "", None, 10)]
        assert planned == PLANNED[: len(planned)]
        assert len(planned) >= metadata.learners_done


async def test_a_wrong_request_is_refused_with_all_that_is_wrong(tmp_path: Path) -> None:
    place = Place(tmp_path / "store.db")
    await fill(place, "t")
    with ServerProcess(place.setting, tmp_path) as server, server.connect("t") as client:
        for fields, named in (
            ({"learners": ["a", "no spaces"], "mastery_threshold": 2.0}, ["learners[1]", "mastery_threshold"]),
            ({"goals": ["maps", "nothing"]}, ["goals[1]"]),
        ):
            with pytest.raises(grpc.RpcError) as caught:
                start_batch(client, **fields)
            status = rpc_status.from_call(caught.value)  # type: ignore[arg-type]
            assert status is not None
            assert fields_of(status) == named
        listed = client.operations.ListOperations(ListOperationsRequest(name=client.parent))
        assert [operation.name for operation in listed.operations] == []
