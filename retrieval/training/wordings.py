"""Wordings: other ways in which a learner may name a concept, or ask for it without its name."""

import re
from collections.abc import Iterator
from typing import Final

_BRACKETS = re.compile(r"\s*\(([^()]+)\)")
_ACRONYM = re.compile(r"[A-Z][A-Za-z]*[A-Z]s?")
_ARTICLE = re.compile(r"(?:the|an?)\s+", re.IGNORECASE)
# The subject ends where the verb that defines it begins.
_DEFINITION = re.compile(r"(?P<subject>[^.,;:]{1,120}?)\s+(?:is|are|means|refers to)\s+(?P<predicate>.+)", re.DOTALL)

# Questions, goals and headings; each fits whatever the title is, one thing or many, a noun or an activity.
_TEMPLATES: Final = (
    "what is meant by {title}?",
    "explain {title}",
    "help with {title}",
    "I want to understand {title}",
    "introduction to {title}",
    "examples of {title}",
)


def name_differently(title: str, attested: frozenset[str]) -> list[str]:
    """Lists the names of a concept: its title, and the title without brackets and article or in the other number.

    Args:
        title: As a learner reads it.
        attested: Words of the curriculum in lower case; only such forms of an English word are used, for rules of
            spelling alone would make "naive Baye". Empty: the number stays.
    """
    bare = _BRACKETS.sub("", title).strip()
    names = [title, bare, _ARTICLE.sub("", bare, count=1) if _ARTICLE.match(bare) else bare]
    *_, last = names[-1].split() or [""]
    names += [names[-1][: -len(last)] + other for other in _other_numbers(last) if other.casefold() in attested]
    return list(dict.fromkeys(name for name in names if name))


def find_acronyms(title: str, description: str) -> list[str]:
    """Lists the acronyms of a title: those in its brackets, and those that the description puts right behind it."""
    bare = _ARTICLE.sub("", _BRACKETS.sub("", title), count=1).strip()
    behind = re.search(re.escape(bare) + r"(?:e?s)?\s+\(([^()]+)\)", description, re.IGNORECASE) if bare else None
    inside = [*_BRACKETS.findall(title), *([behind.group(1)] if behind else [])]
    return list(dict.fromkeys(word for text in inside for word in _ACRONYM.findall(text)))


def put_into_templates(title: str) -> list[str]:
    """Lists English questions, goals and headings that name a title, in lower case, as most people type."""
    return [template.format(title=title.lower()) for template in _TEMPLATES]


def take_predicate(sentence: str, title: str) -> str:
    """Returns what an English sentence says that the titled thing is, without naming it.

    Args:
        sentence: Such as "A matrix is a rectangular array of numbers."
        title: Such as "matrices".

    Returns:
        Such as "a rectangular array of numbers"; empty: the sentence defines nothing, or something else.
    """
    match = _DEFINITION.fullmatch(sentence.strip())
    if not match:
        return ""
    subject = {_to_stem(word) for word in _list_words(_BRACKETS.sub("", _ARTICLE.sub("", match["subject"], count=1)))}
    if not subject or not subject <= {_to_stem(word) for word in _list_words(title)}:
        return ""
    return " ".join(match["predicate"].split()).rstrip(".")


def hide_title(text: str, title: str) -> str:
    """Puts "it" in place of a title, in any case of letters and with a plural's ending, where whole words match."""
    words = re.findall(r"\w+", title)
    if not words:
        return text
    pattern = r"\b(?:(?:an?|the)\s+)?" + r"\W+".join(re.escape(word) for word in words) + r"(?:e?s)?\b"
    return re.sub(pattern, "it", text, flags=re.IGNORECASE)


def is_english(language: str) -> bool:
    """Says whether a BCP 47 tag is one of English."""
    return language.split("-", maxsplit=1)[0].lower() == "en"


def _other_numbers(word: str) -> Iterator[str]:
    if word.endswith("ies"):
        yield word[:-3] + "y"
    elif word.endswith("s"):
        yield word[:-1]
    else:
        yield word + "s"


def _list_words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


def _to_stem(word: str) -> str:
    for ending, instead in (("ices", "ix"), ("ies", "y"), ("s", "")):
        if word.endswith(ending) and len(word) > len(ending) + 2:
            return word[: -len(ending)] + instead
    return word
