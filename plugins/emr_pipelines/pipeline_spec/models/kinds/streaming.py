"""Kind `streaming`: a Hadoop Streaming job."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Annotated, ClassVar

from pydantic import Field

from emr_pipelines.pipeline_spec.models.base import Identifier, Scalar, Text
from emr_pipelines.pipeline_spec.models.kinds.kind_model import KindModel, listed_files
from emr_pipelines.pipeline_spec.notation.plain_values import Path, scalar_text
from emr_pipelines.pipeline_spec.notation.streaming_arguments import PROGRAMS, is_file

Program = Text | Annotated[list[Scalar], Field(min_length=1)]


class StreamingSpec(KindModel):
    """A Hadoop Streaming job: programs that read lines and write lines."""

    run_values_in: ClassVar[str] = "arguments, environment and properties of streaming"

    mapper: Program = Field(
        description="Reads lines of the inputs: a file of the project, an s3:// address, or a command of the nodes; a list adds arguments."
    )
    combiner: Program | None = Field(default=None, description="Reduces what one mapper writes, before it is sorted.")
    reducer: Program | None = Field(
        default=None,
        description="Reads the mappers' lines sorted by key; `aggregate` is Hadoop's own. Without it the mappers write the output.",
    )
    reducers: int | None = Field(
        default=None, ge=0, description="Number of reducers, and so of output files; the default is the cluster's."
    )
    files: list[Text] = Field(
        default=[], description="Further files placed beside the programs; path#name gives one another name."
    )
    archives: list[Text] = Field(
        default=[], description="Archives unpacked beside the programs; name.zip#folder names the folder."
    )
    jars: list[Text] = Field(default=[], description="Jars with the Java classes that are named here.")
    environment: dict[Identifier, Scalar] = Field(default={}, description="Environment variables of the programs.")
    properties: dict[str, Scalar] = Field(
        default={}, description="Hadoop properties; numbers and booleans become text."
    )
    input_format: Text | None = Field(default=None, description="The Java class that reads the inputs.")
    output_format: Text | None = Field(default=None, description="The Java class that writes the output.")
    partitioner: Text | None = Field(
        default=None, description="The Java class that chooses the reducer of a mapper's line."
    )

    @classmethod
    def roots_at(cls, inner: Path) -> tuple[str, ...]:
        """Values of a run in the programs' arguments, their environment and Hadoop's properties; a program itself is known before."""
        match inner:
            case (key, position) if key in (*PROGRAMS, "environment", "properties") and position != 0:
                return ("env", "params", "run")
        return ("env",)

    def programs(self) -> Iterator[tuple[str, list[str]]]:
        """The programs by their key, each as its words: the program itself, then its arguments."""
        for key in PROGRAMS:
            program: Program | None = getattr(self, key)
            if program is not None:
                yield key, [program] if isinstance(program, str) else [scalar_text(word) for word in program]

    def file_references(self, resolve: Callable[[str], str]) -> Iterator[tuple[Path, str]]:
        """The programs that travel with the job, and what travels beside them."""
        for key, words in self.programs():
            if is_file(resolve(words[0])):
                yield (key,) if isinstance(getattr(self, key), str) else (key, 0), words[0].partition("#")[0]
        yield from listed_files(files=self.files, archives=self.archives, jars=self.jars)

    def file_words(self) -> Iterator[str]:
        """The arguments of the programs."""
        return (word for _, words in self.programs() for word in words[1:])
