"""Measures the Diagnostician without a chat model: misconceptions found by search, and kinds of error told apart.

    python -m evaluation.tutoring_diagnosis [--data DIR] [--models DIR] [--seed N] [--words-only]

Each figure is printed beside its baseline, with a 95 % interval where it is a mean.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from evaluation.error_kinds import PRIOR, SMOOTHING, ErrorFigures, measure_errors
from evaluation.misconception_search import CUTS, rank_mae, trace_own
from retrieval.benchmark.demo import FOLDER, read_curriculum
from retrieval.benchmark.report import print_figures, write_interval
from retrieval.benchmark.sources import DATA
from retrieval.benchmark.stages import DocumentVectors
from retrieval.encoders.default import DEFAULT_ENCODER
from retrieval.encoders.loading import load_encoder
from tutoring.diagnosis.errors import ErrorKind

_MAE = "mae-misconceptions"
_BRIDGE = "bridge"


def report_mae(folder: Path, vectors: DocumentVectors | None, seed: int) -> None:
    """Prints how high the right misconceptions of MaE come."""
    ranked = rank_mae(folder, vectors, seed)
    print_figures(
        "MaE: which misconception is behind a wrong answer",
        ("way", *(f"Recall@{cut}" for cut in CUTS), "nDCG@10"),
        [(each.name, *map(write_interval, (*each.recalls, each.ndcg))) for each in ranked],
        ("55 misconceptions; each of their 4 wrong answers is asked for where it is left out; nothing is fitted",),
    )


def report_own(vectors: DocumentVectors | None, seed: int) -> None:
    """Prints how the wrong responses that the bundled curriculum foresees are traced."""
    traced, asked = trace_own(read_curriculum(FOLDER, "yaml", "algebra-to-ml"), vectors, seed)
    print_figures(
        "Bundled curriculum: foreseen responses",
        ("way", "first", "among the first 3", "calibration error"),
        [
            (each.name, write_interval(each.first), write_interval(each.offered), f"{each.calibration_error:.3f}")
            for each in traced
        ],
        (
            "wrong responses whose misconception the question names, with that name hidden; as misconceptions were "
            "written with the questions in mind, this is easier than elsewhere, and that both searches count and when "
            "to ask back was chosen on it",
            f"asked back about {asked.named} of them: the first one is right for {asked.first}, one of those offered "
            f"for {asked.offered}; and about {asked.unnamed} other wrong options",
        ),
    )


def report_errors(figures: ErrorFigures) -> None:
    """Prints how far kinds of error are those that experts name, and the weights that fitting gives."""
    print_figures(
        "Bridge: kinds of error",
        ("whose", "mistakes", "accuracy", "macro F1"),
        [
            (each.name, str(each.count), write_interval(each.accuracy), write_interval(each.macro_f1))
            for each in figures.agreements
        ],
        (
            f"the fitting part is {figures.fitted_on} mistakes of the training part, in conversations that are not in "
            "the validation part, which the first two rows are about",
            f"smoothing {SMOOTHING:g} and the prior's power of {PRIOR:g} were chosen by folds of the fitting part",
            f"the weights that are shipped are {'' if figures.shipped else 'NOT '}those that fitting gives",
        ),
    )
    rows = [("prior", figures.fitted.priors), *((sign.value, row) for sign, row in figures.fitted.signs.items())]
    print_figures(
        "Bridge: weights fitted",
        ("sign", *(kind.value for kind in ErrorKind)),
        [(name, *(f"{row[kind]:.2f}" for kind in ErrorKind)) for name, row in rows],
    )


def main() -> int:
    """Runs what the data at hand allow; 0: it ran, whatever it measured."""
    parser = argparse.ArgumentParser(prog="python -m evaluation.tutoring_diagnosis", description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA, help=f"folder of the data sets (default: {DATA})")
    parser.add_argument("--models", type=Path, help="folder that keeps the encoder's export (default: none)")
    parser.add_argument("--seed", type=int, default=1, help="of folds and intervals (default: 1)")
    parser.add_argument("--words-only", action="store_true", help="leave the encoder out")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="graphmasal-diagnosis-") as scratch:
        vectors = None
        if not given.words_only:
            vectors = DocumentVectors(load_encoder(DEFAULT_ENCODER, cache=given.models or Path(scratch)))
        for way in (None, vectors) if vectors else (None,):
            report_own(way, given.seed)
        if (given.data / _MAE).is_dir():
            report_mae(given.data / _MAE, vectors, given.seed)
        if (given.data / _BRIDGE).is_dir():
            report_errors(measure_errors(given.data / _BRIDGE, given.seed))
    for name in (_MAE, _BRIDGE):
        if not (given.data / name).is_dir():
            sys.stderr.write(f"{name} is left out: there is no folder {given.data / name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
