"""Measures retrieval beside its baselines, in one run: `python -m retrieval.benchmark --help`."""

import logging
import os
import sys
import tempfile
from argparse import ArgumentParser
from pathlib import Path

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def main() -> int:
    """Runs the benchmark; 0: it ran, whatever it measured."""
    # Libraries of numbers read how many threads they have when they are loaded, so this comes before.
    os.environ.update(dict.fromkeys(_THREADS, "1"))
    logging.getLogger("bm25s").setLevel(logging.WARNING)
    from retrieval.benchmark.scale import LARGE  # noqa: PLC0415
    from retrieval.benchmark.sources import DATA, NAMES  # noqa: PLC0415
    from retrieval.benchmark.suite import Asked, run_suite  # noqa: PLC0415

    parser = ArgumentParser(prog="python -m retrieval.benchmark", description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA, help=f"folder of the data sets (default: {DATA})")
    parser.add_argument("--only", nargs="+", choices=NAMES, metavar="NAME", help=f"of {', '.join(NAMES)}")
    parser.add_argument("--models", type=Path, help="folder that keeps exports and what was trained (default: none)")
    parser.add_argument("--seed", type=int, default=1, help="of splits, training and intervals (default: 1)")
    parser.add_argument("--quick", action="store_true", help="few queries, little training: whether everything runs")
    parser.add_argument("--skip-training", action="store_true", help="leave out what has to be trained")
    parser.add_argument("--concepts", type=int, default=LARGE, help=f"generated for scale (default: {LARGE:,})")
    given = parser.parse_args()
    if given.concepts < 1:
        parser.error("--concepts must be at least 1")
    with tempfile.TemporaryDirectory(prefix="graphmasal-benchmark-") as scratch:
        run_suite(
            Asked(
                data=given.data,
                names=tuple(given.only or NAMES),
                models=given.models or Path(scratch),
                seed=given.seed,
                quick=given.quick,
                untrained=given.skip_training,
                concepts=given.concepts,
                neo4j=os.environ.get("GRAPHMASAL_TEST_NEO4J", ""),
            )
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
