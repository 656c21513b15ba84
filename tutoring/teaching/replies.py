"""Saying statements: a source is told with the text that first refers to it, and nothing is told too early."""

import re
from collections.abc import Iterable
from typing import Final

from retrieval.documents import Document, DocumentKind
from tutoring.events import Cited, Event, Text
from tutoring.surroundings import Surroundings
from tutoring.teaching.leaks import AnswerGuard
from tutoring.teaching.material import show
from tutoring.teaching.statements import Source, Statement

_END: Final = re.compile(r"(?P<end>[.!?:]*)$")


class Reply:
    """What is said in a turn, as far as it has come; whatever is said or cited goes through here.

    Attributes:
        text: Everything said.
        pending: What is to be told in the next step.
    """

    def __init__(self, surroundings: Surroundings, guard: AnswerGuard | None) -> None:
        self.text = ""
        self.pending: list[Event] = []
        self._surroundings, self._guard = surroundings, guard
        self._numbers: dict[tuple[DocumentKind, str], int] = {}
        self._told: set[int] = set()

    def would_tell(self, text: str, *, quoted: bool = False) -> bool:
        """Says whether a text would tell the answer that is held back."""
        return self._guard is not None and self._guard.find_leak(text, quoted=quoted) is not None

    def reserve(self, sources: Iterable[Source]) -> list[tuple[int, Source, Document]]:
        """Gives numbers to sources that are not told yet.

        Returns:
            Number, source and what of it may be shown; each document once, what may not be shown left out.
        """
        listed: dict[int, tuple[int, Source, Document]] = {}
        for source in sources:
            visible = self._show(source)
            if visible is not None:
                number = self._number(visible)
                listed.setdefault(number, (number, source, visible))
        return list(listed.values())

    def say(self, statement: Statement) -> bool:
        """Cites a statement's sources and says it, in the next step.

        Returns:
            False: it was not said, for it or all it rests on would tell the answer.
        """
        if self.would_tell(statement.text, quoted=statement.quoted):
            return False
        found = [self.cite(source) for source in statement.sources]
        numbers = tuple(dict.fromkeys(number for number in found if number is not None))
        if statement.sources and not numbers:
            return False
        marks = "".join(f"[{number}]" for number in numbers)
        text = _END.sub(rf" {marks}\g<end>", statement.text, count=1) if marks else statement.text
        self.speak(text, citations=numbers, grounded=statement.grounded, opens=statement.opens)
        return True

    def cite(self, source: Source) -> int | None:
        """Tells a source in the next step, unless it has been told.

        Returns:
            Its number; None: it may not be shown.
        """
        visible = self._show(source)
        if visible is None:
            return None
        number = self._number(visible)
        if number not in self._told:
            self._told.add(number)
            quote = source.quote if source.quote != visible.text else ""
            self.pending.append(Cited(number=number, document=visible, quote=quote))
        return number

    def speak(
        self, sentence: str, *, citations: tuple[int, ...] = (), grounded: bool = True, opens: bool = False
    ) -> None:
        """Tells a sentence that carries its numbers and has been looked through, in the next step."""
        gap = "" if not self.text else "\n\n" if opens else " "
        self.text += gap + sentence
        self.pending.append(Text(text=gap + sentence, citations=citations, grounded=grounded))

    async def tell(self, *events: Event, by_model: bool = False) -> None:
        """Tells what is pending, and further events after it, in one step."""
        told = [*self.pending, *events]
        self.pending.clear()
        if told:
            await self._surroundings.emit(*told, by_model=by_model)

    def _number(self, visible: Document) -> int:
        return self._numbers.setdefault((visible.kind, visible.id), len(self._numbers) + 1)

    def _show(self, source: Source) -> Document | None:
        return None if self.would_tell(source.quote, quoted=True) else show(source.document, self._guard)
