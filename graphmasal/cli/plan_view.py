"""Plans, their proof and what to do next, as a person reads them."""

import math
from collections.abc import Iterable

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from graphmasal.cli.moments import show_moment
from graphmasal.cli.output import join_some, make_table, print_credit, print_rest, short_id
from graphmasal.cli.titles import Titles
from graphmasal.v1.plan_pb2 import Certificate, Conflict, Plan, PlanStep, PlanViolation, StepReason, UnreachableGoal
from graphmasal.v1.planning_service_pb2 import (
    CompareWhatIfResponse,
    ExplainPlanResponse,
    NextActivityResponse,
    VerifyPlanResponse,
)

# Every step serves some goal; what is particular to a step says more.
_TELLING_FIRST = (
    StepReason.IS_GOAL,
    StepReason.PINNED,
    StepReason.CHOSEN_ALTERNATIVE,
    StepReason.FADED,
    StepReason.UNLOCKS,
    StepReason.SHARED_ACTIVITY,
    StepReason.SOFT_PREREQUISITE,
    StepReason.SERVES_GOALS,
)


def print_plan(console: Console, plan: Plan, titles: Titles, *, limit: int = 60) -> None:
    """Prints a plan: goals, steps, total, proof, and what cannot be reached."""
    goals = ", ".join(titles[goal] for goal in plan.goals)
    console.print(f"Plan for {goals}", style="bold")
    when = f", mastery as of {show_moment(plan.as_of)}" if plan.HasField("as_of") else ""
    console.print(f"{short_id(plan.curriculum)} version {plan.curriculum_version}{when}", style="dim")
    if plan.mastered:
        console.print(f"Relies on: {join_some((titles[concept] for concept in plan.mastered), 12)}", style="dim")
    if plan.steps:
        console.print(steps_table(plan.steps[:limit], titles))
        print_rest(console, len(plan.steps) - limit, "steps")
    elif plan.HasField("conflict"):
        print_conflict(console, plan.conflict)
        return
    elif not plan.unreachable:
        console.print("Nothing is left to learn: all goals are mastered.")
    console.print(f"{len(plan.steps)} steps, {show_minutes(plan.minutes)} in all.", style="bold")
    print_terms(console, plan, titles)
    print_unreachable(console, plan.unreachable)
    for sentence in explain_certificate(plan.certificate) if plan.steps else ():
        console.print(f"• {sentence}")
    if plan.cut_short:
        console.print("A deadline cut planning short: the plan is sound, a cheaper one may exist.", style="yellow")
    if plan.name:
        console.print(f"Stored as {plan.name}", style="dim")
    print_credit(console, titles.licence, titles.attribution)


def print_conflict(console: Console, conflict: Conflict) -> None:
    """Prints which constraints cannot all hold."""
    console.print(f"No plan: {conflict.text}", style="bold red")
    for constraint in conflict.constraints:
        console.print(f"• {constraint.field}: {constraint.text}")
    console.print("Without any one of these the others can hold.", style="dim")


def print_terms(console: Console, plan: Plan, titles: Titles) -> None:
    """Prints what came of the terms of a plan: sessions, goals left out, what is skipped, reviews, what changed."""
    for number, session in enumerate(plan.sessions, start=1):
        first, last = session.first_step + 1, session.last_step + 1
        steps = f"step {first}" if first == last else f"steps {first}-{last}"
        console.print(f"Session {number}: {steps}, {show_minutes(session.minutes)}", style="dim")
    for goal in plan.left_out:
        console.print(f"Left out: {goal.text or titles[goal.concept]}", style="yellow")
    for edge in plan.skipped:
        console.print(
            f"Skipped: {titles[edge.before]}, which would help with {titles[edge.after]}, at {edge.penalty:g}"
        )
    for review in plan.reviews:
        place = "before the first step" if review.after_step < 0 else f"after step {review.after_step + 1}"
        console.print(f"Review {place}: {review.title} ({show_minutes(review.minutes)}). {review.text}")
    for change in plan.changes:
        console.print(f"Changed: {change.text}")


def steps_table(steps: Iterable[PlanStep], titles: Titles) -> Table:
    """A row for each step: what, how long, by which activity, and the main reason."""
    table = make_table("#>", "step", "min>", "activity", "why")
    for position, step in enumerate(steps, start=1):
        row = (str(position), step.title or step.concept, str(step.minutes), show_activity(step, titles))
        table.add_row(*row, main_reason(step, titles))
    return table


def show_activity(step: PlanStep, titles: Titles) -> str:
    """The activity of a step in words."""
    kind, _, identifier = step.activity.partition("/")
    return titles.resources.get(identifier, identifier) if kind == "resources" else "own study"


def main_reason(step: PlanStep, titles: Titles) -> str:
    """The reason that says most about a step, in a few words; the plan itself has every reason in full."""
    if step.kind == PlanStep.REFRESH:
        return "refresh: it has faded"
    ranked = sorted(step.reasons, key=lambda reason: _TELLING_FIRST.index(reason.kind))
    if not ranked:
        return ""
    reason = ranked[0]
    named = join_some((titles[concept] for concept in reason.concepts), 2)
    short = {
        StepReason.IS_GOAL: "a goal",
        StepReason.UNLOCKS: f"opens {named}",
        StepReason.CHOSEN_ALTERNATIVE: f"best of {named}",
        StepReason.SERVES_GOALS: f"for {named}",
    }
    return short.get(reason.kind, reason.text)


def show_minutes(minutes: int) -> str:
    """Minutes in hours and minutes."""
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest:02d} min" if hours else f"{rest} min"


def explain_certificate(certificate: Certificate) -> list[str]:
    """What is proven about a plan's cost, a sentence each."""
    penalty = f" and {certificate.penalty:.2f} for what is skipped" if certificate.penalty else ""
    sentences = [
        f"Cost {certificate.cost:.2f}, with refreshing at its reduced price{penalty}. Lower bound "
        f"{certificate.lower_bound:.2f}: no plan for these goals costs less, whoever makes it."
    ]
    if certificate.ratio == 1:
        sentences.append("Ratio 1: cost and bound meet, so the plan is proven to be a cheapest one.")
    else:
        sentences.append(
            f"Ratio {certificate.ratio:.4f}: the plan costs at most {(certificate.ratio - 1) * 100:.2f} % more than "
            "the cheapest there can be."
        )
    if certificate.theorem == "T1":
        sentences.append("Theorem T1 applies: without alternatives to choose among, this is the only cheapest plan.")
    elif certificate.theorem == "T2":
        promised = math.ceil(certificate.guarantee * 100) / 100
        sentences.append(f"Theorem T2 promised at most {promised:g} times the optimum before anything was computed.")
    return sentences


def print_explanation(console: Console, response: ExplainPlanResponse) -> None:
    """Prints why a plan is as it is."""
    console.print(response.text, style="bold")
    for step in response.steps:
        console.print(f"• {step.text}")
    for price in response.constraints:
        console.print(f"• {price.text}")
    for repair in response.repairs:
        console.print(repair.text, style="yellow")


def print_comparison(console: Console, response: CompareWhatIfResponse) -> None:
    """Prints what a change to what a plan is made from changes."""
    console.print(response.text, style="bold")
    for change in response.changes:
        console.print(f"• {change.text}")


def print_revisions(console: Console, plans: Iterable[Plan]) -> None:
    """Prints each revision of a plan: its name in one piece, for it is there to be copied, and what it is like."""
    for plan in plans:
        console.print(f"Revision {max(1, plan.revision)}: {plan.name}", soft_wrap=True)
        when = f"as of {show_moment(plan.as_of)}, " if plan.HasField("as_of") else ""
        console.print(f"  {when}{len(plan.steps)} steps, {show_minutes(plan.minutes)}", style="dim")
        for change in plan.changes:
            console.print(Padding(f"• {change.text}", (0, 0, 0, 2), expand=False))


def print_unreachable(console: Console, goals: Iterable[UnreachableGoal]) -> None:
    """Prints which goals cannot be reached, and why."""
    for goal in goals:
        console.print(f"Cannot be reached: {goal.text or goal.concept}", style="yellow")


def print_verdict(console: Console, response: VerifyPlanResponse) -> None:
    """Prints whether a plan is sound, and each violation if it is not."""
    if response.valid:
        version = response.curriculum_version
        console.print(f"✓ The plan is sound (checked against curriculum version {version}).", style="bold green")
        return
    console.print(f"✗ The plan is not sound: {len(response.violations)} violations.", style="bold red")
    table = make_table("violation", "what")
    for violation in response.violations:
        table.add_row(PlanViolation.Kind.Name(violation.kind).lower().replace("_", " "), violation.message)
    console.print(table)


def print_next(console: Console, response: NextActivityResponse) -> None:
    """Prints what to do now."""
    if response.outcome == NextActivityResponse.GOALS_REACHED:
        console.print("All goals are mastered.", style="bold green")
    elif response.outcome == NextActivityResponse.GOALS_UNREACHABLE:
        console.print("What is left cannot be reached.", style="yellow")
    else:
        _print_step(console, response)
    print_unreachable(console, response.unreachable)


def _print_step(console: Console, response: NextActivityResponse) -> None:
    step = response.step
    verb = "Refresh" if step.kind == PlanStep.REFRESH else "Learn"
    console.print(Text.assemble((f"{verb}: {step.title or step.concept}", "bold"), f" ({step.minutes} min)"))
    lines = [f"Activity: {step.activity}", *(f"Why: {reason.text}" for reason in step.reasons)]
    if response.questions:
        lines.append(f"Then answer: {join_some(response.questions, 4)}")
    lines.append(f"Left: {response.steps_left} steps, {show_minutes(response.minutes_left)}")
    for line in lines:
        console.print(Padding(line, (0, 0, 0, 2), expand=False))
