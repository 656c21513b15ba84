import json
import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from kg.curriculum import Concept, Curriculum, Prerequisite, Question, QuestionKind
from retrieval.benchmark.asked import read_asked
from retrieval.benchmark.bridge import list_topics, read_bridge
from retrieval.benchmark.certainty import measure_certainty, read_off_topic
from retrieval.benchmark.datasets import (
    DataSet,
    Query,
    World,
    describe_training,
    drop_concepts,
    leave_sentences_out,
    shorten,
)
from retrieval.benchmark.dbe import read_dbe
from retrieval.benchmark.demo import FOLDER, read_demo
from retrieval.benchmark.generated import count_frequencies, draw_documents, draw_queries, spread_vectors
from retrieval.benchmark.mae import read_mae
from retrieval.benchmark.metacademy import read_metacademy
from retrieval.benchmark.neighbours import measure_agreement
from retrieval.benchmark.outcomes import compare, try_stage
from retrieval.benchmark.report import write_interval
from retrieval.benchmark.scale import Generated, make_searcher, time_searches
from retrieval.benchmark.stages import Answer, Search, Stage, open_lexical, rerank_pairs
from retrieval.benchmark.timing import time_calls
from retrieval.candidates import Candidate, Matrix, Vector
from retrieval.documents import Document, DocumentKind
from retrieval.encoders.encoder import Encoder
from retrieval.metrics import Interval
from retrieval.rerankers.reranker import Reranker
from retrieval.training.samples import EncoderSample, SampleDocument
from retrieval.training.splits import split_concepts
from retrieval.training.wordings import hide_title
from tests.conversions import find_data
from tests.neo4j_server import Neo4jAddress
from tests.searchers import WordBins

SLOPE = Document(
    kind=DocumentKind.CONCEPT, id="slope", title="Slope", text="How steep a line is. Rise over run gives the slope."
)
AREA = Document(kind=DocumentKind.CONCEPT, id="area", title="Area", text="Squares that cover a figure without gaps.")
RISE = Query(text="what is rise over run", relevant=("slope",), concept="slope")
COVER = Query(text="squares that cover a figure", relevant=("area",), concept="area")
LESSONS = DataSet(name="lessons", worlds=(World(documents=(AREA, SLOPE), queries=(RISE, COVER)),))
WORDS = {f"word{number}": 200 - number for number in range(100)}
BM25 = Stage(name="BM25", open=open_lexical)


class LengthEncoder(Encoder):
    """Knows of a text only how long it is."""

    name, fingerprint, dimension = "length", "f" * 64, 4

    def encode(self, texts: Sequence[str]) -> Matrix:
        return np.array([[1.0, len(text) % 7, 0.0, 0.0] for text in texts], dtype=np.float32)


class ByLength(Reranker):
    """Likes long texts."""

    name, fingerprint = "by-length", "e" * 64

    def score(self, query: str, candidates: Sequence[Candidate]) -> Vector:
        return np.array([len(candidate.text) for candidate in candidates], dtype=np.float32)


def hold_out_all(concepts: Iterable[str]) -> frozenset[str]:
    return frozenset(concepts)


def hold_out_third(concepts: Iterable[str]) -> frozenset[str]:
    return split_concepts(tuple(concepts), 1 / 3, 7).held_out


def write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content), encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("The slope of a line", "it of a line"),
        ("Slopes add up", "it add up"),
        ("A landslope is another word", "A landslope is another word"),
    ],
)
def test_a_title_is_hidden_where_it_is_a_word_of_its_own(text: str, hidden: str) -> None:
    assert hide_title(text, "Slope") == hidden


def test_a_sentence_is_asked_for_where_no_document_holds_it() -> None:
    first, second = leave_sentences_out((AREA, SLOPE), {"slope"})
    assert [query.text for query in first.queries] == ["How steep a line is."]
    assert [query.text for query in second.queries] == ["Rise over run gives it."]
    assert [document.text for document in first.documents] == ["", "Rise over run gives the slope."]
    assert [document.text for document in second.documents] == [AREA.text, "How steep a line is."]


def test_nothing_that_names_a_tested_concept_is_trained_on() -> None:
    question = Question(id="q", kind=QuestionKind.TEXT, stem="?", assesses={"area": 0.5, "slope": 0.5})
    curriculum = Curriculum(
        id="c",
        title="C",
        concepts=(Concept(id="area", title="Area"), Concept(id="slope", title="Slope")),
        prerequisites=(Prerequisite(before="area", after="slope", reason="Areas under slopes."),),
        questions=(question,),
    )
    kept = drop_concepts(curriculum, {"slope"})
    assert [concept.id for concept in kept.concepts] == ["area"]
    assert (kept.prerequisites, kept.questions) == ((), ())


def test_a_shortened_data_set_has_queries_of_the_whole_one() -> None:
    worlds = (World(documents=(AREA,), queries=(COVER,)), World(documents=(SLOPE,), queries=(RISE,)))
    data = DataSet(name="two", worlds=worlds)
    short = shorten(data, 1, seed=1)
    assert len(short.queries) == len(short.worlds) == 1
    assert set(short.queries) < set(data.queries)
    assert shorten(data, 2, seed=1) is data


@pytest.mark.parametrize(
    ("lesson", "topics"),
    [
        ("4.2A.Place Value (Review) - 1", ("Place Value",)),
        ("2.8A.2- and 3-Dimensional Shapes", ("2- and 3-Dimensional Shapes",)),
        ("7.NS.1b.Adding Rational Numbers", ("Adding Rational Numbers",)),
        ("A2.7D.Factoring Polynomials", ("Factoring Polynomials",)),
        ("6.4E.Percents;6.2C.Graphing Points", ("Percents", "Graphing Points")),
        ("7.RP.2a.Graphs (Review) - 1.", ("Graphs",)),
    ],
)
def test_a_topic_is_the_lesson_without_year_and_number(lesson: str, topics: tuple[str, ...]) -> None:
    assert list_topics(lesson) == topics


def test_a_chat_is_asked_for_up_to_the_mistake(tmp_path: Path) -> None:
    chat = {"lesson_topic": "3.8B.Pictographs", "c_h": [{"text": "How many?"}, {"text": "30"}], "c_r": [{"text": "31"}]}
    write_json(tmp_path / "train.json", [chat])
    write_json(tmp_path / "validation.json", [{**chat, "lesson_topic": "Unknown"}])
    data = read_bridge(tmp_path)
    assert data.queries == (Query(text="How many?\n30", relevant=("Pictographs",), concept="Pictographs"),)


def test_a_wrong_answer_is_asked_for_where_its_misconception_does_not_show_it(tmp_path: Path) -> None:
    examples = [
        {
            "Misconception": f"when students err in way {name}",
            "Misconception ID": name,
            "Example Number": number,
            "Question": f"question {name}{number}",
            "Incorrect Answer": f"answer {name}{number}",
            "Explanation": "",
        }
        for name in "AB"
        for number in (1, 2, 3, 4)
    ]
    write_json(tmp_path / "data.json", examples)
    third = read_mae(tmp_path).worlds[2]
    assert [query.text for query in third.queries] == ["question A3\nanswer A3", "question B3\nanswer B3"]
    text = third.documents[0].searched_text
    assert "answer A4" in text
    assert "A3" not in text


def test_a_database_concept_knows_what_it_builds_on(tmp_path: Path) -> None:
    nodes = [
        {"id": "1", "name": "DDL", "description": "It creates and modifies the objects of a database."},
        {"id": "2", "name": "ALTER TABLE ", "description": "It changes the columns of a table."},
    ]
    write_json(tmp_path / "DBE-KT22.json", {"nodes": nodes, "links": [{"source": "2", "target": "1"}]})
    data = read_dbe(tmp_path, hold_out_all)
    assert data.worlds[0].documents[1].searched_text == "ALTER TABLE\nDDL"
    assert [query.concept for query in data.queries] == ["1", "2"]


def test_a_reason_is_about_both_of_its_concepts(tmp_path: Path) -> None:
    for tag, title in (("bases", "bases"), ("subspaces", "subspaces")):
        folder = tmp_path / "concepts" / tag
        folder.mkdir(parents=True)
        (folder / "title.txt").write_text(title)
    (tmp_path / "concepts" / "bases" / "dependencies.txt").write_text(
        "tag: subspaces\nreason: Bases are a way of representing a subspace.\n"
    )
    assert read_metacademy(tmp_path, hold_out_all).queries == (
        Query(text="it are a way of representing a subspace.", relevant=("bases", "subspaces"), concept="bases"),
    )


def test_questions_of_the_bundled_curriculum_are_trained_on_only_beside_what_is_tested() -> None:
    data = read_demo(FOLDER, hold_out_third)
    assert data.curriculum is not None
    tested = {query.concept for query in data.queries}
    assert tested
    assert tested.isdisjoint(concept.id for concept in data.curriculum.concepts)
    assert len(data.worlds[0].documents) == len(data.curriculum.concepts) + len(
        hold_out_third([document.id for document in data.worlds[0].documents])
    )


def test_the_real_misconceptions_have_four_examples_each() -> None:
    data = read_mae(find_data("mae-misconceptions"))
    assert [len(world.queries) for world in data.worlds] == [55, 55, 55, 55]
    assert len({query.concept for query in data.queries}) == 55


def test_the_real_chats_have_a_topic_among_the_documents() -> None:
    data = read_bridge(find_data("bridge"))
    assert "490 chats name 184 lessons" in data.notes[0]
    documents = {document.id for document in data.worlds[0].documents}
    assert all(documents.issuperset(query.relevant) for query in data.queries)
    assert (len(data.queries), len(documents)) == (489, 116)


def test_the_real_database_course_has_98_concepts() -> None:
    data = read_dbe(find_data("dbe-kt22"), hold_out_all)
    assert {len(world.documents) for world in data.worlds} == {98}
    assert len({query.concept for query in data.queries}) == 98


def test_the_real_metacademy_is_tested_on_what_is_held_out() -> None:
    data = read_metacademy(find_data("metacademy"), hold_out_third)
    assert data.curriculum is not None
    assert {len(world.documents) for world in data.worlds} == {392}
    assert len(data.curriculum.concepts) == 392 - 131
    assert {query.concept for query in data.queries}.isdisjoint(concept.id for concept in data.curriculum.concepts)


def test_written_queries_name_concepts_and_their_two_splits_share_none() -> None:
    folder = find_data("metacademy")
    dev, test = read_asked(folder, "dev"), read_asked(folder)
    assert (len(dev.queries), len(test.queries)) == (239, 264)
    documents = {document.id for document in test.worlds[0].documents}
    concepts = [{query.concept for query in data.queries} for data in (dev, test)]
    assert concepts[0].isdisjoint(concepts[1])
    assert documents >= concepts[0] | concepts[1]
    assert len({query.text for data in (dev, test) for query in data.queries}) == 239 + 264
    assert "written by us" in test.notes[0]


def test_written_queries_are_no_sentences_of_the_documents() -> None:
    data = read_asked(find_data("metacademy"))
    written = " ".join(document.searched_text for document in data.worlds[0].documents).casefold()
    assert not [
        query.text for query in data.queries if len(query.text.split()) > 5 and query.text.casefold() in written
    ]


def test_a_curriculum_that_holds_what_is_asked_is_said_to_be_trained_on() -> None:
    slope = Curriculum(id="c", title="C", concepts=(Concept(id="slope", title="Slope"),))
    assert "all 1 concepts, without the queries" in describe_training(replace(LESSONS, curriculum=slope))
    other = Curriculum(id="c", title="C", concepts=(Concept(id="angle", title="Angle"),))
    assert "1 other concepts" in describe_training(replace(LESSONS, curriculum=other))


def test_off_topic_lines_are_none_that_training_reads() -> None:
    trained = (Path(__file__).parents[2] / "retrieval" / "training" / "off_topic.txt").read_text().casefold()
    lines = read_off_topic()
    assert len(set(lines)) == 60
    assert not [line for line in lines if line.casefold() in trained]


def test_a_stage_is_judged_by_where_it_puts_the_right_document() -> None:
    outcome = try_stage(BM25, LESSONS)
    assert outcome.ndcg == outcome.reciprocal_rank == outcome.recall == (1.0, 1.0)
    assert outcome.cold is None
    assert outcome.warm.count == 2


def test_a_stage_is_compared_query_by_query() -> None:
    turned = Stage(name="turned", open=rerank_pairs(open_lexical, lambda _, documents: range(len(documents)), 2))
    gain = compare(try_stage(turned, LESSONS), try_stage(BM25, LESSONS), LESSONS, seed=1)
    # What BM25 puts first comes second: 1 / log2(3) in place of 1.
    assert [gain.mean, gain.low, gain.high] == pytest.approx([-0.36907] * 3, abs=1e-5)


def test_only_the_first_documents_are_reranked() -> None:
    third = Document(kind=DocumentKind.CONCEPT, id="third", title="Third", text="Rise and shine.")
    search = rerank_pairs(open_lexical, lambda _, documents: range(len(documents)), 2)((AREA, SLOPE, third), "en")
    assert search("rise over run").ids == ("third", "slope", "area")


def open_cautious(documents: Sequence[Document], language: str) -> Search:
    """Sure of what it finds words of, and that nothing is meant where it finds none."""
    index, by_words = {document.id: document for document in documents}, open_lexical(documents, language)

    def search(query: str) -> Answer:
        ids = by_words(query).ids
        found = set(query.split()) & set(index[ids[0]].searched_text.casefold().split())
        sure = len(found) / len(query.split())
        return Answer(ids=ids, first=sure, none=1.0 - sure)

    return search


def test_certainty_is_measured_with_and_without_what_is_meant() -> None:
    stage = Stage(name="cautious", open=open_cautious)
    certainty = measure_certainty(try_stage(stage, LESSONS), LESSONS)
    assert certainty is not None
    # Sure to 3/5 and 5/5, and right both times.
    assert certainty.calibration_error == pytest.approx(0.2)
    assert certainty.first is None
    assert (certainty.missing, certainty.off_topic) == (1.0, 1.0)


def test_a_stage_without_probabilities_has_no_certainty() -> None:
    assert measure_certainty(try_stage(BM25, LESSONS), LESSONS) is None


def test_every_call_is_timed_once_and_the_first_ones_are_made_before() -> None:
    made: list[str] = []
    results, times = time_calls([partial(made.append, name) for name in "abc"], warm_up=2)
    assert made == ["a", "b", "a", "b", "c"]
    assert results == [None, None, None]
    assert times.count == 3
    assert 0.0 <= times.middle <= times.worst


def test_generated_documents_are_the_same_for_the_same_seed() -> None:
    documents = draw_documents(30, WORDS, 4)
    assert documents == draw_documents(40, WORDS, 4)[:30]
    assert documents != draw_documents(30, WORDS, 5)
    assert len({document.id for document in documents}) == 30
    assert draw_queries(documents, 5, 1) == draw_queries(documents, 5, 1)


def test_words_are_counted_the_most_frequent_first() -> None:
    assert list(count_frequencies(["The line, the slope", "a LINE"]).items()) == [("line", 2), ("the", 2), ("slope", 1)]


def test_a_generated_query_finds_its_document() -> None:
    documents = draw_documents(200, WORDS, 4)
    search = open_lexical(documents, "en")
    queries = draw_queries(documents, 10, 1)
    titles = {document.id: document.title.split() for document in documents}
    assert all(set(titles[search(query).ids[0]]) & set(query.split()) for query in queries)


def test_moved_vectors_have_unit_length_and_are_nearest_to_what_they_were_made_of() -> None:
    known = np.eye(8, 64, dtype=np.float32)
    moved = spread_vectors(known, 40, 1)
    assert np.linalg.norm(moved, axis=1) == pytest.approx(np.ones(40), abs=1e-6)
    assert np.argmax(moved @ known.T, axis=1).tolist() == [number % 8 for number in range(40)]


def test_a_mined_negative_is_less_near_than_the_right_document_and_about_something_else() -> None:
    baselines = pytest.importorskip("retrieval.benchmark.baselines", exc_type=ModuleNotFoundError)
    documents = {"a": "x", "b": "xx", "c": "xxx", "d": "xxxx"}
    sample = EncoderSample(query="xxxxx", document=SampleDocument(concept="c", text="xxx"), related=frozenset({"b"}))
    pairs = baselines.mine_pairs([sample], documents, LengthEncoder(), most=1, seed=1)
    # "d" is nearer to the query than what is meant, and "b" is no wrong answer.
    assert sorted((pair.document, pair.right) for pair in pairs) == [("x", False), ("xxx", True)]


def test_scale_times_each_kind_of_search() -> None:
    world = Generated(documents=LESSONS.worlds[0].documents, vectors=np.eye(2, 4, dtype=np.float32), queries=("rise",))
    passes = list(time_searches(world, LengthEncoder(), ByLength(), ByLength()))
    assert [entry.name.split(",")[-1].strip() for entry in passes] == ["search without reranker", "warm", "cold"]
    assert {entry.concepts for entry in passes} == {2}


@pytest.mark.neo4j
async def test_neo4js_index_finds_what_an_exact_search_finds(neo4j_server: Neo4jAddress) -> None:
    documents, encoder = draw_documents(600, WORDS, 4), WordBins()
    vectors = spread_vectors(encoder.encode([each.searched_text for each in documents[:100]]), 600, 1)
    world = Generated(documents=documents, vectors=vectors, queries=draw_queries(documents, 5, 1))
    agreement = await measure_agreement(neo4j_server.setting, make_searcher(world, encoder), world.queries)
    assert agreement.found >= 0.9
    assert agreement.first >= 0.9
    assert agreement.pool >= 0.8


@pytest.mark.parametrize(
    ("interval", "text"),
    [
        (Interval(mean=0.7044, low=0.68, high=1.0), ".704 [.680, 1.000]"),
        (Interval(mean=-0.0123, low=-0.1, high=0.02), "-.012 [-.100, +.020]"),
    ],
)
def test_an_interval_is_written_with_a_sign_where_it_is_a_difference(interval: Interval, text: str) -> None:
    assert write_interval(interval, signed=interval.low < 0.0) == text


def test_the_benchmark_runs_from_one_end_to_the_other(tmp_path: Path) -> None:
    pytest.importorskip("sentence_transformers")
    data = find_data("dbe-kt22").parent
    command = [sys.executable, "-m", "retrieval.benchmark", "--quick", "--only", "dbe-kt22", "bridge"]
    folders = ["--data", str(tmp_path / "data"), "--models", str(tmp_path / "models")]
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "dbe-kt22").symlink_to(data / "dbe-kt22")
    done = subprocess.run(
        [*command, *folders], capture_output=True, text=True, check=True, env={**os.environ, "HF_HUB_OFFLINE": "1"}
    )
    for row in ("BM25", "CrossEncoder on the first 16", "tuned encoder + BM25", "whole pipeline"):
        assert f"\n{row} " in done.stdout
    assert "8 queries about" in done.stdout
    assert 'AUROC of "none of these", off-topic text' in done.stdout
    assert f"bridge: {tmp_path / 'data' / 'bridge'} is no folder, so it is left out" in done.stderr
