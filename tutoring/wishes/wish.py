"""What somebody wishes of a plan, as far as their words say; nothing of it is looked up in the curriculum yet."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A wish. All phrases are parts of the words.

    Attributes:
        goals: What is to be learned.
        skipped: What is to be left out.
        included: What must be in.
        orders: (earlier, later).
        known: What is said to be known already.
        minutes: Time in all; None: not said.
        minutes_words: The words that say so.
        each_day: Minutes for each day; None: not said.
        each_day_words: The words that say so.
        until: The day by which; None: not said.
        until_words: The words that say so.
    """

    goals: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    included: tuple[str, ...] = ()
    orders: tuple[tuple[str, str], ...] = ()
    known: tuple[str, ...] = ()
    minutes: int | None = None
    minutes_words: str = ""
    each_day: int | None = None
    each_day_words: str = ""
    until: date | None = None
    until_words: str = ""

    @property
    def says_nothing(self) -> bool:
        """There is nothing in it."""
        said = (self.goals, self.skipped, self.included, self.orders, self.known, self.minutes, self.each_day)
        return not any(said) and self.until is None
