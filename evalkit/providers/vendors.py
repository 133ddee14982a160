"""Vendors as data: one row each, with its address, its keys, and how it takes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

from evalkit.errors import UserError
from evalkit.providers import dialects
from evalkit.providers.dialects import Dialect
from evalkit.settings_file import KEY_PREFIX

CHAT = "/chat/completions"
LIST = "/models"


@dataclass(frozen=True, slots=True)
class Vendor:
    """Where a vendor is and which environment variables, in order, may hold its key and another base URL.

    A key goes into the header `carrier`, as a Bearer token where that is Authorization. `path` is what follows the
    base URL; `home` follows one that is no more than a host, and `addresses` are variables with a host alone.
    `catalogue` lists the models ("" where nothing does), `headers` go with every request.
    """

    name: str
    base_url: str
    keys: tuple[str, ...]
    base_urls: tuple[str, ...] = ()
    dialect: Dialect = dialects.OPEN
    needs_key: bool = True
    carrier: str = "Authorization"
    path: str = CHAT
    home: str = ""
    addresses: tuple[str, ...] = ()
    catalogue: str = LIST
    headers: Mapping[str, str] = field(default_factory=dict)
    version: str = ""  # variable with an `api-version`; with one, each model has a path of its own (Azure)

    def key(self, environ: Mapping[str, str]) -> tuple[str, str]:
        """(variable, key) of the first that is set; ("", "") when none is."""
        return _first_set(self.keys, environ)

    def carried(self, key: str) -> dict[str, str]:
        """The header that carries a key."""
        return {self.carrier: f"Bearer {key}" if self.carrier == "Authorization" else key} if key else {}

    def url(self, environ: Mapping[str, str], model: str = "") -> str:
        """Where a model is asked. Raises UserError where only the environment could say, and does not."""
        base, version = self._base(environ), environ.get(self.version, "").strip() if self.version else ""
        if urlsplit(base).path.endswith(CHAT):  # all of it, as a vendor's console shows it
            return base
        if self.version and "/deployments" not in base and not version:
            return f"{_with(base, '/openai/v1')}{self.path}"
        if self.version:
            if not version:
                raise UserError(f"the address of {self.name} is that of a deployment, which is asked by a date",
                                f"export {self.version}=…, or end the address in /openai/v1")  # fmt: skip
            root = base if "/deployments" in base else f"{_with(base, '/openai')}/deployments"
            deployment = root if "/deployments/" in root else f"{root}/{quote(model, safe='')}"
            return f"{deployment}{self.path}?api-version={quote(version)}"
        return f"{base}{self.path.replace('{model}', quote(model.removeprefix('models/'), safe='/:'))}"

    def catalogue_url(self, environ: Mapping[str, str]) -> str:
        """Where the server lists its models; "" where it does not."""
        base = self._base(environ).removesuffix(CHAT)
        return f"{base}{self.catalogue}" if self.catalogue else ""

    def _base(self, environ: Mapping[str, str]) -> str:
        _, stated = _first_set(self.base_urls, environ)
        _, address = _first_set(self.addresses, environ)
        base = stated or (_at(address, self.base_url) if address else self.base_url)
        if not base:
            raise UserError(f"no address for {self.name}: the environment has no {self.base_urls[0]}",
                            f"export {self.base_urls[0]}=https://…")  # fmt: skip
        base = base.rstrip("/")
        return _with(base, self.home) if self.home else base


def _with(base: str, path: str) -> str:
    """A base URL with that path, unless it has one already."""
    try:
        is_bare = not urlsplit(base).path
    except ValueError:
        return base  # what is wrong with it is said where it is asked
    return base + path if is_bare else base


def _at(address: str, base_url: str) -> str:
    """The URL of `host`, `host:port` or `http://host:port`, for what is missing as in `base_url`."""
    default = urlsplit(base_url)
    whole = address if "://" in address else f"{default.scheme}://{address}"
    try:
        has_port = urlsplit(whole).port is not None
    except ValueError:
        return whole
    return whole if has_port or "://" in address else f"{whole.rstrip('/')}:{default.port}"


def _first_set(names: Iterable[str], environ: Mapping[str, str]) -> tuple[str, str]:
    """(name, value) of the first variable that holds more than white space; the white space around it is dropped."""
    stripped = ((name, environ.get(name, "").strip()) for name in names)
    return next(((name, value) for name, value in stripped if value), ("", ""))


_GOOGLE = ("GEMINI_API_KEY", "GOOGLE_API_KEY")

VENDORS = {
    vendor.name: vendor
    for vendor in (
        Vendor(
            "aimlapi",
            "https://api.aimlapi.com/v1",
            ("AIMLAPI_API_KEY", "AIML_API_KEY", "AIMLAPI_KEY"),
            ("AIMLAPI_BASE_URL", "AIMLAPI_API_BASE", "AIML_API_BASE", "AIML_API_URL"),
            dialects.AIMLAPI,
        ),
        Vendor("openai", "https://api.openai.com/v1", ("OPENAI_API_KEY",), ("OPENAI_BASE_URL",), dialects.OPENAI),
        Vendor(
            "anthropic",
            "https://api.anthropic.com/v1",
            ("ANTHROPIC_API_KEY",),
            ("ANTHROPIC_BASE_URL",),
            dialects.ANTHROPIC,
            carrier="x-api-key",
            path="/messages",
            home="/v1",
            catalogue="/models?limit=1000",
            headers={"anthropic-version": "2023-06-01"},
        ),
        Vendor(
            "gemini",
            "https://generativelanguage.googleapis.com/v1beta",
            _GOOGLE,
            ("GEMINI_BASE_URL", "GOOGLE_GEMINI_BASE_URL"),
            dialects.GEMINI,
            carrier="x-goog-api-key",
            path="/models/{model}:generateContent",
            home="/v1beta",
            catalogue="/models?pageSize=1000",
        ),
        Vendor(
            "gemini-openai",
            "https://generativelanguage.googleapis.com/v1beta/openai",
            _GOOGLE,
            ("GEMINI_OPENAI_BASE_URL",),
            dialects.GEMINI_OPENAI,
        ),
        Vendor(
            "openrouter",
            "https://openrouter.ai/api/v1",
            ("OPENROUTER_API_KEY",),
            ("OPENROUTER_BASE_URL",),
            dialects.OPENROUTER,
        ),
        Vendor(
            "azure",
            "",
            ("AZURE_OPENAI_API_KEY",),
            ("AZURE_OPENAI_ENDPOINT",),
            dialects.OPENAI,
            carrier="api-key",
            catalogue="",
            version="OPENAI_API_VERSION",
        ),
        Vendor("groq", "https://api.groq.com/openai/v1", ("GROQ_API_KEY",), ("GROQ_BASE_URL",), dialects.GROQ),
        Vendor("mistral", "https://api.mistral.ai/v1", ("MISTRAL_API_KEY",), ("MISTRAL_BASE_URL",), dialects.MISTRAL),
        Vendor(
            "deepseek", "https://api.deepseek.com", ("DEEPSEEK_API_KEY",), ("DEEPSEEK_BASE_URL",), dialects.DEEPSEEK
        ),
        Vendor(
            "together", "https://api.together.xyz/v1", ("TOGETHER_API_KEY",), ("TOGETHER_BASE_URL",), dialects.TOGETHER
        ),
        Vendor(
            "litellm",
            "http://localhost:4000/v1",
            ("LITELLM_PROXY_API_KEY", "LITELLM_MASTER_KEY"),
            ("LITELLM_PROXY_API_BASE", "LITELLM_BASE_URL"),
            dialects.LITELLM,
            needs_key=False,
            home="/v1",
        ),
        Vendor(
            "ollama",
            "http://localhost:11434/v1",
            ("OLLAMA_API_KEY",),
            ("OLLAMA_BASE_URL",),
            dialects.OLLAMA,
            needs_key=False,
            home="/v1",
            addresses=("OLLAMA_HOST",),
        ),
        Vendor(
            "vllm",
            "http://localhost:8000/v1",
            ("VLLM_API_KEY",),
            ("VLLM_BASE_URL",),
            dialects.VLLM,
            needs_key=False,
            home="/v1",
        ),
        Vendor(
            "llamacpp",
            "http://localhost:8080/v1",
            ("LLAMACPP_API_KEY",),
            ("LLAMACPP_BASE_URL",),
            dialects.LLAMACPP,
            needs_key=False,
            home="/v1",
        ),
        Vendor(
            "lmstudio",
            "http://localhost:1234/v1",
            ("LM_STUDIO_API_KEY",),
            ("LM_STUDIO_BASE_URL", "LM_STUDIO_API_BASE"),
            dialects.LM_STUDIO,
            needs_key=False,
            home="/v1",
        ),
    )
}


def is_key(variable: str) -> bool:
    """Whether an environment variable holds a key: a vendor's, or that of an endpoint of one's own."""
    return variable.startswith(KEY_PREFIX) or any(variable in vendor.keys for vendor in VENDORS.values())


def keys_in(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Every value that is a key: what must never be shown. Vendors that are not in the table are meant too."""
    found = (value.strip() for name, value in environ.items() if is_key(name) or name.endswith("_API_KEY"))
    return tuple(value for value in found if value)
