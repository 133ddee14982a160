"""A server that breaks on purpose, and its own verdict on how evalkit behaved as its client."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.projects import KEY, Project, cases

LLMOCK = shutil.which("llmock", path=str(Path(sys.executable).parent))
SPEC = 'model: openai/gpt-4.1-mini\nprompt: "Say {{ word }}."\nexpect: {not: {equals: ""}}\n'
WORDS = tuple(f"word{number}" for number in range(60))
FAULTS = ("429=0.06", "500=0.02", "503=0.02", "529=0.02")  # six in a row, of 60: once in 5,000 runs


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def asked(url: str, body: Any = None) -> Any:
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.loads(answer.read())


@contextmanager
def llmock(*flags: str) -> Iterator[str]:
    """The address of a running llmock."""
    assert LLMOCK is not None
    url = f"http://127.0.0.1:{(port := free_port())}"
    command = [LLMOCK, "serve", "--port", str(port), "--log-level", "error", *flags]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(200):
            try:
                asked(f"{url}/health")
                break
            except OSError:
                time.sleep(0.05)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=10)


def client_of(project: Project, url: str) -> Project:
    return Project(project.folder, {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": f"{url}/v1"})


def errors_in(verdict: Any) -> list[Any]:
    return [finding for finding in verdict["findings"] if finding["severity"] == "error"]


@pytest.mark.skipif(LLMOCK is None, reason="llmock is not installed")
def test_under_random_faults_every_case_is_answered_and_the_client_is_found_well_behaved(project: Project) -> None:
    project.write("specs/a.yaml", SPEC + cases(*WORDS))
    faults = [word for fault in FAULTS for word in ("--error-rate", fault)]
    with llmock(*faults) as url:
        ran = client_of(project, url).evalkit("run", "specs")
        verdict = asked(f"{url}/_llmock/verdict")
        seen = asked(f"{url}/_llmock/requests")
    assert ran.code == 0, ran.out
    assert errors_in(verdict) == []
    assert len(seen["requests"] if isinstance(seen, dict) else seen) > len(WORDS)


@pytest.mark.skipif(LLMOCK is None, reason="llmock is not installed")
@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_what_cannot_be_mended_by_asking_again_is_not_asked_again(project: Project, status: int) -> None:
    project.write("specs/a.yaml", SPEC + cases("one"))
    with llmock() as url:
        asked(f"{url}/_llmock/scenario", {"behaviors": [{"type": "fail", "status": status, "times": None}]})
        ran = client_of(project, url).evalkit("run", "specs")
        verdict = asked(f"{url}/_llmock/verdict")
    assert ran.code == 3
    assert verdict["findings"] == []


@pytest.mark.skipif(LLMOCK is None, reason="llmock is not installed")
def test_a_rate_limit_is_waited_for_as_long_as_it_asks(project: Project) -> None:
    project.write("specs/a.yaml", SPEC + cases("one", "two"))
    with llmock() as url:
        limit = {"type": "fail", "status": 429, "retry_after": 1, "times": 2}
        asked(f"{url}/_llmock/scenario", {"behaviors": [limit]})
        ran = client_of(project, url).evalkit("run", "specs")
        verdict = asked(f"{url}/_llmock/verdict")
    assert ran.code == 0
    assert errors_in(verdict) == []
