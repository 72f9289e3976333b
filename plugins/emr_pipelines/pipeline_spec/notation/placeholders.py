"""Our own placeholders, `${root.name}`: found, parsed and substituted. Pure text work: knows no values and no Airflow.

`$${` is the literal `${`. Everything else is left as it is written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from emr_pipelines.errors import EmrPipelinesError

_TOKEN = re.compile(r"\$\$\{|\$\{([^{}]*)\}|\$\{")
_REFERENCE = re.compile(r"^[a-z_]+(\.[A-Za-z_][A-Za-z0-9_]*)+$")


class PlaceholderError(EmrPipelinesError):
    """A `${…}` that does not have the form `${root.name}`."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A parsed placeholder: `${steps.count_words.output}` has the parts ("steps", "count_words", "output")."""

    parts: tuple[str, ...]

    @property
    def root(self) -> str:
        """The first part, which says what kind of value is meant: env, run, params, steps …"""
        return self.parts[0]

    def __str__(self) -> str:
        """The text as it stands in a spec."""
        return "${" + ".".join(self.parts) + "}"


def parse_text(text: str) -> tuple[str | Reference, ...]:
    """Split a text into literal pieces and references, in order; `$${` becomes the literal `${`.

    Raises PlaceholderError for an unclosed or malformed placeholder.
    """
    pieces: list[str | Reference] = []
    literal, end = "", 0
    for match in _TOKEN.finditer(text):
        literal += text[end : match.start()]
        end = match.end()
        if match.group(0) == "$${":
            literal += "${"
            continue
        name = match.group(1)
        if name is None or not _REFERENCE.match(name):
            raise PlaceholderError(
                f"{match.group(0)!r} is no placeholder; the form is ${{env.name}}, ${{run.year}}, ${{params.name}} or ${{steps.name.output}} (write $${{ for a literal ${{)"
            )
        if literal:
            pieces.append(literal)
        pieces.append(Reference(tuple(name.split("."))))
        literal = ""
    literal += text[end:]
    return (*pieces, literal) if literal else tuple(pieces)


def substitute(
    value: Any, reference: Callable[[Reference], str], literal: Callable[[str], str] = lambda text: text
) -> Any:
    """Rebuild a JSON value with every string's references and literal pieces replaced; keys, numbers and null stay."""
    return _map_texts(
        value,
        lambda text: "".join(
            literal(piece) if isinstance(piece, str) else reference(piece) for piece in parse_text(text)
        ),
    )


def escape_literal(text: str) -> str:
    """A literal text in the form that `parse_text` reads back unchanged."""
    return text.replace("${", "$${")


def resolve_known(value: Any, known: Callable[[Reference], str | None]) -> Any:
    """Replace the references for which `known` gives a text and keep all others (and `$${`) as placeholders."""

    def resolve(text: str) -> str:
        # Literal text is escaped only once it is whole: a `$` and a `{` may meet where a value was put in.
        resolved, literal = "", ""
        for piece in parse_text(text):
            found = piece if isinstance(piece, str) else known(piece)
            if found is None:
                resolved, literal = resolved + escape_literal(literal) + str(piece), ""
            else:
                literal += found
        return resolved + escape_literal(literal)

    return _map_texts(value, resolve)


def _map_texts(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {key: _map_texts(item, change) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_map_texts(item, change) for item in value]
    return value


def references_in(value: Any) -> Iterator[Reference]:
    """Every reference in a JSON value, in order of appearance."""
    if isinstance(value, str):
        yield from (piece for piece in parse_text(value) if isinstance(piece, Reference))
    elif isinstance(value, dict):
        for item in value.values():
            yield from references_in(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from references_in(item)
