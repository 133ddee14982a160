"""What vendors make of request parameters, as data: the names they know, lack or call otherwise, and their ranges."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


def _names(words: str) -> frozenset[str]:
    return frozenset(words.split())


CHAT = _names(
    "frequency_penalty logit_bias logprobs max_completion_tokens max_tokens metadata modalities n parallel_tool_calls "
    "prediction presence_penalty prompt_cache_key reasoning_effort response_format safety_identifier seed service_tier "
    "stop store stream stream_options temperature tool_choice tools top_logprobs top_p user verbosity "
    "web_search_options"
)  # of OpenAI's chat completions
SAMPLING = _names("min_p reasoning repetition_penalty top_a top_k")  # what gateways and servers add to them
_VLLM = _names(
    "add_generation_prompt bad_words best_of chat_template chat_template_kwargs guided_choice guided_grammar "
    "guided_json guided_regex ignore_eos include_stop_str_in_output length_penalty min_tokens priority "
    "skip_special_tokens stop_token_ids structured_outputs truncate_prompt_tokens use_beam_search"
)
_LLAMACPP = _names(
    "cache_prompt chat_template_kwargs dry_allowed_length dry_base dry_multiplier dry_penalty_last_n dynatemp_exponent "
    "dynatemp_range grammar grammar_lazy id_slot ignore_eos json_schema logit_bias min_keep mirostat mirostat_eta "
    "mirostat_tau n_keep n_predict n_probs penalize_nl post_sampling_probs reasoning_budget reasoning_format "
    "repeat_last_n repeat_penalty samplers timings_per_token typical_p xtc_probability xtc_threshold"
)
_OPENROUTER = _names("include_reasoning models plugins preset provider route structured_outputs transforms")
# What generateContent has besides the words of chat completions that providers/gemini.py translates.
GENERATION = _names(
    "audioTimestamp candidateCount enableEnhancedCivicAnswers frequencyPenalty imageConfig logprobs maxOutputTokens "
    "mediaResolution presencePenalty responseJsonSchema responseLogprobs responseMimeType responseModalities "
    "responseSchema seed speechConfig stopSequences temperature thinkingConfig topK topP"
)
_GENERATE = _names("cachedContent generationConfig labels safetySettings toolConfig tools")
REASONS = r"(ft:)?(o\d|gpt-([5-9]|\d\d))"  # ids of OpenAI's models that reason


@dataclass(frozen=True, slots=True)
class Range:
    """The numbers a parameter may have, as its vendor documents them."""

    least: float
    most: float | None = None
    is_whole: bool = False

    def __str__(self) -> str:
        kind = "a whole number" if self.is_whole else "a number"
        return f"{kind} from {self.least:g} up" if self.most is None else f"{kind} from {self.least:g} to {self.most:g}"

    def __contains__(self, value: object) -> bool:
        if isinstance(value, bool) or not isinstance(value, int if self.is_whole else int | float):
            return False
        return self.least <= value and (self.most is None or value <= self.most)


@dataclass(frozen=True, slots=True)
class Kinds:
    """The values that `type` may have in a mapping."""

    types: tuple[str, ...]

    def __str__(self) -> str:
        return f"a mapping whose `type` is {', '.join(self.types[:-1])} or {self.types[-1]}"

    def __contains__(self, value: object) -> bool:
        return isinstance(value, Mapping) and value.get("type") in self.types


@dataclass(frozen=True, slots=True)
class Dialect:
    """One vendor's parameters.

    `limit` is the only name it has for the token limit ("" where both do), `reasoner` a pattern of model ids for
    which that name is `max_completion_tokens` and sampling is fixed. `renames` are its own words for parameters
    of chat completions, `lacks` those that it refuses or ignores; `always` is what it cannot do without.
    """

    known: frozenset[str] = CHAT | SAMPLING
    limit: str = ""
    reasoner: str = ""
    renames: Mapping[str, str] = field(default_factory=dict)
    lacks: frozenset[str] = frozenset()
    ranges: Mapping[str, Range | Kinds] = field(default_factory=dict)
    always: Mapping[str, int] = field(default_factory=dict)


_PENALTY = Range(-2, 2)
_TOKENS = Range(1, is_whole=True)

OPEN = Dialect(CHAT | SAMPLING | _VLLM | _LLAMACPP)  # a server of which nothing is known but that it speaks chat
AIMLAPI = Dialect(
    ranges={
        "seed": Range(1, is_whole=True),
        "top_p": Range(0.01, 1),
        "temperature": Range(0, 2),
        "frequency_penalty": _PENALTY,
        "presence_penalty": _PENALTY,
        "max_tokens": Range(1),
        "max_completion_tokens": _TOKENS,
        "n": _TOKENS,
        "response_format": Kinds(("text", "json_object", "json_schema")),
    },
)
OPENAI = Dialect(CHAT, reasoner=REASONS)
OPENROUTER = Dialect(CHAT | SAMPLING | _OPENROUTER, limit="max_tokens")
GEMINI_OPENAI = Dialect(CHAT, lacks=frozenset({"logit_bias", "logprobs", "seed", "top_logprobs"}))
GROQ = Dialect(
    CHAT | _names("documents exclude_domains include_domains include_reasoning reasoning_format"),
    lacks=frozenset({"logit_bias", "logprobs", "top_logprobs"}),
)
MISTRAL = Dialect(
    CHAT | _names("prompt_mode random_seed safe_prompt"),
    limit="max_tokens",
    renames={"seed": "random_seed"},
    lacks=frozenset({"logit_bias", "logprobs", "top_logprobs", "user"}),
)
DEEPSEEK = Dialect(CHAT | {"thinking"}, limit="max_tokens", lacks=frozenset({"logit_bias", "n", "seed"}))
TOGETHER = Dialect(CHAT | SAMPLING | {"context_length_exceeded_behavior", "echo", "safety_model"}, limit="max_tokens")
OLLAMA = Dialect(CHAT | {"reasoning"}, limit="max_tokens", lacks=frozenset({"logit_bias", "n", "tool_choice", "user"}))
VLLM = Dialect(CHAT | SAMPLING | _VLLM)
LLAMACPP = Dialect(CHAT | SAMPLING | _LLAMACPP)
LM_STUDIO = Dialect(CHAT | SAMPLING | {"draft_model", "repeat_penalty", "ttl"})
LITELLM = Dialect(OPEN.known | {"drop_params", "fallbacks", "num_retries", "thinking"})
ANTHROPIC = Dialect(
    _names(
        "container context_management inference_geo max_completion_tokens max_tokens mcp_servers metadata "
        "output_config service_tier speed stop stop_sequences stream temperature thinking tool_choice tools top_k "
        "top_p"
    ),
    lacks=CHAT
    - _names("max_completion_tokens max_tokens metadata service_tier stop stream temperature tool_choice tools top_p"),
    ranges={"temperature": Range(0, 1), "top_p": Range(0, 1), "max_tokens": _TOKENS, "max_completion_tokens": _TOKENS},
    always={"max_tokens": 4096},
    limit="max_tokens",
)
_TRANSLATED = _names(
    "frequency_penalty max_completion_tokens max_tokens presence_penalty response_format seed stop temperature top_k "
    "top_p"
)
GEMINI = Dialect(
    _TRANSLATED | GENERATION | _GENERATE | {"stream"},
    lacks=CHAT - _TRANSLATED - GENERATION - _GENERATE - {"stream"},
    ranges={"temperature": Range(0, 2), "max_tokens": _TOKENS, "max_completion_tokens": _TOKENS},
    limit="max_tokens",
)
