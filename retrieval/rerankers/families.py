"""The families of rerankers. A further one is a file beside this one and a line in `_LOADERS`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kg.errors import refuse
from retrieval.encoders.export_cache import ExportCache
from retrieval.encoders.extra import models_extra
from retrieval.rerankers.reranker import Reranker


@dataclass(frozen=True, slots=True, kw_only=True)
class RerankerRequest:
    """What a reranker is loaded from.

    Attributes:
        model: Name at a hub or folder; empty: the family's default, which for listwise is the encoder with its adapter.
        adapter: Trained part as safetensors; empty: none.
        encoder: Name of the encoder that finds the candidates.
        encoder_adapter: Its adapter; empty: none.
        exports: Where a family that is exported keeps its exports.
        cache_mebibytes: Bound of what is kept of candidates, >= 0.
        threads: That one call uses, >= 1.
    """

    model: str
    adapter: bytes
    encoder: str
    encoder_adapter: bytes
    exports: ExportCache
    cache_mebibytes: int
    threads: int


def load_reranker(
    family: str,
    model: str,
    adapter: bytes,
    *,
    encoder: str,
    encoder_adapter: bytes,
    cache: Path,
    prepared: Path | None = None,
    cache_mebibytes: int,
    threads: int,
) -> Reranker:
    """Loads a reranker; takes seconds where it is not exported yet.

    Args:
        family: One of `list_families`.
        model: Name at a hub or folder; empty: the family's default, which for listwise is the encoder with its adapter.
        adapter: Trained part as safetensors; empty: none.
        encoder: Name of the encoder that finds the candidates.
        encoder_adapter: Its adapter; empty: none.
        cache: Folder where exports are kept, as in `ExportCache`.
        prepared: Folder of further ones, as there.
        cache_mebibytes: Bound of what is kept of candidates, >= 0.
        threads: That one call uses, >= 1.

    Raises:
        InvalidInputError: There is no such family, the adapter does not fit the model, or a number is out of range.
        ModelUnavailableError: The model or the libraries that run it are not to be had.
    """
    if family not in _LOADERS:
        raise refuse("reranker", f"{family} is no family; there are {', '.join(list_families())}")
    if threads < 1:
        raise refuse("threads", "must be at least 1")
    request = RerankerRequest(
        model=model,
        adapter=adapter,
        encoder=encoder,
        encoder_adapter=encoder_adapter,
        exports=ExportCache(folder=cache, prepared=prepared),
        cache_mebibytes=cache_mebibytes,
        threads=threads,
    )
    with models_extra():
        return _LOADERS[family](request)


def list_families() -> tuple[str, ...]:
    """Returns the names of all families, ascending."""
    return tuple(sorted(_LOADERS))


# Each imports its file when it is asked for: a server without rerankers needs no torch.


def _load_listwise(request: RerankerRequest) -> Reranker:
    from retrieval.rerankers.listwise import load_listwise  # noqa: PLC0415 (part of the models extra)

    return load_listwise(
        request.model or request.encoder,
        b"" if request.model else request.encoder_adapter,
        request.adapter,
        exports=request.exports,
        cache_mebibytes=request.cache_mebibytes,
        threads=request.threads,
    )


def _load_pairwise(request: RerankerRequest) -> Reranker:
    from retrieval.rerankers.pairwise import load_pairwise  # noqa: PLC0415 (part of the models extra)

    if request.adapter:
        raise refuse("reranker_adapter", "must be empty: the family pairwise has no adapters")
    return load_pairwise(request.model, request.threads)


_LOADERS: Final[Mapping[str, Callable[[RerankerRequest], Reranker]]] = {
    "listwise": _load_listwise,
    "pairwise": _load_pairwise,
}
