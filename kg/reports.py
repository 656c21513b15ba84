"""What an import found and what it changed, in the words of the public `ImportReport`."""

from dataclasses import dataclass

from kg.comparison import Change, Difference
from kg.curriculum import CurriculumSize
from kg.issues import ImportIssue
from kg.validation import Checked


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """What an import found and what it changed, or would change.

    Attributes:
        size: What the imported files hold after repairs.
        issues: Everything found, errors first.
        repairs: Every repair that was applied, a sentence each.
        added: Parts that are new, or were archived and are back.
        changed: Parts whose content differs.
        removed: Parts that are gone and were archived.
        accepted: False: there are errors that no named repair takes away; nothing was written.
        longest_chain: Largest number of concepts in a chain of prerequisites; 0 where there are cycles.
    """

    size: CurriculumSize
    issues: tuple[ImportIssue, ...]
    repairs: tuple[str, ...]
    added: tuple[Change, ...]
    changed: tuple[Change, ...]
    removed: tuple[Change, ...]
    accepted: bool
    longest_chain: int


def make_report(checked: Checked, difference: Difference | None) -> ImportReport:
    """Puts together a report; `difference` is None where the curriculum is refused."""
    found = difference or Difference()
    return ImportReport(
        size=checked.size,
        issues=checked.issues,
        repairs=checked.repairs_applied,
        added=found.added,
        changed=found.changed,
        removed=found.removed,
        accepted=checked.accepted,
        longest_chain=checked.longest_chain,
    )
