"""Models whose end their makers have announced: a table, as it was on the day it was made."""

from __future__ import annotations

import re
from dataclasses import dataclass

MADE = "2026-11-25"  # the day the table was made, of the makers' pages and of what others quote from them
_OWN = {"openai": "openai", "anthropic": "anthropic", "gemini": "google"}  # providers, and whose models they serve
_RESELLERS = ("aimlapi", "openrouter", "litellm")  # serve models of all makers; a maker's end is theirs too


@dataclass(frozen=True, slots=True)
class Retirement:
    """The end of models: whose, which (all of an id has to match), when (YYYY-MM-DD), and what is to be used then.

    Where `reroutes`, requests are answered by that other model from then on, at its price.
    """

    maker: str
    ids: str
    day: str
    use: str
    reroutes: bool = False

    def told(self, model: str) -> tuple[str, str]:
        """What a warning says of a model, and what to do."""
        when = f"{'retired' if self.day <= MADE else 'retires'} on {self.day}"
        then = f"; from then on {self.use} answers in its place, at its price" if self.reroutes else ""
        return f"`{model}` {when}{then}", f"use {self.use} (announced by its maker, as known on {MADE})"


RETIREMENTS = (
    # https://ai.google.dev/gemini-api/docs/deprecations
    Retirement("google", r"gemini-2\.5-pro", "2026-12-01", "gemini-3.8-flash", reroutes=True),
    Retirement("google", r"gemini-2\.5-flash", "2026-12-01", "gemini-3.5-flash-lite", reroutes=True),
    Retirement("google", r"gemini-2\.0-flash(-001)?", "2026-06-01", "gemini-2.5-flash-lite"),
    Retirement("google", r"gemini-2\.0-flash-lite(-001)?", "2026-06-01", "gemini-2.5-flash-lite"),
    # https://developers.openai.com/api/docs/deprecations
    Retirement("openai", r"gpt-3\.5-turbo(-0125)?", "2026-10-23", "gpt-5.6-terra"),
    Retirement("openai", r"gpt-4(-0613|-1106-preview)?", "2026-10-23", "gpt-5.6-sol"),
    Retirement("openai", r"gpt-4-turbo(-2024-04-09)?", "2026-10-23", "gpt-5.6-sol"),
    Retirement("openai", r"gpt-4o-2024-05-13", "2026-10-23", "gpt-5.6-sol"),
    Retirement("openai", r"o1(-2024-12-17)?", "2026-10-23", "gpt-5.6-sol"),
    Retirement("openai", r"o1-pro(-2025-03-19)?", "2026-10-23", "gpt-5.6-sol"),
    Retirement("openai", r"o3-mini(-2025-01-31)?", "2026-10-23", "gpt-5.6-sol"),
    Retirement("openai", r"o4-mini(-2025-04-16)?", "2026-10-23", "gpt-5.6-terra"),
    Retirement("openai", r"gpt-4\.1-nano(-2025-04-14)?", "2026-10-23", "gpt-5.6-luna"),
    Retirement("openai", r"gpt-5(-2025-08-07)?", "2026-12-11", "gpt-6.1-sol"),
    Retirement("openai", r"gpt-5-mini(-2025-08-07)?", "2026-12-11", "gpt-6.1-terra"),
    Retirement("openai", r"gpt-5-nano(-2025-08-07)?", "2026-12-11", "gpt-5.6-luna"),
    Retirement("openai", r"gpt-5-pro(-2025-10-06)?", "2026-12-11", "gpt-5.6-sol"),
    Retirement("openai", r"o3(-2025-04-16)?", "2026-12-11", "gpt-5.6-sol"),
    Retirement("openai", r"o3-pro(-2025-06-10)?", "2026-12-11", "gpt-5.6-sol"),
    Retirement("openai", r"gpt-4o(-2024-08-06|-2024-11-20)?", "2027-01-14", "gpt-6-luna"),
    Retirement("openai", r"gpt-4o-mini(-2024-07-18)?", "2027-01-14", "gpt-6-luna"),
    Retirement("openai", r"gpt-4\.1(-mini)?(-2025-04-14)?", "2027-01-14", "gpt-6-luna"),
    # https://platform.claude.com/docs/en/about-claude/model-deprecations
    Retirement("anthropic", r"claude-3-5-sonnet-(20240620|20241022|latest)", "2025-10-28", "claude-sonnet-4-6"),
    Retirement("anthropic", r"claude-3-opus-(20240229|latest)", "2026-01-05", "claude-opus-4-8"),
    Retirement("anthropic", r"claude-3-7-sonnet-(20250219|latest)", "2026-02-19", "claude-sonnet-4-6"),
    Retirement("anthropic", r"claude-sonnet-4-(0|20250514)", "2026-06-15", "claude-sonnet-4-6"),
    Retirement("anthropic", r"claude-opus-4-(0|20250514)", "2026-06-15", "claude-opus-4-8"),
)


def retirement_of(provider: str, model: str) -> Retirement | None:
    """The announced end of a model; None where none is known. Endpoints of one's own are not looked at."""
    maker, _, name = model.lower().removeprefix("models/").rpartition("/")
    if provider in _OWN:
        makers = [_OWN[provider]]
    elif provider in _RESELLERS:
        makers = [maker] if maker else list(_OWN.values())
    else:
        return None
    return next((row for row in RETIREMENTS if row.maker in makers and re.fullmatch(row.ids, name)), None)
