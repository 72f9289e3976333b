"""The model of EMR's configuration classifications. Shape and types only: what needs more than one field is a rule."""

from __future__ import annotations

from pydantic import Field

from emr_pipelines.pipeline_spec.models.base import Model, Scalar


class ConfigurationSpec(Model):
    """An EMR configuration classification, for example `spark-defaults` with its properties."""

    classification: str = Field(min_length=1, description="The classification, for example spark-defaults.")
    properties: dict[str, Scalar] = Field(default={}, description="Its properties; numbers and booleans become text.")
    configurations: list[ConfigurationSpec] = Field(
        default=[], description="Nested classifications, for example export under spark-env."
    )
