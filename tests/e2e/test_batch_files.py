"""`python -m planner.batch` as an operator runs it: killed half way and run again."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq

from kg.archives import pack_folder, unpack
from kg.curriculum import Curriculum
from kg.importers.formats import read_draft
from kg.validation import validate
from tests.batches import read_plans, write_learners

ROOT = Path(__file__).resolve().parents[2]
COURSE = ROOT / "graphmasal" / "curricula" / "algebra_to_ml"
PARTS, ROWS = 16, 150


def read_course() -> Curriculum:
    checked = validate(read_draft("yaml", unpack(pack_folder(COURSE)), COURSE.stem))
    assert checked.curriculum is not None
    return checked.curriculum


def start_batch(folder: Path) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "planner.batch", "--curriculum", str(COURSE), "--processes", "1"]
    folders = ["--learners", str(folder / "in"), "--plans", str(folder / "out")]
    return subprocess.Popen(
        [*command, *folders], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )


def list_done(folder: Path) -> dict[str, int]:
    """When each finished part was written."""
    return {file.name: file.stat().st_mtime_ns for file in (folder / "out").glob("*.parquet")}


def test_a_killed_batch_goes_on_where_it_was(tmp_path: Path) -> None:
    learners = write_learners(tmp_path / "in", read_course(), parts=PARTS, rows=ROWS)
    batch = start_batch(tmp_path)
    while len(list_done(tmp_path)) < 3:
        assert batch.poll() is None, batch.communicate()[0]
        time.sleep(0.01)
    os.killpg(batch.pid, signal.SIGKILL)
    batch.communicate()
    before = list_done(tmp_path)
    assert len(before) < PARTS

    again = start_batch(tmp_path)
    output = again.communicate()[0]

    assert again.returncode == 0, output
    assert f"{len(learners)} of {len(learners)} learners have a plan" in " ".join(output.split())
    assert [row["learner"] for row in read_plans(tmp_path / "out")] == learners
    after = list_done(tmp_path)
    assert {name: after[name] for name in before} == before
    assert len(after) == PARTS
    assert all(pq.ParquetFile(tmp_path / "out" / name).metadata.num_rows == ROWS for name in after)


def test_what_is_no_curriculum_is_said(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    command = [sys.executable, "-m", "planner.batch", "--learners", str(tmp_path / "in")]
    places = ["--plans", str(tmp_path / "out"), "--curriculum", str(tmp_path / "nothing.yaml")]
    ended = subprocess.run([*command, *places], capture_output=True, text=True, check=False)

    assert ended.returncode == 2
    assert "nothing.yaml" in ended.stderr
    assert "Traceback" not in ended.stderr
