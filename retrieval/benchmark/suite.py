"""The suite: data sets one after another, each asked of every stage, and then the scale."""

import asyncio
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kg.curriculum import Curriculum
from retrieval.benchmark.certainty import Certainty, measure_certainty
from retrieval.benchmark.datasets import DataSet, describe_training, shorten
from retrieval.benchmark.models import BASELINE, Models, list_trained, list_untrained
from retrieval.benchmark.neighbours import Agreement, measure_agreement
from retrieval.benchmark.outcomes import try_stage
from retrieval.benchmark.report import print_figures, print_outcomes, show_progress, write_curve
from retrieval.benchmark.scale import (
    DEPTH,
    SMALL,
    Generated,
    Pass,
    generate,
    make_searcher,
    time_encoding,
    time_searches,
)
from retrieval.benchmark.sources import SCALE, find_folder, read_source
from retrieval.rankers import BASE, Ranker

_QUICK_QUERIES: Final = 8
_QUICK_CONCEPTS: Final = 2_000
_NEIGHBOURS: Final = 200
"""Queries that Neo4j's index is asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the command line asks for.

    Attributes:
        data: Folder of the data sets.
        names: Which are measured.
        models: Folder that keeps exports and what was trained.
        seed: Of splits, training and intervals.
        quick: Few queries and little training: whether everything runs, not how good it is.
        untrained: Nothing is trained; what needs training is left out.
        concepts: How many are generated.
        neo4j: `neo4j://user:password@host:port` of a server to compare with; empty: none.
    """

    data: Path
    names: tuple[str, ...]
    models: Path
    seed: int
    quick: bool
    untrained: bool
    concepts: int
    neo4j: str


def run_suite(asked: Asked) -> None:
    """Measures and prints what is asked for; a data set that is not there is left out, and that is said."""
    models: Models | None = None
    for name in asked.names:
        if name != SCALE and not find_folder(name, asked.data).is_dir():
            sys.stderr.write(f"{name}: {find_folder(name, asked.data)} is no folder, so it is left out\n")
            continue
        models = models or _load(asked)
        if name == SCALE:
            _measure_scale(models, asked)
        else:
            _measure_data_set(read_source(name, asked.data, asked.seed), models, asked)


def _load(asked: Asked) -> Models:
    with show_progress("loading encoders"):
        return Models(asked.models, asked.seed, quick=asked.quick)


def _measure_data_set(data: DataSet, models: Models, asked: Asked) -> None:
    if asked.quick:
        data = shorten(data, _QUICK_QUERIES, asked.seed)
    stages = list_untrained(models)
    if not asked.untrained:
        stages += list_trained(models, models.train(_find_curriculum(data, asked)))
    outcomes = []
    for stage in stages:
        with show_progress(f"{data.name}: {stage.name}"):
            outcomes.append(try_stage(stage, data))
    baseline = next(outcome for outcome in outcomes if outcome.stage.name == BASELINE)
    training = "nothing is trained" if asked.untrained else describe_training(data)
    print_outcomes(data, outcomes, baseline, training=training, seed=asked.seed)
    with show_progress(f"{data.name}: certainty"):
        certainty = measure_certainty(outcomes[-1], data)
    if certainty:
        _print_certainty(f"{data.name}: probabilities of: {outcomes[-1].stage.name}", certainty)


def _find_curriculum(data: DataSet, asked: Asked) -> Curriculum:
    curriculum = data.curriculum or read_source("demo", asked.data, asked.seed).curriculum
    if curriculum is None:
        raise ValueError("the bundled curriculum has to be trained on")
    return curriculum


def _print_certainty(title: str, certainty: Certainty) -> None:
    rows = [
        ("expected calibration error, ten bins", f"{certainty.calibration_error:.3f}"),
        ('AUROC of "is the first right"', _write(certainty.first)),
        ('AUROC of "none of these", what is meant taken out', _write(certainty.missing)),
        ('AUROC of "none of these", off-topic text', _write(certainty.off_topic)),
    ]
    notes = [f"promised > come true (answers): {write_curve(certainty.curve)}"]
    print_figures(title, ("", "figure"), rows, notes)


def _measure_scale(models: Models, asked: Asked) -> None:
    passes: list[Pass] = []
    encoder = models.base.encoder
    large = min(asked.concepts, _QUICK_CONCEPTS) if asked.quick else asked.concepts
    untaught = Ranker(id=BASE, encoder=encoder.name)
    keeping, forgetting = (models.load_reranker(untaught, keeps=keeps) for keeps in (True, False))
    for count in (SMALL, large):
        with show_progress(f"{count:,} generated concepts"):
            world = generate(count, encoder, asked.seed)
            passes.extend(time_searches(world, encoder, keeping, forgetting))
    baseline = time_encoding(models.library.encoder, world.queries)
    rows = [
        (BASELINE, "-", f"{baseline.middle:.2f}", f"{baseline.worst:.2f}", "1.000"),
        *(
            (
                entry.name,
                f"{entry.concepts:,}",
                f"{entry.times.middle:.2f}",
                f"{entry.times.worst:.2f}",
                f"{entry.times.middle / baseline.middle:.3f}",
            )
            for entry in passes
        ),
    ]
    notes = [
        f"one thread, one query at a time; {DEPTH} candidates are read by a listwise reranker that nothing was taught, "
        f"as its time does not depend on that; seed {asked.seed}",
        "the baseline encodes the query and does nothing else",
    ]
    print_figures("scale", ("", "concepts", "p50 ms", "p99", "time"), rows, notes)
    _measure_neighbours(world, models, asked)


def _measure_neighbours(world: Generated, models: Models, asked: Asked) -> None:
    if not asked.neo4j:
        sys.stderr.write("no Neo4j server is named, so its vector index is left out\n")
        return
    searcher = make_searcher(world, models.base.encoder)
    with show_progress("Neo4j's vector index"):
        agreement = asyncio.run(measure_agreement(asked.neo4j, searcher, world.queries[:_NEIGHBOURS]))
    count = len(world.documents)
    print_figures("Neo4j's vector index beside exact search", ("", "figure"), _list_agreement(agreement, count))


def _list_agreement(agreement: Agreement, count: int) -> Iterator[tuple[str, str]]:
    yield "vectors", f"{count:,}"
    yield "share of an exact search's first 10 results that a search by it finds", f"{agreement.found:.3f}"
    yield "share of the exact first 10 neighbours that it finds", f"{agreement.first:.3f}"
    yield "share of the exact first 50", f"{agreement.pool:.3f}"
    yield "p50 ms of a search by it", f"{agreement.middle:.2f}"
    yield "seconds to save the vectors and to index them", f"{agreement.built:.1f}"


def _write(figure: float | None) -> str:
    return "-" if figure is None else f"{figure:.3f}"
