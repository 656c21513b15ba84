"""What is written where: answers to standard output, everything else to standard error."""

# ruff: noqa: PLC0415 - what takes long to load is loaded by the command that needs it

import sys
from collections.abc import Iterable, Sequence

from google.protobuf.json_format import MessageToJson
from google.protobuf.message import Message
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from graphmasal.v1.learner_pb2 import MasteryChange

BAR_LEGEND = "█▓ mastery, ▓░ how far it may be off."


def make_console(*, stderr: bool) -> Console:
    """A console that prints text as it is: what a curriculum says is never read as markup."""
    return Console(stderr=stderr, markup=False, highlight=False, emoji=False)


def print_json(message: Message, *, to_stderr: bool = False) -> None:
    """Prints a message as protobuf's JSON; fields without presence are printed, so that a zero is seen."""
    # The details of an error or an operation are printed by the types they are packed from.
    from google.rpc import error_details_pb2  # noqa: F401

    from graphmasal.v1 import curriculum_service_pb2  # noqa: F401

    stream = sys.stderr if to_stderr else sys.stdout
    stream.write(MessageToJson(message, always_print_fields_with_no_presence=True, ensure_ascii=False) + "\n")
    stream.flush()


def make_table(*columns: str, title: str | None = None) -> Table:
    """An empty table; a column whose heading ends in `>` is aligned to the right.

    Ids are never cut off: they are there to be copied.
    """
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", title_style="bold", pad_edge=False)
    for column in columns:
        if column.endswith(">"):
            table.add_column(column[:-1], justify="right", no_wrap=True)
        else:
            table.add_column(column, overflow="fold", no_wrap=column == "id")
    return table


def bar(probability: float, uncertainty: float, width: int = 16) -> Text:
    """Mastery as a bar, shaded around its end as far as it may be off; `BAR_LEGEND` explains it.

    Args:
        probability: In [0, 1]: the length of the bar.
        uncertainty: In [0, 1]: the shade reaches this share of the way from the bar's end to 0 and to 1.
        width: Characters.
    """
    end = round(probability * width)
    low = round(probability * (1 - uncertainty) * width)
    high = round((probability + (1 - probability) * uncertainty) * width)
    colour = "green" if probability >= 0.8 else "yellow" if probability >= 0.5 else "red"
    solid, below, above, rest = "█" * low, "▓" * (end - low), "░" * (high - end), "·" * (width - high)
    return Text.assemble((solid, colour), (below, colour), (above, colour), (rest, "dim"))


def print_credit(console: Console, licence: str, attribution: str, of: str = "") -> None:
    """Says whose text was shown (that `of` a curriculum) and under which licence; nothing where neither is known."""
    credit = ", ".join(part for part in (attribution, licence) if part)
    if credit:
        console.print(f"Text{of and f' of {of}'}: {credit}", style="dim")


def print_changes(console: Console, changes: Sequence[MasteryChange], count: int, *, limit: int = 20) -> None:
    """Prints how mastery differs before and after a correction.

    Args:
        console: Where to.
        changes: The changes known.
        count: Number of changes there are.
        limit: Rows shown at most.
    """
    if not count:
        console.print("No mastery changed.")
        return
    table = make_table("learner", "concept", "before>", "after>", "change>")
    for change in changes[:limit]:
        difference = change.probability_after - change.probability_before
        table.add_row(
            change.learner.rsplit("/", 1)[-1],
            change.concept,
            f"{change.probability_before:.3f}",
            f"{change.probability_after:.3f}",
            Text(f"{difference:+.3f}", "green" if difference > 0 else "red"),
        )
    console.print(table)
    print_rest(console, count - min(limit, len(changes)), "changes")


def print_rest(console: Console, left_out: int, what: str) -> None:
    """Says how many entries a shortened list does not show."""
    if left_out > 0:
        console.print(f"… and {left_out} more {what} (--json has all of them)", style="dim")


def short_id(name: str) -> str:
    """Last part of a resource name."""
    return name.rsplit("/", 1)[-1]


def join_some(ids: Iterable[str], limit: int = 6) -> str:
    """The first few ids, and how many more there are."""
    known = list(ids)
    rest = f", … {len(known) - limit} more" if len(known) > limit else ""
    return ", ".join(known[:limit]) + rest
