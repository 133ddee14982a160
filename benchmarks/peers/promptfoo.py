"""promptfoo: its own configuration and cases as CSV; its cache is off while it asks afresh, and it phones nobody."""

from __future__ import annotations

from benchmarks.cases import ASKS, LABEL, write_reviews
from benchmarks.contenders import Commands, Setting
from benchmarks.measure import Command
from benchmarks.server import MODEL

CONFIG = f"""\
prompts: ["{ASKS} {{{{review}}}}"]
providers: [{{id: "openai:chat:{MODEL}", config: {{temperature: 0, max_tokens: 8}}}}]
defaultTest: {{assert: [{{type: contains, value: {LABEL}}}]}}
tests: file://reviews.csv
"""
SILENT = ("TELEMETRY", "UPDATE", "SHARING", "REMOTE_GENERATION", "DEBUG_LOG", "ERROR_LOG")


def commands(setting: Setting) -> Commands:
    """No table and no bar on the screen; what came of it is in its database, as always."""
    write_reviews(setting.folder / "reviews.csv", setting.load.cases)
    (setting.folder / "promptfooconfig.yaml").write_text(CONFIG, "utf-8")
    run: tuple[str, ...] = (str(setting.programs / "promptfoo"), "eval", "-j", str(setting.load.at_once))
    run = (*run, "--no-table", "--no-progress-bar", "--no-share")
    environment = {
        "OPENAI_BASE_URL": setting.url,
        "OPENAI_API_KEY": "none",
        "PROMPTFOO_CONFIG_DIR": str(setting.folder / "home"),
        **{f"PROMPTFOO_DISABLE_{what}": "1" for what in SILENT},
    }
    caching = Command(run, setting.folder, environment)
    return Commands(Command((*run, "--no-cache"), setting.folder, environment), caching, caching)
