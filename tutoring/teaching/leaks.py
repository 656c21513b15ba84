"""Whether a text gives the answer to a question away, before it may be given."""

import re
from collections.abc import Collection, Iterable
from enum import StrEnum
from typing import Final

from kg.curriculum import Question, QuestionKind
from kg.grading import parse_number
from retrieval.passages import split_sentences
from tutoring.teaching.expressions import contains, fold, is_number, read_values
from tutoring.teaching.withheld import (
    NumberSecret,
    Secret,
    Sentence,
    Stem,
    make_name_secret,
    make_option_secrets,
    read_sentence,
)

_VERDICT: Final = (
    r"\b(?:right|correct|wrong|incorrect|true|false|eliminat\w*|ruled? out|impossible|isn't|is not|not it|"
    r"(?:cannot|can't|must) be)\b"
)
_OPENING: Final = re.compile(
    r"^\W*(?:yes|yeah|yep|no|nope|correct|incorrect|right|wrong|exactly|indeed|precisely|spot on|not quite|almost|"
    r"close|that(?:'s| is) (?:right|wrong|correct|it|not)|you(?:'re| are) (?:right|wrong|correct|close)|well done|"
    r"good job)\b",
    re.IGNORECASE,
)
_BY_SIGN: Final = re.compile(r"\b(?:signs?|negative|positive|minus|opposite)\b", re.IGNORECASE)
_BY_TURNING: Final = re.compile(
    r"\b(?:upside|reciprocal|invert\w*|turn(?:ed)? (?:round|over)|exchanged?|swap\w*)\b", re.IGNORECASE
)
_ENDING: Final = r"(?=\W*(?:$|[.,;:!?)\"”’]|\s(?:is|because|since|as|and|or|but)\b))"


class Leak(StrEnum):
    """How a text gives an answer away."""

    ANSWER = "answer"
    """It says it: a value, a term, a name, or enough words of the right option."""
    LETTER = "letter"
    """It names the right option by its id."""
    VERDICT = "verdict"
    """It says of an option or a guess that was not given as an answer whether it is right."""


class AnswerGuard:
    """Knows a question's answer, so that texts that tell it can be held back.

    What a text is about decides how strictly it is read. Something said to the learner is about the question; in
    something quoted from the course a small number is most often about something else, and counts only beside the
    question's own numbers or words. Meaning is not understood: other words for the same are not found.

    Args:
        question: One without a key has no answer to give away.
        language: Of the curriculum, BCP 47.
        tried: Responses that the learner has given and been told to be wrong.
        probing: The learner's words may be a guess that asks for a yes or no.
    """

    def __init__(
        self, question: Question, *, language: str = "en", tried: Collection[str] = (), probing: bool = False
    ) -> None:
        self.question = question
        self._language, self._probing = language, probing
        self._stem = Stem(read_sentence(question.stem, language))
        self._secrets = list(self._list_secrets())
        accepted = question.key.accepted if question.key else ()
        self._right = [option for option in question.options if option in accepted]
        self._untried = [option for option in question.options if option not in tried] if accepted else []
        self._telling = [*_list_telling(self._secrets, [question.options.get(each, each) for each in tried])]

    def find_leak(self, text: str, *, quoted: bool = False) -> Leak | None:
        """Says how a text gives the answer away.

        Args:
            text: Any.
            quoted: It is a quotation from the course, not said about the question.

        Returns:
            None: it does not. Linear in the text.
        """
        for span in split_sentences(text):
            sentence = read_sentence(text[span.start : span.end], self._language)
            if any(secret.is_told(sentence, self._stem, quoted=quoted) for secret in self._secrets):
                return Leak.ANSWER
            if any(pattern.search(sentence.text) for pattern in self._telling):
                return Leak.ANSWER
            if not quoted and (leak := self._find_hint(sentence)):
                return leak
        return None

    def _list_secrets(self) -> Iterable[Secret]:
        question = self.question
        if question.key is None:
            return
        if question.kind is QuestionKind.CHOICE:
            for option in question.key.accepted:
                text = question.options.get(option, "")
                others = [shown for each, shown in question.options.items() if each not in question.key.accepted]
                if is_number(text):
                    yield from (NumberSecret(value, 0.0) for value in _read_number(text))
                elif text:
                    yield from make_option_secrets(text, others, self._stem, self._language)
            return
        for text in question.key.accepted:
            number = parse_number(text)
            if question.kind is QuestionKind.NUMERIC and number is not None:
                yield NumberSecret(number, question.key.tolerance)
            else:
                yield make_name_secret(text, self._language)

    def _find_hint(self, sentence: Sentence) -> Leak | None:
        """Finds an option named by its id, and verdicts on what was not answered."""
        for option in self._untried:
            named = _names_option(sentence.text, option)
            if named and option in self._right:
                return Leak.LETTER
            judged = re.search(_VERDICT, sentence.text, re.IGNORECASE) is not None
            if judged and (named or self._quotes(sentence, option)):
                return Leak.VERDICT
        return Leak.VERDICT if self._probing and _OPENING.search(sentence.text) else None

    def _quotes(self, sentence: Sentence, option: str) -> bool:
        shown = fold(self.question.options[option])
        return len(shown) > 1 and shown not in self._stem.sentence.folded and contains(sentence.folded, shown)


def _read_number(text: str) -> Iterable[float]:
    """Reads an option that is one number; of a percentage both readings, whole and as a share."""
    for value in read_values(text)[:1]:
        yield value
        if "%" in text:
            yield value / 100


def _list_telling(secrets: Iterable[Secret], tried: Iterable[str]) -> Iterable[re.Pattern[str]]:
    """Lists the words that tell a number to somebody who gave its opposite or its reciprocal."""
    given = [values[0] for text in tried if len(values := read_values(text)) == 1]
    for secret in secrets:
        if isinstance(secret, NumberSecret) and secret.value:
            if any(abs(value + secret.value) < 1e-9 for value in given):
                yield _BY_SIGN
            if any(value and abs(value * secret.value - 1.0) < 1e-9 and value != secret.value for value in given):
                yield _BY_TURNING


def _names_option(text: str, option: str) -> bool:
    name = re.escape(option)
    patterns = [
        rf"\b(?:option|choice|letter|alternative)\s*(?:is\s*)?[\"“(*]?{name}\b",
        rf"\b(?:answer|it|that|solution)(?:'s|\s+is|\s+must be|\s*[:=])\s*[\"“(*]?{name}{_ENDING}",
        rf"\b(?:pick|choose|select|go with|try|take)\s+[\"“(*]?{name}{_ENDING}",
        rf"(?<![\w)])\(\s*{name}\s*\)(?!\s*[=+\-·*/^])",
        rf"(?:^|[\"“\s]){name}[)\"”]?\s+(?:is|would be|looks)\s+(?:the )?(?:right|correct|wrong|incorrect|not\b)",
    ]
    if any(re.search(pattern, text, re.IGNORECASE) for pattern in patterns):
        return True
    alone = len(option) == 1 and option.isalpha()
    return alone and re.fullmatch(rf"\W*{option.upper()}\W*", text.strip()) is not None
