"""Words as learners write them: in one way of writing, and without how an answer is begun."""

import re
import unicodedata
from typing import Final

_HEDGES: Final = re.compile(
    r"\b(?:(?:i'?m |i am )?not (?:quite |really |so |too )?(?:sure|certain)"
    r"|(?:i )?(?:don'?t|do not) (?:really )?know|idk)\b"
)
_LEADING: Final = frozenset({
    "a", "actually", "an", "answer", "answers", "be", "believe", "but", "choice", "choose", "final", "get", "got",
    "guess", "hm", "hmm", "i", "i'd", "i'll", "i'm", "is", "it", "it's", "its", "just", "letter", "maybe", "my", "oh",
    "ok", "okay", "option", "perhaps", "pick", "probably", "result", "say", "should", "so", "solution", "take", "that",
    "that's", "the", "then", "think", "this", "uh", "um", "was", "well", "would",
})  # fmt: skip
_MARKS: Final = " \t.,;:!?…\"'()[]"


def plain(words: str) -> str:
    """Writes words in one way: lower case, one kind of minus, quote and space, ½ as 1/2."""
    spelt = "".join(_spell_fraction(sign) for sign in words)
    folded = " ".join(unicodedata.normalize("NFKC", spelt).casefold().split())
    return re.sub("[−‐‑–]", "-", folded).replace("⁄", "/").replace("’", "'")


def drop_hedges(text: str) -> str:
    """Takes "I'm not sure" and the like out of plain words, wherever they stand: they negate nothing."""
    return _HEDGES.sub(" ", text)


def strip_lead(text: str) -> str:
    """Takes away how an answer is begun, such as "I think it is", and the marks around what is left."""
    words = text.split()
    while len(words) > 1 and words[0].strip(_MARKS).casefold().replace("’", "'") in _LEADING:
        del words[0]
    return " ".join(words).strip(_MARKS)


def _spell_fraction(sign: str) -> str:
    """Writes ½ as " 1/2", so that 1½ becomes 1 1/2."""
    if not unicodedata.decomposition(sign).startswith("<fraction>"):
        return sign
    return f" {unicodedata.normalize('NFKC', sign)}"
