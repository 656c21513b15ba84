"""Checks of a request's fields that tell the caller everything that is wrong at once."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from kg.errors import FieldViolation, InvalidInputError
from kg.identifiers import check_id

Params = ParamSpec("Params")
Value = TypeVar("Value")


class FieldChecks:
    """Gathers violations while a request is read.

    Attributes:
        violations: What was found so far, in the order of the checks.
    """

    def __init__(self) -> None:
        self.violations: list[FieldViolation] = []

    def note(self, field: str, rule: str) -> None:
        """Notes that a field breaks a rule."""
        self.violations.append(FieldViolation(field, rule))

    def read(
        self, fallback: Value, reader: Callable[Params, Value], *args: Params.args, **kwargs: Params.kwargs
    ) -> Value:
        """Returns what `reader` does; after noting what it refuses, `fallback`."""
        try:
            return reader(*args, **kwargs)
        except InvalidInputError as error:
            self.violations.extend(error.violations)
            return fallback

    def check_id(self, text: str, field: str) -> None:
        """Notes a text that may not serve as an id."""
        self.read(text, check_id, text, field)

    def check_length(self, text: str, most: int, field: str) -> None:
        """Notes a text of more than `most` characters."""
        if len(text) > most:
            self.note(field, f"must have at most {most} characters")

    def finish(self) -> None:
        """Ends the checks.

        Raises:
            InvalidInputError: Something was found.
        """
        if self.violations:
            raise InvalidInputError(*self.violations)

    def finish_with(self, reader: Callable[Params, Value], *args: Params.args, **kwargs: Params.kwargs) -> Value:
        """Ends the checks with a last one and returns what `reader` does.

        Raises:
            InvalidInputError: Something was found, now or before.
        """
        try:
            value = reader(*args, **kwargs)
        except InvalidInputError as error:
            raise InvalidInputError(*self.violations, *error.violations) from error
        self.finish()
        return value
