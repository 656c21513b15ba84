"""Measures a running service beside a bare grpc.aio echo and the store's own bare commit, all in one run.

    python -m evaluation.service_benchmark [--store URL] [--metacademy DIR] [--items N] [--learners N]

Each figure is printed with its baseline and the ratio between them.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path
from time import perf_counter

import grpc
from google.protobuf.timestamp_pb2 import Timestamp

from evaluation.bare_commit import measure_commits
from evaluation.echo import METHOD
from graphmasal.client import Client, connect
from graphmasal.v1.curriculum_service_pb2 import ImportCurriculumStart, ListConceptsRequest
from graphmasal.v1.evidence_pb2 import Evidence
from graphmasal.v1.learner_service_pb2 import BatchAppendEvidenceRequest, GetLearnerStateRequest
from graphmasal.v1.planning_service_pb2 import GeneratePlanRequest
from kg.archives import pack_folder

CURRICULUM = "benchmark"
START_SECONDS = 1_700_000_000


@dataclass(frozen=True, slots=True)
class Spread:
    """Median and 99th percentile of a row of times.

    Attributes:
        p50: Milliseconds.
        p99: Milliseconds.
    """

    p50: float
    p99: float

    @classmethod
    def of(cls, seconds: list[float]) -> "Spread":
        """Takes them from times in seconds; at least one."""
        ordered = sorted(seconds)
        return cls(*(1000 * ordered[min(len(ordered) - 1, int(len(ordered) * share))] for share in (0.5, 0.99)))

    def __str__(self) -> str:
        return f"p50 {self.p50:8.2f} ms   p99 {self.p99:8.2f} ms"


def time_calls(call: Callable[[int], object], count: int, warmup: int = 20) -> Spread:
    """Times `count` calls one after the other, after some that do not count."""
    seconds = []
    for number in range(-warmup, count):
        start = perf_counter()
        call(number)
        if number >= 0:
            seconds.append(perf_counter() - start)
    return Spread.of(seconds)


@contextmanager
def running(module: list[str], environment: dict[str, str]) -> Iterator[tuple[str, int]]:
    """Runs a Python module that prints its address first; yields address and process id."""
    process = subprocess.Popen(
        [sys.executable, "-m", *module], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment
    )
    try:
        assert process.stdout is not None  # noqa: S101 - for the type checker
        yield process.stdout.readline().strip(), process.pid
    finally:
        process.terminate()
        process.wait()


def make_evidence(concepts: list[str], learner: str, number: int) -> Evidence:
    """Makes the item with a number: observations in order of time, spread over the concepts."""
    return Evidence(
        id=f"{learner}-{number}",
        learner=learner,
        curriculum=CURRICULUM,
        concept=concepts[number % len(concepts)],
        score=float(number % 3 > 0),
        occurred_at=Timestamp(seconds=START_SECONDS + number),
        source=Evidence.OBSERVATION,
    )


def read_resident_mebibytes(process: int) -> float:
    """Resident memory of a process (Linux)."""
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("the system does not say how much memory a process holds")


def import_curriculum(client: Client, metacademy: Path | None) -> list[str]:
    """Imports what is planned on, and returns its concepts."""
    start = ImportCurriculumStart(curriculum_id=CURRICULUM, format=ImportCurriculumStart.YAML, drop_dangling=True)
    if metacademy is None:
        with as_file(files("graphmasal") / "curricula" / "algebra_to_ml") as folder:
            archive = pack_folder(folder)
    else:
        start.format, archive = ImportCurriculumStart.METACADEMY, pack_folder(metacademy)
    assert client.import_curriculum(start, archive).report.accepted  # noqa: S101 - nothing could be measured
    page = client.curricula.ListConcepts(ListConceptsRequest(parent=client.curriculum_name(CURRICULUM), page_size=1000))
    return [concept.name.rpartition("/")[2] for concept in page.concepts]


def append_all(client: Client, evidence: Iterator[Evidence], batch_size: int) -> None:
    """Sends a stream and sees that every item was taken."""
    for result in client.append_evidence(evidence, allow_missing=True, batch_size=batch_size):
        if result.status.code:
            raise RuntimeError(f"evidence {result.id} was refused: {result.status.message}")


def measure_echo(address: str, count: int) -> Spread:
    """Times the bare echo of a message of 100 bytes."""
    with grpc.insecure_channel(address) as channel:
        call: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(METHOD)
        return time_calls(lambda _: call(b"x" * 100), count)


def measure_stream(client: Client, concepts: list[str], count: int, batch_size: int) -> None:
    """Prints how many items a second one stream takes, each durable when it is acknowledged."""
    run = uuid.uuid4().hex[:8]
    learners = [f"stream-{run}-{number}" for number in range(100)]
    evidence = (make_evidence(concepts, learners[number % 100], number) for number in range(count))
    start = perf_counter()
    append_all(client, evidence, batch_size)
    seconds = perf_counter() - start
    print(f"one stream, {batch_size:4d} items a message   {count / seconds:8.0f} items/s, {count} items durable")


def measure_answers(client: Client, concepts: list[str], count: int) -> Spread:
    """Times one item sent and acknowledged."""
    learner = f"single-{uuid.uuid4().hex[:8]}"

    def call(number: int) -> None:
        item = make_evidence(concepts, learner, number + 1000)
        request = BatchAppendEvidenceRequest(parent=client.parent, evidence=[item], allow_missing=True)
        response = client.learners.BatchAppendEvidence(request)
        assert not response.results[0].status.code  # noqa: S101 - a refused item is no measure

    return time_calls(call, count)


def measure_plans(client: Client, concepts: list[str], count: int) -> Spread:
    """Times one plan for three goals from nothing mastered, which is not stored."""

    def call(number: int) -> None:
        goals = {concepts[(number * 7 + offset * 101) % len(concepts)] for offset in range(3)}
        request = GeneratePlanRequest(parent=client.parent, curriculum=CURRICULUM, goals=sorted(goals))
        request.mastered.SetInParent()
        client.planning.GeneratePlan(request)

    return time_calls(call, count)


def measure_memory(client: Client, process: int, concepts: list[str], learners: int) -> None:
    """Prints the server's memory before and after many learners have states in the store."""
    before = read_resident_mebibytes(process)
    run = uuid.uuid4().hex[:8]
    append_all(client, (make_evidence(concepts, f"many-{run}-{number}", number) for number in range(learners)), 500)
    after = read_resident_mebibytes(process)
    last = client.learner_name(f"many-{run}-{learners - 1}")
    client.learners.GetLearnerState(GetLearnerStateRequest(name=last, curriculum=CURRICULUM))
    print(
        f"memory of the server           {before:8.0f} MiB before, {after:.0f} MiB with {learners} more learners"
        f" (ratio {after / before:.2f})"
    )


def run(arguments: argparse.Namespace, home: Path) -> None:
    """Measures everything and prints it."""
    store = arguments.store or f"sqlite:{home / 'benchmark.db'}"
    environment = os.environ | {"GRAPHMASAL_HOME": str(home), "GRAPHMASAL_STORE": store}
    commits = Spread.of(measure_commits(store, arguments.calls))
    serve = ["graphmasal.cli.main", "serve", "--listen", "127.0.0.1:0"]
    with running(["evaluation.echo"], environment) as (echo_address, _), running(serve, environment) as (address, pid):
        echo = measure_echo(echo_address, arguments.calls)
        with connect(address, tenant=f"benchmark-{uuid.uuid4().hex[:8]}") as client:
            concepts = import_curriculum(client, arguments.metacademy)
            print(f"store {store.partition(':')[0]}, curriculum of {len(concepts)} concepts\n")
            print(f"bare grpc.aio echo             {echo}")
            print(f"bare commit of the store       {commits}")
            answers = measure_answers(client, concepts, arguments.calls)
            goal = commits.p50 + 3 * echo.p50
            print(f"one answer's update            {answers}   ({answers.p50 / goal:.2f} of commit + 3 echoes)")
            plans = measure_plans(client, concepts, arguments.calls)
            print(f"one plan, three goals          {plans}   (echo + {plans.p50 - echo.p50:.2f} ms)")
            for batch_size in (1, 20, 200):
                measure_stream(client, concepts, arguments.items, batch_size)
            measure_memory(client, pid, concepts, arguments.learners)


def main() -> None:
    """Reads the options and runs."""
    parser = argparse.ArgumentParser(prog="python -m evaluation.service_benchmark", description=__doc__)
    parser.add_argument("--store", default="", help="sqlite:PATH or neo4j://user:password@host:port (new SQLite file)")
    parser.add_argument("--metacademy", type=Path, help="a metacademy content folder to plan on (bundled curriculum)")
    parser.add_argument("--items", type=int, default=10_000, help="items in each stream (10,000)")
    parser.add_argument("--learners", type=int, default=20_000, help="learners for the memory figure (20,000)")
    parser.add_argument("--calls", type=int, default=300, help="single calls for each figure (300)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        run(arguments, Path(home))


if __name__ == "__main__":
    main()
