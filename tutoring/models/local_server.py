"""The process of the local model: `python -m tutoring.models.local_server`, run by `LocalModel`.

The first line of its input is its order, as JSON; it prints its base URL, and ends when its input does.
"""

import json
import os
import sys
from typing import Any, Final

CONTEXT: Final = 4096
"""Tokens of a prompt with its answer; the model was trained with 8,192."""
SLOTS: Final = 2
"""Answers that are written at once; further ones wait."""


def start_server(order: dict[str, Any]) -> Any:
    """Starts llama.cpp's server on a free port of loopback.

    Args:
        order: weights (path), key, threads and alias (name of the model).
    """
    import xllamacpp  # noqa: PLC0415 - part of an extra

    params = xllamacpp.CommonParams()
    params.model.path = order["weights"]
    params.model_alias = {order["alias"]}
    params.hostnames, params.port, params.api_keys = ["127.0.0.1"], 0, [order["key"]]
    params.n_parallel, params.n_ctx = SLOTS, SLOTS * CONTEXT
    for threads in (params.cpuparams, params.cpuparams_batch):
        # No polling: where cores are shared, spinning takes them from whom is waited for.
        threads.n_threads, threads.poll = order["threads"], 0
    # As its authors say: https://huggingface.co/HuggingFaceTB/SmolLM2-135M-Instruct
    params.sampling.temp, params.sampling.top_p = 0.2, 0.9
    params.ui = params.endpoint_slots = params.warmup = False
    params.cache_ram_mib = 0
    return xllamacpp.Server(params)


def main() -> None:
    """Serves until the input ends."""
    server = start_server(json.loads(sys.stdin.readline()))
    sys.stdout.write(f"{server.listening_address}/v1\n")
    sys.stdout.flush()
    sys.stdin.read()
    # Without waiting for answers under way: nobody wants them any more.
    os._exit(0)


if __name__ == "__main__":
    main()
