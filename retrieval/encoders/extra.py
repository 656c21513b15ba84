"""The models extra: libraries that a server without models does without."""

from collections.abc import Iterator
from contextlib import contextmanager

from kg.errors import ModelUnavailableError


@contextmanager
def models_extra() -> Iterator[None]:
    """Surrounds imports of what only the models extra installs.

    Raises:
        ModelUnavailableError: A module is missing; the message names the command that installs it.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        raise ModelUnavailableError(
            f"the Python module {error.name} is not installed: pip install 'graphmasal[models]'", [str(error.name)]
        ) from error
