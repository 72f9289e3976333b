"""Checks a document against a model, reports what does not fit, and builds the model from what does. Pure.

The rules then run on the part that fits, so that a typo in one place hides no mistake in another.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import ValidationError

from emr_pipelines.errors import Problem
from emr_pipelines.pipeline_spec.models.base import Model
from emr_pipelines.pipeline_spec.reading.document import Document, Path, value_at
from emr_pipelines.pipeline_spec.reading.validation_messages import Misfit, describe_misfit, gather_misfits

ModelT = TypeVar("ModelT", bound=Model)
_MAX_ROUNDS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidatedDocument(Generic[ModelT]):
    """The model of a document. `value` is the document without what does not fit; `broken` says where that was."""

    model: ModelT
    value: dict[str, Any]
    broken: frozenset[Path]
    problems: tuple[Problem, ...]


def validate_document(
    model: type[ModelT], document: Document, fallback: Callable[[Path], Any]
) -> ValidatedDocument[ModelT]:
    """Validate a document. `fallback` gives a harmless value for a required path that is missing or does not fit."""
    pruner = _Pruner(document, fallback)
    problems: tuple[Problem, ...] = ()
    for round_number in range(_MAX_ROUNDS):
        try:
            fitting = model.model_validate(pruner.value)
        except ValidationError as error:
            misfits = gather_misfits(error, pruner.value)
            if round_number == 0:
                problems = _describe(model, document, misfits, pruner.broken)
            for misfit in misfits:
                pruner.remove(misfit)
        else:
            return ValidatedDocument(
                model=fitting, value=pruner.value, broken=frozenset(pruner.broken), problems=problems
            )
    raise AssertionError(f"{document.file}: pruning does not converge; report this with the file")


def _describe(
    model: type[Model], document: Document, misfits: Sequence[Misfit], broken: set[Path]
) -> tuple[Problem, ...]:
    """One problem per misfit; what is only missing because its text could not be read has been reported already."""
    new = [misfit for misfit in misfits if not (misfit.kind == "missing" and misfit.path in broken)]
    if () in broken:
        return ()
    return tuple(describe_misfit(model, document, misfit) for misfit in new)


class _Pruner:
    """Takes out of a value what does not fit, and remembers where."""

    def __init__(self, document: Document, fallback: Callable[[Path], Any]) -> None:
        self.value: dict[str, Any] = copy.deepcopy(document.value)
        self.broken: set[Path] = set()
        self._fallback = fallback
        if () in document.broken:
            self.broken.add(())
        for path in sorted(document.broken - {()}, key=str):
            self._take_out(path)

    def remove(self, misfit: Misfit) -> None:
        """Take out one misfit; an unknown key simply goes."""
        if misfit.kind in ("extra_forbidden", "key"):
            owner = value_at(self.value, misfit.path[:-1])
            if isinstance(owner, dict):
                owner.pop(misfit.path[-1], None)
        else:
            self._take_out(misfit.path)

    def _take_out(self, path: Path) -> None:
        """Replace the value by its stand-in; without one, remove it, and the whole list where it is an item of a list."""
        self.broken.add(path)
        owner = value_at(self.value, path[:-1])
        fallback = self._fallback(path)
        if fallback is not None and isinstance(owner, dict | list):
            owner[path[-1]] = fallback  # type: ignore[index]
        elif isinstance(owner, dict) and path[-1] in owner:
            del owner[path[-1]]
        elif path[:-1]:
            self._take_out(path[:-1])
