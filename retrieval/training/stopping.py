"""How long work tells how far it is, and is told to stop."""

from collections.abc import Callable

Progress = Callable[[int, int], None]
"""Is called with the steps done and their total after each step."""
ShouldStop = Callable[[], bool]
"""Is asked between steps."""


class TrainingStoppedError(Exception):
    """Training was told to stop; nothing of it is kept."""


def report_nothing(done: int, total: int) -> None:
    """Progress that nobody watches."""


def never_stop() -> bool:
    """Training that nobody stops."""
    return False
