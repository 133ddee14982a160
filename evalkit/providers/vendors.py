"""Vendors of chat completions as data: one row each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Vendor:
    """Where a vendor is and which environment variables, in order, may hold its key and another base URL."""

    name: str
    base_url: str
    keys: tuple[str, ...]
    base_urls: tuple[str, ...] = ()

    def key(self, environ: Mapping[str, str]) -> tuple[str, str]:
        """(variable, key) of the first that is set; ("", "") when none is."""
        return next(((name, environ[name]) for name in self.keys if environ.get(name)), ("", ""))

    def url(self, environ: Mapping[str, str]) -> str:
        """The chat-completions URL."""
        base = next((environ[name] for name in self.base_urls if environ.get(name)), self.base_url).rstrip("/")
        return base if base.endswith("/chat/completions") else f"{base}/chat/completions"


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
