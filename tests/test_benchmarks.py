"""The benchmarks can be run; what they measure is asserted nowhere."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

from benchmarks.server import MODEL, SAYS, Seen, Server

ROOT = Path(__file__).resolve().parent.parent
ROWS = """\
whole command
evalkit
the same again
evalkit
command
`evalkit --help`
`evalkit run`, a misspelt key
`evalkit validate`, the examples of this repository
`evalkit validate`, 10 cases in the spec
`evalkit validate`, 20 CSV rows
10 CSV cases, asked
10 CSV cases, replayed
100 CSV cases, asked
10 trials, one in five failed
`index.html`
`results.jsonl`
`run.json`
`replies.db`
"""


def test_the_server_answers_one_connection_again_and_again_and_counts_the_calls() -> None:
    with Server(0.001) as server:
        with closing(HTTPConnection("127.0.0.1", server.port)) as connection:
            said = [_said(connection, number) for number in range(3)]
        seen = server.seen()
    assert said == [SAYS] * 3
    assert seen == Seen(calls=3, at_once=1, cpu=seen.cpu)


def _said(connection: HTTPConnection, number: int) -> str:
    body = json.dumps({"model": MODEL, "messages": [{"role": "user", "content": str(number)}]})
    connection.request("POST", "/v1/chat/completions", body, {"Connection": "keep-alive"})
    reply = json.load(connection.getresponse())
    said: str = reply["choices"][0]["message"]["content"]
    return said


def test_the_whole_benchmark_runs_on_next_to_nothing() -> None:
    done = subprocess.run((sys.executable, "-m", "benchmarks", "--quick"), cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    rows = [line.split(" | ")[0].removeprefix("| ") for line in done.stdout.splitlines() if line.startswith("| ")]
    named = ["evalkit" if row.startswith("evalkit ") else row for row in rows if row != "---"]
    assert named == ROWS.splitlines()
