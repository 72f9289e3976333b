"""The command line of s3-dist-cp. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from emr_pipelines.plan.code_layout import CodeLayout
from emr_pipelines.plan.requests.arguments import free_arguments, inputs_of, own_output
from emr_pipelines.spec.models.pipeline import StepSpec
from emr_pipelines.spec.models.step import S3DistCpSpec


def s3_dist_cp(step: StepSpec, copy: S3DistCpSpec, layout: CodeLayout) -> Iterator[str]:
    """s3-dist-cp from the step's one input to its destination, with the options that are set."""
    yield "s3-dist-cp"
    for address in inputs_of(step).values():
        yield f"--src={_source(layout.address(address))}"
    yield f"--dest={copy.dest or own_output(step)}"
    yield from _valued_options(copy, layout)
    yield from _switches(copy)
    yield from free_arguments(step, layout)


def _source(address: str) -> str:
    # Without the slash s3-dist-cp takes every key that begins so: beside attempt=1 the files of attempt=10.
    return f"{address}/" if address.startswith("${steps.") and address.endswith(".output}") else address


def _valued_options(copy: S3DistCpSpec, layout: CodeLayout) -> Iterator[str]:
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
    for option, value in options.items():
        if value is not None:
            yield f"{option}={value}"


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
