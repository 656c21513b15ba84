"""Goals asked for in words: each thing named is searched for, and what was understood is shown."""

import re
from dataclasses import dataclass

from rich.console import Console

from graphmasal.cli.failures import CommandError
from graphmasal.client import Client
from graphmasal.v1.retrieval_pb2 import SearchResult
from graphmasal.v1.retrieval_service_pb2 import SearchConceptsRequest

_ALTERNATIVES = 3

_SEPARATOR = re.compile(r"\s*(?:[;,\n]|\band\b)\s*", re.IGNORECASE)
_OPENING = re.compile(
    r"^(?:please\s+)?(?:(?:i|we)\s+(?:want|would like|need|have)\s+to\s+)?"
    r"(?:(?:learn|understand|know|study|master)\s+)?(?:about\s+)?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Understood:
    """What one thing named was taken to be.

    Attributes:
        words: As they were given.
        results: Concepts, the likeliest first.
        none: Probability that no concept is meant, in [0, 1].
    """

    words: str
    results: tuple[SearchResult, ...]
    none: float

    @property
    def goal(self) -> SearchResult | None:
        """The concept meant; None: that nothing is meant is likelier than that anything is."""
        likeliest = self.results[0] if self.results else None
        return likeliest if likeliest and (likeliest.exact or self.none <= 0.5) else None


def split_words(words: str) -> list[str]:
    """Splits what was asked for into the things it names.

    Commas, semicolons, line ends and "and" part them; "I want to learn" and the like, at the beginning, say nothing.
    """
    parts = _SEPARATOR.split(_OPENING.sub("", words.strip().rstrip(".!?"), count=1))
    return list(dict.fromkeys(part.strip() for part in parts if part.strip()))


def understand(client: Client, curriculum: str, words: str, learner: str) -> list[Understood]:
    """Searches for each thing that words name; a concept whose title holds all of the words is one thing.

    Args:
        client: Of the server.
        curriculum: Id.
        words: What was asked for.
        learner: Id of the learner whose readiness breaks ties; empty: nobody.
    """
    parent = client.curriculum_name(curriculum)
    whole = _search(client, parent, words, learner)
    if whole.results and whole.results[0].exact:
        return [whole]
    return [_search(client, parent, part, learner) for part in split_words(words)]


def choose_goals(understood: list[Understood]) -> list[str]:
    """Returns the ids of the concepts meant.

    Raises:
        CommandError: For some words no concept is likely enough; the nearest ones are named.
    """
    for part in understood:
        if part.goal is None:
            nearest = ", ".join(result.document for result in part.results[:_ALTERNATIVES]) or "nothing"
            raise CommandError(
                f"no concept seems to be meant by “{part.words}”; nearest: {nearest}. Name it with --goals."
            )
    if not understood:
        raise CommandError("--ask names nothing to learn")
    return list(dict.fromkeys(part.goal.document for part in understood if part.goal))


def print_understood(console: Console, understood: list[Understood]) -> None:
    """Shows what each thing named was taken to be, with what else it could be."""
    for part in understood:
        goal = part.goal
        others = [result for result in part.results[:_ALTERNATIVES] if result is not goal]
        rest = ", ".join(f"{result.title} {result.probability:.2f}" for result in others)
        taken = f"{goal.title} ({goal.document}, {goal.probability:.2f})" if goal else "none of these"
        console.print(f"“{part.words}” → {taken}")
        console.print(f"   or: {rest}; none of these {part.none:.2f}" if rest else "", style="dim")


def _search(client: Client, parent: str, words: str, learner: str) -> Understood:
    request = SearchConceptsRequest(parent=parent, query=words, limit=_ALTERNATIVES + 1, learner=learner)
    response = client.retrieval.SearchConcepts(request)
    return Understood(words=words, results=tuple(response.results), none=response.none_of_these[0].probability)
