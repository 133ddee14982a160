"""Where a vendor's key and base URL come from, and what is said when they are of no use."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from evalkit.errors import UserError
from evalkit.providers.chat import Chat
from evalkit.providers.vendors import VENDORS, keys_in

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


def test_every_key_of_every_vendor_is_known_as_one() -> None:
    environ = {"AIMLAPI_KEY": "one ", "OPENAI_API_KEY": "two", "AIML_API_KEY": " ", "PATH": "/bin"}
    assert sorted(keys_in(environ)) == ["one", "two"]


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
