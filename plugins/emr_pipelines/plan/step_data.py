"""Which data a step needs from elsewhere: addresses that no step of the pipeline writes. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from emr_pipelines.pipeline_spec.notation.placeholders import references_in
from emr_pipelines.pipeline_spec.notation.s3_places import is_within


def external_addresses(inputs: Iterable[str], published: Sequence[str]) -> tuple[str, ...]:
    """The inputs that are s3:// addresses and hold nothing of an earlier step: neither its output nor a place where it has published."""
    return tuple(dict.fromkeys(text for text in inputs if _is_external(text, published)))


def _is_external(text: str, published: Sequence[str]) -> bool:
    if not text.startswith("s3://") or any(reference.root == "steps" for reference in references_in(text)):
        return False
    return not any(is_within(text, place) or is_within(place, text) for place in published)
