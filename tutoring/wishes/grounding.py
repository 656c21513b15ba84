"""A wish looked up in the curriculum: what is there becomes a term of the plan, and each part says how it was read."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

from kg.curriculum import Concept, Curriculum
from planner.constraints import UNCONSTRAINED, Constraints
from retrieval.documents import DocumentKind
from retrieval.results import Result
from retrieval.scope import Scope
from tutoring.events import Retrieved, Understood
from tutoring.surroundings import Surroundings
from tutoring.wishes.reading import split_phrase
from tutoring.wishes.wish import Wish

_ALTERNATIVES: Final = 4
_LIKELY: Final = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """A plan's terms.

    Attributes:
        goals: Ids of concepts; none: the learner's own.
        constraints: What to keep to.
        understood: What each part of the words was taken to mean.
    """

    goals: tuple[str, ...] = ()
    constraints: Constraints = UNCONSTRAINED
    understood: tuple[Understood, ...] = ()

    @property
    def says_nothing(self) -> bool:
        """Nothing was understood."""
        return not any(part.field for part in self.understood)


@dataclass(slots=True)
class _Draft:
    goals: list[str] = field(default_factory=list)
    pinned: list[str] = field(default_factory=list)
    vetoed: list[str] = field(default_factory=list)
    orders: list[tuple[str, str]] = field(default_factory=list)
    understood: list[Understood] = field(default_factory=list)

    def note(self, words: str, meaning: str, name: str, probability: float = 1.0) -> None:
        self.understood.append(Understood(words=words, meaning=meaning, field=name, probability=probability))


async def ground_wish(wish: Wish, surroundings: Surroundings, today: date) -> Terms:
    """Looks up what a wish names.

    Args:
        wish: As it was read.
        surroundings: Of the turn; told what was found.
        today: The day of the turn.
    """
    curriculum = await surroundings.read_curriculum()
    draft = _Draft()
    for goal in wish.goals:
        for phrase, concept, probability in await _find_all(goal, surroundings):
            if concept is None:
                draft.note(phrase, "nothing in the course seems to be meant", "")
            elif concept.id not in draft.goals:
                draft.goals.append(concept.id)
                draft.note(phrase, f"learn {concept.title}", "goals", probability)
    for phrase in (part for skipped in wish.skipped for part in split_phrase(skipped)):
        await _skip(phrase, curriculum, surroundings, draft)
    for included in wish.included:
        for phrase, concept, probability in await _find_all(included, surroundings):
            if concept is None:
                draft.note(phrase, "nothing in the course seems to be meant", "")
            else:
                draft.pinned.append(f"concepts/{concept.id}")
                draft.note(phrase, f"{concept.title} is part of the plan", "pinned", probability)
    for first, then in wish.orders:
        await _order(first, then, surroundings, draft)
    for phrase in wish.known:
        draft.note(phrase, "say by itself that you know it, and it can be noted as evidence", "")
    # What is a goal is not left out, however the words put it.
    vetoed = [each for each in dict.fromkeys(draft.vetoed) if each.removeprefix("concepts/") not in draft.goals]
    constraints = replace(
        _limit_time(wish, today, draft),
        pinned=tuple(dict.fromkeys(draft.pinned)),
        vetoed=tuple(vetoed),
        orders=tuple(dict.fromkeys(draft.orders)),
    )
    return Terms(goals=tuple(draft.goals), constraints=constraints, understood=tuple(draft.understood))


async def _find_all(phrase: str, surroundings: Surroundings) -> list[tuple[str, Concept | None, float]]:
    """Finds the concepts that a phrase names: the whole where it is a title, otherwise each of its parts."""
    whole = await _find(phrase, surroundings)
    parts = split_phrase(phrase)
    if len(parts) < 2 or (whole and whole.exact):
        return [await _name(phrase, whole, surroundings)]
    return [await _name(part, await _find(part, surroundings), surroundings) for part in parts]


async def _find(phrase: str, surroundings: Surroundings) -> Result | None:
    """Returns the concept meant; None: that nothing is meant is likelier than that anything is."""
    results = await surroundings.search(phrase, Scope(kinds=(DocumentKind.CONCEPT,), limit=_ALTERNATIVES))
    await surroundings.emit(Retrieved(query=phrase, results=results))
    (found,) = results.kinds
    likeliest = found.results[0] if found.results else None
    return likeliest if likeliest and (likeliest.exact or found.none_probability <= _LIKELY) else None


async def _name(phrase: str, result: Result | None, surroundings: Surroundings) -> tuple[str, Concept | None, float]:
    if result is None:
        return phrase, None, 0.0
    curriculum = await surroundings.read_curriculum()
    concept = next((each for each in curriculum.concepts if each.id == result.document.id), None)
    return phrase, concept, result.probability


async def _skip(phrase: str, curriculum: Curriculum, surroundings: Surroundings, draft: _Draft) -> None:
    """Leaves out a kind of resource, such as "videos", or a concept."""
    resources = _list_resources(phrase, curriculum)
    if resources:
        draft.vetoed += [f"resources/{each}" for each in resources]
        draft.note(phrase, f"{len(resources)} resources of this kind are not used", "vetoed")
        return
    _, concept, probability = await _name(phrase, await _find(phrase, surroundings), surroundings)
    if concept is None:
        draft.note(phrase, "nothing in the course seems to be meant, so nothing is left out for it", "")
        return
    draft.vetoed.append(f"concepts/{concept.id}")
    draft.note(phrase, f"{concept.title} is left out", "vetoed", probability)


def _list_resources(phrase: str, curriculum: Curriculum) -> Sequence[str]:
    kind = phrase.lower().rstrip("s").replace(" ", "_")
    return [each.id for each in curriculum.resources if each.kind.rstrip("s") == kind and not each.archived]


async def _order(first: str, then: str, surroundings: Surroundings, draft: _Draft) -> None:
    ends = [await _name(phrase, await _find(phrase, surroundings), surroundings) for phrase in (first, then)]
    (_, before, sure_before), (_, after, sure_after) = ends
    words = f"{first} before {then}"
    if before is None or after is None or before.id == after.id:
        draft.note(words, "an order needs two different things that are in the course", "")
        return
    draft.orders.append((before.id, after.id))
    draft.note(words, f"{before.title} comes before {after.title}", "orders", min(sure_before, sure_after))


def _limit_time(wish: Wish, today: date, draft: _Draft) -> Constraints:
    """Turns time into a budget: what is said in all, or so much a day up to a day that is named."""
    budget, session = wish.minutes, wish.each_day
    days = (wish.until - today).days if wish.until else None
    if wish.minutes is not None:
        draft.note(wish.minutes_words, f"the plan takes at most {wish.minutes} minutes", "budget_minutes")
    if wish.each_day is not None:
        draft.note(wish.each_day_words, f"it is cut into sessions of {wish.each_day} minutes", "session_minutes")
    if wish.until is not None and days is not None:
        on = f"by {wish.until:%A}, {wish.until.isoformat()}"
        if budget is None and wish.each_day is not None:
            budget = wish.each_day * max(1, days)
            draft.note(wish.until_words, f"{on}: at most {budget} minutes in all", "budget_minutes")
        elif budget is not None:
            draft.note(wish.until_words, f"{on}; the time you named is all there is until then", "budget_minutes")
        else:
            draft.note(wish.until_words, f"{on}; how much time you have until then is not said, so nothing is cut", "")
    return Constraints(budget_minutes=budget, session_minutes=session)
