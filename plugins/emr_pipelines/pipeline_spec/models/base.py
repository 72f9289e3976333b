"""What all models of written files have in common: their base class and the types of their fields. No model of its own."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from emr_pipelines.pipeline_spec.notation import forms


def _read_date(value: object) -> object:
    """A date from its ISO text; anything else goes on to pydantic as it is."""
    if isinstance(value, str):
        try:
            return dt.date.fromisoformat(value)
        except ValueError as error:
            raise ValueError(f"{value!r} is not a date of the form YYYY-MM-DD") from error
    return value


# The numbers of the EMR API have 32 bits.
MAX_COUNT = 2_147_483_647

# The lengths of EMR's own types of text, XmlStringMaxLen256 and XmlString.
MAX_NAME, MAX_TEXT = 256, 10_280
# Airflow keeps a tag in a column of this length.
MAX_TAG = 100

Name = Annotated[str, Field(pattern=forms.NAME)]
Identifier = Annotated[str, Field(pattern=forms.IDENTIFIER)]
Duration = Annotated[str, Field(pattern=forms.DURATION)]
Memory = Annotated[str, Field(pattern=forms.MEMORY)]
InstanceType = Annotated[str, Field(pattern=forms.INSTANCE_TYPE, max_length=MAX_NAME)]
Text = Annotated[str, Field(min_length=1)]
Tag = Annotated[str, Field(min_length=1, max_length=MAX_TAG)]
EmrName = Annotated[str, Field(min_length=1, max_length=MAX_NAME)]
EmrText = Annotated[str, Field(max_length=MAX_TEXT)]
Date = Annotated[dt.date, BeforeValidator(_read_date)]
Scalar = str | int | float | bool
ParamType = Literal["string", "integer", "number", "boolean", "null"]


class Model(BaseModel):
    """Base of all models: unknown keys are errors, values are never converted silently, instances never change."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, populate_by_name=True)
