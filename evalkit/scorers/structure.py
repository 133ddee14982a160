"""Scorers of structure: `json_schema`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jsonschema
from jsonschema.exceptions import SchemaError, best_match
from jsonschema.protocols import Validator
from jsonschema.validators import validator_for
from referencing.exceptions import Unresolvable

from evalkit.errors import CheckError
from evalkit.records.result import Answer, Score, failed, not_found, passed
from evalkit.records.spec import Check
from evalkit.scorers.extract import parse_json
from evalkit.scorers.interface import kind_of, quoted


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
            where = "/".join(str(step) for step in error.absolute_path)
            raise CheckError(f"not a JSON Schema: {error.message}" + (f" (at {where})" if where else "")) from None
        self._validator: Validator = kind(schema)

    def score(self, answer: Answer) -> Score:
        """Passed when valid; text that is not JSON has nothing to judge."""
        try:
            value = answer.value if answer.is_parsed else parse_json(answer.text)
        except ValueError as error:
            return not_found(f"not JSON ({error}): {quoted(answer.text)}")
        try:
            worst = best_match(self._validator.iter_errors(value))
        except Unresolvable as missing:
            raise CheckError(f"the schema refers to what is not there: {missing}") from None
        if worst is None:
            return passed("valid")
        return failed(f"at `{worst.json_path}`: {worst.message}")
