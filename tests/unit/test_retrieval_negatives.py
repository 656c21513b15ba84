import numpy as np
import pytest

from kg.curriculum import Concept, Curriculum, Prerequisite, PrerequisiteGroup
from retrieval.documents import Document, DocumentKind
from retrieval.fusion import Fusion
from retrieval.training.negatives import filter_consistent, find_hard_negatives, list_neighbours
from retrieval.training.queries import QuerySource, TrainingQuery
from retrieval.training.scored_lists import ScoredLists, collect_lists

DOCUMENTS = [Document(kind=DocumentKind.CONCEPT, id=each, title=each.upper()) for each in "abcde"]
VECTORS = np.eye(5, dtype=np.float32)
FUSION = Fusion(lexical=0.1)
QUERY = TrainingQuery(text="words", concept="a", source=QuerySource.REASON)
COSINES = [0.8, 0.78, 0.7, 0.6, 0.1]


def make_lists(*cosines: list[float], lexical: list[float] | None = None, right: int = 0) -> ScoredLists:
    return collect_lists(
        np.array([lexical or [0.0] * 5] * len(cosines)),
        np.array(cosines),
        right=[right] * len(cosines),
        neutral=[[]] * len(cosines),
        clusters=["a"] * len(cosines),
    )


def find(query: TrainingQuery = QUERY, count: int = 2, **spared: frozenset[str]) -> tuple[str, ...]:
    found = find_hard_negatives([query], make_lists(COSINES), DOCUMENTS, VECTORS, FUSION, count=count, spared=spared)
    return found[query]


def test_negatives_are_the_highest_below_the_ceiling() -> None:
    assert find() == ("c", "d")


def test_concepts_that_the_query_is_about_as_well_are_no_negatives() -> None:
    related = TrainingQuery(text="words", concept="a", source=QuerySource.REASON, related=("c",))

    assert find(related) == ("d", "e")


def test_spared_concepts_are_no_negatives() -> None:
    assert find(a=frozenset({"d"}), count=9) == ("c", "e")


def test_documents_that_say_the_same_are_no_negatives() -> None:
    vectors = VECTORS.copy()
    vectors[2] = vectors[0]

    found = find_hard_negatives([QUERY], make_lists(COSINES), DOCUMENTS, vectors, FUSION, count=9)

    assert found[QUERY] == ("d", "e")


def test_bm25_makes_a_negative_harder() -> None:
    lists = make_lists(COSINES, lexical=[0.0, 0.0, 0.0, 0.0, 6.5])

    found = find_hard_negatives([QUERY], lists, DOCUMENTS, VECTORS, FUSION, count=2)

    assert found[QUERY] == ("e", "c")


def test_a_query_whose_concept_is_in_no_list_has_no_negatives() -> None:
    lists = make_lists(COSINES, right=-1)

    assert find_hard_negatives([QUERY], lists, DOCUMENTS, VECTORS, FUSION, count=2) == {}


@pytest.mark.parametrize(("first", "kept"), [(1, 1), (2, 1), (5, 2)])
def test_a_query_is_kept_if_its_concept_is_among_the_first(first: int, kept: int) -> None:
    near, far = QUERY, TrainingQuery(text="other words", concept="a", source=QuerySource.REASON)

    result = filter_consistent([near, far], make_lists(COSINES, COSINES[::-1]), FUSION, first)

    assert result.queries == (near, far)[:kept]
    assert result.share == kept / 2


def test_neighbours_are_prerequisites_of_every_kind_both_ways() -> None:
    curriculum = Curriculum(
        id="x",
        title="X",
        concepts=tuple(Concept(id=each, title=each) for each in "abcd"),
        prerequisites=(Prerequisite(before="a", after="b"),),
        groups=(PrerequisiteGroup(concept="c", id="g", need=1, members=("a", "b")),),
    )

    assert list_neighbours(curriculum) == {"a": {"b", "c"}, "b": {"a", "c"}, "c": {"a", "b"}}
