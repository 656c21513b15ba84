"""Two servers on one store are a normal installation."""

import asyncio
from pathlib import Path

from graphmasal.v1.learner_service_pb2 import GetLearnerStateRequest
from tests.contract.places import Place
from tests.e2e.server_process import ServerProcess
from tests.e2e.streams import LEARNERS, check_everything_is_there_once, draw_stream, import_algebra, stream


async def test_evidence_for_the_same_learners_through_both_servers_at_once(
    place: Place, tenant: str, tmp_path: Path
) -> None:
    await import_algebra(place, tenant)
    items = draw_stream(2_000)
    homes = [tmp_path / name for name in ("one", "two")]
    for home in homes:
        home.mkdir()
    with ServerProcess(place.setting, homes[0]) as one, ServerProcess(place.setting, homes[1]) as two:
        with one.connect(tenant) as first, two.connect(tenant) as second:
            answers = await asyncio.gather(
                asyncio.to_thread(stream, first, tenant, items[::2]),
                asyncio.to_thread(stream, second, tenant, items[1::2]),
            )
            assert [(len(acknowledged), broken) for acknowledged, broken in answers] == [(1_000, None)] * 2
            for name in LEARNERS:
                request = GetLearnerStateRequest(name=first.learner_name(name), curriculum="algebra")
                assert first.learners.GetLearnerState(request) == second.learners.GetLearnerState(request)
        await check_everything_is_there_once(place, tenant, items)
        assert (one.stop(), two.stop()) == (0, 0)


async def test_both_servers_given_everything_store_it_once(place: Place, tenant: str, tmp_path: Path) -> None:
    await import_algebra(place, tenant)
    items = draw_stream(1_000, seed=2)
    homes = [tmp_path / name for name in ("one", "two")]
    for home in homes:
        home.mkdir()
    with ServerProcess(place.setting, homes[0]) as one, ServerProcess(place.setting, homes[1]) as two:
        with one.connect(tenant) as first, two.connect(tenant) as second:
            answers = await asyncio.gather(
                asyncio.to_thread(stream, first, tenant, items),
                asyncio.to_thread(stream, second, tenant, items[::-1]),
            )
        duplicates = [sum(acknowledged.values()) for acknowledged, _ in answers]
        assert sum(duplicates) == len(items)
        await check_everything_is_there_once(place, tenant, items)
