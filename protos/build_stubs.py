"""Generates the package `graphmasal.v1` from `protos/` whenever the project is built or installed.

The stubs are never committed, so they cannot drift from the protos.
"""

import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

# The build loads this file by its path, without its folder.
sys.path.insert(0, str(Path(__file__).parent))
from google_protos import google_protos

PACKAGE = Path("graphmasal/v1")


def generate_stubs(root: Path) -> None:
    """Writes messages, services and their type stubs under `root`/graphmasal/v1.

    Raises:
        subprocess.CalledProcessError: A proto does not compile; protoc's message is on stderr.
    """
    target = root / PACKAGE
    target.mkdir(parents=True, exist_ok=True)
    for old in target.glob("*_pb2*"):
        old.unlink()
    protos = sorted(str(path.relative_to(root / "protos")) for path in (root / "protos" / PACKAGE).glob("*.proto"))
    plugin = Path(sys.executable).parent / "protoc-gen-mypy_grpc"
    typed = [f"--plugin=protoc-gen-mypy_grpc={plugin}", f"--mypy_grpc_out={root}"] if plugin.exists() else []
    outputs = [f"--{kind}_out={root}" for kind in ("python", "pyi", "grpc_python")]
    with google_protos() as folders:
        includes = [f"--proto_path={folder}" for folder in (root / "protos", *folders)]
        command = [sys.executable, "-m", "grpc_tools.protoc", *includes, *outputs, *typed, *protos]
        subprocess.run(command, check=True)  # noqa: S603 - our own protos, no shell
    (target / "__init__.py").write_text('"""Generated from protos/graphmasal/v1; do not edit."""\n')


class CustomBuildHook(BuildHookInterface[Any]):
    """Runs the generation before hatchling collects files."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling for wheels, sdists and editable installs alike."""
        generate_stubs(Path(self.root))
