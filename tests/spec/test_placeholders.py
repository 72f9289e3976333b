"""Placeholders are found, kept and replaced without touching the text around them."""

from __future__ import annotations

import pytest

from emr_pipelines.pipeline_spec.notation.placeholders import (
    PlaceholderError,
    Reference,
    parse_text,
    resolve_known,
    substitute,
)

KNOWN = {"env.a": "value", "env.brace": "{x}", "env.dollar": "$", "env.placeholder": "${run.id}"}


def known(reference: Reference) -> str | None:
    return KNOWN.get(".".join(reference.parts))


def literal_of(text: str) -> str:
    return substitute(text, lambda reference: f"<{reference}>")


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("plain", ("plain",)),
        ("", ()),
        ("${run.year}", (Reference(("run", "year")),)),
        ("a${run.year}b", ("a", Reference(("run", "year")), "b")),
        ("$${run.year}", ("${run.year}",)),
        ("$HOME {x} $ {", ("$HOME {x} $ {",)),
    ],
)
def test_a_text_is_split_into_its_pieces(text: str, pieces: tuple[str | Reference, ...]) -> None:
    assert parse_text(text) == pieces


@pytest.mark.parametrize(
    "text", ["${", "${run", "${run.year", "${}", "${year}", "${run.}", "${Run.year}", "${run year}"]
)
def test_a_malformed_placeholder_is_refused(text: str) -> None:
    with pytest.raises(PlaceholderError, match="is no placeholder"):
        parse_text(text)


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("${env.a}/${run.year}", "value/<${run.year}>"),
        ("$${env.a}", "${env.a}"),
        ("$${${env.a}", "${value"),
        ("${env.placeholder}", "${run.id}"),
        ("${env.dollar}${env.brace}", "${x}"),
        ("${env.dollar}{x}", "${x}"),
    ],
)
def test_resolving_what_is_known_changes_no_meaning(text: str, meaning: str) -> None:
    assert literal_of(resolve_known(text, known)) == meaning


def test_values_inside_lists_and_maps_are_resolved_and_numbers_stay() -> None:
    assert resolve_known({"k": ["${env.a}", 1, None, {"x": "${env.a}"}]}, known) == {
        "k": ["value", 1, None, {"x": "value"}]
    }
