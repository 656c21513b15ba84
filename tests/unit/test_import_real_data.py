from collections import Counter
from pathlib import Path

from kg.archives import pack_folder, unpack
from kg.importers.draft import Draft, Metadata
from kg.importers.formats import read_draft
from kg.validation import Checked, Repairs, validate
from tests.conversions import convert_dbe_kt22, convert_junyi, find_data

DEMO = Path(__file__).parents[2] / "graphmasal" / "curricula" / "algebra_to_ml"


def count_errors(checked: Checked) -> Counter[str]:
    return Counter(str(issue.kind) for issue in checked.issues if issue.severity == "error")


def read_junyi(*, keep_duplicates: bool) -> Draft:
    files = convert_junyi(find_data("junyi-exercises"), keep_duplicates=keep_duplicates)
    return read_draft("csv", files, "junyi", Metadata(title="Junyi Academy", language="zh-Hant"))


def test_junyi_is_refused_with_its_cycles_and_duplicates_named() -> None:
    checked = validate(read_junyi(keep_duplicates=True))

    assert checked.curriculum is None
    assert count_errors(checked) == {"self_loop": 2, "cycle": 1, "duplicate_id": 2}
    loops = {issue.concepts for issue in checked.issues if issue.kind == "self_loop"}
    assert loops == {("proportions_1",), ("number_sense_length_l1",)}
    cycle = next(issue for issue in checked.issues if issue.kind == "cycle")
    assert "simplifying_radicals" in cycle.concepts
    assert checked.longest_chain == 0


def test_repair_of_cycles_does_not_repair_duplicates() -> None:
    checked = validate(read_junyi(keep_duplicates=True), Repairs(break_cycles=True, drop_dangling=True))

    assert not checked.accepted
    assert checked.curriculum is None


def test_junyi_without_duplicates_is_repaired() -> None:
    checked = validate(read_junyi(keep_duplicates=False), Repairs(break_cycles=True))

    assert checked.accepted
    assert len(checked.repairs_applied) == 3
    # 981 distinct edges, less 2 self-loops and 1 edge of the cycle.
    assert (checked.size.concepts, checked.size.prerequisites) == (835, 978)
    assert checked.longest_chain > 0


def test_dbe_kt22_is_accepted_as_it_is() -> None:
    files = convert_dbe_kt22(find_data("dbe-kt22"))
    checked = validate(read_draft("csv", files, "dbe", Metadata(title="Databases")))

    assert checked.accepted
    assert checked.issues == ()
    assert (checked.size.concepts, checked.size.prerequisites, checked.longest_chain) == (98, 101, 6)


def test_bundled_curriculum_is_accepted_without_a_warning() -> None:
    checked = validate(read_draft("yaml", unpack(pack_folder(DEMO)), "algebra-to-ml"))

    assert checked.issues == ()
    assert checked.accepted
