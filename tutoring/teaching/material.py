"""What a curriculum holds for teaching, looked up by id, and what of it may be shown while a question is open."""

from collections import OrderedDict, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from kg.curriculum import Concept, Curriculum, Misconception, Question, Resource
from retrieval.documents import Document, DocumentKind, list_documents
from retrieval.passages import Span, split_sentences
from tutoring.teaching.content_words import list_stems
from tutoring.teaching.injections import find_injection
from tutoring.teaching.leaks import AnswerGuard

_KEPT: Final = 8
"""Curricula that are kept looked up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Foundation:
    """A concept that another builds on.

    Attributes:
        concept: What comes before.
        reason: A sentence; may be empty.
        strength: Confidence in the edge, in (0, 1].
        hard: It is required, alone or as one of several.
    """

    concept: Concept
    reason: str
    strength: float
    hard: bool


class Material:
    """A curriculum's parts that are not archived. Building it is linear in the curriculum."""

    def __init__(self, curriculum: Curriculum) -> None:
        self.curriculum = curriculum
        self.language = curriculum.language
        self.concepts: Mapping[str, Concept] = {each.id: each for each in curriculum.concepts if not each.archived}
        self.questions: Mapping[str, Question] = {
            each.id: each for each in curriculum.questions if not each.archived and not each.voided
        }
        self.misconceptions: Mapping[str, Misconception] = {
            each.id: each for each in curriculum.misconceptions if not each.archived
        }
        self.resources: Mapping[str, Resource] = {each.id: each for each in curriculum.resources if not each.archived}
        self._documents: dict[tuple[DocumentKind, str], Document] = {}
        self._passages: dict[str, list[Document]] = defaultdict(list)
        for document in list_documents(curriculum):
            self._documents[document.kind, document.id] = document
            if document.place is not None and document.place.resource:
                self._passages[document.place.concept].append(document)
        for passages in self._passages.values():
            passages.sort(
                key=lambda passage: (passage.place.resource, passage.place.start) if passage.place else ("", 0)
            )
        self._names = {each.id: self._list_names(each) for each in self.concepts.values()}
        self._before: dict[str, list[Foundation]] = defaultdict(list)
        self._after: dict[str, list[str]] = defaultdict(list)
        for after, foundation in self._list_foundations(curriculum):
            self._before[after].append(foundation)
            self._after[foundation.concept.id].append(after)

    def _list_names(self, concept: Concept) -> list[frozenset[str]]:
        names = (concept.title, concept.id.replace("-", " ").replace("_", " "))
        return [stems for name in names if (stems := frozenset(list_stems(name, self.language)))]

    def _list_foundations(self, curriculum: Curriculum) -> Iterator[tuple[str, Foundation]]:
        for edge in curriculum.prerequisites:
            if edge.before in self.concepts and edge.after in self.concepts:
                before = self.concepts[edge.before]
                hard = edge.kind.value == "hard"
                yield edge.after, Foundation(concept=before, reason=edge.reason, strength=edge.strength, hard=hard)
        for group in curriculum.groups:
            for member in group.members:
                if member in self.concepts and group.concept in self.concepts:
                    before = self.concepts[member]
                    yield (
                        group.concept,
                        Foundation(concept=before, reason=group.reason, strength=group.strength, hard=True),
                    )

    def find(self, kind: DocumentKind, identifier: str) -> Document | None:
        """Returns a document; None: there is none of this id."""
        return self._documents.get((kind, identifier))

    def list_passages(self, concept: str) -> Sequence[Document]:
        """Lists the passages of resources that teach a concept, each resource's in reading order."""
        return self._passages.get(concept, ())

    def list_foundations(self, concept: str) -> list[Foundation]:
        """Lists what a concept builds on: what is required first, the surest edges before."""
        return sorted(self._before.get(concept, ()), key=lambda each: (not each.hard, -each.strength, each.concept.id))

    def list_followers(self, concept: str) -> Sequence[str]:
        """Lists the ids of the concepts that build on one."""
        return self._after.get(concept, ())

    def find_named(self, words: str, without: Collection[str] = ()) -> list[str]:
        """Finds the concepts that words name by title or id, the longest names first; linear in the concepts.

        Args:
            words: Any.
            without: Stems of words that name nothing. Of what is left, a name of one word has to be more than half, for
                "set" in "test set" does not name sets.
        """
        said = set(list_stems(words, self.language)) - set(without)
        named = {
            concept.id: max(len(stems) for stems in found)
            for concept in self.concepts.values()
            if (found := [stems for stems in self._names[concept.id] if stems <= said])
        }
        named = {concept: size for concept, size in named.items() if size > 1 or len(said) < 2}
        return sorted(named, key=lambda concept: (-named[concept], concept))

    def find_foundation(self, before: str, after: str) -> Foundation | None:
        """Returns how one concept builds on another; None: not directly."""
        return next((each for each in self._before.get(after, ()) if each.concept.id == before), None)

    def list_questions(self, concept: str) -> list[Question]:
        """Lists the questions that are mainly about a concept."""
        return [question for question in self.questions.values() if find_main_concept(question) == concept]


def _find_order(passage: Document) -> tuple[str, int]:
    return (passage.place.resource, passage.place.start) if passage.place else ("", 0)


def find_main_concept(question: Question) -> str:
    """Returns the concept that a question says most about; of equal ones the first."""
    return max(question.assesses, key=lambda concept: question.assesses[concept])


_MATERIALS: OrderedDict[int, Material] = OrderedDict()


def open_material(curriculum: Curriculum) -> Material:
    """Looks a curriculum up, or takes what was looked up before; the same object is the same version."""
    material = _MATERIALS.pop(id(curriculum), None) or Material(curriculum)
    _MATERIALS[id(curriculum)] = material
    while len(_MATERIALS) > _KEPT:
        _MATERIALS.popitem(last=False)
    return material


def show(document: Document, guard: AnswerGuard | None) -> Document | None:
    """Returns what of a document may be shown: the longest run of its sentences that neither tell nor instruct.

    Args:
        document: As the curriculum has it.
        guard: Of the question at hand; None: nothing is to be held back.

    Returns:
        The document with that part of its text and the place of it; None: nothing of it may be shown.
    """
    title = document.title
    if guard is not None and guard.find_leak(title, quoted=document.kind is not DocumentKind.CONCEPT):
        if document.kind is not DocumentKind.PASSAGE:
            return None
        title = ""
    if not document.text:
        return replace(document, title=title, context="")
    span = _find_clean_run(document.text, guard)
    if span is None:
        return None if document.kind is DocumentKind.PASSAGE else replace(document, text="", context="")
    place = document.place
    if place is not None:
        place = replace(place, start=place.start + span.start, end=place.start + span.end)
    return replace(document, title=title, text=document.text[span.start : span.end], place=place, context="")


def list_clean_sentences(text: str, guard: AnswerGuard | None) -> list[str]:
    """Lists the sentences of a text that neither tell the answer nor instruct."""
    sentences = [text[span.start : span.end] for span in split_sentences(text)]
    return [sentence for sentence in sentences if _is_clean(sentence, guard)]


def _is_clean(sentence: str, guard: AnswerGuard | None) -> bool:
    return not find_injection(sentence) and (guard is None or guard.find_leak(sentence, quoted=True) is None)


def _find_clean_run(text: str, guard: AnswerGuard | None) -> Span | None:
    best: Span | None = None
    start: int | None = None
    for span in split_sentences(text):
        if not _is_clean(text[span.start : span.end], guard):
            start = None
            continue
        start = span.start if start is None else start
        if best is None or span.end - start > best.end - best.start:
            best = Span(start, span.end)
    return best
