"""Places on S3 as a tree of their parts, in which those are found that a place may meet in some run: at it, above it, below it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import Generic, TypeVar

from emr_pipelines.pipeline_spec.notation.placeholders import Reference, parse_text
from emr_pipelines.pipeline_spec.notation.run_placeholders import DATE_FORMS

T = TypeVar("T")


class _Part:
    """A part of a place between two slashes."""

    def __init__(self, text: str) -> None:
        self._pieces = parse_text(text)
        self.is_dated = any(isinstance(piece, Reference) for piece in self._pieces)
        self.sample = "".join(
            piece if isinstance(piece, str) else _form_of(piece).replace("d", "0") for piece in self._pieces
        )

    def may_be(self, other: _Part) -> bool:
        """Whether both are the same text in some run, as far as one of them is fixed or has the longer date."""
        return self._pattern.fullmatch(other.sample) is not None or other._pattern.fullmatch(self.sample) is not None

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile("".join(map(_pattern_of, self._pieces)), re.DOTALL)


class PlaceTree(Generic[T]):
    """A prefix, what was put just there, and the prefixes below it."""

    def __init__(self) -> None:
        self._here: list[T] = []
        self._below: dict[str, tuple[_Part, PlaceTree[T]]] = {}
        self._dated: set[str] = set()

    def add(self, place: str, item: T) -> None:
        """Put something at a place."""
        node = self
        for text in place.split("/"):
            if text not in node._below:
                part = _Part(text)
                node._below[text] = (part, PlaceTree())
                if part.is_dated:
                    node._dated.add(text)
            node = node._below[text][1]
        node._here.append(item)

    def meeting(self, place: str) -> Iterator[T]:
        """What was put at, above or below the place, in some run."""
        nodes: list[PlaceTree[T]] = [self]
        for text in place.split("/"):
            nodes = [below for node in nodes for below in node._matching(text)]
            yield from (item for node in nodes for item in node._here)
        for node in nodes:
            for _, below in node._below.values():
                yield from below._all()

    def _matching(self, text: str) -> Iterator[PlaceTree[T]]:
        if text in self._below:
            yield self._below[text][1]
        if not self._dated and "${" not in text:
            return
        part = _Part(text)
        for other in self._below if part.is_dated else self._dated:
            if other != text and part.may_be(self._below[other][0]):
                yield self._below[other][1]

    def _all(self) -> Iterator[T]:
        yield from self._here
        for _, below in self._below.values():
            yield from below._all()


def _pattern_of(piece: str | Reference) -> str:
    """A regular expression of what the piece may be in a run."""
    return re.escape(piece) if isinstance(piece, str) else re.escape(_form_of(piece)).replace("d", "[0-9]")


def _form_of(reference: Reference) -> str:
    return DATE_FORMS.get(".".join(reference.parts), str(reference).upper())
