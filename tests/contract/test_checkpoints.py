import operator
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Any, Protocol, TypedDict

import pytest
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver, Checkpoint, empty_checkpoint
from langgraph.checkpoint.conformance import checkpointer_test, validate
from langgraph.checkpoint.conformance.capabilities import Capability
from langgraph.checkpoint.serde.types import ERROR
from langgraph.graph import END, START, StateGraph
from langgraph.types import Command, interrupt

from kg.errors import RevisionConflictError, SessionDeletedError
from kg.store import Store
from tests.contract.places import Place
from tests.samples import NOON, make_record, make_session
from tutoring.checkpoints import SessionSaver


@pytest.mark.parametrize("capability", list(Capability), ids=lambda capability: capability.value)
async def test_it_conforms(store: Store, tenant: str, capability: Capability) -> None:
    @checkpointer_test(name="SessionSaver")
    async def make_saver() -> AsyncIterator[BaseCheckpointSaver[int]]:
        yield SessionSaver(store, tenant)

    report = await validate(make_saver, capabilities={capability.value})
    result = report.results[capability.value]
    assert result.failures == []
    assert result.passed


@pytest.fixture
def saver(store: Store, tenant: str) -> SessionSaver:
    return SessionSaver(store, tenant, clock=lambda: NOON + 5)


def name(thread: str = "s", namespace: str = "", checkpoint: str = "") -> RunnableConfig:
    return {"configurable": {"thread_id": thread, "checkpoint_ns": namespace, "checkpoint_id": checkpoint}}


async def put(saver: SessionSaver, config: RunnableConfig, identifier: str, **values: Any) -> RunnableConfig:
    checkpoint: Checkpoint = {**empty_checkpoint(), "id": identifier, "channel_values": values}
    return await saver.aput(config, checkpoint, {"source": "loop", "step": 1}, {})


async def list_ids(saver: SessionSaver, config: RunnableConfig | None, **limits: Any) -> list[str]:
    return [found.checkpoint["id"] async for found in saver.alist(config, **limits)]


# Sessions


async def test_a_session_comes_into_being_with_its_first_checkpoint(
    store: Store, tenant: str, saver: SessionSaver
) -> None:
    await put(saver, name(), "1")
    session = await store.get_session(tenant, "s")
    assert (session.created_at, session.updated_at, session.learner, session.owner) == (NOON + 5, NOON + 5, "", "")


async def test_nothing_written_late_brings_a_deleted_session_back(
    store: Store, tenant: str, saver: SessionSaver
) -> None:
    config = await put(saver, name(), "1")
    await saver.adelete_thread("s")
    for write in (
        put(saver, config, "2"),
        put(SessionSaver(store, tenant, "me"), config, "2"),
        saver.aput_writes(config, [("total", 1)], "task"),
    ):
        with pytest.raises(SessionDeletedError):
            await write
    await put(saver, name("other"), "1")
    with pytest.raises(SessionDeletedError):
        await saver.acopy_thread("other", "s")
    await saver.aprune(["s"])
    await saver.adelete_for_runs(["run"])
    assert await saver.aget_tuple(name()) is None
    assert await list_ids(saver, None) == ["1"]


async def test_whoever_lost_a_session_keeps_no_checkpoints(store: Store, tenant: str) -> None:
    mine = SessionSaver(store, tenant, "me")
    await store.create_session(tenant, make_session("s"))
    await store.claim_session(tenant, "s", "me", now=NOON, until=NOON + 9)
    config = await put(mine, name(), "1")
    await put(mine, config, "2")
    await store.claim_session(tenant, "s", "you", now=NOON + 9, until=NOON + 99)
    for write in (put(mine, config, "3"), mine.aput_writes(config, [("total", 1)], "task"), mine.aprune(["s"])):
        with pytest.raises(RevisionConflictError):
            await write
    assert await list_ids(mine, name()) == ["2", "1"]


async def test_checkpoints_are_of_one_tenant(store: Store, tenant: str, other_tenant: str, saver: SessionSaver) -> None:
    config = await put(saver, name(), "1")
    other = SessionSaver(store, other_tenant)
    assert await other.aget_tuple(config) is None
    await other.adelete_thread("s")
    assert await list_ids(other, None) == []
    assert await list_ids(saver, None) == ["1"]


# Checkpoints


async def test_values_come_back_as_they_were(saver: SessionSaver) -> None:
    values = {"none": None, "bytes": b"\x00\xff", "deep": {"é": [1, 2.5, True, {"": []}]}, "text": "\U0001f4a1\u0000"}
    found = await saver.aget_tuple(await put(saver, name(), "1", **values))
    assert found is not None
    assert found.checkpoint["channel_values"] == values


@dataclass
class Foreign:
    value: int


async def test_no_objects_are_kept_but_values(saver: SessionSaver) -> None:
    with pytest.raises(TypeError):
        await put(saver, name(), "1", thing=object())
    found = await saver.aget_tuple(await put(saver, name(), "1", thing=Foreign(3)))
    assert found is not None
    assert not isinstance(found.checkpoint["channel_values"]["thing"], Foreign)


async def test_namespaces_are_kept_apart_whatever_they_are_called(saver: SessionSaver) -> None:
    namespaces = ["", "a", "a/b", "a%2Fb", "a|b:c", "é", "/"]
    for number, namespace in enumerate(namespaces):
        config = await put(saver, name("s", namespace), f"{number}")
        await saver.aput_writes(config, [("ch", number)], "task/1")
    for number, namespace in enumerate(namespaces):
        found = await saver.aget_tuple(name("s", namespace))
        assert found is not None
        assert found.config == name("s", namespace, f"{number}")
        assert found.pending_writes == [("task/1", "ch", number)]
        assert await list_ids(saver, name("s", namespace)) == [f"{number}"]
    await saver.aprune(["s"])
    every: RunnableConfig = {"configurable": {"thread_id": "s"}}
    assert await list_ids(saver, every) == [f"{number}" for number in reversed(range(len(namespaces)))]


async def test_checkpoints_are_listed_across_threads(saver: SessionSaver) -> None:
    for thread in range(3):
        for number in range(3):
            await put(saver, name(f"s{thread}"), f"{number}")
    assert await list_ids(saver, None) == ["2", "1", "0"] * 3
    assert await list_ids(saver, None, limit=4) == ["2", "1", "0", "2"]
    assert await list_ids(saver, None, limit=0) == []
    assert await list_ids(saver, None, before=name("s1", checkpoint="1")) == ["0"] * 3
    assert await list_ids(saver, name("s1", checkpoint="1")) == ["1"]


# Writes


async def test_writes_are_in_the_order_of_their_tasks(saver: SessionSaver) -> None:
    config = await put(saver, name(), "1")
    await saver.aput_writes(config, [("ch", n) for n in range(12)], "a", "path 2")
    await saver.aput_writes(config, [("ch", "b"), (ERROR, "broken")], "b", "path 1")
    found = await saver.aget_tuple(config)
    assert found is not None
    assert found.pending_writes == [("b", ERROR, "broken"), ("b", "ch", "b"), *(("a", "ch", n) for n in range(12))]


async def test_what_a_task_wrote_first_stays_but_for_its_errors(saver: SessionSaver) -> None:
    config = await put(saver, name(), "1")
    await saver.aput_writes(config, [("ch", "first"), (ERROR, "first")], "task")
    await saver.aput_writes(config, [("ch", "second"), (ERROR, "second"), ("ch", "more")], "task")
    found = await saver.aget_tuple(config)
    assert found is not None
    assert found.pending_writes == [("task", ERROR, "second"), ("task", "ch", "first"), ("task", "ch", "more")]


async def test_pruning_leaves_one_checkpoint_and_everything_else(
    store: Store, tenant: str, saver: SessionSaver
) -> None:
    for number in range(5):
        config = await put(saver, name(), f"{number}", text="x" * 1000)
        await saver.aput_writes(config, [("ch", number)], "task")
        await store.write_records(tenant, "s", [make_record(f"{number}")], now=NOON)
    for strategy, kept in (("keep_latest", 1), ("keep_latest", 1), ("delete", 0)):
        await saver.aprune(["s", "none"], strategy=strategy)
        counts = [len(await store.list_records(tenant, "s", space, limit=9)) for space in ("checkpoints", "writes")]
        assert [*counts, len(await store.list_records(tenant, "s", "events", limit=9))] == [kept, kept, 5]
        size = (await store.get_session(tenant, "s")).size
        assert (size > 1000, size < 2000) == (kept == 1, True)
    with pytest.raises(ValueError, match="newest"):
        await saver.aprune(["s"], strategy="newest")


# Graphs


class Walk(TypedDict):
    steps: Annotated[list[str], operator.add]


class Step(Protocol):
    async def __call__(self, state: Walk) -> Walk: ...


async def invoke(store: Store, tenant: str, steps: dict[str, Step], state: Any) -> dict[str, Any]:
    """Runs a graph whose first step is followed by the others at once."""
    graph = StateGraph(Walk)
    first, *others = steps
    for step, action in steps.items():
        graph.add_node(step, action)
    graph.add_edge(START, first)
    for step in others:
        graph.add_edge(first, step)
        graph.add_edge(step, END)
    compiled = graph.compile(checkpointer=SessionSaver(store, tenant, "me"))
    return await compiled.ainvoke(state, {"configurable": {"thread_id": "s"}})


async def take(store: Store, tenant: str) -> None:
    await store.create_session(tenant, make_session("s"))
    await store.claim_session(tenant, "s", "me", now=NOON, until=NOON + 9)


async def test_a_graph_that_was_cut_off_goes_on_elsewhere(place: Place, store: Store, tenant: str) -> None:
    runs: list[str] = []

    def make_step(step: str) -> Step:
        async def action(state: Walk) -> Walk:
            runs.append(step)
            if step == "right" and runs.count("right") == 1:
                raise ConnectionError("cut off")
            return {"steps": [f"{step} after {len(state['steps'])}"]}

        return action

    steps = {step: make_step(step) for step in ("first", "left", "right")}
    await take(store, tenant)
    with pytest.raises(ConnectionError):
        await invoke(store, tenant, steps, {"steps": ["start"]})
    async with place.connect() as second:
        ended = await invoke(second, tenant, steps, None)
    assert ended == {"steps": ["start", "first after 1", "left after 2", "right after 2"]}
    assert sorted(runs) == ["first", "left", "right", "right"]


async def test_a_graph_that_asked_back_takes_the_answer(store: Store, tenant: str) -> None:
    async def ask(state: Walk) -> Walk:
        return {"steps": [interrupt({"question": "which?"})]}

    await take(store, tenant)
    waiting = await invoke(store, tenant, {"ask": ask}, {"steps": []})
    assert [each.value for each in waiting["__interrupt__"]] == [{"question": "which?"}]
    assert await invoke(store, tenant, {"ask": ask}, Command(resume="this")) == {"steps": ["this"]}


def test_a_server_does_not_wait_for_langgraph_before_it_tutors() -> None:
    script = "import sys, kg.stores, server.application; sys.exit('tutoring.checkpoints' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
