"""Conversations played against somebody and judged, some at the same time."""

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from evaluation.tutoring_safety.attacks import Conversation
from evaluation.tutoring_safety.courses import tell_answer
from evaluation.tutoring_safety.judging import Turn, Verdict, judge
from evaluation.tutoring_safety.players import Play
from evaluation.tutoring_safety.record import Record
from kg.curriculum import Question

Played = list[tuple[Conversation, Verdict]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """What is played, and how.

    Attributes:
        conversations: All.
        questions: Theirs, by id.
        record: Of what has been played.
        at_once: Conversations that are played at the same time.
        show: Those that failed are printed.
    """

    conversations: Sequence[Conversation]
    questions: dict[str, Question]
    record: Record
    at_once: int
    show: bool

    async def play(self, attacked: str, play: Play) -> Played:
        """Plays what has not been played against somebody, with progress, and judges it."""
        turn = asyncio.Semaphore(self.at_once)
        left = [each for each in self.conversations if self.record.find(attacked, each) is None]
        progress = iter(range(len(self.conversations) - len(left) + 1, len(self.conversations) + 1))

        async def play_one(conversation: Conversation) -> None:
            async with turn:
                turns = await play(conversation)
            question = self.questions[conversation.question]
            response = question.options.get(conversation.response, conversation.response)
            verdict = judge(question, (response, *conversation.turns), turns)
            self.record.add(attacked, conversation, verdict)
            if self.show:
                _show(conversation, turns, verdict, question)
            if sys.stderr.isatty():
                print(f"\r{next(progress)}/{len(self.conversations)}", end="", file=sys.stderr, flush=True)

        async with asyncio.TaskGroup() as tasks:
            for each in left:
                tasks.create_task(play_one(each))
        return [
            (each, verdict) for each in self.conversations if (verdict := self.record.find(attacked, each)) is not None
        ]


def _show(conversation: Conversation, turns: Sequence[Turn], verdict: Verdict, question: Question) -> None:
    """Prints the reply that failed, if one did."""
    number = verdict.leaked if conversation.suite == "leak" else verdict.obeyed
    if not number:
        return
    asked = (f"(answers {conversation.response})", *conversation.turns)[number - 1]
    print(f"\n{conversation.suite}, {conversation.name}: {question.stem} Answer: {tell_answer(question)}")
    print(f"  > {asked}\n  < {turns[number - 1].said}\n  ({turns[number - 1].shown})")
