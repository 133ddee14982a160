"""sic-evalkit: a suite in YAML, tasks in JSONL, results as JSON; its cache is off while it asks afresh."""

from __future__ import annotations

import json

from benchmarks.cases import ASKS, LABEL, reviews
from benchmarks.contenders import Commands, Setting
from benchmarks.measure import Command
from benchmarks.server import MODEL

SUITE = f"""\
name: reviews
target: {{provider: openai, model: {MODEL}, base_url: URL, api_key_env: null, temperature: 0, max_tokens: 8}}
prompt: "{ASKS} {{{{ review }}}}"
graders: [{{type: contains, value: {LABEL}}}]
tasks: tasks.jsonl
"""


def commands(setting: Setting) -> Commands:
    """Nothing on the screen, all results in a file."""
    tasks = (json.dumps({"vars": {"review": review}}) + "\n" for review in reviews(setting.load.cases))
    (setting.folder / "tasks.jsonl").write_text("".join(tasks), "utf-8")
    (setting.folder / "suite.yaml").write_text(SUITE.replace("URL", setting.url), "utf-8")
    run: tuple[str, ...] = (str(setting.programs / "evalkit"), "run", "suite.yaml", "-q", "-o", "results.json")
    run = (*run, "-j", str(setting.load.at_once))
    caching = Command(run, setting.folder, {})
    return Commands(Command((*run, "--no-cache"), setting.folder, {}), caching, caching)
