"""What settings files say of the machine: endpoints of one's own, limits, prices, programs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OwnEndpoint:
    """A server of one's own that speaks chat completions: `[tool.evalkit.endpoints.mine]`, in specs `mine/model`.

    `key` is the environment variable with its key, "" for a server that wants none.
    """

    name: str
    base_url: str
    key: str = ""


@dataclass(frozen=True, slots=True)
class Command:
    """A program of one's own: its words, and the version its author gave it, "" for none."""

    words: tuple[str, ...]
    version: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a provider allows: requests and tokens a minute, calls at once; None where nothing is said."""

    rpm: float | None = None
    tpm: float | None = None
    concurrency: int | None = None


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars for a million tokens of a model; `cached` is for prompt tokens that the server had cached.

    `call` is what each call costs besides, in US dollars.
    """

    input: float
    output: float
    cached: float | None = None
    call: float = 0.0

    def usd(self, prompt: int, completion: int, cached: int = 0) -> float:
        """What a call with so many tokens costs; `cached` of those in the prompt were cached."""
        of_cached = self.input if self.cached is None else self.cached
        of_tokens = (prompt - cached) * self.input + cached * of_cached + completion * self.output
        return of_tokens / 1e6 + self.call
