"""A batch: all parts of a folder, by whichever runner, with what is done already left alone."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from kg.curriculum import Curriculum
from kg.errors import FieldViolation, InvalidInputError
from planner.batch.graph_file import write_graph
from planner.batch.partition import PartOutcome, read_learners
from planner.batch.rows import BatchTerms

PATTERN: Final = "*.parquet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One file of learners and where its plans go.

    Attributes:
        source: Learners.
        target: Plans.
        graph_file: See `planner.batch.graph_file`.
        terms: What holds for all learners.
    """

    source: Path
    target: Path
    graph_file: Path
    terms: BatchTerms


class Runner(Protocol):
    """Somewhere to run parts."""

    def run(self, parts: Sequence[Part]) -> Iterator[PartOutcome]:
        """Runs `planner.batch.partition.plan_partition` on each part and yields outcomes as they come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchOutcome:
    """What came of a batch.

    Attributes:
        parts: What came of each part, by name.
    """

    parts: tuple[PartOutcome, ...] = field(default_factory=tuple)

    @property
    def learners(self) -> int:
        """Rows of all parts."""
        return sum(part.learners for part in self.parts)

    @property
    def failed(self) -> int:
        """Rows without a plan."""
        return sum(part.failed for part in self.parts)


def run_batch(
    curriculum: Curriculum,
    learners: Path,
    plans: Path,
    terms: BatchTerms,
    runner: Runner,
    *,
    report: Callable[[PartOutcome, int], None],
) -> BatchOutcome:
    """Plans for all learners of a folder; run again after it was stopped, it does what is left.

    Args:
        curriculum: A valid one.
        learners: Folder with `*.parquet`, see `planner.batch.rows.LEARNERS`; a learner is in one of them.
        plans: Folder for as many files of the same names; is made if need be.
        terms: What holds for all learners.
        runner: Runs the parts.
        report: Is told of each part that is done, and how many parts there are.

    Raises:
        InvalidInputError: There are no such files, one cannot be read, or a learner is there twice.
    """
    sources = sorted(learners.glob(PATTERN))
    if not sources:
        raise InvalidInputError(FieldViolation("learners", f"must be a folder with {PATTERN}: {learners}"))
    if plans.resolve() == learners.resolve():
        raise InvalidInputError(FieldViolation("plans", "must be another folder than that of the learners"))
    _check_learners(sources)
    graph_file = write_graph(curriculum, plans)
    parts = [Part(source=each, target=plans / each.name, graph_file=graph_file, terms=terms) for each in sources]
    outcomes = []
    for outcome in runner.run(parts):
        outcomes.append(outcome)
        report(outcome, len(parts))
    return BatchOutcome(parts=tuple(sorted(outcomes, key=lambda outcome: outcome.name)))


def _check_learners(sources: Sequence[Path]) -> None:
    homes: dict[str, str] = {}
    for source in sources:
        for learner in read_learners(source)["learner"].to_pylist():
            if learner in homes:
                text = f"must not have learner {learner}, who is in {homes[learner]} too"
                raise InvalidInputError(FieldViolation(source.name, text))
            homes[learner] = source.name
