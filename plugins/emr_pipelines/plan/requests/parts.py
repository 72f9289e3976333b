"""What all builders of request bodies do with their parts: leave out what the spec does not say, and lay raw keys over the rest. Pure."""

from __future__ import annotations

from typing import Any


def given(parts: dict[str, Any]) -> dict[str, Any]:
    """The parts that have a value; EMR refuses some of its keys when they are empty."""
    return {key: value for key, value in parts.items() if value not in (None, [], {})}


def lay_over(base: Any, over: Any) -> Any:
    """`over` laid on `base`: maps are merged key by key, everything else is replaced."""
    if isinstance(base, dict) and isinstance(over, dict):
        return base | {key: lay_over(base[key], value) if key in base else value for key, value in over.items()}
    return over
