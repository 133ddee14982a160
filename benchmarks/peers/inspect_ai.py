"""Inspect: a task in Python, as many connections as the others, and nothing live: no display, no log as it goes."""

from __future__ import annotations

from pathlib import Path

from benchmarks.cases import ASKS, LABEL, write_reviews
from benchmarks.contenders import Commands, Setting
from benchmarks.measure import Command
from benchmarks.server import MODEL

TASK = Path(__file__).parent / "given" / "inspect_task.py"


def commands(setting: Setting) -> Commands:
    """A fixed number of connections takes the place of its adaptive one, which would grow to that number slowly."""
    write_reviews(setting.folder / "reviews.csv", setting.load.cases, label=LABEL)
    (setting.folder / "task.py").write_text(TASK.read_text("utf-8").replace("ASKS", ASKS), "utf-8")
    run: tuple[str, ...] = (str(setting.programs / "inspect"), "eval", "task.py", "--model", f"openai/{MODEL}")
    run = (*run, "-M", "responses_api=false", "--temperature", "0", "--max-tokens", "8", "--max-retries", "0")
    run = (*run, "--max-connections", str(setting.load.at_once), "--log-buffer", str(setting.load.cases))
    run = (*run, "--display", "none", "--no-score-display", "--no-log-realtime")
    environment = {
        "OPENAI_BASE_URL": setting.url,
        "OPENAI_API_KEY": "none",
        "INSPECT_CACHE_DIR": str(setting.folder / "cache"),
    }
    caching = Command((*run, "--cache", "1D"), setting.folder, environment)
    return Commands(Command(run, setting.folder, environment), caching, caching)
