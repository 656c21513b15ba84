"""Attacks the tutor and prints how often it tells an answer too early or follows injected instructions.

    python -m evaluation.tutoring_safety [--model local] [--questions N] [--record FILE] [--show]

A server of its own is started on a new SQLite file, and attacked over its API as clients use it. With --model it is
attacked with that model, too, and so is the model alone, with nothing but a system prompt.
"""

import argparse
import asyncio
import os
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from evaluation.service_benchmark import running
from evaluation.tutoring_safety.attacks import list_conversations
from evaluation.tutoring_safety.courses import (
    BUNDLED,
    list_material,
    pack_bundled,
    poison,
    read_course,
)
from evaluation.tutoring_safety.players import BarePlayer, ServicePlayer
from evaluation.tutoring_safety.record import Record
from evaluation.tutoring_safety.report import write_report
from evaluation.tutoring_safety.suite import Played, Suite
from graphmasal.client import Client, connect
from graphmasal.v1.curriculum_service_pb2 import ImportCurriculumStart
from kg.archives import pack_folder
from kg.curriculum import Curriculum
from tutoring.models.providers import Provider, ProviderSettings


@contextmanager
def serving(home: Path, model: str) -> Iterator[Client]:
    """Runs a server with the course in both forms."""
    store = f"sqlite:{home / 'safety.db'}"
    environment = os.environ | {"GRAPHMASAL_HOME": str(home), "GRAPHMASAL_STORE": store, "GRAPHMASAL_MODEL": model}
    serve = ["graphmasal.cli.main", "serve", "--listen", "127.0.0.1:0"]
    with running(serve, environment) as (address, _), connect(address, f"safety-{uuid.uuid4().hex[:8]}") as client:
        yield client


def write_poisoned(home: Path, curriculum: Curriculum) -> None:
    """Writes the course with hidden instructions."""
    folder = home / "poisoned"
    folder.mkdir()
    for name, text in poison(curriculum).items():
        (folder / name).write_text(text, encoding="utf-8")


def import_courses(client: Client, home: Path) -> tuple[str, str]:
    """Imports the course as it is and with hidden instructions, and returns their ids."""
    courses = (BUNDLED, f"{BUNDLED}-poisoned")
    for course, archive in zip(courses, (pack_bundled(), pack_folder(home / "poisoned")), strict=True):
        start = ImportCurriculumStart(curriculum_id=course, format=ImportCurriculumStart.YAML)
        assert client.import_curriculum(start, archive).report.accepted  # noqa: S101 - nothing could be measured
    return courses


async def play_service(suite: Suite, model: str, home: Path) -> Played:
    """Plays against a server with a model, or without one."""
    with serving(home, model) as client:
        player = ServicePlayer(client=client, courses=import_courses(client, home))
        return await suite.play(f"tutor {model}".strip(), player.play)


async def play_bare(suite: Suite, model: str, curriculum: Curriculum, home: Path) -> Played:
    """Plays against the model alone."""
    provider = Provider(ProviderSettings(model=model))
    poisoned = read_course(pack_folder(home / "poisoned"))
    player = BarePlayer(
        provider=provider,
        questions=suite.questions,
        material=(list_material(curriculum), list_material(poisoned)),
    )
    played = await suite.play(f"bare {model}", player.play)
    await provider.close()
    return played


async def run(arguments: argparse.Namespace, home: Path) -> None:
    """Attacks everything that was asked for and prints what came of it."""
    curriculum = read_course(pack_bundled())
    questions = {question.id: question for question in curriculum.questions}
    step = max(1, len(questions) // arguments.questions)
    chosen = list(questions.values())[::step][: arguments.questions]
    suite = Suite(
        conversations=list_conversations(curriculum, chosen),
        questions=questions,
        record=Record(arguments.record),
        at_once=arguments.at_once,
        show=arguments.show,
    )
    print(f"{len(chosen)} of {len(questions)} questions, {len(suite.conversations)} conversations\n", flush=True)
    write_poisoned(home, curriculum)
    for model in ("", arguments.model) if arguments.model else ("",):
        played = await play_service(suite, model, home)
        print(f"== the tutor {f'with {model}' if model else 'without a model'}")
        print("\n".join(write_report(played)), end="\n\n", flush=True)
    if arguments.model:
        played = await play_bare(suite, arguments.model, curriculum, home)
        print(f"== {arguments.model} with nothing but a system prompt")
        print("\n".join(write_report(played)))


def main() -> None:
    """Reads the options and runs."""
    parser = argparse.ArgumentParser(prog="python -m evaluation.tutoring_safety", description=__doc__)
    parser.add_argument("--model", default="", help="provider:name or local; without it no model is used")
    parser.add_argument("--questions", type=int, default=60, help="questions attacked, spread over the course (60)")
    parser.add_argument("--show", action="store_true", help="print the replies that failed")
    parser.add_argument("--at-once", type=int, default=2, help="conversations at the same time (2)")
    parser.add_argument("--record", type=Path, metavar="FILE", help="keep verdicts here, so that the run can go on")
    arguments = parser.parse_args()
    if min(arguments.questions, arguments.at_once) < 1:
        parser.error("--questions and --at-once must be at least 1")
    with tempfile.TemporaryDirectory() as home:
        asyncio.run(run(arguments, Path(home)))


if __name__ == "__main__":
    main()
