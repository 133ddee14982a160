"""Where a vendor's key and base URL come from, and what is said when they are of no use."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from evalkit import catalog
from evalkit.errors import ProviderError, UserError
from evalkit.providers.chat import Chat
from evalkit.providers.interface import Provider
from evalkit.providers.vendors import VENDORS, Vendor, is_key, keys_in
from evalkit.records.exchange import Request
from evalkit.settings import Settings
from tests.servers import Answer, Server, reply

KEY = "sk-0123456789abcdef"

AIMLAPI, OPENAI = VENDORS["aimlapi"], VENDORS["openai"]


@pytest.mark.parametrize(
    ("environ", "found"),
    [
        ({"AIMLAPI_API_KEY": "a", "AIML_API_KEY": "b", "AIMLAPI_KEY": "c"}, ("AIMLAPI_API_KEY", "a")),
        ({"AIML_API_KEY": "b", "AIMLAPI_KEY": "c"}, ("AIML_API_KEY", "b")),
        ({"AIMLAPI_KEY": "c"}, ("AIMLAPI_KEY", "c")),
        ({"AIMLAPI_API_KEY": "", "AIMLAPI_KEY": "c"}, ("AIMLAPI_KEY", "c")),
        ({"AIMLAPI_API_KEY": " \n", "AIMLAPI_KEY": " c\n"}, ("AIMLAPI_KEY", "c")),
        ({"OPENAI_API_KEY": "o"}, ("", "")),
    ],
)
def test_the_first_variable_that_is_set_has_the_key(environ: Mapping[str, str], found: tuple[str, str]) -> None:
    assert AIMLAPI.key(environ) == found


@pytest.mark.parametrize(
    ("environ", "url"),
    [
        ({}, "https://api.aimlapi.com/v1/chat/completions"),
        ({"AIMLAPI_BASE_URL": "http://a/v1", "AIML_API_URL": "http://d"}, "http://a/v1/chat/completions"),
        ({"AIMLAPI_API_BASE": "http://b/v1", "AIML_API_BASE": "http://c"}, "http://b/v1/chat/completions"),
        ({"AIML_API_BASE": "http://c", "AIML_API_URL": "http://d"}, "http://c/chat/completions"),
        ({"AIML_API_URL": "http://d///"}, "http://d/chat/completions"),
        ({"AIML_API_URL": " http://d/v1\n"}, "http://d/v1/chat/completions"),
        ({"AIML_API_URL": "http://d/v1/chat/completions"}, "http://d/v1/chat/completions"),
        ({"AIML_API_URL": "http://d/v1/chat/completions/"}, "http://d/v1/chat/completions"),
        ({"OPENAI_BASE_URL": "http://o"}, "https://api.aimlapi.com/v1/chat/completions"),
    ],
)
def test_the_first_variable_that_is_set_has_the_base_url(environ: Mapping[str, str], url: str) -> None:
    assert AIMLAPI.url(environ) == url


def test_openai_has_its_own_variables() -> None:
    assert OPENAI.url({"OPENAI_BASE_URL": "http://o/v1"}) == "http://o/v1/chat/completions"
    assert OPENAI.key({"OPENAI_API_KEY": "o"}) == ("OPENAI_API_KEY", "o")


ELSEWHERE = [
    ("anthropic", {}, "https://api.anthropic.com/v1/messages"),
    ("anthropic", {"ANTHROPIC_BASE_URL": "http://a"}, "http://a/v1/messages"),
    ("anthropic", {"ANTHROPIC_BASE_URL": "http://a/"}, "http://a/v1/messages"),
    ("anthropic", {"ANTHROPIC_BASE_URL": "http://a/proxy/v1"}, "http://a/proxy/v1/messages"),
    ("gemini", {}, "https://generativelanguage.googleapis.com/v1beta/models/m:generateContent"),
    ("gemini", {"GEMINI_BASE_URL": "http://g"}, "http://g/v1beta/models/m:generateContent"),
    ("gemini", {"GOOGLE_GEMINI_BASE_URL": "http://g/v1"}, "http://g/v1/models/m:generateContent"),
    ("gemini-openai", {}, "https://generativelanguage.googleapis.com/v1beta/openai/chat/completions"),
    ("openrouter", {}, "https://openrouter.ai/api/v1/chat/completions"),
    ("groq", {}, "https://api.groq.com/openai/v1/chat/completions"),
    ("mistral", {}, "https://api.mistral.ai/v1/chat/completions"),
    ("deepseek", {}, "https://api.deepseek.com/chat/completions"),
    ("together", {}, "https://api.together.xyz/v1/chat/completions"),
    ("litellm", {}, "http://localhost:4000/v1/chat/completions"),
    ("vllm", {}, "http://localhost:8000/v1/chat/completions"),
    ("vllm", {"VLLM_BASE_URL": "http://gpu:8000"}, "http://gpu:8000/v1/chat/completions"),
    ("llamacpp", {}, "http://localhost:8080/v1/chat/completions"),
    ("lmstudio", {}, "http://localhost:1234/v1/chat/completions"),
    ("ollama", {}, "http://localhost:11434/v1/chat/completions"),
    ("ollama", {"OLLAMA_BASE_URL": "http://h:1"}, "http://h:1/v1/chat/completions"),
    ("ollama", {"OLLAMA_BASE_URL": "http://h:1/v1/", "OLLAMA_HOST": "x"}, "http://h:1/v1/chat/completions"),
    ("ollama", {"OLLAMA_HOST": "h"}, "http://h:11434/v1/chat/completions"),
    ("ollama", {"OLLAMA_HOST": "h:1"}, "http://h:1/v1/chat/completions"),
    ("ollama", {"OLLAMA_HOST": "https://h"}, "https://h/v1/chat/completions"),
    ("azure", {"AZURE_OPENAI_ENDPOINT": "https://r.openai.azure.com/"},
        "https://r.openai.azure.com/openai/v1/chat/completions"),
    ("azure", {"AZURE_OPENAI_ENDPOINT": "https://r.openai.azure.com/openai/v1/"},
        "https://r.openai.azure.com/openai/v1/chat/completions"),
    ("azure", {"AZURE_OPENAI_ENDPOINT": "https://r.openai.azure.com", "OPENAI_API_VERSION": "2024-10-21"},
        "https://r.openai.azure.com/openai/deployments/m/chat/completions?api-version=2024-10-21"),
    ("azure", {"AZURE_OPENAI_ENDPOINT": "https://r.openai.azure.com/openai", "OPENAI_API_VERSION": "2024-10-21"},
        "https://r.openai.azure.com/openai/deployments/m/chat/completions?api-version=2024-10-21"),
    ("azure", {"AZURE_OPENAI_ENDPOINT": "https://r.openai.azure.com/openai/deployments/d", "OPENAI_API_VERSION": "v"},
        "https://r.openai.azure.com/openai/deployments/d/chat/completions?api-version=v"),
    ("azure", {"AZURE_OPENAI_ENDPOINT": "https://r/openai/deployments/d/chat/completions?api-version=v"},
        "https://r/openai/deployments/d/chat/completions?api-version=v"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "environ", "url"), ELSEWHERE)
def test_every_vendor_has_an_address_of_its_own(name: str, environ: Mapping[str, str], url: str) -> None:
    assert VENDORS[name].url(environ, "m") == url


def test_the_id_of_a_model_stays_one_part_of_the_address() -> None:
    gemini, azure = VENDORS["gemini"], VENDORS["azure"]
    assert gemini.url({}, "models/gemini-x").endswith("/v1beta/models/gemini-x:generateContent")
    assert gemini.url({}, "a?key=b#c d").endswith("/v1beta/models/a%3Fkey%3Db%23c%20d:generateContent")
    assert azure.url({"AZURE_OPENAI_ENDPOINT": "http://r", "OPENAI_API_VERSION": "v"}, "a/../b").endswith(
        "/openai/deployments/a%2F..%2Fb/chat/completions?api-version=v"
    )


@pytest.mark.parametrize("vendor", VENDORS.values(), ids=VENDORS)
def test_a_vendors_key_goes_in_its_own_header_to_where_its_own_variable_leads(vendor: Vendor) -> None:
    others = {key: "sk-of-another-vendor" for other in VENDORS.values() for key in other.keys}
    variable, address = vendor.keys[0], vendor.base_urls[0]
    with Server(lambda number, body, headers: Answer(400)) as server:
        provider = connected(vendor.name, {**others, variable: KEY, address: server.url})
        with pytest.raises(ProviderError):
            provider.send(Request(vendor.name, "m", (), timeout=5.0), b"{}")
    (seen,) = server.seen
    carried = {name: value for name, value in seen.headers.items() if KEY in value}
    assert carried == {name.lower(): value for name, value in vendor.carried(KEY).items()}
    assert "another-vendor" not in str(seen.headers)


@pytest.mark.parametrize("name", ["litellm", "ollama", "vllm", "llamacpp", "lmstudio"])
def test_a_server_of_ones_own_is_asked_without_a_key(name: str) -> None:
    vendor = VENDORS[name]
    with Server(lambda number, body, headers: reply("ok")) as server:
        provider = connected(name, {vendor.base_urls[0]: server.url})
        provider.ready("m")
        provider.send(Request(name, "m", (), timeout=5.0), b"{}")
    assert "authorization" not in server.seen[0].headers


def test_azure_without_an_address_names_its_variable() -> None:
    with pytest.raises(UserError) as caught:
        connected("azure", {"AZURE_OPENAI_API_KEY": KEY}).ready("m")
    assert caught.value.message == "no address for azure: the environment has no AZURE_OPENAI_ENDPOINT"
    assert caught.value.help == "export AZURE_OPENAI_ENDPOINT=https://…"


def test_azure_without_a_date_for_a_deployment_names_the_variable() -> None:
    address = {"AZURE_OPENAI_ENDPOINT": "https://r/openai/deployments/d"}
    with pytest.raises(UserError) as caught:
        connected("azure", {"AZURE_OPENAI_API_KEY": KEY, **address}).ready("m")
    assert "OPENAI_API_VERSION" in caught.value.help


def test_claude_is_told_the_version_of_its_api() -> None:
    with Server(lambda number, body, headers: Answer(body=b'{"content": []}')) as server:
        environ = {"ANTHROPIC_API_KEY": KEY, "ANTHROPIC_BASE_URL": server.url}
        connected("anthropic", environ).send(Request("anthropic", "m", (), timeout=5.0), b"{}")
    assert server.seen[0].path == "/v1/messages"
    assert server.seen[0].headers["anthropic-version"] == "2023-06-01"


def connected(name: str, environ: Mapping[str, str]) -> Provider:
    """The provider of that name."""
    return catalog.provider(name, Settings(environ=environ))


def test_every_key_of_every_vendor_is_known_as_one() -> None:
    environ = {"AIMLAPI_KEY": "one ", "OPENAI_API_KEY": "two", "AIML_API_KEY": " ", "PATH": "/bin"}
    assert sorted(keys_in(environ)) == ["one", "two"]
    assert all(is_key(variable) for vendor in VENDORS.values() for variable in vendor.keys)
    assert not any(is_key(variable) for vendor in VENDORS.values() for variable in vendor.base_urls)


def wrong(environ: Mapping[str, str]) -> UserError:
    """What is said before anything is asked."""
    with pytest.raises(UserError) as caught:
        Chat(AIMLAPI, environ).ready("m")
    return caught.value


def test_a_missing_key_names_the_variables_and_a_way_without_one() -> None:
    error = wrong({})
    assert error.message == (
        "no key for aimlapi: the environment has no AIMLAPI_API_KEY (or AIML_API_KEY or AIMLAPI_KEY)"
    )
    assert "export AIMLAPI_API_KEY=" in error.help
    assert "local/smollm2" in error.help


@pytest.mark.parametrize("key", ["sk-12345678 abcdefgh", "sk-12345678\nabcdefgh", "sk-12345678…", "sk-12345678\x7f"])
def test_a_key_that_cannot_be_one_is_said_to_be_so_without_showing_it(key: str) -> None:
    error = wrong({"AIMLAPI_API_KEY": key})
    assert "the value of AIMLAPI_API_KEY is no key" in error.message
    assert "12345678" not in error.message + error.help


@pytest.mark.parametrize(
    "url", ["api.aimlapi.com/v1", "ftp://host/v1", "file:///etc/passwd", "http://", "http://host:port/v1", "nonsense"]
)
def test_a_base_url_that_is_none_is_the_users_to_mend(url: str) -> None:
    assert "is no base URL" in wrong({"AIMLAPI_API_KEY": "k", "AIMLAPI_BASE_URL": url}).message


def test_a_base_url_with_a_user_name_would_replace_the_key_and_is_refused_without_showing_it() -> None:
    error = wrong({"AIMLAPI_API_KEY": "k", "AIMLAPI_BASE_URL": "https://me:secret@host/v1"})
    assert "holds a user name" in error.message
    assert "secret" not in error.message + error.help
