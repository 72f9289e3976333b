"""Which values the JSON Schema of a parameter takes: by the library and with the formats by which Airflow checks them. Pure.

Airflow (airflow/sdk/definitions/param.py, `Param.resolve`) calls jsonschema's `validate` with a `FormatChecker`, which checks each format that it
knows: date, date-time and time among those that a spec may ask for.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jsonschema import FormatChecker

# Of several keywords that refuse a value people are told the first.
_ORDER = ("type", "enum", "format", "pattern", "minimum", "maximum")
FORMAT_WORDS = {
    "date": "a date such as 2024-01-31",
    "date-time": "a date and a time with their offset from UTC, such as 2024-01-31T06:00:00Z",
    "time": "a time with its offset from UTC, such as 06:00:00Z",
}


def refusing_keyword(schema: Mapping[str, Any], value: object) -> str | None:
    """The keyword that refuses the value (type, enum, format, pattern, minimum or maximum); None when the schema takes it."""
    # Imported here: a spec without parameters should not cost the 100 ms.
    from jsonschema import Draft202012Validator

    validator = Draft202012Validator(schema, format_checker=_formats())
    refusing = {str(error.validator) for error in validator.iter_errors(value)}
    return next((keyword for keyword in _ORDER if keyword in refusing), None)


@cache
def _formats() -> FormatChecker:
    from jsonschema import FormatChecker

    return FormatChecker()
