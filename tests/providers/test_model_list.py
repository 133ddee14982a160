"""A model that is not there is answered with the nearest that are, at most once a provider, and never at a price."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from evalkit import catalog
from evalkit.errors import ProviderError
from evalkit.providers.http import Endpoint
from evalkit.providers.interface import Provider
from evalkit.providers.model_list import ModelList
from evalkit.records.exchange import Request
from evalkit.settings import Settings
from tests.servers import Answer, Server, failure, reply

KEY = "sk-0123456789abcdef"
MISSING = "google/gemini-2.5-flash-lite-previw"
IDS = ["google/gemini-2.5-flash-lite", "google/gemini-2.5-flash", "openai/gpt-4.1", "anthropic/claude-x"]
LISTED = {"data": [{"id": name} for name in IDS]}


def listing(body: Any, status: int = 200) -> Answer:
    return Answer(status, body=body if isinstance(body, bytes) else json.dumps(body).encode())


def provider_at(server: Server, name: str = "aimlapi") -> Provider:
    variables = {
        "aimlapi": ("AIMLAPI_API_KEY", "AIMLAPI_BASE_URL"),
        "anthropic": ("ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL"),
        "gemini": ("GEMINI_API_KEY", "GEMINI_BASE_URL"),
        "azure": ("AZURE_OPENAI_API_KEY", "AZURE_OPENAI_ENDPOINT"),
    }
    key, address = variables[name]
    return catalog.provider(name, Settings(environ={key: KEY, address: server.url}))


def refused(provider: Provider, model: str = MISSING) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        provider.send(Request(provider.name, model, (), timeout=5.0), b"{}")
    return caught.value


def gone(models: Answer) -> Server:
    """A server that has none of the models it is asked for."""
    return Server(lambda number, body, headers: failure(404, "no such model"), models=models)


NEAREST = [
    (MISSING, LISTED, "; the server's nearest: google/gemini-2.5-flash-lite, google/gemini-2.5-flash"),
    ("GPT-4.1", LISTED, "; the server's nearest: openai/gpt-4.1"),
    ("zzzz", LISTED, "; none of the server's 4 models has a name like it"),
    ("openai/gpt-4.1", LISTED, "; it is in the server's own list of models all the same, which has 4"),
    ("gpt-5", {"data": [{"id": "x/y", "aliases": ["gpt-5-mini", 7]}]}, "; the server's nearest: gpt-5-mini"),
    ("llama3", {"models": [{"name": "models/llama3.1"}]}, "; the server's nearest: llama3.1"),
    ("llama3", ["llama3.1", None, {"id": None}], "; the server's nearest: llama3.1"),
    ("llama3", {"data": []}, ""),
    ("llama3", {"data": "llama3.1"}, ""),
    ("llama3", "llama3.1", ""),
    ("llama3", {"data": [{"id": "llama3" * 100}]}, ""),
    ("llama3", b"<html>", ""),
    ("llama3", b"[" * 100_000, ""),
]


@pytest.mark.parametrize(("model", "body", "says"), NEAREST)
def test_a_404_names_the_nearest_ids_that_the_server_lists(model: str, body: Any, says: str) -> None:
    with gone(listing(body)) as server:
        error = refused(provider_at(server), model)
    assert (error.kind, error.status) == ("terminal", 404)
    assert error.message == f"404 from 127.0.0.1:{server.port}: no such model{says}"
    (seen,) = server.listed
    assert (seen.path, seen.headers["authorization"]) == ("/v1/models", f"Bearer {KEY}")


@pytest.mark.parametrize(
    "answer",
    [
        Answer(401),
        Answer(500, body=json.dumps(LISTED).encode()),
        Answer(302, {"Location": "/elsewhere"}),
        Answer(body=json.dumps(LISTED).encode(), manner="short"),
        Answer(body=b" " * (8 * 1024 * 1024 + 1)),
    ],
    ids=["refused", "broken", "a redirect", "cut short", "too long"],
)
def test_a_list_that_is_not_to_be_had_changes_nothing(answer: Answer) -> None:
    with gone(answer) as server:
        assert refused(provider_at(server)).message == f"404 from 127.0.0.1:{server.port}: no such model"
    assert len(server.listed) == 1


def test_a_list_that_drips_is_waited_for_once_and_no_longer_than_its_time() -> None:
    with Server(lambda *_: reply(), models=Answer(body=json.dumps(LISTED).encode(), manner="drip")) as server:
        models = ModelList(lambda: Endpoint(f"{server.url}/models", {}), seconds=0.3)
        with ThreadPoolExecutor(8) as threads:
            found = list(threads.map(lambda _: models.ids(), range(8)))
    assert (found, len(server.listed)) == ([()] * 8, 1)


def test_a_missing_model_said_in_a_400_is_answered_alike() -> None:
    said = Answer(
        400, body=json.dumps({"error": {"message": f"{MISSING} is not a valid model ID", "code": 400}}).encode()
    )
    with Server(lambda number, body, headers: said, models=listing(LISTED)) as server:
        error = refused(provider_at(server))
    assert (error.kind, error.status) == ("terminal", 404)
    assert error.message.endswith("the server's nearest: google/gemini-2.5-flash-lite, google/gemini-2.5-flash")


@pytest.mark.parametrize(
    ("name", "path", "header"),
    [("anthropic", "/v1/models?limit=1000", "x-api-key"), ("gemini", "/v1/models?pageSize=1000", "x-goog-api-key")],
)
def test_anthropic_and_gemini_are_asked_for_their_lists_as_they_want(name: str, path: str, header: str) -> None:
    with gone(listing({"models": [{"name": "models/gemini-x"}]})) as server:
        assert refused(provider_at(server, name), "gemini-y").message.endswith("; the server's nearest: gemini-x")
    assert (server.listed[0].path, server.listed[0].headers[header]) == (path, KEY)


def test_azure_tells_no_deployments_and_is_not_asked() -> None:
    with gone(listing(LISTED)) as server:
        assert refused(provider_at(server, "azure")).message.endswith(": no such model")
    assert server.listed == []


def test_no_other_error_and_no_reply_asks_for_the_list() -> None:
    answers = [failure(401), failure(400), failure(500), reply("ok")]
    with Server(lambda number, body, headers: answers[number], models=listing(LISTED)) as server:
        provider = provider_at(server)
        for _ in range(3):
            refused(provider)
        provider.send(Request("aimlapi", MISSING, (), timeout=5.0), b"{}")
    assert server.listed == []


def test_a_key_in_a_list_is_not_shown() -> None:
    with gone(listing({"data": [{"id": f"{MISSING}-{KEY}"}]})) as server:
        message = refused(provider_at(server)).message
    assert (KEY in message, "[redacted]" in message) == (False, True)
