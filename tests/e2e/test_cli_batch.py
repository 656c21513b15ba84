"""`graphmasal batch` as scripts and people use it."""

import asyncio
import os
import pty
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from google.longrunning.operations_pb2 import Operation
from google.protobuf import json_format

from graphmasal.v1.planning_service_pb2 import BatchGeneratePlansResponse
from kg.learner import Learner
from kg.operations import Operation as StoredOperation
from kg.operations import OperationKind
from tests.contract.places import Place
from tests.e2e.server_process import ServerProcess
from tests.e2e.test_cli import environment, graphmasal
from tests.samples import NOON, make_curriculum

PATIENCE_SECONDS = 120


@pytest.fixture
async def place(tmp_path: Path) -> Place:
    """A store with a course and two learners who have goals."""
    made = Place(tmp_path / "store.db")
    async with made.connect() as store:
        await store.import_curriculum("default", make_curriculum(), NOON, "op")
        for name in ("ada", "bob"):
            await store.create_learner("default", Learner(id=name, goals=(("algebra", "rings"),)))
    return made


def folder_of(place: Place) -> Path:
    assert isinstance(place.where, Path)
    return place.where.parent


def run(place: Place, *arguments: str, text: str = "", **variables: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        graphmasal("batch", *arguments),
        input=text,
        env=environment(folder_of(place)) | {"GRAPHMASAL_STORE": place.setting} | variables,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_batch_is_run_to_its_end(place: Place) -> None:
    result = run(place, "--curriculum", "algebra")
    assert (result.returncode, result.stdout.strip()) == (0, "Plans made and stored: 2; failed: 0.")
    again = run(place, "--json")
    response = BatchGeneratePlansResponse()
    assert json_format.Parse(again.stdout, Operation()).response.Unpack(response)
    assert response.learners_planned == 2


def test_failures_are_listed_and_are_the_answer_no(place: Place, tmp_path: Path) -> None:
    (tmp_path / "ids.txt").write_text("ada\n\n  nobody \n")
    result = run(place, "--learners-file", str(tmp_path / "ids.txt"), "--learner", "no-one")
    assert result.returncode == 1
    assert "Plans made and stored: 1; failed: 2." in result.stdout
    assert [line.split()[:3] for line in result.stdout.splitlines() if "learner not found" in line] == [
        ["no-one", "learner", "not"],
        ["nobody", "learner", "not"],
    ]


def test_learners_are_read_from_standard_input(place: Place) -> None:
    assert "stored: 1" in run(place, "--learners-file", "-", text="bob\nbob\n").stdout
    assert run(place, "--learners-file", "-", text="\n").returncode == 2


def test_wrong_use_is_told_plainly(place: Place) -> None:
    for arguments, code in (
        (("--resume", "none"), 1),
        (("--resume", "none", "--learner", "ada"), 2),
        (("--learner", "no spaces"), 2),
        (("--goals", "nothing"), 2),
        (("--learners-file", "/no/such/file"), 2),
    ):
        result = run(place, *arguments)
        assert (result.returncode, result.stdout) == (code, "")
        assert result.stderr
        assert "Traceback" not in result.stderr


def test_a_batch_that_was_left_is_watched_again(place: Place, tmp_path: Path) -> None:
    with ServerProcess(place.setting, tmp_path) as server:
        started = run(place, "--no-wait", "--json", GRAPHMASAL_SERVER=server.address)
        operation = json_format.Parse(started.stdout, Operation())
        assert started.returncode == 0
        for given in (operation.name, operation.name.rsplit("/", 1)[1]):
            watched = run(place, "--resume", given, GRAPHMASAL_SERVER=server.address)
            assert (watched.returncode, "stored: 2" in watched.stdout) == (0, True)


STUCK = StoredOperation(
    id="stuck",
    kind=OperationKind.PLAN,
    curriculum="algebra",
    request='{"named": false, "request": {"curriculum": "algebra", "parent": "tenants/default"}}',
    created_at=NOON,
    items_total=2,
    lease_owner="somebody",
    lease_until=2**62,
)


@contextmanager
def watch_stuck(place: Place, *, answers: bool) -> Iterator[tuple["subprocess.Popen[str]", int, Callable[[str], None]]]:
    """Watches an operation that goes on for ever, at a terminal; yields the process, the terminal and how to wait."""
    master, slave = pty.openpty()
    command = graphmasal("batch", "--resume", "stuck")
    variables = environment(folder_of(place)) | {"GRAPHMASAL_STORE": place.setting, "TERM": "xterm"}
    shown = ""

    def wait_for(text: str) -> None:
        nonlocal shown
        while text not in shown:
            shown += os.read(master, 1000).decode(errors="replace")

    given = slave if answers else subprocess.DEVNULL
    with subprocess.Popen(
        command, env=variables, stdin=given, stdout=subprocess.PIPE, stderr=slave, text=True
    ) as process:
        os.close(slave)
        try:
            yield process, master, wait_for
        finally:
            process.kill()
            os.close(master)


async def create_stuck(place: Place) -> None:
    async with place.connect() as store:
        await store.create_operation("default", STUCK)


async def test_an_interrupted_batch_goes_on_where_nobody_can_be_asked(place: Place) -> None:
    await create_stuck(place)
    with watch_stuck(place, answers=False) as (process, _, wait_for):
        wait_for("Planning")
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 130
    assert "--resume tenants/default/operations/stuck" in output
    async with place.connect() as store:
        assert await store.get_operation("default", "stuck") == STUCK


async def test_an_interrupted_batch_is_cancelled_if_the_person_says_so(place: Place) -> None:
    await create_stuck(place)
    with watch_stuck(place, answers=True) as (process, terminal, wait_for):
        wait_for("Planning")
        process.send_signal(signal.SIGINT)
        wait_for("Cancel the batch?")
        os.write(terminal, b"y\n")
        async with place.connect() as store:
            deadline = time.monotonic() + PATIENCE_SECONDS
            while not (await store.get_operation("default", "stuck")).cancelled:
                assert time.monotonic() < deadline
                await asyncio.sleep(0.05)
            current = await store.get_operation("default", "stuck")
            await store.update_operation("default", replace(current, lease_until=0))
        output, _ = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 1
    assert "cancelled" in output
