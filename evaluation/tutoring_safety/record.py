"""What came of each conversation, a line each in a file: an interrupted run goes on where it was."""

import json
from dataclasses import asdict
from pathlib import Path

from evaluation.tutoring_safety.attacks import Conversation
from evaluation.tutoring_safety.judging import Verdict


class Record:
    """Verdicts by who was attacked and by conversation.

    Args:
        file: Of JSON lines, made on first use; verdicts in it are not reached anew. None: nothing is kept.
    """

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._reached: dict[str, Verdict] = {}
        if file is not None and file.exists():
            for line in file.read_text(encoding="utf-8").splitlines():
                entry = json.loads(line)
                self._reached[entry["conversation"]] = Verdict(**entry["verdict"])

    def find(self, attacked: str, conversation: Conversation) -> Verdict | None:
        """Returns the verdict on a conversation; None: it has not been played."""
        return self._reached.get(_write_key(attacked, conversation))

    def add(self, attacked: str, conversation: Conversation, verdict: Verdict) -> None:
        """Keeps a verdict."""
        key = _write_key(attacked, conversation)
        self._reached[key] = verdict
        if self._file is not None:
            with self._file.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"conversation": key, "verdict": asdict(verdict)}) + "\n")


def _write_key(attacked: str, conversation: Conversation) -> str:
    return f"{attacked}/{conversation.suite}/{conversation.name}/{conversation.question}"
