"""The learner model of one concept: Bayesian knowledge tracing with forgetting. Pure functions, no clock.

Formulas and their sources stand in docs/paper-map.md.
"""

from dataclasses import dataclass
from typing import Final

MICROSECONDS_PER_DAY: Final = 86_400_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class MasteryParameters:
    """Parameters of the model; they are chosen, not fitted.

    Attributes:
        version: Named by every state; changes whenever a value or formula changes.
        prior: Probability of mastery before any evidence, in (0, 1).
        learn: Probability of passing from not mastered to mastered by one practice, in [0, 1).
        initial_stability_days: Days until retention has fallen to 0.9 after a first practice, > 0.
        shortest_stability_days: Lower end of stability.
        longest_stability_days: Upper end of stability.
        massed_growth: Relative growth of stability by a success without any forgetting before it.
        spaced_growth: Further relative growth for each unit of retention lost before a success.
        lapse_loss: Share of stability lost by a failure, in [0, 1).
        prior_weight: Observations that the prior is worth, > 0.
        observation: (slip, guess, weight) of somebody's observation of a concept.
        self_report: The same for what learners say of themselves.
        override_weight: Observations that a teacher's override is worth.
    """

    version: str = "bkt-forgetting/1"
    prior: float = 0.25
    learn: float = 0.1
    initial_stability_days: float = 7.0
    shortest_stability_days: float = 1.0
    longest_stability_days: float = 3650.0
    massed_growth: float = 0.05
    spaced_growth: float = 8.0
    lapse_loss: float = 0.5
    prior_weight: float = 1.0
    observation: tuple[float, float, float] = (0.1, 0.1, 1.0)
    self_report: tuple[float, float, float] = (0.25, 0.25, 0.5)
    override_weight: float = 10.0


PARAMETERS: Final = MasteryParameters()

LEAST_ERROR: Final = 0.001
"""Slip and guess count as at least this: no single response is proof of mastery or of its absence."""


@dataclass(frozen=True, slots=True)
class ConceptState:
    """What the fold keeps of one concept, as of its last practice.

    Attributes:
        probability: Of mastery, right after the last practice, in [0, 1].
        practised_at: Microseconds since 1970 UTC.
        stability_days: Days after which retention has fallen to 0.9.
        weight: Effective number of fully informative observations, >= 0.
        count: Items of evidence that touched the concept.
    """

    probability: float
    practised_at: int
    stability_days: float
    weight: float
    count: int


@dataclass(frozen=True, slots=True)
class MasteryReading:
    """Mastery of one concept at the moment asked about.

    Attributes:
        probability: Of mastery, in [0, 1].
        uncertainty: 1 without evidence, towards 0 with much and recent evidence.
        weight: Effective number of observations, aged to the moment, >= 0.
        count: Items of evidence.
        practised_at: Microseconds since 1970 UTC, or None without evidence.
        stability_days: Days after which retention has fallen to 0.9; 0 without evidence.
    """

    probability: float
    uncertainty: float
    weight: float
    count: int
    practised_at: int | None
    stability_days: float


def compute_retention(elapsed_microseconds: int, stability_days: float) -> float:
    """Share of what was known that is still there: 1 / (1 + t / 9S), the power forgetting curve of FSRS-4.

    Args:
        elapsed_microseconds: Time since practice; below 0 counts as 0.
        stability_days: S > 0, the time after which 0.9 is left.

    Returns:
        A share in (0, 1].
    """
    days = max(0, elapsed_microseconds) / MICROSECONDS_PER_DAY
    return 1.0 / (1.0 + days / (9.0 * stability_days))


def age_probability(probability: float, retention: float, prior: float) -> float:
    """Mastery after forgetting: what exceeds the prior fades with retention; what lies below it stays.

    Returns:
        A probability in [0, 1].
    """
    return prior + (probability - prior) * retention if probability > prior else probability


def update_probability(probability: float, outcome: float, slip: float, guess: float, weight: float) -> float:
    """Bayes' rule of knowledge tracing (Corbett and Anderson 1995, eq. 1) for graded and shared evidence.

    A degree of success y between 0 and 1 interpolates the two log-likelihoods, and `weight` w scales them, so that a
    question shared by several concepts gives each its share: odds' = odds * ((1-s)^y s^(1-y) / (g^y (1-g)^(1-y)))^w.

    Args:
        probability: Before, in [0, 1].
        outcome: Degree of success y in [0, 1].
        slip: In [0, 0.5).
        guess: In [0, 0.5].
        weight: Share of the evidence w in (0, 1].

    Returns:
        Probability after, in [0, 1].
    """
    slip, guess = max(slip, LEAST_ERROR), max(guess, LEAST_ERROR)
    mastered: float = ((1.0 - slip) ** outcome * slip ** (1.0 - outcome)) ** weight
    unmastered: float = (guess**outcome * (1.0 - guess) ** (1.0 - outcome)) ** weight
    return probability * mastered / (probability * mastered + (1.0 - probability) * unmastered)


def practise_concept(
    state: ConceptState | None,
    *,
    at: int,
    outcome: float,
    slip: float,
    guess: float,
    weight: float,
    parameters: MasteryParameters = PARAMETERS,
) -> ConceptState:
    """Folds one piece of evidence into a concept's state.

    Args:
        state: Before; None without earlier evidence.
        at: Microseconds since 1970 UTC, not before the state's last practice.
        outcome: Degree of success in [0, 1].
        slip: In [0, 0.5).
        guess: In [0, 0.5].
        weight: Share of the evidence in (0, 1].
        parameters: Of the model.

    Returns:
        The state after; the input is not changed.
    """
    before = state or ConceptState(parameters.prior, at, parameters.initial_stability_days, 0.0, 0)
    retention = compute_retention(at - before.practised_at, before.stability_days)
    aged = age_probability(before.probability, retention, parameters.prior)
    learned = update_probability(aged, outcome, slip, guess, weight)
    stability = before.stability_days
    if state is not None:
        growth = 1.0 + weight * outcome * (parameters.massed_growth + parameters.spaced_growth * (1.0 - retention))
        loss = 1.0 - weight * (1.0 - outcome) * parameters.lapse_loss
        stability = stability * growth * loss
    return ConceptState(
        probability=learned + (1.0 - learned) * parameters.learn * weight,
        practised_at=at,
        stability_days=min(max(stability, parameters.shortest_stability_days), parameters.longest_stability_days),
        weight=before.weight * retention + weight * (1.0 - slip - guess),
        count=before.count + 1,
    )


def override_concept(
    state: ConceptState | None, *, at: int, mastery: float, parameters: MasteryParameters = PARAMETERS
) -> ConceptState:
    """Sets a concept's mastery to what a teacher says, with the weight of `override_weight` observations."""
    return ConceptState(
        probability=mastery,
        practised_at=at,
        stability_days=state.stability_days if state else parameters.initial_stability_days,
        weight=parameters.override_weight,
        count=(state.count if state else 0) + 1,
    )


def read_mastery(
    state: ConceptState | None, as_of: int | None, parameters: MasteryParameters = PARAMETERS
) -> MasteryReading:
    """Ages a state to a moment.

    Uncertainty is sqrt(n0 / (n0 + n)): the ratio of posterior to prior standard deviation of a normal mean after n
    observations, against a prior worth n0. It depends on the amount and age of evidence, not on what it says.

    Args:
        state: None without evidence: the prior is returned.
        as_of: Microseconds since 1970 UTC; None or earlier than the last practice: no time has passed.
        parameters: Of the model.
    """
    if state is None:
        return MasteryReading(parameters.prior, 1.0, 0.0, 0, None, 0.0)
    elapsed = 0 if as_of is None else as_of - state.practised_at
    retention = compute_retention(elapsed, state.stability_days)
    weight = state.weight * retention
    return MasteryReading(
        probability=age_probability(state.probability, retention, parameters.prior),
        uncertainty=(parameters.prior_weight / (parameters.prior_weight + weight)) ** 0.5,
        weight=weight,
        count=state.count,
        practised_at=state.practised_at,
        stability_days=state.stability_days,
    )
