"""What a spec derives from its metrics: an expression's value over them."""

from __future__ import annotations

from collections.abc import Mapping

from evalkit import templates
from evalkit.errors import TemplateError

NO_NUMBER = "it is no number"


def derived_value(expression: str, values: Mapping[str, float]) -> float | str:
    """The value of an expression over metrics, or why there is none (a division by zero, a metric without values)."""
    try:
        value = templates.evaluate(expression, values)
    except TemplateError as error:
        return error.message
    if isinstance(value, bool) or not isinstance(value, int | float):
        return NO_NUMBER
    return float(value)
