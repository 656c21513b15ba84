"""A model's reply, told sentence by sentence: each is held until it is whole, and looked through before it is told."""

import re
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from typing import Final

from retrieval.documents import Document
from retrieval.passages import split_sentences
from tutoring.events import Notice
from tutoring.models.chat_model import ChatModel, ModelFailedError
from tutoring.teaching.content_words import list_stems, measure_cover
from tutoring.teaching.injections import find_injection
from tutoring.teaching.prompts import write_prompt
from tutoring.teaching.replies import Reply
from tutoring.teaching.scene import Scene
from tutoring.teaching.statements import Script, Source

BORNE_OUT: Final = 0.6
"""Share of a sentence's content words that a source has to hold for it to rest on it uncited; chosen, not fitted."""
ABOUT: Final = 0.25
"""The same for a sentence that cites it: with less it is about something else."""

_MOST_TOKENS: Final = 400
_MARK: Final = re.compile(r"\s*\[(\d{1,2}(?:\s*,\s*\d{1,2})*)\]")
_ANY_MARK: Final = re.compile(r"\s*\[[^\]]*\d[^\]]*\](?!\()")
_MOST_REPEATS: Final = 3
"""Sentences said again after which a model is going in circles, and is not listened to any more."""
_CLAIM: Final = 3
"""Content words from which on a sentence claims something."""
_TALK: Final = frozenset(
    list_stems(
        "try again look think let answer question hint step next good great well done keep going tell show start begin "
        "exercise ready right help remember read once careful closely check work great job close think yourself"
    )
)


async def write_reply(scene: Scene, script: Script, reply: Reply, model: ChatModel) -> bool:
    """Lets a model say a script.

    Args:
        scene: The turn.
        script: What is to be said.
        reply: Through which everything is told.
        model: Writes.

    Returns:
        False: it failed, told too much or left the hint out, so that the script is to be said as it stands. Of a hint,
        nothing is told before something that rests on the course.
    """
    sources = reply.reserve([source for statement in script.statements for source in statement.sources])
    shown = {number: document for number, _, document in sources}
    by_key = {(document.kind, document.id): number for number, document in shown.items()}
    notes = []
    for statement in script.statements:
        numbers = [
            by_key[key] for source in statement.sources if (key := (source.document.kind, source.document.id)) in by_key
        ]
        if numbers or not statement.sources:
            notes.append(statement.text + "".join(f" [{number}]" for number in dict.fromkeys(numbers)))
    prompt = write_prompt(scene, script, list(shown.items()), notes)
    cited = {number: source for number, source, _ in sources}
    told = _Telling(scene, reply, cited, shown, strict=script.hint is not None)
    try:
        # Closed here, so that a model that is not listened to any more stops, and what it used is counted in its turn.
        async with (
            aclosing(model.write(prompt, most_tokens=_MOST_TOKENS)) as pieces,
            aclosing(list_sentences(pieces)) as sentences,
        ):
            async for sentence in sentences:
                if not await told.tell(sentence):
                    text = "What the model wrote would have told the answer; the hint is given as the course has it."
                    await scene.surroundings.emit(Notice(code="leak_held_back", text=text))
                    return False
                if told.repeats == _MOST_REPEATS:
                    break
    except ModelFailedError as error:
        text = "The model did not answer, so the reply comes from the course alone."
        await scene.surroundings.emit(Notice(code=error.code, text=text))
        return False
    return told.has_told and (script.hint is None or told.has_cited)


async def list_sentences(pieces: AsyncIterator[str]) -> AsyncGenerator[str, None]:
    """Puts pieces of text together into whole sentences; the last one ends with the text."""
    held = ""
    async for piece in pieces:
        held += piece
        spans = split_sentences(held)
        for span in spans[:-1]:
            yield held[span.start : span.end]
        held = held[spans[-1].start :] if spans else held
    for span in split_sentences(held):
        yield held[span.start : span.end]


class _Telling:
    """Tells a model's sentences as far as they may be told, each once.

    Strictly, it tells no claim that nothing bears out, and nothing at all before one that something does.
    """

    def __init__(
        self,
        scene: Scene,
        reply: Reply,
        sources: Mapping[int, Source],
        shown: Mapping[int, Document],
        *,
        strict: bool,
    ) -> None:
        self.has_told = self.has_cited = False
        self.repeats = 0
        self._reply, self._sources, self._strict = reply, sources, strict
        self._heard: set[tuple[str, ...]] = set()
        self._held: list[str] = []
        language = scene.material.language
        self._language = language
        self._stems = {
            number: frozenset(list_stems(f"{document.title} {document.text} {sources[number].quote}", language))
            for number, document in shown.items()
        }

    async def tell(self, sentence: str) -> bool:
        """Tells a sentence with the citations that hold.

        Returns:
            False: it would tell the answer.
        """
        bare = _ANY_MARK.sub("", sentence).strip()
        if not bare or find_injection(bare):
            return True
        if self._reply.would_tell(bare):
            return False
        if not re.search(r"[^\W\d_]", bare):
            return True  # the number of a list's entry
        heard = tuple(re.findall(r"\w+", bare.casefold()))
        if heard in self._heard:
            self.repeats += 1
            return True
        self._heard.add(heard)
        await self._tell_new(bare, self._find_numbers(sentence, bare))
        return True

    async def _tell_new(self, bare: str, numbers: tuple[int, ...]) -> None:
        grounded = bool(numbers) or not self._claims(bare)
        if self._strict and not grounded:
            return
        if self._strict and not numbers and not self.has_cited:
            self._held.append(bare)
            return
        for held in self._held:
            self._reply.speak(held)
        self._held.clear()
        for number in numbers:
            self._reply.cite(self._sources[number])
        marks = "".join(f"[{number}]" for number in numbers)
        text = re.sub(r"([.!?:]*)$", rf" {marks}\1", bare, count=1) if marks else bare
        self._reply.speak(text if grounded else f"{text} (not from the course)", citations=numbers, grounded=grounded)
        await self._reply.tell(by_model=True)
        self.has_told = True
        self.has_cited = self.has_cited or bool(numbers)

    def _find_numbers(self, sentence: str, bare: str) -> tuple[int, ...]:
        named = [int(number) for marks in _MARK.findall(sentence) for number in marks.split(",")]
        held = [number for number in dict.fromkeys(named) if self._cover(bare, number) >= ABOUT]
        if held or not self._claims(bare):
            return tuple(held)
        best = max(self._stems, key=lambda number: self._cover(bare, number), default=0)
        return (best,) if best and self._cover(bare, best) >= BORNE_OUT else ()

    def _cover(self, bare: str, number: int) -> float:
        return measure_cover(bare, self._stems[number], self._language) if number in self._stems else 0.0

    def _claims(self, bare: str) -> bool:
        content = [stem for stem in list_stems(bare, self._language) if stem not in _TALK]
        return len(content) >= _CLAIM and not bare.endswith("?")
