"""Streams of evidence to a server, and what the store has to hold in the end."""

import random
from collections.abc import Callable, Sequence

import grpc

from graphmasal.client import Client
from kg.evidence import Evidence
from kg.ledger import BEGINNING
from kg.store import Store
from server.evidence_messages import to_evidence
from tests.contract.calls import fold_log
from tests.contract.places import Place
from tests.samples import NOON, draw_evidence, make_curriculum

LEARNERS = tuple(f"learner-{number:02}" for number in range(20))


async def import_algebra(place: Place, tenant: str) -> None:
    """Puts the curriculum that the evidence is about into the store."""
    async with place.connect() as store:
        await store.import_curriculum(tenant, make_curriculum(), NOON, "op")


def draw_stream(count: int, seed: int = 1) -> list[Evidence]:
    """Draws evidence of many learners in the order it occurred, but for one item in twenty that comes late."""
    rng = random.Random(seed)
    items = [item for name in LEARNERS for item in draw_evidence(rng, count // len(LEARNERS), learner=name)]
    return sorted(items, key=lambda item: item.occurred_at + (rng.random() < 0.05) * 10**12)


def stream(
    client: Client, tenant: str, items: Sequence[Evidence], on_answer: Callable[[int], None] = lambda answered: None
) -> tuple[dict[str, bool], grpc.StatusCode | None]:
    """Streams evidence in messages of 20 until everything is answered or the stream breaks.

    Returns:
        By id of each acknowledged item whether it was there already, and what broke the stream.
    """
    acknowledged: dict[str, bool] = {}
    messages = (to_evidence(tenant, item, None) for item in items)
    try:
        for result in client.append_evidence(messages, allow_missing=True, batch_size=20, in_flight=1000):
            assert result.status.code == 0, result.status
            acknowledged[result.id] = result.duplicate
            on_answer(len(acknowledged))
    except grpc.RpcError as error:
        return acknowledged, error.code()
    return acknowledged, None


async def list_stored(store: Store, tenant: str) -> list[Evidence]:
    """Lists the logs of all learners."""
    logs = [await store.list_evidence(tenant, name, "", BEGINNING, 100_000) for name in LEARNERS]
    return [item for log in logs for item in log]


async def check_everything_is_there_once(place: Place, tenant: str, items: Sequence[Evidence]) -> None:
    """Checks the logs against what was sent, and the states against the fold of it."""
    async with place.connect() as store:
        stored = await list_stored(store, tenant)
        assert sorted(stored, key=lambda item: item.id) == sorted(items, key=lambda item: item.id)
        states = await store.read_states(tenant, LEARNERS, "algebra", None)
        for name in LEARNERS:
            log = [item for item in items if item.learner == name]
            assert states[name].mastery == await fold_log(store, tenant, log)
            assert (states[name].evidence_count, states[name].revision) == (len(log), len(log))
