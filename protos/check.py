"""Checks the protos: their style by `buf lint`, and against the committed baseline by `buf breaking`.

buf's own registry is out of reach for many who build this, so both checks run on a descriptor image that protoc builds
from the protos here and the common ones of the package googleapis-common-protos.

`python protos/check.py` checks; `python protos/check.py --accept` makes the protos as they are the new baseline.
"""

import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from google_protos import google_protos

ROOT = Path(__file__).resolve().parents[1]
PROTOS = ROOT / "protos"
PACKAGE = "graphmasal/v1"
CONFIGURATION = PROTOS / "buf.yaml"
BASELINE = PROTOS / "baseline.binpb"
"""Image of the protos as they were last released; v1 never breaks against it."""

_TOOLS = Path(sys.executable).parent


def main() -> int:
    """Runs the checks; returns 0 if all pass."""
    if sys.argv[1:] not in ([], ["--accept"]):
        sys.stderr.write(f"{__doc__}\n")
        return 2
    if sys.argv[1:]:
        build_image(BASELINE, source_info=False)
        sys.stdout.write(f"The protos as they are now are the baseline: {BASELINE.relative_to(ROOT)}\n")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        image = Path(folder) / "image.binpb"
        build_image(image, source_info=True)
        passed = [_run_buf("lint", image), not BASELINE.exists() or _run_buf("breaking", image, "--against", BASELINE)]
    return 0 if all(passed) else 1


def build_image(target: Path, *, source_info: bool) -> None:
    """Compiles the protos to a descriptor image.

    Args:
        target: File to write.
        source_info: Keep comments and positions, which lint needs.

    Raises:
        subprocess.CalledProcessError: A proto does not compile; protoc's message is on stderr.
    """
    files = sorted(str(path) for path in (PROTOS / PACKAGE).glob("*.proto"))
    # protoc comes in a place of its own: it is the one the stubs are built with, and no part of the environment.
    protoc = ["run", "--quiet", "--no-project", "--isolated", "--python", sys.executable, "--with", _compiler()]
    source = ["--include_source_info"] if source_info else []
    with google_protos() as folders:
        includes = [f"--proto_path={folder}" for folder in (PROTOS, *folders)]
        command = [str(_TOOLS / "uv"), *protoc, "python", "-m", "grpc_tools.protoc", *includes]
        command += [f"--descriptor_set_out={target}", "--include_imports", *source, *files]
        subprocess.run(command, check=True)  # noqa: S603


def _compiler() -> str:
    requirements = tomllib.loads((ROOT / "pyproject.toml").read_text())["build-system"]["requires"]
    return next(requirement for requirement in requirements if requirement.startswith("grpcio-tools"))


def _run_buf(check: str, image: Path, *arguments: object) -> bool:
    command = [_TOOLS / "buf", check, image, *arguments, "--config", CONFIGURATION, "--path", PACKAGE]
    result = subprocess.run(list(map(str, command)), check=False, capture_output=True, text=True)  # noqa: S603
    passed = result.returncode == 0
    sys.stdout.write(f"buf {check}: {'passed' if passed else 'FAILED'}\n{result.stdout}{result.stderr}")
    return passed


if __name__ == "__main__":
    sys.exit(main())
