"""Kind `jar`: a jar that Hadoop runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import ClassVar

from pydantic import Field

from emr_pipelines.pipeline_spec.models.base import Text
from emr_pipelines.pipeline_spec.models.kinds.kind_model import KindModel
from emr_pipelines.pipeline_spec.notation.plain_values import Path


class JarSpec(KindModel):
    """A jar that Hadoop runs as it is. It names its inputs and its output itself, in args."""

    gets_inputs: ClassVar[bool] = False

    path: Text = Field(description="The jar: a path in the project or an s3:// address.")
    main_class: Text | None = Field(
        default=None, alias="class", description="Its main class; the default is the one that the jar's manifest names."
    )

    def file_references(self, resolve: Callable[[str], str]) -> Iterator[tuple[Path, str]]:
        """The jar."""
        yield ("path",), self.path
