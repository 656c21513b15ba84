"""Compiling kernels: functions over arrays of integers that run the same, only slower, without being compiled.

`python -m planner.engine.compilation` compiles all of them and keeps them on disk; an installation does so once.
Where they are not there, kernels run in the interpreter until they are, so that no request waits for a compiler.
"""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any, ClassVar, Final, Generic, ParamSpec, TypeVar

import numba
from numba.extending import register_jitable

import planner.engine
from planner.engine.kernel_cache import KernelCache, find_complete_folder, make_folder, mark_complete

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
        dispatcher: Any = numba.njit(nogil=True)(self.plain)
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


def start_compiling() -> "subprocess.Popen[bytes] | None":
    """Starts a process that compiles all kernels; this one runs them so once it has ended.

    A process, because numba holds the interpreter's lock while it compiles: in a thread it would stall a server.

    Returns:
        The process; None: all kernels are compiled already.
    """
    if is_compiled():
        return None
    command = [sys.executable, "-m", "planner.engine.compilation"]
    root = Path(__file__).parents[2]
    return subprocess.Popen(command, cwd=root, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)  # noqa: S603


def compile_all() -> Path:
    """Compiles all kernels by planning a small curriculum, and keeps them.

    Returns:
        The folder that holds them.

    Raises:
        OSError: No folder can be written to.
        RuntimeError: Planning that curriculum calls not all of them.
    """
    from planner.rehearsal import rehearse  # noqa: PLC0415 - all of planning stands above this module

    for module in iter_modules(planner.engine.__path__):
        import_module(f"planner.engine.{module.name}")
    folder = make_folder()
    with run_compiled():
        rehearse()
    left = [each.plain.__qualname__ for each in Kernel.instances if not each.dispatcher.signatures]
    if left:
        raise RuntimeError(f"planner.rehearsal does not call the kernels {', '.join(left)}")
    mark_complete(folder)
    return folder


def main() -> None:
    """Compiles all kernels and says how long that took."""
    began = time.monotonic()
    folder = find_complete_folder() or compile_all()
    took = time.monotonic() - began
    sys.stdout.write(f"{len(Kernel.instances)} kernels are in {folder}, after {took:.1f} s\n")


if __name__ == "__main__":
    import_module("planner.engine.compilation").main()  # not this copy of the module: the one that kernels import
