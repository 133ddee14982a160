"""Words of the spec format that this version does not know yet: answered "not yet", never ignored."""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


SCORERS = _words(
    """
    contains_all contains_any choice json contains_json xml html yaml sql json_equals levenshtein token_f1
    rouge_1 rouge_2 rouge_l gleu bleu chrf ter embedding char_count line_count seconds usd tokens language refusal
    finish_reason tool_call tool_calls_f1 valid_tool_calls judge factuality closed_qa faithfulness
    answer_relevance context_recall context_precision python command average
    """
)
KEYS = _words(
    """
    judge tools tool_choice prefer human metrics max_usd quarantine
    turns matrix python
    mean_score p95_seconds win_rate judge_kappa regression where each
    source whole_word
    messages file
    """
)
