"""What a call costs: by the reply, by the settings, by the price list; unknown is never zero."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from evalkit.price_list import PriceList
from evalkit.prices import MOST_TOKENS, Size, Tariff, size_of, stated_usd
from evalkit.records.exchange import Reply, Request, Usage
from evalkit.records.machine import Price
from evalkit.records.spec import Message

MINE = Tariff({"mine/m": Price(input=1.0, output=10.0, cached=0.1), "mine/plain": Price(input=1.0, output=10.0)})
NOTHING = Tariff()
MILLION = 1_000_000


def asked(model: str, text: str = "", **params: Any) -> Request:
    """A request to `provider/model`."""
    provider, _, identity = model.partition("/")
    return Request(provider, identity, (Message("user", text),), params)


@pytest.mark.parametrize(
    ("body", "headers", "usd"),
    [
        ({}, {}, None),
        ({"meta": {"usage": {"usd_spent": 0.5}}}, {}, 0.5),
        ({"usage": {"cost": "0.25"}}, {}, 0.25),
        ({"usage": {"cost": 0}}, {}, 0.0),
        ({"usage": {"cost": 9}}, {"x-litellm-response-cost": "0.125"}, 0.125),
        ({"usage": {"cost": -1}}, {"x-aimlapi-usd-spent": "no"}, None),
        ({"usage": {"cost": True}, "meta": []}, {}, None),
    ],
)
def test_a_reply_says_what_it_cost(body: dict[str, Any], headers: dict[str, str], usd: float | None) -> None:
    assert stated_usd(body, headers) == usd


@pytest.mark.parametrize(
    ("model", "usage", "usd"),
    [
        ("mine/m", Usage(MILLION, MILLION), 11.0),
        ("mine/m", Usage(MILLION, 0, cached_tokens=MILLION // 2), 0.55),
        ("mine/m", Usage(MILLION, 0, cached_tokens=MILLION * 9), 0.1),
        ("mine/plain", Usage(MILLION, 0, cached_tokens=MILLION), 1.0),
        ("mine/m", Usage(0, MILLION, reasoning_tokens=MILLION // 2), 10.0),
        ("mine/m", Usage(MILLION, MILLION, MILLION, total_tokens=3 * MILLION), 21.0),
        ("mine/m", Usage(MILLION, MILLION, total_tokens=5), 11.0),
        ("mine/m", Usage(), None),
        ("mine/m", Usage(MILLION, None), None),
        ("mine/other", Usage(MILLION, MILLION), None),
        ("local/smollm2", Usage(MILLION, MILLION), 0.0),
        ("echo/x", Usage(1, 1), 0.0),
        ("scripted/a.yaml", Usage(1, 1), 0.0),
    ],
)
def test_usage_has_the_price_of_the_settings(model: str, usage: Usage, usd: float | None) -> None:
    assert MINE.priced(asked(model), Reply("hi", usage=usage)) == Reply("hi", usage=usage, usd=usd)


def test_what_the_reply_says_it_cost_counts_before_any_price() -> None:
    reply = Reply("hi", usage=Usage(MILLION, MILLION), usd=0.5)
    assert MINE.priced(asked("mine/m"), reply) == reply


@pytest.mark.parametrize(
    ("model", "usd"),
    [
        ("openai/gpt-4o-2024-08-06", 12.5),
        ("anthropic/claude-sonnet-4-5", 28.5),  # dearer beyond 200,000 tokens
        ("gemini/gemini-2.5-flash-lite", 0.5),
        ("gemini/models/gemini-2.5-flash-lite", 0.5),
        ("openrouter/google/gemini-2.5-flash-lite", 0.5),
        ("aimlapi/google/gemini-2.5-flash-lite-preview", 0.5),
        ("aimlapi/gpt-4o", 12.5),
        ("aimlapi/nobody/knows", None),
        ("openai/nobody-knows", None),
        ("openrouter/deepseek/deepseek-r1:free", None),  # listed without a price
        ("mine/gpt-4o", None),  # an endpoint of one's own may be anyone's
        ("ollama/llama3", None),
    ],
)
def test_usage_has_the_price_of_the_list(model: str, usd: float | None) -> None:
    pytest.importorskip("genai_prices")
    priced = NOTHING.priced(asked(model), Reply("hi", usage=Usage(MILLION, MILLION)))
    assert priced.usd == (None if usd is None else pytest.approx(usd))


def test_a_model_that_answers_for_another_has_its_own_price() -> None:
    pytest.importorskip("genai_prices")
    reply = Reply("hi", usage=Usage(MILLION, 0), model="gpt-4o-mini-2024-07-18")
    assert NOTHING.priced(asked("openai/gpt-4o"), reply) == replace(reply, usd=0.15)


LENGTHS = [(0, 5, 0), (1000, 100, 0), (1000, 100, 500), (200_000, 10, 0), (200_001, 10, 9), (1_200_000, 5, 7)]


def calculated(vendor: str, model: str) -> list[float]:
    """What the package of the list says that calls of these lengths cost; nothing for a model without prices."""
    package = importlib.import_module("genai_prices")
    usages = [package.Usage(input_tokens=p, output_tokens=o, cache_read_tokens=c or None) for p, o, c in LENGTHS]
    try:
        found = [package.calc_price(usage, model, provider_id=vendor) for usage in usages]
    except LookupError:  # some are not found by their own names
        return []
    prices = [(each.model_price.input_mtok, each.model_price.output_mtok) for each in found]
    return [] if any(None in pair for pair in prices) else [float(each.total_price) for each in found]


def test_every_model_of_the_list_costs_what_its_package_calculates() -> None:
    """For prompts of all lengths, cached or not."""
    pytest.importorskip("genai_prices")
    providers, listed = importlib.import_module("genai_prices.data").providers, PriceList()
    models = [(provider.id, model.id) for provider in providers for model in provider.models]
    for vendor, model in models:
        prices = [(listed.price(vendor, model, length[0]), length) for length in LENGTHS]
        said = [price.usd(*length) for price, length in prices if price]
        assert said == pytest.approx(calculated(vendor, model)), (vendor, model)
    assert len(models) > 1000


LOOKING = """
import sys
from pathlib import Path
from evalkit.price_list import PriceList
listed = PriceList(Path(sys.argv[1]))
print([listed.price("openai", model, 300_000) for model in sys.argv[2:]])
print(listed.used != "", "genai_prices" in sys.modules)
"""


def looked_up(file: Path, *models: str) -> list[str]:
    """What another process says of models of openai, and whether it used the list, and imported it."""
    done = subprocess.run([sys.executable, "-c", LOOKING, file, *models], capture_output=True, check=True, text=True)
    return done.stdout.splitlines()


def test_a_list_that_was_looked_into_today_is_not_imported_again(tmp_path: Path) -> None:
    pytest.importorskip("genai_prices")
    file, models = tmp_path / "prices.json", ("gpt-4o", "nobody-knows", "gpt-5.4")
    prices = [repr(PriceList().price("openai", model, 300_000)) for model in models]
    said = f"[{', '.join(prices)}]"
    assert looked_up(file, *models) == [said, "True True"]
    assert looked_up(file, *models) == [said, "True False"]
    kept = file.read_text("utf-8")
    for outdated in (kept.replace(" on 2", " on 1"), kept.replace('{"edition": "', '{"edition": "9'), kept[:-9], "[]"):
        file.write_text(outdated, "utf-8")
        assert looked_up(file, *models) == [said, "True True"]
        assert file.read_text("utf-8") == kept


def test_a_price_that_changes_with_the_hour_is_not_kept(tmp_path: Path) -> None:
    pytest.importorskip("genai_prices")
    listed = PriceList(tmp_path / "prices.json")
    assert listed.price("deepseek", "deepseek-chat", 1) is not None
    assert json.loads((tmp_path / "prices.json").read_bytes())["prices"] == {}


def test_a_list_that_cannot_be_kept_says_the_same(tmp_path: Path) -> None:
    pytest.importorskip("genai_prices")
    assert PriceList(tmp_path / "none" / "prices.json").price("openai", "gpt-4o", 1) == Price(2.5, 10.0, 1.25)


def test_without_the_price_list_a_price_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "genai_prices", None)  # what an import of a package that is not there finds
    assert Tariff().estimate(asked("openai/gpt-4o")) is None


@pytest.mark.parametrize(
    ("text", "params", "size"),
    [
        ("", {"max_tokens": 5}, Size(0, 5)),
        ("12345678", {"max_completion_tokens": 7}, Size(2, 7)),
        ("123456789", {"max_tokens": 5.0, "max_completion_tokens": 7}, Size(3, 7)),
        ("é" * 4, {"max_tokens": 5}, Size(2, 5)),
        ("", {"max_tokens": 5, "n": 3}, Size(0, 15)),
        ("", {"extra_body": {"max_tokens": 9}}, Size(5, 9)),
        ("", {"max_tokens": 5, "tools": [{"a": "b" * 32}], "stop": ["ccccccccc"]}, Size(11, 5)),
        ("", {}, Size(0, MOST_TOKENS, is_bounded=False)),
        ("", {"max_tokens": "many"}, Size(0, MOST_TOKENS, is_bounded=False)),
        ("", {"max_tokens": True, "n": 2}, Size(0, MOST_TOKENS * 2, is_bounded=False)),
    ],
)
def test_a_request_has_a_size(text: str, params: dict[str, Any], size: Size) -> None:
    assert size_of(asked("mine/m", text, **params)) == size


def test_the_worst_case_of_a_call_counts_its_prompt_twice_and_a_frame_around_it() -> None:
    request = asked("mine/m", "x" * 400, max_tokens=10)
    assert MINE.estimate(request) == pytest.approx(200e-6)
    assert MINE.worst(request) == pytest.approx(400e-6)
