"""False friends: words that mean this elsewhere, and what to write for them here.

Most come from other tools' files (promptfoo, OpenAI Evals, GitHub Models, Inspect), some are simply near. The
tables say in what kind of mapping a word is met.
"""

from __future__ import annotations

from collections.abc import Mapping

from evalkit.errors import nearest

_PARAMS = "request parameters stand below `params:`"
_WHERE = "a spec never says where or with which key; endpoints are named in the settings"
_SHARE = "share parts with {file: …}; there is nothing to inherit from"
_EXPECT = "what is expected stands below `expect:`"
_MESSAGE = "the prompt is a list of messages: `- system: …`, `- user: …`"
_METRIC = "give the check a `name:`; a name is a metric"
_NEEDS = "write it as `min:`, in the scorer's own unit"

_OF_PARAMS = dict.fromkeys(
    (
        "temperature",
        "max_tokens",
        "max_completion_tokens",
        "top_p",
        "top_k",
        "seed",
        "stop",
        "frequency_penalty",
        "presence_penalty",
        "response_format",
        "reasoning_effort",
        "config",
        "modelParameters",
        "parameters",
    ),
    _PARAMS,
)
_OF_PLACE = dict.fromkeys(
    ["base_url", "baseUrl", "url", "endpoint", "api_base", "api_key", "apiKey", "key", "headers", "env"], _WHERE
)

SPEC: Mapping[str, str] = {
    **_OF_PARAMS,
    **_OF_PLACE,
    "assert": "checks of every case stand below `expect:`",
    "assertions": "checks of every case stand below `expect:`",
    "evaluators": "checks of every case stand below `expect:`",
    "expected": _EXPECT,
    "tests": "cases stand below `cases:`",
    "test": "cases stand below `cases:`",
    "testData": "cases stand below `cases:`",
    "samples": "cases stand below `cases:`",
    "data": "name a data file below `cases:`:  - file: data/rows.csv",
    "dataset": "name a data file below `cases:`:  - file: data/rows.csv",
    "scenarios": "`matrix:` below `cases:` makes every combination",
    "providers": "models stand below `models:` as `provider/id`",
    "provider": "the model stands at `model:` as `provider/id`",
    "targets": "models stand below `models:` as `provider/id`",
    "defaultTest": "what holds for every case stands at the top: `vars:` and `expect:`",
    "defaults": "what holds for every case stands at the top: `vars:` and `expect:`",
    "variables": "variables stand below `vars:`",
    "inputs": "variables stand below `vars:`",
    "input": "variables stand below `vars:`",
    "messages": f"{_MESSAGE}, below `prompt:`",
    "system": f"{_MESSAGE}, below `prompt:`",
    "user": f"{_MESSAGE}, below `prompt:`",
    "template": "the template is the `prompt:`",
    "threshold": "when the build fails stands below `gate:`, for example `pass_rate: 0.9`",
    "pass_rate": "it is a rule of the gate: `gate: {pass_rate: 0.9}`",
    "max_errors": "it is a rule of the gate: `gate: {max_errors: 2}`",
    "metric": _METRIC,
    "derivedMetrics": "derived metrics stand below `metrics:`, as `name: expression`",
    "transform": "`extract:` or `path:` says which part of a reply is judged",
    "repeat": "how often a case is asked stands at `trials:`",
    "epochs": "how often a case is asked stands at `trials:`",
    "extends": _SHARE,
    "include": _SHARE,
    "imports": _SHARE,
}
CASE: Mapping[str, str] = {
    **_OF_PARAMS,
    **dict.fromkeys(("columns", "where", "sample", "seed", "limit"), "it stands beside `file:` or `matrix:`"),
    "assert": _EXPECT,
    "assertions": _EXPECT,
    "expected": _EXPECT,
    "ideal": _EXPECT,
    "target": _EXPECT,
    "answer": "what is expected stands below `expect:`; a value for templates below `vars:`",
    "variables": "variables stand below `vars:`",
    "input": "variables stand below `vars:`",
    "inputs": "variables stand below `vars:`",
    "question": "variables stand below `vars:`",
    "name": "a case's name is its `id:`",
    "description": "a case's name is its `id:`; notes of your own are keys that begin with `x-`",
    "metadata": "`tags:` select cases; keys of your own begin with `x-`",
    "options": "keys of your own begin with `x-`",
    "threshold": "`average:` in the checks gives partial credit, with a `min:`",
    "weight": "`average:` in the checks gives partial credit, with weights",
    "only": "run one case with `evalkit run … -k ID`; what stays in a file would be forgotten there",
    "repeat": "how often a case is asked stands at `trials:`",
    "model": "models are the spec's; a case is asked of all of them",
    "provider": "models are the spec's; a case is asked of all of them",
    "prompt": "prompts are the spec's; a case is asked with all of them",
}
CHECK: Mapping[str, str] = {
    "type": "a check begins with its scorer's name:  - contains: …",
    "value": "what a scorer compares with stands at its name:  - contains: …",
    "threshold": _NEEDS,
    "score": _NEEDS,
    "metric": _METRIC,
    "weight": "weights stand on the parts of an `average:`",
    "transform": "`extract:` or `path:` says which part of the reply is judged",
    "provider": "the judging model is named once, at the top of the spec: `judge: provider/id`",
    "case_sensitive": "write `ignore_case: true` where case does not matter",
    "case_insensitive": "write `ignore_case: true`",
    "flag": "write `flags:`",
    "optional": "write `advisory: true`",
    "required": "every check is required unless it is `advisory: true`",
}
# Scorers by the names that others give them, `-` written as `_`, with what to write here.
SCORERS: Mapping[str, str] = {
    "icontains": "`contains: …` with `ignore_case: true`",
    "icontains_all": "`contains_all: […]` with `ignore_case: true`",
    "icontains_any": "`contains_any: […]` with `ignore_case: true`",
    "iequals": "`equals: …` with `ignore_case: true`",
    "includes": "`contains: …`",
    "include": "`contains: …`",
    "match": "`equals: …`, `starts_with: …` or `regex: …`",
    "exact": "`equals: …`",
    "exact_match": "`equals: …`",
    "equal": "`equals: …`",
    "is": "`equals: …`",
    "startswith": "`starts_with: …`",
    "endswith": "`ends_with: …`",
    "pattern": "`regex: …`",
    "matches": "`regex: …`",
    "similar": "`embedding: …` with `min: …`",
    "llm_rubric": "`judge: …`",
    "g_eval": "`judge: …` with `scale: [1, 5]`",
    "model_graded_closedqa": "`closed_qa: …`",
    "model_graded_factuality": "`factuality: …`",
    "model_graded_qa": "`factuality: …`",
    "context_faithfulness": '`faithfulness: "{{ context }}"` with `min: …`',
    "context_relevance": '`context_precision: "{{ context }}"` with `min: …`',
    "select_best": "`prefer: …` at the top of the spec",
    "is_json": "`json: true`, or `json_schema: {…}`",
    "is_valid_json": "`json: true`",
    "is_xml": "`xml: true`",
    "is_html": "`html: true`",
    "is_sql": "`sql: true`",
    "is_refusal": "`refusal: true`",
    "is_valid_openai_tools_call": "`valid_tool_calls: true`",
    "is_valid_function_call": "`valid_tool_calls: true`",
    "tool_call_f1": "`tool_calls_f1: […]` with `min: …`",
    "latency": "`seconds: {max: 2}` (seconds, not milliseconds)",
    "cost": "`usd: {max: 0.001}`",
    "rouge_n": "`rouge_1: …` with `min: …`",
    "rouge": "`rouge_l: …` with `min: …`",
    "javascript": "`python: file.py:function`",
    "custom": "`python: file.py:function`",
    "assert_set": "`all_of: […]`, or `average: […]` with `min: …`",
    "and": "`all_of: […]`",
    "all": "`all_of: […]`",
    "or": "`any_of: […]`",
    "any": "`any_of: […]`",
    "none_of": "`not:` with `any_of: […]`",
    "one_of": "`equals: […]` (any of these), or `any_of:` with checks",
    "length": "`char_count: {max: …}` or `word_count: {max: …}`",
    "max_length": "`char_count: {max: …}`",
    "min_length": "`char_count: {min: …}`",
    "words": "`word_count: {max: …}`",
    "schema": "`json_schema: {…}`",
    "classifier": "`label: …` with `among: […]`",
}
MODEL: Mapping[str, str] = {
    **_OF_PARAMS,
    **_OF_PLACE,
    "id": "write `model: provider/id`",
    "provider": "write `model: provider/id`",
    "label": "the name of a column is `name:`",
}
GATE: Mapping[str, str] = {
    "threshold": "write `pass_rate: 0.9`",
    "min_pass_rate": "write `pass_rate: 0.9`",
    "score": "write `mean_score: 0.9`",
    "max_failures": "write the share that must pass: `pass_rate: 0.9`",
    "p95": "write `p95_seconds: 2`",
    "latency": "write `p95_seconds: 2` (seconds, not milliseconds)",
    "metric": "write `metrics: {name: 0.9}`",
}
BY_PART: Mapping[str, Mapping[str, str]] = {
    "spec": SPEC,
    "inline_case": CASE,
    "source": CASE,
    "check": CHECK,
    "model": MODEL,
    "rule": GATE,
}


def instead_of(word: str, part: str) -> str:
    """What to write here for a word that is met in a part of a spec; "" for a word that means nothing."""
    return BY_PART.get(part, {}).get(word, "")


def instead_of_like(word: str, part: str) -> str:
    """The same for a slip of such a word (`treshold`)."""
    near = nearest(word, BY_PART.get(part, {}))
    return instead_of(near, part) if near else ""


def scorer_instead_of(word: str) -> str:
    """The check to write for what is called `word` elsewhere (also `not-…` and `-` for `_`); "" for none."""
    name = word.replace("-", "_").lower()
    known = SCORERS.get(name, "")
    inner = name.removeprefix("not_")
    if known or inner == name:
        return known
    return f"`not:` with {SCORERS.get(inner, f'`{inner}: …`')}"
