"""Kinds of error."""

from enum import StrEnum


class ErrorKind(StrEnum):
    """What kind of error a wrong response is.

    The kinds are those of Wang et al., "Bridging the novice-expert gap via models of decision-making" (NAACL 2024).
    """

    GUESS = "guess"
    """It is not understood, or it was guessed."""
    MISINTERPRET = "misinterpret"
    """The question was misread."""
    CARELESS = "careless"
    """A slip: what is needed is known."""
    RIGHT_IDEA = "right-idea"
    """The right idea that does not quite get there."""
    IMPRECISE = "imprecise"
    """Not precise enough, such as a unit left out or a value rounded."""
    DIAGNOSE = "diagnose"
    """Not sure: what was done has to be found out first."""
