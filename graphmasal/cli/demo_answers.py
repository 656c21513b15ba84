"""The demo's learner: what her teacher says, and what she answered over six weeks, some of it tellingly wrong."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from graphmasal.v1.evidence_pb2 import Evidence

LEARNER = "mira"
NAME = "Mira"
CURRICULUM = "algebra-to-ml"
GOALS = ("logistic-regression", "gradient-descent")

_BETWEEN_ANSWERS = timedelta(minutes=2, seconds=30)

# By day after the first session: question and response, in turn. Mira is firm in numbers, letters and data. She reads
# slope as run over rise and corrects herself in the last week; she takes powers for products and never finds out.
_SESSIONS = (
    (0, "signed-numbers-1 b signed-numbers-2 11 fractions-1 b fractions-2 d order-of-operations-1 a"
        " order-of-operations-2 50"),
    (3, "variables-and-expressions-1 c variables-and-expressions-2 10 variables-and-expressions-3 d"
        " linear-equations-1 c linear-equations-2 7 coordinate-plane-1 a"),
    (8, "slope-1 b slope-2 -2 straight-line-equations-1 c straight-line-equations-2 c"),
    (14, "integer-exponents-1 c integer-exponents-2 b radicals-1 c radicals-2 12"),
    (21, "functions-1 d functions-2 c functions-3 domain functions-4 9 function-graphs-1 b function-graphs-2 c"),
    (27, "data-summaries-1 6 data-summaries-2 c data-summaries-3 a data-summaries-4 median sets-1 26"
         " sets-2 intersection probability-basics-1 d probability-basics-2 0.6"),
    (34, "vectors-1 d norms-and-distance-1 10 norms-and-distance-2 c dot-product-1 b sequences-1 a sequences-2 96"
         " exponential-functions-1 a logarithms-1 16"),
    (41, "slope-1 a slope-2 -0.5 supervised-learning-1 c supervised-learning-2 d loss-functions-1 d"),
)  # fmt: skip


def evidence(now: datetime) -> Iterator[Evidence]:
    """What is known about Mira, in the order of time: the same for the same day, up to the day before.

    Args:
        now: In UTC.
    """
    number = 0
    last, _ = _SESSIONS[-1]
    first = now.replace(hour=16, minute=0, second=0, microsecond=0) - timedelta(days=last + 1)
    for day, session in _SESSIONS:
        words = session.split()
        moment = first + timedelta(days=day)
        for question, response in zip(words[::2], words[1::2], strict=True):
            number += 1
            yield Evidence(
                id=f"demo-{number:03}",
                learner=LEARNER,
                curriculum=CURRICULUM,
                question=f"q-{question}",
                response=response,
                occurred_at=moment,
                source=Evidence.ANSWER,
            )
            moment += _BETWEEN_ANSWERS
    # The curriculum takes arithmetic as known and does not teach it: somebody has to say so.
    yield Evidence(
        id="demo-teacher",
        learner=LEARNER,
        curriculum=CURRICULUM,
        concept="whole-number-arithmetic",
        score=1.0,
        occurred_at=moment,
        source=Evidence.TEACHER_OVERRIDE,
    )
