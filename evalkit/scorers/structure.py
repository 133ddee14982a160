"""Scorers of structure: `json_schema`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import jsonschema
from jsonschema.exceptions import SchemaError, ValidationError, best_match
from jsonschema.protocols import Validator
from jsonschema.validators import extend, validator_for
from jsonschema_specifications import REGISTRY  # type: ignore[import-untyped]  # ships no types
from referencing import Resource
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012

from evalkit.errors import CheckError, nearest
from evalkit.records.result import Answer, Score, failed, not_found, passed
from evalkit.records.spec import Check
from evalkit.scorers.extract import compiled, parse_json, search
from evalkit.scorers.interface import SHOWN, kind_of, one_line, quoted

_ANNOTATIONS = (
    "$schema $id $anchor $comment $defs $vocabulary $dynamicAnchor $recursiveAnchor definitions id title description "
    "default examples deprecated readOnly writeOnly contentEncoding contentMediaType contentSchema then else "
    "minContains maxContains discriminator nullable example"
)
_DRAFTS = (jsonschema.Draft202012Validator, jsonschema.Draft7Validator, jsonschema.Draft4Validator)
_KEYWORDS = frozenset(_ANNOTATIONS.split()).union(*(draft.VALIDATORS for draft in _DRAFTS))


class JsonSchema:
    """`json_schema`: the answer is JSON (the whole of it) and valid; draft 2020-12 unless `$schema` says otherwise."""

    def __init__(self, check: Check) -> None:
        schema: Any = check.argument
        if not isinstance(schema, Mapping | bool):
            raise CheckError(f"`json_schema` takes a schema, not {kind_of(schema)}")
        kind: Any = validator_for(schema, default=jsonschema.Draft202012Validator)
        try:
            kind.check_schema(schema)
        except SchemaError as error:
            inner: list[ValidationError] = error.context or []
            worst = next((each for each in inner if each.validator == "enum"), error)
            where = [*error.absolute_path]
            said = one_line(worst.message, SHOWN * 3) + (f" (at {'/'.join(map(str, where))})" if where else "")
            raise CheckError(f"not a JSON Schema: {said}", where=[check.scorer, *where]) from None
        _check_words(schema)
        # The registry holds the drafts alone; jsonschema's own would fetch what a `$ref` names, from disk or network.
        self._validator: Validator = _with_time_limit(kind)(schema, registry=REGISTRY)

    def score(self, answer: Answer) -> Score:
        """Passed when valid; text that is not JSON has nothing to judge."""
        try:
            value = answer.value if answer.is_parsed else parse_json(answer.text)
        except ValueError as error:
            return not_found(f"not JSON ({error}): {quoted(answer.text)}")
        try:
            worst = best_match(self._validator.iter_errors(value))
        except Unresolvable as missing:
            raise _nowhere(missing.ref) from None
        except RecursionError:
            raise CheckError("the schema goes round in circles, or the answer is nested too deeply") from None
        if worst is None:
            return passed("valid")
        said = worst.message.replace(repr(worst.instance), quoted(worst.instance))
        return failed(one_line(f"at `{worst.json_path}`: {said}", SHOWN * 3))


def _check_words(schema: Any) -> None:
    """Raise CheckError for the first reference that leads nowhere, and for the first slip of a keyword.

    A keyword that a validator does not know is passed over, so that `requird` would ask for nothing.
    """
    root = Resource.from_contents(schema, default_specification=DRAFT202012)
    name = root.id() or ""
    parts = [(root, REGISTRY.with_resource(name, root).resolver(name))]
    while parts:
        part, resolver = parts.pop()
        words: Mapping[str, Any] = part.contents if isinstance(part.contents, Mapping) else {}
        for word in words:
            near = "" if word in _KEYWORDS or word.startswith("x-") else nearest(str(word), _KEYWORDS)
            if near:
                raise CheckError(f"JSON Schema has no keyword `{word}`", help=f"did you mean `{near}`?")
        reference = words.get("$ref")
        try:
            if isinstance(reference, str):
                resolver.lookup(reference)
        except Unresolvable:
            raise _nowhere(str(reference)) from None
        parts += [(inner, resolver.in_subresource(inner)) for inner in part.subresources()]


def _nowhere(reference: str) -> CheckError:
    return CheckError(f"the schema refers to what is not there: {reference}")


@lru_cache
def _with_time_limit(kind: Any) -> Any:
    """A validator whose `pattern` stops at the time limit."""
    return extend(kind, {"pattern": _pattern})  # type: ignore[no-untyped-call]


def _pattern(validator: Validator, pattern: str, instance: Any, schema: Any) -> Iterator[ValidationError]:
    if validator.is_type(instance, "string") and not search(compiled(pattern), instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")
