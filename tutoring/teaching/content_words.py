"""The words of a text that carry its content, by their stems, and how much of one text another covers."""

import re
from collections.abc import Collection
from functools import lru_cache
from threading import get_ident
from typing import Final

from retrieval.lexical import Tokenizer

_WORDS: Final = """
a about above after again all also am an and any are as at be because been before being below between both but
by can could did do does doing down each either else every few for from further get gets give gives had has have
having he her here him his how however i if in into is it its itself just let like many may me might more most
much must my no nor not now of off on once one only or other our out over own per please same shall she should
so some such than that the their them then there these they thing things this those through to too under until
up us use used very was we were what when where which while who whom whose why will with without would yes you
your s t ll re ve d m don doesn isn aren
"""
_EMPTY: Final = frozenset(_WORDS.split())


def _get_tokenizer(language: str) -> Tokenizer:
    return _make_tokenizer(language, get_ident())


@lru_cache(maxsize=64)
def _make_tokenizer(language: str, _thread: int) -> Tokenizer:
    """One for each thread, which it serves alone."""
    return Tokenizer(language)


@lru_cache(maxsize=4096)
def list_stems(text: str, language: str = "en") -> tuple[str, ...]:
    """Lists the stems of a text's content words in their order: no figures, single letters or words without content."""
    tokenizer = _get_tokenizer(language)
    empty = _stem_empty(language)
    stems = tokenizer.tokenize(text)
    return tuple(stem for stem in stems if len(stem) > 1 and not stem[0].isdigit() and stem not in empty)


@lru_cache(maxsize=8)
def _stem_empty(language: str) -> frozenset[str]:
    return frozenset(_get_tokenizer(language).tokenize(" ".join(_EMPTY)))


def measure_cover(text: str, source: Collection[str], language: str = "en") -> float:
    """Share of a text's distinct content stems that are among a source's, in [0, 1]; 1 where it has none."""
    stems = set(list_stems(text, language))
    return len(stems & set(source)) / len(stems) if stems else 1.0


def keep_content(text: str, language: str = "en", *, without: Collection[str] = ()) -> str:
    """Returns a text's content words as they are written, in their order, to be searched for.

    Args:
        text: Any.
        language: BCP 47.
        without: Stems to leave out as well.
    """
    words = re.findall(r"[^\W_]+(?:['’-][^\W_]+)*", text)
    kept = [word for word in words if set(list_stems(word, language)) - set(without)]
    return " ".join(kept)
