"""Kind `spark`: a spark-submit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from emr_pipelines.pipeline_spec.models.base import Memory, Scalar, Text
from emr_pipelines.pipeline_spec.models.kinds.kind_model import KindModel, listed_files
from emr_pipelines.pipeline_spec.notation import forms
from emr_pipelines.pipeline_spec.notation.plain_values import Path, scalar_text


class SparkSpec(KindModel):
    """A spark-submit: a Python `script`, or a `jar` with its main `class`."""

    run_values_in: ClassVar[str] = "conf"

    script: str | None = Field(
        default=None, min_length=1, description="A Python file: a path in the project or an s3:// address."
    )
    jar: str | None = Field(default=None, min_length=1, description="A jar: a path in the project or an s3:// address.")
    main_class: str | None = Field(default=None, alias="class", min_length=1, description="The jar's main class.")
    contract: Literal["inputs", "legacy"] = Field(
        default="inputs",
        description="Which arguments the job gets: --input, --output and args, or exactly the ten of the older steps.json system.",
    )
    deploy_mode: Literal["cluster", "client"] = Field(
        default="cluster", description="Where the driver runs: in YARN, or on the primary node."
    )
    executors: Annotated[int, Field(ge=1)] | Annotated[str, Field(pattern=forms.AUTO)] | None = Field(
        default=None,
        description="Number of executors, or auto: sizes and number by the cluster's nodes; the default is dynamic allocation with EMR's sizes.",
    )
    executor_memory: Memory | None = Field(default=None, description="Memory of an executor, for example 18G.")
    executor_cores: int | None = Field(default=None, ge=1, description="Cores of an executor.")
    driver_memory: Memory | None = Field(default=None, description="Memory of the driver, for example 4G.")
    driver_cores: int | None = Field(default=None, ge=1, description="Cores of the driver, in deploy mode cluster.")
    conf: dict[str, Scalar] = Field(default={}, description="Spark properties; numbers and booleans become text.")
    packages: list[Text] = Field(default=[], description="Maven coordinates, group:artifact:version.")
    py_files: list[Text] = Field(
        default=[], description="Python files and zips to import from; the job's own package folder travels anyway."
    )
    files: list[Text] = Field(default=[], description="Files placed in the working folder of each executor.")
    archives: list[Text] = Field(
        default=[],
        description="Archives unpacked in the working folder of each executor; name.zip#folder names the folder.",
    )

    @classmethod
    def roots_at(cls, inner: Path) -> tuple[str, ...]:
        """Values of a run in Spark's properties."""
        match inner:
            case ("conf", _):
                return ("env", "params", "run")
        return ("env",)

    def file_references(self, resolve: Callable[[str], str]) -> Iterator[tuple[Path, str]]:
        """The program and what travels with it."""
        if self.script:
            yield ("script",), self.script
        if self.jar:
            yield ("jar",), self.jar
        yield from ((("py_files", index), text) for index, text in enumerate(self.py_files))
        yield from listed_files(files=self.files, archives=self.archives)

    def argument_texts(self) -> Iterator[str]:
        """The properties, the lists and the program."""
        yield from (f"--conf{name}={scalar_text(value)}" for name, value in self.conf.items())
        yield from (",".join(texts) for texts in (self.packages, self.py_files, self.files, self.archives))
        yield from (text for text in (self.script, self.jar, self.main_class) if text)
