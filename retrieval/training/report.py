"""What a training finds out about its stages, told as soon as it is known and kept for the ranker."""

import math
from collections.abc import Sequence

from retrieval.fusion import Floats
from retrieval.metrics import bootstrap_mean
from retrieval.rankers import Verdict
from retrieval.training.confidence_fit import Calibration
from retrieval.training.gate import METRIC, judge_stage
from retrieval.training.stages import Progress


class TrainingReport:
    """Figures and verdicts of one training.

    Args:
        clusters: The concept that each query reported on means, [q].
        seed: Of the bootstraps.
        progress: Told of each figure and verdict.

    Attributes:
        notes: Figures by name.
        verdicts: In the order of the stages.
    """

    def __init__(self, clusters: Sequence[str], seed: int, progress: Progress) -> None:
        self.notes: dict[str, str | float] = {}
        self.verdicts: list[Verdict] = []
        self._clusters, self._seed, self._progress = clusters, seed, progress

    def add_figures(self, pipeline: str, values: Floats) -> None:
        """Takes a pipeline's nDCG@10 of each query, [q]."""
        interval = bootstrap_mean(values, self._clusters, seed=self._seed)
        for end, value in (("", interval.mean), (", low", interval.low), (", high", interval.high)):
            self.notes[f"{METRIC} {pipeline}{end}"] = round(value, 4)
        self._progress(pipeline, 1, 1, f"{METRIC} {interval.mean:.3f} [{interval.low:.3f}, {interval.high:.3f}]")

    def add_calibration(self, calibration: Calibration) -> None:
        """Takes what probabilities are worth; what the queries cannot tell is left out."""
        for name, value in (
            ("calibration error", calibration.error),
            ("calibration error of perfect probabilities", calibration.chance),
            ("AUROC first is right", calibration.first),
            ("AUROC none, concept taken out", calibration.missing),
            ("AUROC none, off-topic text", calibration.off_topic),
        ):
            if not math.isnan(value):
                self.notes[name] = round(value, 4)
                self._progress(name, 1, 1, f"{value:.3f}")

    def judge(self, stage: str, with_stage: Floats, without: Floats) -> bool:
        """Asks the gate about a stage that makes search dearer; returns whether it passed."""
        verdict = judge_stage(stage, with_stage, without, self._clusters, cheaper=False, seed=self._seed)
        self.add_verdict(verdict)
        return verdict.passed

    def add_verdict(self, verdict: Verdict) -> None:
        """Takes a verdict."""
        self.verdicts.append(verdict)
        self._progress(f"verdict on the {verdict.stage}", 1, 1, verdict.reason)
