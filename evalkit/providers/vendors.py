"""Vendors of chat completions as data: one row each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from evalkit.settings_file import KEY_PREFIX


@dataclass(frozen=True, slots=True)
class Vendor:
    """Where a vendor is and which environment variables, in order, may hold its key and another base URL."""

    name: str
    base_url: str
    keys: tuple[str, ...]
    base_urls: tuple[str, ...] = ()

    def key(self, environ: Mapping[str, str]) -> tuple[str, str]:
        """(variable, key) of the first that is set; ("", "") when none is."""
        return _first_set(self.keys, environ)

    def url(self, environ: Mapping[str, str]) -> str:
        """The chat-completions URL."""
        _, stated = _first_set(self.base_urls, environ)
        base = (stated or self.base_url).rstrip("/")
        return base if base.endswith("/chat/completions") else f"{base}/chat/completions"


def _first_set(names: Iterable[str], environ: Mapping[str, str]) -> tuple[str, str]:
    """(name, value) of the first variable that holds more than white space; the white space around it is dropped."""
    stripped = ((name, environ.get(name, "").strip()) for name in names)
    return next(((name, value) for name, value in stripped if value), ("", ""))


VENDORS = {
    vendor.name: vendor
    for vendor in (
        Vendor(
            "aimlapi",
            "https://api.aimlapi.com/v1",
            ("AIMLAPI_API_KEY", "AIML_API_KEY", "AIMLAPI_KEY"),
            ("AIMLAPI_BASE_URL", "AIMLAPI_API_BASE", "AIML_API_BASE", "AIML_API_URL"),
        ),
        Vendor("openai", "https://api.openai.com/v1", ("OPENAI_API_KEY",), ("OPENAI_BASE_URL",)),
    )
}


def is_key(variable: str) -> bool:
    """Whether an environment variable holds a key: a vendor's, or that of an endpoint of one's own."""
    return variable.startswith(KEY_PREFIX) or any(variable in vendor.keys for vendor in VENDORS.values())


def keys_in(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Every value that is a key: what must never be shown."""
    found = (value.strip() for name, value in environ.items() if is_key(name))
    return tuple(value for value in found if value)
