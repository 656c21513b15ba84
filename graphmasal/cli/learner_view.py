"""A learner's state as a person reads it."""

from collections.abc import Iterable

from rich.console import Console
from rich.table import Table

from graphmasal.cli.moments import show_moment
from graphmasal.cli.output import BAR_LEGEND, bar, make_table, print_credit, short_id
from graphmasal.cli.titles import Titles
from graphmasal.v1.learner_pb2 import ConceptMastery, LearnerState


def print_state(console: Console, state: LearnerState, titles: Titles) -> None:
    """Prints the mastery of every concept of a state, the best first."""
    console.print(describe_state(state))
    if not state.mastery:
        console.print("Nothing is known yet: unknown is not zero, it is the prior with a wide uncertainty.")
        return
    console.print(mastery_table(sorted(state.mastery, key=lambda entry: -entry.probability), titles))
    console.print(BAR_LEGEND, style="dim")
    print_credit(console, titles.licence, titles.attribution)


def describe_state(state: LearnerState) -> str:
    """Whose state it is, as of when, and what it rests on, in one line."""
    when = f"as of {show_moment(state.as_of)}" if state.HasField("as_of") else "no evidence yet"
    return (
        f"{short_id(state.learner)} in {short_id(state.curriculum)} (version {state.curriculum_version}), {when}: "
        f"{state.evidence_count} items of evidence, model {state.model}"
    )


def mastery_table(entries: Iterable[ConceptMastery], titles: Titles, *, title: str | None = None) -> Table:
    """A row for each concept: bar, probability, uncertainty, amount of evidence."""
    table = make_table("concept", "mastery", ">", "uncertain>", "items>", "practised", title=title)
    table.columns[1].no_wrap = True
    for entry in entries:
        practised = f"{entry.practise_time.ToDatetime():%Y-%m-%d}" if entry.HasField("practise_time") else "never"
        table.add_row(
            titles[entry.concept],
            bar(entry.probability, entry.uncertainty),
            f"{entry.probability:.2f}",
            f"{entry.uncertainty:.2f}",
            str(entry.evidence_count),
            practised,
        )
    return table
