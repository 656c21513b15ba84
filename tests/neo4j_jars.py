"""The Java and the jars that a Neo4j server runs from."""

import fcntl
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

POM = Path(__file__).with_name("neo4j") / "pom.xml"
VERSION: str = re.findall(r"<neo4j\.version>(.+)</neo4j\.version>", POM.read_text())[0]


class Neo4jServerError(RuntimeError):
    """Neo4j could not be fetched, started or reached; the message says why."""


def download_jars(cache: Path | None = None) -> Path:
    """Fetch Neo4j's jars with Maven, unless they are there.

    Two processes may call this at once, and a broken download is never taken for a whole one.

    Args:
        cache: the folder to keep them in; ``~/.cache/graphmasal/neo4j-VERSION`` if left out.

    Returns:
        The folder of the jars.

    Raises:
        Neo4jServerError: Maven is missing or failed.
    """
    cache = cache or _user_cache() / "graphmasal" / f"neo4j-{VERSION}"
    jars, part = cache / "lib", cache / "lib.part"
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not jars.exists():
            shutil.rmtree(part, ignore_errors=True)
            _copy_dependencies(part)
            part.rename(jars)
    return jars


def require_java() -> str:
    """The path of a Java that can run Neo4j.

    Raises:
        Neo4jServerError: there is none.
    """
    java = shutil.which("java")
    if java is None:
        raise Neo4jServerError("no Java found; Neo4j needs Java 17 or later")
    version = re.search(r'version "(\d+)', run([java, "-version"]))
    if version is None or int(version[1]) < 17:
        raise Neo4jServerError(f"{java} is not Java 17 or later, which Neo4j needs")
    return java


def say(line: str) -> None:
    """Show a line of progress for a step that takes a while."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def run(command: list[str], env: Mapping[str, str] | None = None) -> str:
    """What a command printed.

    Raises:
        Neo4jServerError: it failed; the message ends with the tail of what it printed.
    """
    done = subprocess.run(
        command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", check=False
    )
    if done.returncode != 0:
        raise Neo4jServerError(f"{command[0]} failed with status {done.returncode}:\n{tail(done.stdout)}")
    return done.stdout


def tail(text: str) -> str:
    """The last lines of a log."""
    return "\n".join(text.splitlines()[-40:])


def _copy_dependencies(folder: Path) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise Neo4jServerError("no Maven (mvn) found to download Neo4j's jars with")
    say(f"downloading Neo4j {VERSION}'s jars (about 116 MB, once) ...")
    goal = ["dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={folder}"]
    run([maven, "--batch-mode", "--no-transfer-progress", "--strict-checksums", "--file", str(POM), *goal])


def _user_cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
