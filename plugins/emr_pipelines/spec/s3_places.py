"""Where in the bucket attempts lie, and how places on S3 lie to each other. Pure."""

from __future__ import annotations

RUNS = "runs"
# A script of the legacy contract writes to `<bucket>/output/<output_uri>` and nowhere else.
LEGACY_RUNS = f"output/{RUNS}"


def is_within(inner: str, outer: str) -> bool:
    """Whether an address is another one or lies below it; placeholders are the same only where they are the same text."""
    return f"{inner.rstrip('/')}/".startswith(f"{outer.rstrip('/')}/")
