from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from kg.errors import InvalidInputError
from retrieval.documents import Document, DocumentKind
from retrieval.training.queries import QuerySource, TrainingQuery
from retrieval.training.samples import EncoderSample, SampleDocument, make_samples, plan_batches
from retrieval.training.splits import make_folds, select_queries, split_concepts

torch = pytest.importorskip("torch", reason="needs the models extra")
pytest.importorskip("transformers", reason="needs the models extra")

from torch import Tensor  # noqa: E402 (after the check for the extra)

from retrieval.encoders.adapters import merge_adapter  # noqa: E402
from retrieval.encoders.default import DEFAULT_ENCODER  # noqa: E402
from retrieval.encoders.sentence_model import SentenceModel, load_sentence_model  # noqa: E402
from retrieval.training.contrastive import contrastive_loss, list_batch_documents, mask_false_negatives  # noqa: E402
from retrieval.training.encoder_training import EncoderSettings, train_encoder  # noqa: E402
from retrieval.training.stopping import TrainingStoppedError  # noqa: E402

WORDS = {
    "gradient": ("way uphill", "The vector of partial derivatives."),
    "entropy": ("how unsure one is", "Expected surprise, in bits."),
    "kernel": ("similarity of two points", "An inner product after a map."),
    "prior": ("belief held before", "A distribution without data."),
}
SAMPLES = tuple(
    EncoderSample(query=query, document=SampleDocument(concept=concept, text=text))
    for concept, (query, text) in WORDS.items()
)
SETTINGS = EncoderSettings(rank=2, batch=4, learning_rate=5e-3)


def make_query(concept: str, text: str = "words") -> TrainingQuery:
    return TrainingQuery(text=text, concept=concept, source=QuerySource.REASON)


def measure_loss(samples: Sequence[EncoderSample], adapter: bytes = b"") -> float:
    model = load_sentence_model(DEFAULT_ENCODER)
    merge_adapter(model.body, adapter)
    documents = list_batch_documents(samples)
    with torch.inference_mode():
        queries = encode(model, [sample.query for sample in samples])
        found = encode(model, [document.text for document in documents])
        return float(contrastive_loss(queries, found, mask_false_negatives(samples, documents), 0.05))


def encode(model: SentenceModel, texts: Sequence[str]) -> Tensor:
    vectors: Tensor = model(*model.tokenize(texts))
    return vectors


def test_training_lowers_the_loss_and_leaves_the_model_as_it_was() -> None:
    before = measure_loss(SAMPLES)

    adapter = train_encoder(DEFAULT_ENCODER, SAMPLES, seed=0, epochs=8, settings=SETTINGS)

    assert measure_loss(SAMPLES, adapter) < 0.5 * before
    assert measure_loss(SAMPLES) == before


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    first, again, other = (train_encoder(DEFAULT_ENCODER, SAMPLES, seed=seed, settings=SETTINGS) for seed in (0, 0, 1))

    assert first == again != other


def test_the_default_adapter_is_far_below_a_megabyte() -> None:
    assert len(train_encoder(DEFAULT_ENCODER, SAMPLES, seed=0)) < 200_000


def test_every_step_is_reported() -> None:
    seen: list[tuple[int, int]] = []

    train_encoder(
        DEFAULT_ENCODER,
        SAMPLES,
        seed=0,
        epochs=2,
        settings=replace(SETTINGS, batch=2),
        progress=lambda done, total: seen.append((done, total)),
    )

    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_training_stops_when_it_is_told_to() -> None:
    seen: list[int] = []

    with pytest.raises(TrainingStoppedError):
        train_encoder(
            DEFAULT_ENCODER,
            SAMPLES,
            seed=0,
            epochs=3,
            settings=SETTINGS,
            progress=lambda done, total: seen.append(done),
            should_stop=lambda: len(seen) == 1,
        )

    assert seen == [1]


def test_texts_beyond_the_longest_input_are_cut_off() -> None:
    endless = tuple(replace(sample, query=sample.query + " word" * 1000) for sample in SAMPLES)
    further = tuple(replace(sample, query=sample.query + " word" * 2000) for sample in SAMPLES)
    settings = replace(SETTINGS, longest_input=16)

    assert train_encoder(DEFAULT_ENCODER, endless, seed=0, settings=settings) == train_encoder(
        DEFAULT_ENCODER, further, seed=0, settings=settings
    )


def test_one_sample_teaches_nothing() -> None:
    with pytest.raises(InvalidInputError, match="at least two"):
        train_encoder(DEFAULT_ENCODER, SAMPLES[:1], seed=0)


def test_what_may_be_right_is_no_negative() -> None:
    gradient, entropy, kernel, prior = SAMPLES
    batch = (
        gradient,
        replace(gradient, query="steepest way"),
        replace(entropy, related=frozenset({"kernel"})),
        replace(kernel, negatives=(prior.document, gradient.document)),
    )

    documents = list_batch_documents(batch)
    mask = mask_false_negatives(batch, documents)

    assert [document.concept for document in documents] == [
        "gradient", "gradient", "entropy", "kernel", "prior", "gradient",
    ]  # fmt: skip
    assert mask.int().tolist() == [
        [1, 0, 1, 1, 1, 0],
        [0, 1, 1, 1, 1, 0],
        [1, 1, 1, 0, 1, 1],
        [1, 1, 1, 1, 1, 1],
    ]


def test_loss_of_known_cosines() -> None:
    queries = torch.eye(2)
    documents = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
    allowed = torch.tensor([[True, True, False], [True, True, True]])

    loss = contrastive_loss(queries, documents, allowed, 1.0)

    e = torch.e
    expected = -(torch.log(torch.tensor(e / (e + 1))) + torch.log(torch.tensor(e / (e + 2)))) / 2
    assert float(loss) == pytest.approx(float(expected), abs=1e-6)


def test_batches_hold_each_sample_once_and_no_concept_twice() -> None:
    samples = [replace(sample, query=f"{sample.query} {number}") for sample in SAMPLES for number in range(5)]

    batches = plan_batches(samples, 4, seed=1)

    assert sorted(sample.query for batch in batches for sample in batch) == sorted(each.query for each in samples)
    assert [len({sample.document.concept for sample in batch}) for batch in batches] == [4] * 5
    assert batches == plan_batches(samples, 4, seed=1) != plan_batches(samples, 4, seed=2)


def test_samples_carry_the_shortened_document_and_its_negatives() -> None:
    documents = [
        Document(kind=DocumentKind.CONCEPT, id="gradient", title="Gradient", text="It points uphill. It is long."),
        Document(kind=DocumentKind.CONCEPT, id="entropy", title="Entropy"),
    ]
    query = replace(make_query("gradient"), quoted="It points uphill.", seen_in="gradient", related=("kernel",))

    (sample,) = make_samples([query, make_query("elsewhere")], documents, {query: ("entropy",)})

    assert sample.document == SampleDocument(concept="gradient", text="Gradient\nIt is long.")
    assert sample.negatives == (SampleDocument(concept="entropy", text="Entropy"),)
    assert sample.related == {"kernel"}


def test_no_query_of_a_held_out_concept_is_trained_on() -> None:
    concepts = [f"c{number}" for number in range(20)]
    queries = [make_query(concept, f"{concept} {number}") for concept in concepts for number in range(3)]

    split = split_concepts(concepts, 0.3, seed=0)

    assert len(split.held_out) == 6
    assert split.training | split.held_out == set(concepts)
    trained = {query.concept for query in select_queries(queries, split.training)}
    assert not trained & {query.concept for query in select_queries(queries, split.held_out)}


def test_every_concept_is_held_out_in_one_fold() -> None:
    concepts = {f"c{number}" for number in range(11)}

    folds = make_folds(concepts, 3, seed=5)

    assert sorted(concept for fold in folds for concept in fold.held_out) == sorted(concepts)
    assert sorted(len(fold.held_out) for fold in folds) == [3, 4, 4]
    assert all(fold.training == concepts - fold.held_out for fold in folds)
    assert folds == make_folds(sorted(concepts, reverse=True), 3, seed=5) != make_folds(concepts, 3, seed=6)


@pytest.mark.parametrize("share", [0.0, 1.0, -0.5])
def test_a_share_that_leaves_a_part_empty_is_refused(share: float) -> None:
    with pytest.raises(InvalidInputError, match="share"):
        split_concepts(["a", "b"], share, seed=0)


def test_too_few_concepts_for_the_folds_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="at least 3"):
        make_folds(["a", "b"], 3, seed=0)


def test_missing_folder_is_named(tmp_path: Path) -> None:
    from kg.errors import ModelUnavailableError  # noqa: PLC0415

    with pytest.raises(ModelUnavailableError):
        train_encoder(str(tmp_path), SAMPLES, seed=0)
