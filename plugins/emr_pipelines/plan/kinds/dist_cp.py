"""A copy by s3-dist-cp. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

from emr_pipelines.pipeline_spec.models.kinds.dist_cp import S3DistCpSpec
from emr_pipelines.pipeline_spec.models.pipeline import StepSpec
from emr_pipelines.plan.artifacts import CodeLayout
from emr_pipelines.plan.kinds.argv import free_arguments, inputs_of, own_output
from emr_pipelines.plan.kinds.step_command import StepCommand


@dataclass(frozen=True, slots=True, kw_only=True)
class S3DistCp(StepCommand):
    """A copy. `sources` is the step's one input; `settings` are options with a value, `switches` those without, all as s3-dist-cp calls them."""

    kind: ClassVar[str] = "s3_dist_cp"
    runs_on_jvm: ClassVar[bool] = False
    sources: tuple[str, ...]
    destination: str
    settings: tuple[tuple[str, str], ...] = ()
    switches: tuple[str, ...] = ()

    def options(self) -> Iterator[str]:
        """s3-dist-cp with its source, its destination and its options."""
        yield "s3-dist-cp"
        yield from (f"--src={address}" for address in self.sources)
        yield f"--dest={self.destination}"
        yield from (f"{option}={value}" for option, value in self.settings)
        yield from self.switches

    def written_texts(self) -> list[str]:
        """All but the source, which is only read."""
        return replace(self, sources=()).all_arguments()


def s3_dist_cp(step: StepSpec, copy: S3DistCpSpec, layout: CodeLayout) -> S3DistCp:
    """What a step's `s3_dist_cp` becomes."""
    return S3DistCp(
        sources=tuple(_source(layout.address(address)) for address in inputs_of(step).values()),
        destination=copy.dest or own_output(step),
        settings=tuple(_settings(copy, layout)),
        switches=tuple(_switches(copy)),
        arguments=free_arguments(step, layout),
    )


def _source(address: str) -> str:
    # Without the slash s3-dist-cp takes every key that begins so: beside attempt=1 the files of attempt=10.
    return f"{address}/" if address.startswith("${steps.") and address.endswith(".output}") else address


def _settings(copy: S3DistCpSpec, layout: CodeLayout) -> Iterator[tuple[str, str]]:
    prefixes = copy.src_prefixes_file
    options = {
        "--srcPattern": copy.src_pattern,
        "--groupBy": copy.group_by,
        "--targetSize": copy.target_size_mb,
        "--outputCodec": copy.output_codec,
        "--multipartUploadChunkSize": copy.multipart_chunk_mb,
        "--startingIndex": copy.starting_index,
        "--outputManifest": copy.output_manifest,
        "--previousManifest": copy.previous_manifest,
        "--s3Endpoint": copy.s3_endpoint,
        "--storageClass": copy.storage_class,
        "--srcPrefixesFile": None if prefixes is None else layout.address(prefixes),
    }
    yield from ((option, str(value)) for option, value in options.items() if value is not None)


def _switches(copy: S3DistCpSpec) -> Iterator[str]:
    # The first of a series of manifests has none before it, which s3-dist-cp may insist on.
    is_first = copy.output_manifest is not None and copy.previous_manifest is None
    # Two of them take a value: one is on by default, the other is read as a text.
    switches = {
        "--deleteOnSuccess": copy.delete_on_success,
        "--disableMultipartUpload": copy.disable_multipart_upload,
        "--numberFiles": copy.number_files,
        "--requirePreviousManifest=false": is_first or not copy.require_previous_manifest,
        "--copyFromManifest": copy.copy_from_manifest,
        "--appendToLastFile=true": copy.append_to_last_file,
        "--s3ServerSideEncryption": copy.encryption,
    }
    yield from (switch for switch, is_on in switches.items() if is_on)
