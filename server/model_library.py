"""Encoders and rerankers in memory: each loaded once, in a thread, and kept while it is among those used last."""

import asyncio
import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final, Literal, TypeVar, cast

import structlog

from kg.errors import ModelUnavailableError
from retrieval.encoders.encoder import Encoder
from retrieval.rankers import Ranker
from retrieval.rerankers.reranker import Reranker
from server.curriculum_cache import SingleFlight

MOST_MODELS = 8
"""Models kept: an encoder takes some 60 MiB, a reranker its cache as well."""

RETRY_SECONDS: Final = 60.0
"""How long a model that could not be loaded is taken to be unavailable without another try."""

_LIBRARIES: Final = ("onnxruntime", "tokenizers")

Model = TypeVar("Model", Encoder, Reranker)

_log = structlog.get_logger("graphmasal.models")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelTerms:
    """What all models are loaded with.

    Attributes:
        folder: For models made ready to run.
        prepared: Where the installation has those that it came with; None: nowhere.
        precision: Of encoders.
        reranker_cache_mebibytes: For what each reranker keeps.
    """

    folder: Path
    prepared: Path | None = None
    precision: Literal["int8", "fp32"] = "int8"
    reranker_cache_mebibytes: int = 256


@dataclass(frozen=True, slots=True)
class _Failure:
    error: ModelUnavailableError
    until: float


class ModelLibrary:
    """Loads models when they are asked for. Each runs on the thread that calls it.

    Args:
        terms: What they are loaded with.
    """

    def __init__(self, terms: ModelTerms) -> None:
        self._terms = terms
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="models")
        self._models: OrderedDict[Hashable, Encoder | Reranker] = OrderedDict()
        self._failures: dict[Hashable, _Failure] = {}
        self._flight: SingleFlight[Hashable] = SingleFlight()

    @property
    def installed(self) -> bool:
        """Whether the libraries that run models are here."""
        return all(find_spec(library) is not None for library in _LIBRARIES)

    async def get_encoder(self, ranker: Ranker) -> Encoder:
        """Returns a ranker's encoder, which it has.

        Raises:
            ModelUnavailableError: It cannot be loaded here.
        """
        key = "encoder", ranker.encoder, _hash(ranker.encoder_adapter)
        return await self._get(key, lambda: _load_encoder(ranker, self._terms))

    async def get_reranker(self, ranker: Ranker) -> Reranker:
        """Returns a ranker's reranker, which it has.

        Raises:
            ModelUnavailableError: It cannot be loaded here.
        """
        adapters = _hash(ranker.reranker_adapter), _hash(ranker.encoder_adapter)
        key = "reranker", ranker.reranker, ranker.reranker_model, ranker.encoder, adapters
        return await self._get(key, lambda: _load_reranker(ranker, self._terms))

    async def _get(self, key: Hashable, load: Callable[[], Model]) -> Model:
        if key in self._models:
            self._models.move_to_end(key)
            return cast(Model, self._models[key])
        failure = self._failures.get(key)
        if failure is not None and time.monotonic() < failure.until:
            raise failure.error
        return await self._flight.run(key, lambda: self._load(key, load))

    async def _load(self, key: Hashable, load: Callable[[], Model]) -> Model:
        began = time.perf_counter()
        try:
            model = await asyncio.get_running_loop().run_in_executor(self._executor, load)
        except ModelUnavailableError as error:
            self._failures[key] = _Failure(error, time.monotonic() + RETRY_SECONDS)
            _log.warning("model unavailable", error=str(error))
            raise
        self._failures.pop(key, None)
        self._models[key] = model
        while len(self._models) > MOST_MODELS:
            self._models.popitem(last=False)
        seconds = round(time.perf_counter() - began, 3)
        _log.info("model loaded", model=model.name, fingerprint=model.fingerprint, seconds=seconds)
        return model

    def close(self) -> None:
        """Loads no more. What is being loaded is not waited for: it may take long, and nobody wants it any more."""
        self._executor.shutdown(wait=False, cancel_futures=True)


def _load_encoder(ranker: Ranker, terms: ModelTerms) -> Encoder:
    # Takes seconds to import, and is not there without the models extra.
    from retrieval.encoders.loading import load_encoder  # noqa: PLC0415

    return load_encoder(
        ranker.encoder,
        ranker.encoder_adapter,
        cache=terms.folder,
        prepared=terms.prepared,
        precision=terms.precision,
        threads=1,
    )


def _load_reranker(ranker: Ranker, terms: ModelTerms) -> Reranker:
    from retrieval.rerankers.families import load_reranker  # noqa: PLC0415 - as above

    return load_reranker(
        ranker.reranker,
        ranker.reranker_model,
        ranker.reranker_adapter,
        encoder=ranker.encoder,
        encoder_adapter=ranker.encoder_adapter,
        cache=terms.folder,
        prepared=terms.prepared,
        cache_mebibytes=terms.reranker_cache_mebibytes,
        threads=1,
    )


def _hash(adapter: bytes) -> str:
    return hashlib.sha256(adapter).hexdigest() if adapter else ""
