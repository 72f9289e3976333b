"""Kind `s3_dist_cp`: a copy between S3 and HDFS."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import ClassVar, Literal

from pydantic import Field

from emr_pipelines.pipeline_spec.models.base import Text
from emr_pipelines.pipeline_spec.models.kinds.kind_model import KindModel
from emr_pipelines.pipeline_spec.notation import forms
from emr_pipelines.pipeline_spec.notation.plain_values import Path


class S3DistCpSpec(KindModel):
    """A copy by s3-dist-cp, from the step's one input to `dest` or to the step's own output."""

    run_values_in: ClassVar[str] = "s3_dist_cp"
    # It copies a marker, but writes none of its own.
    writes_success_marker: ClassVar[bool] = False
    names_outputs: ClassVar[bool] = True

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

    @classmethod
    def roots_at(cls, inner: Path) -> tuple[str, ...]:
        """Values of a run in every option; a manifest may be the output of an earlier step, and the list of prefixes is a file of the project."""
        match inner:
            case ("previous_manifest",):
                return ("env", "params", "run", "steps")
            case ("src_prefixes_file",):
                return ("env",)
        return ("env", "params", "run")

    def file_references(self, resolve: Callable[[str], str]) -> Iterator[tuple[Path, str]]:
        """The list of prefixes."""
        if self.src_prefixes_file:
            yield ("src_prefixes_file",), self.src_prefixes_file
