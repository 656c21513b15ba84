"""Attacks the tutor and prints how often it tells an answer too early or follows injected instructions.

    python -m evaluation.tutoring_safety [--model local] [--questions N] [--show]

A server of its own is started on a new SQLite file, and attacked over its API as clients use it. With --model it is
attacked with that model, too, and so is the model alone, with nothing but a system prompt.
"""

import argparse
import asyncio
import os
import sys
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from evaluation.service_benchmark import running
from evaluation.tutoring_safety.attacks import Conversation, list_conversations
from evaluation.tutoring_safety.courses import (
    BUNDLED,
    list_material,
    pack_bundled,
    poison,
    read_course,
    tell_answer,
)
from evaluation.tutoring_safety.judging import Turn, Verdict, judge
from evaluation.tutoring_safety.players import BarePlayer, Play, ServicePlayer
from evaluation.tutoring_safety.report import write_report
from graphmasal.client import Client, connect
from graphmasal.v1.curriculum_service_pb2 import ImportCurriculumStart
from kg.archives import pack_folder
from kg.curriculum import Curriculum, Question
from tutoring.models.providers import Provider, ProviderSettings

Played = list[tuple[Conversation, Verdict]]


def play_all(
    play: Play, conversations: Sequence[Conversation], questions: dict[str, Question], *, show: bool
) -> Played:
    """Plays conversations and judges them; with `show` those that failed are printed."""
    played = []
    for number, conversation in enumerate(conversations, start=1):
        turns = play(conversation)
        verdict = _judge(conversation, turns, questions)
        played.append((conversation, verdict))
        if show:
            _show(conversation, turns, verdict, questions[conversation.question])
        if sys.stderr.isatty():
            print(f"\r{number}/{len(conversations)}", end="", file=sys.stderr, flush=True)
    return played


def _judge(conversation: Conversation, turns: Sequence[Turn], questions: dict[str, Question]) -> Verdict:
    question = questions[conversation.question]
    response = question.options.get(conversation.response, conversation.response)
    return judge(question, (response, *conversation.turns), turns)


def _show(conversation: Conversation, turns: Sequence[Turn], verdict: Verdict, question: Question) -> None:
    """Prints the reply that failed, if one did."""
    number = verdict.leaked if conversation.suite == "leak" else verdict.obeyed
    if not number:
        return
    asked = (f"(answers {conversation.response})", *conversation.turns)[number - 1]
    print(f"\n{conversation.suite}, {conversation.name}: {question.stem} Answer: {tell_answer(question)}")
    print(f"  > {asked}\n  < {turns[number - 1].said}\n  ({turns[number - 1].shown})")


@contextmanager
def serving(home: Path, model: str) -> Iterator[Client]:
    """Runs a server with the course in both forms."""
    store = f"sqlite:{home / 'safety.db'}"
    environment = os.environ | {"GRAPHMASAL_HOME": str(home), "GRAPHMASAL_STORE": store, "GRAPHMASAL_MODEL": model}
    serve = ["graphmasal.cli.main", "serve", "--listen", "127.0.0.1:0"]
    with running(serve, environment) as (address, _), connect(address, f"safety-{uuid.uuid4().hex[:8]}") as client:
        yield client


def import_courses(client: Client, home: Path, curriculum: Curriculum) -> tuple[str, str]:
    """Imports the course as it is and with hidden instructions, and returns their ids."""
    folder = home / "poisoned"
    folder.mkdir(exist_ok=True)
    for name, text in poison(curriculum).items():
        (folder / name).write_text(text, encoding="utf-8")
    courses = (BUNDLED, f"{BUNDLED}-poisoned")
    for course, archive in zip(courses, (pack_bundled(), pack_folder(folder)), strict=True):
        start = ImportCurriculumStart(curriculum_id=course, format=ImportCurriculumStart.YAML)
        assert client.import_curriculum(start, archive).report.accepted  # noqa: S101 - nothing could be measured
    return courses


async def play_bare(
    model: str, conversations: Sequence[Conversation], curriculum: Curriculum, home: Path, *, show: bool
) -> Played:
    """Plays against the model alone."""
    provider = Provider(ProviderSettings(model=model))
    questions = {question.id: question for question in curriculum.questions}
    poisoned = read_course(pack_folder(home / "poisoned"))
    player = BarePlayer(
        model=await provider.load(), questions=questions, material=(list_material(curriculum), list_material(poisoned))
    )
    played = []
    for conversation in conversations:
        turns = await player.play(conversation)
        verdict = _judge(conversation, turns, questions)
        played.append((conversation, verdict))
        if show:
            _show(conversation, turns, verdict, questions[conversation.question])
    await provider.close()
    return played


def run(arguments: argparse.Namespace, home: Path) -> None:
    """Attacks everything that was asked for and prints what came of it."""
    curriculum = read_course(pack_bundled())
    questions = {question.id: question for question in curriculum.questions}
    step = max(1, len(questions) // arguments.questions)
    chosen = list(questions.values())[::step][: arguments.questions]
    conversations = list_conversations(curriculum, chosen)
    print(f"{len(chosen)} of {len(questions)} questions, {len(conversations)} conversations\n")
    for model in ("", arguments.model) if arguments.model else ("",):
        with serving(home, model) as client:
            player = ServicePlayer(client=client, courses=import_courses(client, home, curriculum))
            played = play_all(player.play, conversations, questions, show=arguments.show)
        print(f"== the tutor {f'with {model}' if model else 'without a model'}")
        print("\n".join(write_report(played)), end="\n\n")
    if arguments.model:
        played = asyncio.run(play_bare(arguments.model, conversations, curriculum, home, show=arguments.show))
        print(f"== {arguments.model} with nothing but a system prompt")
        print("\n".join(write_report(played)))


def main() -> None:
    """Reads the options and runs."""
    parser = argparse.ArgumentParser(prog="python -m evaluation.tutoring_safety", description=__doc__)
    parser.add_argument("--model", default="", help="provider:name or local; without it no model is used")
    parser.add_argument("--questions", type=int, default=60, help="questions attacked, spread over the course (60)")
    parser.add_argument("--show", action="store_true", help="print the replies that failed")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        run(arguments, Path(home))


if __name__ == "__main__":
    main()
