"""Plans put together from other content than the planner chose: with its proof, and checked against its demands."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import inf

from planner.content.closure import explore
from planner.content.penalties import list_skipped
from planner.demands.conflicts import find_demands
from planner.demands.drafts import Draft
from planner.plan import Certificate, Plan
from planner.problem import find_pinned
from planner.revisions.continuation import Aim, Teachers
from planner.sequence.order import bound_switches, count_switches, trace_goals
from planner.sequence.reviews import overlay_reviews
from planner.sequence.sessions import pack_sessions
from planner.steps import find_relied_on, list_steps


def keeps_demands(aim: Aim, plan: Plan, teachers: Teachers, order: Sequence[int]) -> bool:
    """Says whether an order of a cover keeps to the orders, deadlines and budget that a plan names."""
    problem, constraints = aim.problem, plan.constraints
    place = {concept: position for position, concept in enumerate(order)}
    if any(place[before] > place[after] for before, after in problem.orders if {before, after} <= place.keys()):
        return False
    due = find_demands(problem, constraints, plan.goals).due
    begun: set[int] = set()
    minutes = 0
    for concept in order:
        if teachers[concept] not in begun:
            begun.add(teachers[concept])
            minutes += problem.count_minutes(teachers[concept])
        if minutes > due.get(concept, minutes):
            return False
    return constraints.budget_minutes is None or minutes <= constraints.budget_minutes


def assemble_plan(
    aim: Aim,
    fresh: Plan,
    teachers: Teachers,
    order: Sequence[int],
    *,
    mastery: Mapping[str, float],
    reviews: Mapping[str, float] | None,
) -> Plan:
    """Makes a plan of a cover and its order.

    Args:
        aim: What is to be planned.
        fresh: The planner's own plan for it, whose lower bound holds for every plan.
        teachers: The cover; it reaches what the fresh plan reaches.
        order: Its concepts, what each requires first.
        mastery: Probability of mastery by concept id, in [0, 1].
        reviews: As for `generate_plan`.

    Returns:
        A plan with the goals, bound and terms of the fresh one. It claims the fresh one's theorem if it costs the same.
    """
    problem, graph = aim.problem, aim.problem.graph
    skipped = list_skipped(problem, teachers, aim.penalty_units)
    penalty = sum(edge.penalty_units for edge in skipped)
    certificate = _restate(fresh.certificate, aim.price(teachers), penalty)
    served = trace_goals(graph, teachers, problem.goals)
    draft = Draft(
        problem=problem,
        region=explore(problem),
        teachers=teachers,
        certificate=certificate,
        extra=_find_extra(aim, served),
        skipped=skipped,
    )
    asked = {graph.number[goal] for goal in fresh.goals}
    pinned = find_pinned(graph, fresh.constraints)[0]
    steps = list_steps(draft, order, served, mastery, asked=asked, pinned=pinned)
    minutes = [step.minutes for step in steps]
    session = fresh.constraints.session_minutes
    return replace(
        fresh,
        mastered=graph.name(find_relied_on(problem, teachers, fresh.constraints)),
        steps=steps,
        certificate=certificate,
        minutes=sum(minutes),
        switches=count_switches(graph, order),
        switches_lower_bound=bound_switches(problem, teachers) if teachers else 0,
        sessions=pack_sessions(minutes, session) if session else (),
        skipped=skipped,
        reviews=() if reviews is None else overlay_reviews(graph, steps, reviews),
    )


def _find_extra(aim: Aim, served: Mapping[int, int]) -> frozenset[int]:
    """Finds what no goal needs, and is learned because skipping it would cost a penalty."""
    return frozenset(concept for concept, goals in served.items() if aim.penalty_units and not goals)


def _restate(certificate: Certificate, cost_units: int, penalty_units: int) -> Certificate:
    """Returns what is proven of other content for the same goals."""
    if cost_units == certificate.cost_units:
        return replace(certificate, penalty_units=penalty_units)
    bound = certificate.lower_bound_units
    return replace(
        certificate,
        cost_units=cost_units,
        ratio=cost_units / bound if bound else inf,
        theorem="",
        guarantee=0.0,
        penalty_units=penalty_units,
    )
