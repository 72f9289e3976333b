"""How places on S3 lie to each other. Pure."""

from __future__ import annotations


def is_within(inner: str, outer: str) -> bool:
    """Whether an address is another one or lies below it; placeholders are the same only where they are the same text."""
    return f"{inner.rstrip('/')}/".startswith(f"{outer.rstrip('/')}/")
