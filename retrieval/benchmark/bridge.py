"""Bridge: tutoring chats that end in a mistake, and the lesson's topic that each is about."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from kg.curriculum import Concept, Curriculum
from retrieval.benchmark.datasets import DataSet, Query, World, list_concept_documents

_FILES: Final = ("train.json", "validation.json")
_UNKNOWN: Final = "Unknown"
# "4.2A.Place Value (Review) - 1": the year and the standard before, which of its lessons behind.
_BEFORE = re.compile(r"^[A-Z]?\d+\.(?:[A-Z]+\.)?\d+[A-Za-z]*\.\s*")
_BEHIND = re.compile(r"\s*(?:\(Review\))?(?:\s*-\s*\d+)?\.?\s*$")


def read_bridge(folder: Path) -> DataSet:
    """Reads the chats whose topic is known.

    Args:
        folder: Holds train.json and validation.json.
    """
    chats = [chat for file in _FILES for chat in json.loads((folder / file).read_text(encoding="utf-8"))]
    queries = tuple(_ask(chat) for chat in chats if chat["lesson_topic"] != _UNKNOWN)
    lessons = {chat["lesson_topic"] for chat in chats}
    topics = sorted({topic for query in queries for topic in query.relevant})
    whole = Curriculum(id="bridge", title="Lessons", concepts=tuple(Concept(id=name, title=name) for name in topics))
    return DataSet(
        name="bridge",
        worlds=(World(documents=list_concept_documents(whole), queries=queries),),
        notes=(
            f"queries: chats up to the mistake; {len(chats)} chats name {len(lessons)} lessons, which without year and "
            f"number are {len(topics)} topics, the documents",
        ),
    )


def list_topics(lesson: str) -> tuple[str, ...]:
    """Returns a lesson's topics, without the year and standard before each and the number behind it.

    Args:
        lesson: Such as "4.2A.Place Value (Review) - 1"; several are parted by semicolons.
    """
    return tuple(_BEHIND.sub("", _BEFORE.sub("", part.strip())) for part in lesson.split(";"))


def _ask(chat: Mapping[str, Any]) -> Query:
    topics = list_topics(chat["lesson_topic"])
    return Query(text="\n".join(_list_turns(chat)), relevant=topics, concept=topics[0])


def _list_turns(chat: Mapping[str, Any]) -> Iterator[str]:
    for turn in chat["c_h"]:
        yield str(turn["text"]).strip()
