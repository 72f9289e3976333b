"""How a plain value of a spec or a parameter is written as text for EMR, Spark and a command line. Pure."""

from __future__ import annotations


def scalar_text(value: str | int | float | bool) -> str:
    """The value as text; true and false in lower case, as Hadoop and Spark read them."""
    return str(value).lower() if isinstance(value, bool) else str(value)
