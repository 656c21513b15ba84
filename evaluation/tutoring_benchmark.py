"""Many conversations at once without a model, and a server that is killed in the middle of them.

    python -m evaluation.tutoring_benchmark [--store URL] [--sessions N] [--turns N] [--ranker base|lexical]

Each of N learners holds a conversation of N turns, all at once: questions, wrong and right answers, hints, what is
next. First undisturbed, for the times of a turn beside one conversation alone; then with `kill -9` of the server in the
middle and a restart, after which every turn has to be there once, with its effects.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import grpc

from evaluation.service_benchmark import Spread
from graphmasal.client import connect
from graphmasal.v1.curriculum_service_pb2 import ImportCurriculumStart
from graphmasal.v1.learner_pb2 import Learner
from graphmasal.v1.learner_service_pb2 import CreateLearnerRequest, ListEvidenceRequest
from graphmasal.v1.learner_service_pb2_grpc import LearnerServiceStub
from graphmasal.v1.session_pb2 import DoneEvent, Session, TurnAnswer, TurnHint, TurnInput
from graphmasal.v1.tutoring_service_pb2 import ListTurnEventsRequest, StartSessionRequest, StreamTurnRequest
from graphmasal.v1.tutoring_service_pb2_grpc import TutoringServiceStub
from kg.archives import pack_folder

TENANT = "benchmark"
CURRICULUM = "algebra-to-ml"
PARENT = f"tenants/{TENANT}"
PATIENCE_SECONDS = 600

_SCRIPT: Sequence[TurnInput] = (
    TurnInput(text="What is the slope of a line?"),
    TurnInput(answer=TurnAnswer(question="q-slope-1", response="b")),
    TurnInput(hint=TurnHint()),
    TurnInput(answer=TurnAnswer(response="a")),
    TurnInput(text="Why?"),
    TurnInput(text="I don't understand fractions"),
    TurnInput(answer=TurnAnswer(question="q-integer-exponents-2", response="c")),
    TurnInput(text="What should I do next?"),
)
_ANSWERS = sum(turn.HasField("answer") for turn in _SCRIPT)


class Server:
    """`graphmasal serve` on a port that stays the same over restarts."""

    def __init__(self, store: str, home: Path, ranker: str) -> None:
        self._environment = os.environ | {
            "GRAPHMASAL_STORE": store,
            "GRAPHMASAL_HOME": str(home),
            "GRAPHMASAL_RANKER": ranker,
            "GRAPHMASAL_LOG_LEVEL": "warning",
            "GRAPHMASAL_TUTORING_LEASE_SECONDS": "2",
        }
        self.address = "127.0.0.1:0"
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Starts it and returns once it listens."""
        command = [sys.executable, "-m", "graphmasal.cli.main", "serve", "--listen", self.address]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=self._environment)
        assert self._process.stdout is not None  # noqa: S101 - for the type checker
        self.address = self._process.stdout.readline().strip()

    def kill(self) -> None:
        """Ends it with SIGKILL."""
        assert self._process is not None  # noqa: S101 - for the type checker
        self._process.kill()
        self._process.wait()


@dataclass(slots=True)
class Course:
    """What came of a round of conversations.

    Attributes:
        seconds: Of each turn.
        breaks: How often streams broke or were refused, by code.
        faults: What was lost or doubled.
        half: So many turns are the half.
        halfway: Set once they have ended.
    """

    seconds: list[float] = field(default_factory=list)
    breaks: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    half: int = 0
    halfway: asyncio.Event = field(default_factory=asyncio.Event)

    def note(self, seconds: float) -> None:
        """Notes that a turn has ended."""
        self.seconds.append(seconds)
        if len(self.seconds) >= self.half:
            self.halfway.set()


async def take(tutoring: Any, session: str, number: int, course: Course) -> None:
    """Takes a turn; a stream that breaks is gone on with by the same request."""
    request = StreamTurnRequest(name=session, request_id=f"turn-{number}", input=_SCRIPT[number % len(_SCRIPT)])
    begun = time.perf_counter()
    ends = begun + PATIENCE_SECONDS
    # A stream may break after its last event.
    done = DoneEvent.STATUS_UNSPECIFIED
    while True:
        try:
            async for event in tutoring.StreamTurn(request, wait_for_ready=True):
                request.after_sequence = event.sequence
                done = event.done.status or done
            if done != DoneEvent.COMPLETED:
                course.faults.append(f"{session} turn {number} ended as {DoneEvent.Status.Name(done)}")
            course.note(time.perf_counter() - begun)
            return
        except grpc.aio.AioRpcError as error:
            course.breaks[error.code().name] += 1
            if time.perf_counter() > ends:
                course.faults.append(f"{session} turn {number} never ended: {error.details()}")
                return
            await asyncio.sleep(0.1)


async def converse(tutoring: Any, session: str, turns: int, course: Course) -> None:
    """Holds a conversation."""
    for number in range(turns):
        await take(tutoring, session, number, course)


async def prepare(address: str, name: str, count: int) -> list[str]:
    """Makes learners and their sessions; returns the sessions' names."""
    async with grpc.aio.insecure_channel(address) as channel:
        learners, tutoring = LearnerServiceStub(channel), TutoringServiceStub(channel)
        sessions = []
        for number in range(count):
            learner = f"{name}-{number}"
            goals = [f"{PARENT}/curricula/{CURRICULUM}/concepts/gradient-descent"]
            create = CreateLearnerRequest(parent=PARENT, learner_id=learner, learner=Learner(goals=goals))
            await learners.CreateLearner(create, wait_for_ready=True)
            start = StartSessionRequest(parent=f"{PARENT}/learners/{learner}", session=Session(curriculum=CURRICULUM))
            sessions.append((await tutoring.StartSession(start)).name)
        return sessions


async def hold(address: str, sessions: Sequence[str], turns: int, server: Server | None = None) -> Course:
    """Holds all conversations at once; a server that is given is killed in the middle and started again."""
    course = Course(half=len(sessions) * turns // 2)
    async with grpc.aio.insecure_channel(address) as channel:
        tutoring = TutoringServiceStub(channel)
        talking = [asyncio.create_task(converse(tutoring, session, turns, course)) for session in sessions]
        if server is not None:
            await course.halfway.wait()
            server.kill()
            await asyncio.to_thread(server.start)
        await asyncio.gather(*talking)
    return course


async def check(address: str, sessions: Sequence[str], turns: int, course: Course) -> None:
    """Looks in the store whether each turn is there once, and each of its answers."""
    async with grpc.aio.insecure_channel(address) as channel:
        tutoring, learners = TutoringServiceStub(channel), LearnerServiceStub(channel)
        expected = sum(_SCRIPT[number % len(_SCRIPT)].HasField("answer") for number in range(turns))
        for session in sessions:
            page = await tutoring.ListTurnEvents(ListTurnEventsRequest(parent=session, page_size=1000))
            done = Counter(event.request_id for event in page.turn_events if event.HasField("done"))
            if done != Counter({f"turn-{number}": 1 for number in range(turns)}):
                course.faults.append(f"{session} has turns {dict(done)}")
            numbers = [event.sequence for event in page.turn_events]
            if numbers != list(range(1, len(numbers) + 1)):
                course.faults.append(f"{session} has gaps in its events")
            parent = session.partition("/sessions/")[0]
            listed = await learners.ListEvidence(ListEvidenceRequest(parent=parent))
            if len(listed.evidence) != expected:
                course.faults.append(f"{parent} has {len(listed.evidence)} answers instead of {expected}")


def import_course(address: str) -> None:
    """Imports the bundled curriculum."""
    with (
        connect(address, tenant=TENANT) as client,
        as_file(files("graphmasal") / "curricula" / "algebra_to_ml") as folder,
    ):
        start = ImportCurriculumStart(curriculum_id=CURRICULUM, format=ImportCurriculumStart.YAML)
        client.import_curriculum(start, pack_folder(folder))


def run(arguments: argparse.Namespace, home: Path) -> int:
    """Measures everything and prints it; returns 1 where something was lost or doubled."""
    store = arguments.store or f"sqlite:{home / 'benchmark.db'}"
    server = Server(store, home, arguments.ranker)
    count, turns = arguments.sessions, arguments.turns
    server.start()
    try:
        import_course(server.address)
        print(f"store {store.partition(':')[0]}, {count} conversations of {turns} turns at once, no model\n")
        warm = asyncio.run(prepare(server.address, "warm", 1))
        asyncio.run(hold(server.address, warm, turns))
        alone = asyncio.run(_measure(server, "alone", 1, turns))
        print(f"a turn, one conversation alone   {Spread.of(alone.seconds)}")
        together = asyncio.run(_measure(server, "together", count, turns))
        _tell(f"a turn, {count} conversations at once", together, alone)
        killed = asyncio.run(_measure(server, "killed", count, turns, kill=True))
        _tell("the same, the server killed once", killed, alone)
        faults = [*alone.faults, *together.faults, *killed.faults]
        print(f"\n{len(faults)} turns lost, doubled or without their effects, of {turns * (2 * count + 1)}")
        for fault in faults[:20]:
            print(f"  {fault}")
        return 1 if faults else 0
    finally:
        server.kill()


async def _measure(server: Server, name: str, count: int, turns: int, *, kill: bool = False) -> Course:
    sessions = await prepare(server.address, name, count)
    course = await hold(server.address, sessions, turns, server if kill else None)
    await check(server.address, sessions, turns, course)
    return course


def _tell(what: str, course: Course, alone: Course) -> None:
    spread, base = Spread.of(course.seconds), Spread.of(alone.seconds)
    breaks = ", ".join(f"{count} {code}" for code, count in sorted(course.breaks.items())) or "none"
    print(f"{what:32} {spread}   ({spread.p50 / base.p50:.1f} times the median alone; streams broken: {breaks})")


def main() -> None:
    """Reads the options and runs."""
    parser = argparse.ArgumentParser(
        prog="python -m evaluation.tutoring_benchmark",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--store", default="", help="sqlite:PATH or neo4j://user:password@host:port (new SQLite file)")
    parser.add_argument("--sessions", type=int, default=64, help="conversations at once (64)")
    parser.add_argument("--turns", type=int, default=len(_SCRIPT), help=f"turns of each ({len(_SCRIPT)})")
    parser.add_argument("--ranker", default="base", help="base or lexical: what is searched with (base)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        sys.exit(run(arguments, Path(home)))


if __name__ == "__main__":
    main()
