"""What a text must not say of a question's answer: its value, its terms, or its words."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from tutoring.teaching.content_words import list_stems
from tutoring.teaching.expressions import (
    contains,
    fold,
    holds_in_order,
    is_expression,
    is_number,
    list_terms,
    read_values,
)
from tutoring.teaching.mentions import Mention, find_mentions, plain

SMALL: Final = 12
"""Whole numbers up to this are everywhere; they give nothing away unless they are said of the question."""

_RESULT: Final = re.compile(
    r"(?:[=≈→]|\b(?:equals?|gives?|yields?|gets?|obtain|makes?|leaves?|comes? to|becomes?|costs?|holds?|results? in|"
    r"arrive at|(?:it|this|that|which)(?:'s| is| are| must be| will be))(?: you)?)"
    r"\s*(?:exactly|about|roughly|just|simply|only|then|an?|the)?\s*(?:[a-z]\s*=\s*)?[(“\"]?$",
    re.IGNORECASE,
)
_IS: Final = re.compile(
    r"(?<!there )\b(?:is|are|was|be|'s)\s*(?:then|thus|therefore|exactly|about|just|simply|only|indeed|an?|the)?\s*"
    r"(?:[a-z]\s*=\s*)?[(“\"]?$",
    re.IGNORECASE,
)
_ANSWER: Final = re.compile(r"\b(?:answer|result|solution|key)s?\b[^.?!]{0,40}$", re.IGNORECASE)
_COUNTED: Final = re.compile(
    r"[ -](?:steps?|parts?|terms?|options?|questions?|minutes?|hints?|things?|times|sides?|signs?|rules?|tries|words?|"
    r"equations?|factors?|concepts?|sentences?|ideas?|points)\b",
    re.IGNORECASE,
)
_AMBIGUOUS: Final = frozenset(list_stems("right wrong correct left true false"))
_SINGLED_OUT: Final = 0.6


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence as it is looked at: plain, folded, its numbers and its stems."""

    text: str
    folded: str
    mentions: Sequence[Mention]
    stems: Sequence[str]

    @property
    def values(self) -> list[float]:
        """The numbers that are no parts of calculations, in their order."""
        return [mention.value for mention in self.mentions if not mention.operand]


@lru_cache(maxsize=4096)
def read_sentence(text: str, language: str) -> Sentence:
    """Reads a sentence as it is written."""
    shown = plain(text)
    return Sentence(shown, fold(text), tuple(find_mentions(shown)), list_stems(shown, language))


@dataclass(frozen=True, slots=True)
class Stem:
    """The question as it is put: what occurs in it is no secret."""

    sentence: Sentence

    def holds(self, value: float) -> bool:
        """Says whether a number occurs in the question."""
        return any(abs(mention.value - value) < 1e-9 for mention in self.sentence.mentions)

    def is_shared(self, sentence: Sentence) -> bool:
        """Says whether a sentence is about the same problem: two of its numbers, or half of its words."""
        known = {mention.value for mention in self.sentence.mentions}
        if known:
            found = {mention.value for mention in sentence.mentions}
            return len(known & found) >= min(2, len(known))
        words = set(self.sentence.stems)
        return bool(words) and 2 * len(words & set(sentence.stems)) >= len(words)


@dataclass(frozen=True, slots=True)
class NumberSecret:
    """A number that is the answer or, in one option alone, a part of it.

    Attributes:
        value: The number.
        tolerance: What counts as the same.
    """

    value: float
    tolerance: float

    def is_told(self, sentence: Sentence, stem: Stem, *, quoted: bool) -> bool:
        """Says whether a sentence tells it."""
        return any(self._tells(mention, sentence, stem, quoted=quoted) for mention in sentence.mentions)

    def _tells(self, mention: Mention, sentence: Sentence, stem: Stem, *, quoted: bool) -> bool:
        if mention.operand or abs(mention.value - self.value) > self.tolerance + 1e-9 * abs(self.value):
            return False
        before, after = sentence.text[: mention.start], sentence.text[mention.end :]
        if re.search(r"\b(?:step|hint|rung|part|lesson|chapter|question)s? $", before, re.IGNORECASE):
            return False
        asserted = self._is_asserted(before, mention, sentence, stem)
        if stem.holds(self.value):
            return asserted and (not quoted or stem.is_shared(sentence))
        if not (self.value.is_integer() and abs(self.value) <= SMALL):
            return True
        if quoted:
            return asserted or stem.is_shared(sentence)
        return asserted or not (mention.worded or _COUNTED.match(after))

    def _is_asserted(self, before: str, mention: Mention, sentence: Sentence, stem: Stem) -> bool:
        """Says whether the words before a number make it what comes out, or it stands alone."""
        if not sentence.stems and len({each.start for each in sentence.mentions}) == 1:
            return True
        if _ANSWER.search(before):
            return True
        if _RESULT.search(before):
            equation = re.search(r"[\w()']+\s*=\s*$", before)
            given = equation and fold(equation[0] + sentence.text[mention.start : mention.end])
            return not (given and given in stem.sentence.folded)
        return bool(_IS.search(before))


@dataclass(frozen=True, slots=True)
class TermSecret:
    """An expression: any of the terms that it alone has, all of it, or its numbers in their order.

    Attributes:
        terms: Folded; each alone tells it.
        values: Its numbers in their order; fewer than two tell nothing.
    """

    terms: frozenset[str]
    values: tuple[float, ...]

    def is_told(self, sentence: Sentence, stem: Stem, *, quoted: bool) -> bool:
        """Says whether a sentence tells it."""
        if any(contains(sentence.folded, term) for term in self.terms):
            return True
        known = [mention.value for mention in stem.sentence.mentions]
        tells = len(self.values) > 1 and not holds_in_order(self.values, known)
        return tells and holds_in_order(self.values, sentence.values) and (not quoted or stem.is_shared(sentence))


@dataclass(frozen=True, slots=True)
class WordSecret:
    """An option in words: enough of the words that it alone has, and no more of another option's.

    Attributes:
        content: All its stems.
        distinct: Those that neither the question nor another option has.
        others: For each other option the same.
        text: All of it.
        whole: All of it, folded.
    """

    content: frozenset[str]
    distinct: frozenset[str]
    others: tuple[frozenset[str], ...]
    text: str
    whole: str

    def is_told(self, sentence: Sentence, stem: Stem, *, quoted: bool) -> bool:
        """Says whether a sentence tells it."""
        words = set(sentence.stems)
        if len(self.whole) > 1 and contains(sentence.folded, self.whole) and self.whole not in stem.sentence.folded:
            return True
        if not self.distinct:
            return not quoted and self._is_asserted(sentence)
        if self.distinct <= _AMBIGUOUS and not self.content <= words:
            return False
        share = len(self.distinct & words) / len(self.distinct)
        least = _SINGLED_OUT if len(self.distinct) > 2 else 1.0
        rival = max((len(other & words) / len(other) for other in self.others if other), default=0.0)
        return share >= least and share > rival

    def _is_asserted(self, sentence: Sentence) -> bool:
        """Says whether the option stands alone or as what comes out; a single letter is told by its case."""
        names = {self.text, re.sub(r"^(?:the|an?) ", "", self.text)}
        if sentence.text.strip(' .!?"“”*') in names:
            return True
        return any(
            _RESULT.search(before) or _IS.search(before) or _ANSWER.search(before)
            for name in names
            for found in re.finditer(rf"(?<!\w){re.escape(name)}(?!\w)", sentence.text)
            for before in [re.sub(r"\bclass $", "", sentence.text[: found.start()])]
        )


@dataclass(frozen=True, slots=True)
class NameSecret:
    """A word or name that is asked for: wherever it stands, it is told.

    Attributes:
        stem: Of a single word; empty: it is a phrase.
        phrase: Folded.
    """

    stem: str
    phrase: str

    def is_told(self, sentence: Sentence, stem: Stem, *, quoted: bool) -> bool:
        """Says whether a sentence tells it."""
        if self.stem:
            return self.stem in sentence.stems and self.stem not in stem.sentence.stems
        return contains(sentence.folded, self.phrase) and self.phrase not in stem.sentence.folded


Secret = NumberSecret | TermSecret | WordSecret | NameSecret


def make_option_secrets(text: str, others: Sequence[str], stem: Stem, language: str) -> list[Secret]:
    """What must not be said of the right option, where the other options are known too."""
    if is_expression(text):
        terms = list_terms(text)
        own = terms.difference(*(list_terms(other) for other in others))
        fresh = frozenset(term for term in own if not contains(stem.sentence.folded, term)) or frozenset({fold(text)})
        numbers = [read_values(term)[0] for term in fresh if "=" not in term and is_number(term)]
        rest = frozenset(term for term in fresh if "=" in term or not is_number(term))
        values = read_values(text)
        rivals = {read_values(other) for other in others}
        return [
            *(NumberSecret(value, 0.0) for value in numbers),
            TermSecret(rest - {""}, () if values in rivals else values),
        ]
    content = frozenset(list_stems(text, language))
    known = frozenset(stem.sentence.stems)
    rival_stems = [frozenset(list_stems(other, language)) for other in others]
    return [
        WordSecret(
            content=content,
            distinct=content.difference(known, *rival_stems),
            others=tuple(rival.difference(known, content) for rival in rival_stems),
            text=plain(text),
            whole=fold(text),
        )
    ]


def make_name_secret(text: str, language: str) -> Secret:
    """What must not be said of an answer in words or symbols that has no options beside it."""
    stems: Collection[str] = list_stems(text, language)
    single = re.fullmatch(r"[^\W\d_]+", text.strip()) is not None and len(stems) == 1
    return NameSecret(next(iter(stems)) if single else "", fold(text))
