import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from server.settings import ENVIRONMENT_PREFIX, Settings

DOCKER = Path(__file__).parents[2] / "docker"
COMPOSE: dict[str, Any] = yaml.safe_load((DOCKER / "compose.yaml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
DOCKERFILE = (DOCKER / "Dockerfile").read_text()


def settings_in(names: list[str]) -> list[str]:
    return [name.removeprefix(ENVIRONMENT_PREFIX).lower() for name in names if name.startswith(ENVIRONMENT_PREFIX)]


def test_there_are_a_server_and_its_database() -> None:
    assert SERVICES.keys() == {"neo4j", "server"}
    assert SERVICES["neo4j"]["image"] == "neo4j:5.26-community"
    assert SERVICES["server"]["depends_on"] == {"neo4j": {"condition": "service_healthy"}}


def test_the_database_is_kept_and_watched() -> None:
    (volume,) = SERVICES["neo4j"]["volumes"]
    assert volume.partition(":")[0] in COMPOSE["volumes"]
    assert "RETURN 1" in SERVICES["neo4j"]["healthcheck"]["test"][1]


def test_no_secret_is_in_the_file() -> None:
    secrets = {
        value
        for service in SERVICES.values()
        for name, value in service["environment"].items()
        if re.search("password|auth|secret|token", name, re.IGNORECASE)
    }
    assert len(secrets) == 2
    assert all(re.fullmatch(r"(neo4j/)?\$\{GRAPHMASAL_NEO4J_PASSWORD:\?[^}]+\}", secret) for secret in secrets)


def test_ports_are_published_on_this_machine_only() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", ())]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_the_server_is_given_settings_that_there_are() -> None:
    assert set(settings_in(list(SERVICES["server"]["environment"]))) <= Settings.model_fields.keys()
    assert set(settings_in(re.findall(r"\w+(?==)", DOCKERFILE))) <= Settings.model_fields.keys()


def test_the_servers_settings_are_sound(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GRAPHMASAL_HOME", str(tmp_path))
    for name, value in SERVICES["server"]["environment"].items():
        monkeypatch.setenv(name, value)
    assert Settings().allow_remote


def test_the_image_runs_as_nobody_special_and_is_watched() -> None:
    last_stage = DOCKERFILE.rpartition("FROM ")[2]
    assert "USER graphmasal" in last_stage
    assert "HEALTHCHECK" in last_stage
    assert "curl" not in DOCKERFILE


def test_every_package_is_let_into_the_build() -> None:
    project = tomllib.loads((DOCKER.parent / "pyproject.toml").read_text())
    let_in = re.findall(r"^!(\w+)/$", (DOCKER.parent / ".dockerignore").read_text(), re.MULTILINE)
    assert set(project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]) <= set(let_in)


def test_what_the_build_prepares_is_found_whatever_is_mounted() -> None:
    first, _, last = DOCKERFILE.rpartition("FROM ")
    (prepared,) = re.findall(r"GRAPHMASAL_MODEL_CACHE=(\S+) \S+/graphmasal prepare-models", first)
    assert f"GRAPHMASAL_PREPARED_MODELS={prepared} " in last
    (copied,) = re.findall(r"COPY --from=build (\S+) \1\n", last)
    (mounted,) = re.findall(r"VOLUME (\S+)", last)
    assert Path(prepared).is_relative_to(copied)
    assert not Path(prepared).is_relative_to(mounted)


def test_a_server_that_does_not_answer_is_not_healthy(tmp_path: Path) -> None:
    environment = {**os.environ, "GRAPHMASAL_HOME": str(tmp_path), "GRAPHMASAL_LISTEN": f"unix:{tmp_path}/nobody"}
    done = subprocess.run(
        [sys.executable, DOCKER / "healthcheck.py"], env=environment, capture_output=True, check=False
    )
    assert done.returncode == 1
