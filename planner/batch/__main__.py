"""Plans for learners in Parquet files, without a server: `python -m planner.batch --help`."""

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from kg.archives import pack_folder, unpack
from kg.curriculum import Curriculum
from kg.errors import GraphMasalError
from kg.importers.formats import PARSERS, read_draft
from kg.validation import Repairs, validate
from planner.batch.job import BatchOutcome, Runner, run_batch
from planner.batch.partition import PartOutcome
from planner.batch.process_runner import ProcessRunner
from planner.batch.rows import BatchTerms


def main() -> int:
    """Runs a batch; 0: all learners have a plan, 1: some have none, 2: it could not be run."""
    asked = _read_arguments()
    errors = Console(stderr=True, highlight=False)
    try:
        outcome = _run(asked, errors)
    except (GraphMasalError, OSError) as error:
        errors.print(f"[red]{error}[/red]")
        return 2
    skipped = sum(part.skipped for part in outcome.parts)
    Console(highlight=False).print(
        f"{outcome.learners - outcome.failed} of {outcome.learners} learners have a plan in {asked.plans}; "
        f"{outcome.failed} have an error there instead. {skipped} of {len(outcome.parts)} parts were done before."
    )
    return 1 if outcome.failed else 0


def _read_arguments() -> Namespace:
    parser = ArgumentParser(
        prog="python -m planner.batch",
        description="Plans for learners in Parquet files. Stopped and run again, it does what is left.",
    )
    parser.add_argument("--curriculum", type=Path, required=True, help="file or folder of the curriculum")
    parser.add_argument("--format", choices=sorted(PARSERS), default="yaml", help="its format (default: yaml)")
    parser.add_argument("--repair", action="store_true", help="drop dangling references and break circles in it")
    parser.add_argument(
        "--learners", type=Path, required=True, help="folder of *.parquet: learner, goals (optional), mastery"
    )
    parser.add_argument("--plans", type=Path, required=True, help="folder for the plans, a file for each of learners")
    parser.add_argument("--goals", default="", help="goals of learners who have none, separated by commas")
    parser.add_argument("--runner", choices=["processes", "ray"], default="processes", help="where parts are run")
    parser.add_argument("--processes", type=int, help="how many, at least 1 (default: one for each core)")
    parser.add_argument("--address", help="of the Ray cluster, such as auto (default: one is started here)")
    asked = parser.parse_args()
    if asked.processes is not None and asked.processes < 1:
        parser.error("--processes must be at least 1")
    return asked


def _run(asked: Namespace, errors: Console) -> BatchOutcome:
    terms = BatchTerms(goals=tuple(filter(None, asked.goals.split(","))))
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=errors) as progress:
        bar = progress.add_task("reading", total=None)
        learners = 0

        def report(outcome: PartOutcome, parts: int) -> None:
            nonlocal learners
            learners += outcome.learners
            progress.update(bar, description=f"parts ({learners} learners)", total=parts, advance=1)

        curriculum = _read_curriculum(asked, errors)
        return run_batch(curriculum, asked.learners, asked.plans, terms, _choose_runner(asked), report=report)


def _read_curriculum(asked: Namespace, errors: Console) -> Curriculum:
    draft = read_draft(asked.format, unpack(pack_folder(asked.curriculum)), asked.curriculum.stem)
    checked = validate(draft, Repairs(drop_dangling=asked.repair, break_cycles=asked.repair))
    if checked.curriculum is None:
        for issue in checked.issues[:20]:
            errors.print(f"{issue.place}: {issue.message}")
        raise GraphMasalError(f"{asked.curriculum} holds no sound curriculum; --repair mends what can be mended")
    return checked.curriculum


def _choose_runner(asked: Namespace) -> Runner:
    if asked.runner == "ray":
        # an extra, and slow to load
        from planner.batch.ray_runner import RayRunner  # noqa: PLC0415

        return RayRunner(address=asked.address)
    return ProcessRunner(processes=asked.processes) if asked.processes else ProcessRunner()


if __name__ == "__main__":
    sys.exit(main())
