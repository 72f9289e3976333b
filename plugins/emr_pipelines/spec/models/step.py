"""The models of the kinds of step that Hadoop itself runs: streaming, s3-dist-cp, a jar. Shape and types only, as in `spec.models`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from emr_pipelines.spec.models.base import Identifier, Model, Scalar, Text
from emr_pipelines.spec.notation import forms

Program = Text | Annotated[list[Scalar], Field(min_length=1)]


class StreamingSpec(Model):
    """A Hadoop Streaming job: programs that read lines and write lines."""

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


class S3DistCpSpec(Model):
    """A copy by s3-dist-cp, from the step's one input to `dest` or to the step's own output."""

    dest: Text | None = Field(
        default=None,
        description="An s3:// or hdfs:// address; without it the step declares an output, which is filled.",
    )
    src_pattern: Text | None = Field(
        default=None, description="Copy only files whose whole path matches this regular expression of Java."
    )
    group_by: Text | None = Field(
        default=None,
        description="A regular expression of Java with a group in parentheses: files for which the group is the same become one.",
    )
    target_size_mb: int | None = Field(default=None, ge=1, description="MiB of a file made by group_by.")
    output_codec: Literal["gzip", "gz", "lzo", "snappy", "none"] | None = Field(
        default=None, description="Compression of the copies; the default leaves them as they are."
    )
    delete_on_success: bool = Field(default=False, description="Delete what was copied from its source.")
    disable_multipart_upload: bool = Field(default=False, description="Upload each file to S3 as a whole.")
    multipart_chunk_mb: int | None = Field(
        default=None, ge=5, le=5120, description="MiB of one part of an upload; the default is 16."
    )
    number_files: bool = Field(default=False, description="Put numbers before the names of the copies.")
    starting_index: int | None = Field(default=None, ge=0, description="The first number for number_files.")
    output_manifest: Text | None = Field(
        default=None, description="Name of a gzip file that will list the copies, made in the destination."
    )
    previous_manifest: Text | None = Field(
        default=None, description="Address of an earlier manifest; what it lists is not copied again."
    )
    require_previous_manifest: bool = Field(
        default=True, description="Fail when the file at previous_manifest cannot be read."
    )
    copy_from_manifest: bool = Field(
        default=False, description="Copy what previous_manifest lists, instead of leaving it out."
    )
    s3_endpoint: Text | None = Field(default=None, description="The S3 endpoint to upload to.")
    storage_class: str | None = Field(
        default=None, pattern=forms.STORAGE_CLASS, description="Storage class of the copies on S3, such as STANDARD_IA."
    )
    src_prefixes_file: Text | None = Field(
        default=None, description="A file with one source address per line, listed instead of the input."
    )
    append_to_last_file: bool = Field(
        default=False, description="Append to files that are there from an earlier copy; on HDFS only."
    )
    encryption: bool = Field(default=False, description="Ask S3 to encrypt the copies (SSE-S3).")


class JarSpec(Model):
    """A jar that Hadoop runs as it is. It names its inputs and its output itself, in args."""

    path: Text = Field(description="The jar: a path in the project or an s3:// address.")
    main_class: Text | None = Field(
        default=None, alias="class", description="Its main class; the default is the one that the jar's manifest names."
    )
