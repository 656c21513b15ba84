import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from graphmasal.v1.error_reason_pb2 import ErrorReason
from kg.mastery import PARAMETERS, MasteryParameters
from server.settings import Settings

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "docker" / "README.md", *(ROOT / "docs").rglob("*.md")]
PAPER_MAP = (ROOT / "docs" / "paper-map.md").read_text()
PACKAGES = "kg|planner|retrieval|tutoring|server|graphmasal|evaluation"


def list_links(text: str) -> Iterator[str]:
    prose = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    for target in re.findall(r"\]\(([^)\s]+)\)", prose):
        if not re.match(r"[a-z]+:", target):
            yield target


def find_object(name: str) -> object:
    """Imports as much of a dotted name as is a module and takes the rest from it."""
    module, _, attribute = name.rpartition(".")
    return getattr(import_module(module), attribute)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_relative_links_lead_somewhere(page: Path) -> None:
    broken = [
        link for link in list_links(page.read_text()) if not (page.parent / link.partition("#")[0]).resolve().exists()
    ]
    assert not broken


@pytest.mark.parametrize("name", sorted(set(re.findall(rf"`((?:{PACKAGES})(?:\.\w+)+)`", PAPER_MAP))))
def test_functions_of_the_paper_map_are_there(name: str) -> None:
    assert find_object(name)


@pytest.mark.parametrize("place", sorted(set(re.findall(r"`(tests/[^`]+)`", PAPER_MAP))))
def test_tests_of_the_paper_map_are_there(place: str) -> None:
    file, _, function = place.partition("::")
    assert f"def {function}" in (ROOT / file).read_text()


def test_every_row_of_the_paper_map_names_a_function_and_a_test() -> None:
    rows = [line for line in PAPER_MAP.splitlines() if line.startswith("| ") and "from | function" not in line]
    assert rows
    assert all(re.search(rf"`(?:{PACKAGES})\.", row) and "`tests/" in row for row in rows)


def test_every_setting_is_documented() -> None:
    documented = re.findall(r"^\| `(\w+)` \|", (ROOT / "docs" / "configuration.md").read_text(), re.MULTILINE)
    assert set(documented) - {name for name in documented if name.startswith("graphmasal_")} == set(
        Settings.model_fields
    )


def test_every_reason_is_documented() -> None:
    documented = set(re.findall(r"\| `([A-Z_]+)` \|", (ROOT / "docs" / "errors.md").read_text()))
    assert documented == set(ErrorReason.keys()) - {"ERROR_REASON_UNSPECIFIED"}


def test_the_parameters_of_the_model_are_documented() -> None:
    text = (ROOT / "docs" / "learner-model.md").read_text()
    assert f"`{PARAMETERS.version}`" in text
    single = {"prior", "learn", "initial_stability_days", "massed_growth", "spaced_growth", "lapse_loss"}
    rows = dict(re.findall(r"^\| `(\w+)` \|[^|]*\| ([\d.]+) \|$", text, re.MULTILINE))
    assert single <= rows.keys() <= set(MasteryParameters.__dataclass_fields__)
    assert all(float(value) == getattr(PARAMETERS, name) for name, value in rows.items())


def test_every_dependency_has_its_reason() -> None:
    project = (ROOT / "pyproject.toml").read_text().partition("[project.scripts]")[0]
    packages = set(re.findall(r'^    "([a-z0-9-]+)', project, re.MULTILINE))
    text = (ROOT / "docs" / "dependencies.md").read_text()
    assert packages
    assert not {package for package in packages if not re.search(rf"^\|.*\b{package}\b", text, re.MULTILINE)}
