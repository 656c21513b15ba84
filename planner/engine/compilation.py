"""Compiling kernels: functions over arrays of integers that run the same, only slower, without being compiled.

`python -m planner.compilation` compiles all of them and keeps them on disk; an installation does so once.
Where they are not there, kernels run in the interpreter until they are, so that no request waits for a compiler.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any, ClassVar, Final, Generic, ParamSpec, TypeVar

import numba
from numba.extending import register_jitable

from planner.engine.kernel_cache import KernelCache, find_complete_folder

Params = ParamSpec("Params")
Result = TypeVar("Result")

# What one machine compiles, another can run, and computes the same.
numba.config.CPU_NAME = "generic"  # type: ignore[attr-defined]
numba.config.CPU_FEATURES = ""  # type: ignore[attr-defined]


def inner(function: Callable[Params, Result]) -> Callable[Params, Result]:
    """Marks a function that kernels call."""
    marked: Callable[Params, Result] = register_jitable(function)
    return marked


def lean(function: Callable[Params, Result]) -> Callable[Params, Result]:
    """Marks a function that kernels call and that neither makes arrays nor returns any: calls are several times faster.

    Compiled functions count references to all arrays of a tuple that they are given; these do not.
    """
    marked: Callable[Params, Result] = register_jitable(_nrt=False, forceinline=True)(function)
    return marked


class Kernel(Generic[Params, Result]):
    """A function that is compiled where that has been done before, or where `run_compiled` asks for it.

    Attributes:
        plain: The function as it is written, for the interpreter.
        compiled: For all kernels: whether they run compiled. None: as soon as all of them are found on disk.
        instances: All kernels.
    """

    compiled: ClassVar[bool | None] = None
    instances: Final[list["Kernel[Any, Any]"]] = []

    def __init__(self, function: Callable[Params, Result]) -> None:
        self.plain = function
        Kernel.instances.append(self)

    def __call__(self, *args: Params.args, **kwargs: Params.kwargs) -> Result:
        """Runs it."""
        compiled = is_compiled() if Kernel.compiled is None else Kernel.compiled
        run = self.dispatcher if compiled else self.plain
        result: Result = run(*args, **kwargs)
        return result

    @cached_property
    def dispatcher(self) -> Any:
        """What numba makes of the function: each signature is loaded from disk, or compiled, when first called."""
        # no kernel divides by zero, and not looking for that every time is faster
        dispatcher: Any = numba.njit(nogil=True, error_model="numpy")(self.plain)
        dispatcher._cache = KernelCache(self.plain)
        return dispatcher


def kernel(function: Callable[Params, Result]) -> Kernel[Params, Result]:
    """Makes a kernel of a function; it may call those marked by `inner`, and no other kernel."""
    return Kernel(function)


class _Found:
    """Whether all kernels have been found on disk; once they have, nobody looks again."""

    complete: ClassVar[bool] = False


def is_compiled() -> bool:
    """Says whether all kernels are on disk, compiled, by this process or another."""
    if not _Found.complete:
        _Found.complete = find_complete_folder() is not None
    return _Found.complete


@contextmanager
def run_plain() -> Iterator[None]:
    """Runs kernels without compiling them, for as long as the context lasts."""
    with _run(compiled=False):
        yield


@contextmanager
def run_compiled() -> Iterator[None]:
    """Runs kernels compiled, for as long as the context lasts; each is compiled when first called, which takes long."""
    with _run(compiled=True):
        yield


@contextmanager
def _run(*, compiled: bool) -> Iterator[None]:
    before, Kernel.compiled = Kernel.compiled, compiled
    try:
        yield
    finally:
        Kernel.compiled = before
