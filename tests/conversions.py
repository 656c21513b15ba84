"""Real and generated curricula as files that can be imported."""

import csv
import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest
import yaml

from kg.archives import Files
from kg.curriculum import Concept, Curriculum, PrerequisiteKind, Question

_DATA = Path(__file__).parents[2] / "shared" / "data"


def find_data(name: str) -> Path:
    """Returns a folder of real data; skips the test where it is absent."""
    folder = _DATA / name
    if not folder.is_dir():
        pytest.skip(f"needs the real data set {name} at {folder}")
    return folder


def write_table(header: str, rows: Iterable[Sequence[object]]) -> bytes:
    """Returns a CSV table."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(header.split(","))
    writer.writerows(rows)
    return text.getvalue().encode()


def convert_junyi(folder: Path, *, keep_duplicates: bool = True) -> Files:
    """Converts the exercise table of Junyi Academy, its self-loops and cycle included.

    Args:
        folder: Holds junyi_Exercise_table.csv.
        keep_duplicates: False: leave out the second row of a name.
    """
    text = (folder / "junyi_Exercise_table.csv").read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    if not keep_duplicates:
        rows = list({row["name"]: row for row in reversed(rows)}.values())
    edges = [(_to_id(before), _to_id(row["name"])) for row in rows for before in row["prerequisites"].split(",")]
    return {
        "concepts.csv": write_table(
            "id,title,topic",
            ((_to_id(row["name"]), row["pretty_display_name"] or row["name"], row["topic"]) for row in rows),
        ),
        "prerequisites.csv": write_table("before,after", (edge for edge in edges if edge[0])),
    }


def convert_dbe_kt22(folder: Path) -> Files:
    """Converts the database course of KCs4EDU, whose links lead from what builds to what it builds on.

    Args:
        folder: Holds DBE-KT22.json.
    """
    graph = json.loads((folder / "DBE-KT22.json").read_text(encoding="utf-8"))
    return {
        "concepts.csv": write_table(
            "id,title,description", ((node["id"], node["name"], node["description"]) for node in graph["nodes"])
        ),
        "prerequisites.csv": write_table("before,after", ((link["target"], link["source"]) for link in graph["links"])),
    }


def _to_id(name: str) -> str:
    # Names with "_" and with "-" in place of the blank are there too, and mean other exercises.
    return name.strip().replace(" ", "+")


def to_yaml(curriculum: Curriculum) -> Files:
    """Writes a curriculum, its archived parts left out, as one YAML file."""
    document = {
        "curriculum": _pick(curriculum, "title description language licence attribution source_url"),
        "concepts": [_to_concept(curriculum, concept) for concept in curriculum.concepts if not concept.archived],
        "resources": [
            {
                **_pick(resource, "id title kind url"),
                "sections": [_pick(section, "concept title minutes text") for section in resource.sections],
            }
            for resource in curriculum.resources
            if not resource.archived
        ],
        "questions": [_to_question(question) for question in curriculum.questions if not question.archived],
        "misconceptions": [
            {**_pick(misconception, "id title description"), "about": list(misconception.concepts)}
            for misconception in curriculum.misconceptions
            if not misconception.archived
        ],
    }
    return {"curriculum.yaml": yaml.safe_dump(document, sort_keys=False, allow_unicode=True).encode()}


def _pick(part: object, names: str) -> dict[str, object]:
    return {name: getattr(part, name) for name in names.split()}


def _to_concept(curriculum: Curriculum, concept: Concept) -> dict[str, object]:
    edges = [edge for edge in curriculum.prerequisites if edge.after == concept.id]
    groups = [group for group in curriculum.groups if group.concept == concept.id]

    def list_edges(kind: PrerequisiteKind) -> list[dict[str, object]]:
        return [{"concept": edge.before, **_pick(edge, "strength reason")} for edge in edges if edge.kind is kind]

    return {
        **_pick(concept, "id title description topic minutes difficulty taught"),
        "requires": list_edges(PrerequisiteKind.HARD),
        "requires_any": [{**_pick(group, "id need strength reason"), "of": list(group.members)} for group in groups],
        "helped_by": list_edges(PrerequisiteKind.SOFT),
    }


def _to_question(question: Question) -> dict[str, object]:
    entry = _pick(question, "id stem slip guess difficulty explanation")
    for name in ("assesses", "options", "distractors"):
        entry[name] = dict(getattr(question, name))
    entry["kind"] = str(question.kind)
    if question.key is not None:
        entry["answer"] = {"accepted": list(question.key.accepted), "tolerance": question.key.tolerance}
    return entry
