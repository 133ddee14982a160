"""Keys are taken out of whatever is shown or kept."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.secrets import REDACTED, SHORTEST, redact


@pytest.mark.parametrize(
    ("text", "keys", "shown"),
    [
        ("", ["sk-12345678"], ""),
        ("nothing here", [], "nothing here"),
        ("key sk-12345678!", ["sk-12345678"], "key [redacted]!"),
        ("sk-12345678sk-12345678", ["sk-12345678"], "[redacted][redacted]"),
        ("sk-12345678 and k2-abcdefgh", ["sk-12345678", "k2-abcdefgh"], "[redacted] and [redacted]"),
        ("Authorization: Bearer sk-12345678", ["sk-12345678"], "Authorization: Bearer [redacted]"),
        ("SK-12345678", ["sk-12345678"], "SK-12345678"),
        ("an empty key hides nothing", [""], "an empty key hides nothing"),
        ("a short key is a word: key", ["key"], "a short key is a word: key"),
        ("1234567 12345678", ["1234567", "12345678"], "1234567 [redacted]"),
        ("[redacted]", ["redacted"], "[[redacted]]"),
        (r'{"said": "sk-\"1234567\\"}', ['sk-"1234567\\'], '{"said": "[redacted]"}'),
        ("http://host/?key=sk%2F12345678%3D", ["sk/12345678="], "http://host/?key=[redacted]"),
    ],
)
def test_keys_are_taken_out(text: str, keys: list[str], shown: str) -> None:
    assert redact(text, keys) == shown


def test_a_key_that_begins_another_leaves_no_rest_of_it() -> None:
    for keys in permutations(["sk-12345678", "sk-12345678-live", "12345678-live"]):
        assert redact("sk-12345678-live, sk-12345678", keys) == "[redacted], [redacted]"


@given(st.text(), st.lists(st.text(min_size=SHORTEST).filter(lambda key: key not in REDACTED), max_size=3), st.text())
def test_no_key_is_left(before: str, keys: list[str], after: str) -> None:
    shown = redact(before + "".join(keys) + after, keys)
    assert not any(key in piece for piece in shown.split(REDACTED) for key in keys)
