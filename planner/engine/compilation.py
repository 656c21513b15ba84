"""Compiling kernels: functions over arrays of integers that run the same, only slower, without being compiled."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Generic, ParamSpec, TypeVar

from numba import njit
from numba.extending import register_jitable

Params = ParamSpec("Params")
Result = TypeVar("Result")


def inner(function: Callable[Params, Result]) -> Callable[Params, Result]:
    """Marks a function that kernels call."""
    marked: Callable[Params, Result] = register_jitable(function)
    return marked


class Kernel(Generic[Params, Result]):
    """A function that is compiled where `compiled` says so.

    Attributes:
        plain: The function as it is written, for the interpreter.
    """

    compiled = True

    def __init__(self, function: Callable[Params, Result]) -> None:
        self.plain = function
        self._dispatcher: Any = njit(cache=True, nogil=True)(function)

    def __call__(self, *args: Params.args, **kwargs: Params.kwargs) -> Result:
        """Runs it."""
        run = self._dispatcher if Kernel.compiled else self.plain
        result: Result = run(*args, **kwargs)
        return result


def kernel(function: Callable[Params, Result]) -> Kernel[Params, Result]:
    """Makes a kernel of a function; it may call those marked by `inner`, and no other kernel."""
    return Kernel(function)


@contextmanager
def run_plain() -> Iterator[None]:
    """Runs kernels without compiling them, for as long as the context lasts."""
    before, Kernel.compiled = Kernel.compiled, False
    try:
        yield
    finally:
        Kernel.compiled = before
