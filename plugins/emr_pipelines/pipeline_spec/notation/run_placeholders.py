"""The one table of placeholders that stand for a value of a run. Pure data: the values are said by `plan.runs.run_binding` and, for Airflow, by `dag.templates`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Generic, TypeVar

from emr_pipelines.pipeline_spec.notation.placeholders import Reference

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPlaceholders(Generic[T]):
    """Something for each placeholder; who leaves one out does not pass type checking. `${run.year}` is the field `run_year`.

    `written`: people write it in specs; the others are made by the plan alone. `date_form`: how a value that is a part of the run's date is written, `d` for a
    digit. Only such values are about data; the others are bookkeeping and differ in every run.
    """

    run_year: T = field(metadata={"written": True, "date_form": "dddd"})
    run_month: T = field(metadata={"written": True, "date_form": "dd"})
    run_date: T = field(metadata={"written": True, "date_form": "dddd-dd-dd"})
    run_id: T = field(metadata={"written": True})
    run_key: T = field(metadata={})
    run_expires_at: T = field(metadata={})
    code_prefix: T = field(metadata={})
    step_attempt: T = field(metadata={})
    step_key: T = field(metadata={})

    def of(self, reference: Reference) -> T | None:
        """What stands for a placeholder; None for one of a parameter, a step's output or the environment."""
        name = _FIELDS.get(".".join(reference.parts))
        value: T | None = None if name is None else getattr(self, name)
        return value


def _name_of(key: str) -> str:
    root, _, name = key.partition("_")
    return f"{root}.{name}"


_FIELDS: Mapping[str, str] = {_name_of(one.name): one.name for one in fields(RunPlaceholders)}
_METADATA: Mapping[str, Mapping[str, Any]] = {_name_of(one.name): one.metadata for one in fields(RunPlaceholders)}
RUN_PLACEHOLDERS = tuple(_FIELDS)
# As people write them: ${run.<name>}.
RUN_NAMES = tuple(name.removeprefix("run.") for name, about in _METADATA.items() if about.get("written"))
DATE_FORMS: Mapping[str, str] = {name: about["date_form"] for name, about in _METADATA.items() if "date_form" in about}
DATE_VALUES = frozenset(DATE_FORMS)
