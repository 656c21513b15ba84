"""What a sentence-transformers folder says of its encoder; read without torch."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from kg.errors import ModelUnavailableError


class Pooling(StrEnum):
    """How token vectors become one vector."""

    MEAN = "mean"
    CLS = "cls"
    OTHER = "other"
    """Another pooling, or modules besides pooling and normalisation: sentence_transformers itself runs these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """An encoder's parts.

    Attributes:
        folder: Of the whole model.
        body: Of the transformer.
        modules: Folders of all modules, the body's first.
        pooling: How token vectors become one.
        longest_input: Tokens, special ones among them; what is longer is cut off.
        lowercase: Texts are lower-cased before they are split into tokens.
        query_prompt: Written before a query; may be empty.
        document_prompt: Written before a document; may be empty.
    """

    folder: Path
    body: Path
    modules: tuple[Path, ...]
    pooling: Pooling
    longest_input: int
    lowercase: bool
    query_prompt: str
    document_prompt: str


# Of a model that states no limit anywhere.
_LONGEST_INPUT: Final = 512
_OLD_POOLING: Final = {"pooling_mode_mean_tokens": "mean", "pooling_mode_cls_token": "cls"}
_QUERY_PROMPTS: Final = ("query",)
_DOCUMENT_PROMPTS: Final = ("document", "passage", "corpus")


def read_layout(folder: Path) -> Layout:
    """Reads a model's folder. One without modules.json is a plain transformer, pooled by the mean.

    Raises:
        ModelUnavailableError: It is no encoder's folder, or has weights in another form than safetensors.
    """
    modules = _read_modules(folder)
    body = modules[0][1]
    settings = _read_json(body / "sentence_bert_config.json")
    prompts = _read_json(folder / "config_sentence_transformers.json")
    layout = Layout(
        folder=folder,
        body=body,
        modules=tuple(path for _, path in modules),
        pooling=_find_pooling(modules),
        longest_input=_find_longest_input(body, settings),
        lowercase=bool(settings.get("do_lower_case", False)),
        query_prompt=_find_prompt(prompts, _QUERY_PROMPTS),
        document_prompt=_find_prompt(prompts, _DOCUMENT_PROMPTS),
    )
    _check_weights(layout)
    return layout


def _read_modules(folder: Path) -> list[tuple[str, Path]]:
    """Kind (last part of the class's name) and folder of each module."""
    if not (folder / "modules.json").is_file():
        return [("Transformer", folder)]
    listed = json.loads((folder / "modules.json").read_text("utf-8"))
    return [(module["type"].rpartition(".")[2], folder / module["path"]) for module in listed]


def _read_json(path: Path) -> Mapping[str, Any]:
    if not path.is_file():
        return {}
    content: Mapping[str, Any] = json.loads(path.read_text("utf-8"))
    return content


def _find_pooling(modules: list[tuple[str, Path]]) -> Pooling:
    kinds = [kind for kind, _ in modules]
    if kinds == ["Transformer"]:
        return Pooling.MEAN
    if kinds not in (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"]):
        return Pooling.OTHER
    settings = _read_json(modules[1][1] / "config.json")
    if not settings.get("include_prompt", True):
        return Pooling.OTHER
    modes = settings.get("pooling_mode") or [
        _OLD_POOLING.get(key, "other") for key, on in settings.items() if key.startswith("pooling_mode_") and on is True
    ]
    mode = modes[0] if isinstance(modes, list) and len(modes) == 1 else modes
    return Pooling(mode) if mode in ("mean", "cls") else Pooling.OTHER


def _find_longest_input(body: Path, settings: Mapping[str, Any]) -> int:
    if settings.get("max_seq_length"):
        return int(settings["max_seq_length"])
    stated = (
        _read_json(body / "tokenizer_config.json").get("model_max_length"),
        _read_json(body / "config.json").get("max_position_embeddings"),
    )
    return int(min((limit for limit in stated if limit), default=_LONGEST_INPUT))


def _find_prompt(settings: Mapping[str, Any], names: Iterable[str]) -> str:
    prompts = settings.get("prompts") or {}
    for name in (*names, settings.get("default_prompt_name")):
        if name in prompts:
            return str(prompts[name])
    return ""


def _check_weights(layout: Layout) -> None:
    for folder in layout.modules:
        pickled = any(folder.glob("pytorch_model*.bin")) if folder.is_dir() else False
        if pickled and not any(folder.glob("*.safetensors")):
            raise _unusable(layout.folder, f"the weights in {folder.name} are pickled, which runs code when it is read")
    if layout.pooling is not Pooling.OTHER and not any(layout.body.glob("*.safetensors")):
        raise _unusable(layout.folder, "there are no weights in it")


def _unusable(folder: Path, reason: str) -> ModelUnavailableError:
    return ModelUnavailableError(
        f"{folder} is no encoder that can be used: {reason}; needed is a sentence-transformers model with weights as "
        "safetensors",
        [str(folder)],
    )
