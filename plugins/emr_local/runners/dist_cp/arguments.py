"""Reads an s3-dist-cp command line. Pure; imports nothing of the project, since the copying runs as a program of its own."""

from __future__ import annotations

import re
from dataclasses import dataclass

_FLAGS = (
    *("deleteOnSuccess", "numberFiles", "copyFromManifest", "requirePreviousManifest", "appendToLastFile"),
    *("s3ServerSideEncryption", "disableMultipartUpload"),
)
_VALUES = (
    *("src", "dest", "srcPattern", "groupBy", "targetSize", "outputCodec", "startingIndex", "outputManifest"),
    *("previousManifest", "srcPrefixesFile", "s3Endpoint", "storageClass", "multipartUploadChunkSize"),
)
_WITHOUT_EFFECT = (
    *("s3Endpoint", "storageClass", "s3ServerSideEncryption", "disableMultipartUpload", "multipartUploadChunkSize"),
)
_CODECS = {"gzip": "gz", "gz": "gz", "none": "none"}
_MEBIBYTE = 1024 * 1024
_WORD = re.compile(r"--?(\w+)(?:[=,](.*))?", re.DOTALL)
_JAVA_NAMED_GROUP = re.compile(r"\(\?<([A-Za-z]\w*)>")


class DistCpError(Exception):
    """A copy that cannot be made; the message says what is wrong and what would do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DistCpOptions:
    """What an s3-dist-cp command line asks for."""

    src: str
    dest: str
    src_pattern: re.Pattern[str] | None = None
    group_by: re.Pattern[str] | None = None
    target_size: int | None = None  # bytes
    codec: str | None = None  # "gz", "none" or as it is
    delete_on_success: bool = False
    number_files: bool = False
    starting_index: int = 0
    output_manifest: str | None = None
    previous_manifest: str | None = None
    require_previous_manifest: bool = True
    copy_from_manifest: bool = False
    src_prefixes_file: str | None = None
    append_to_last_file: bool = False
    notes: tuple[str, ...] = ()


def parse_dist_cp(arguments: list[str]) -> DistCpOptions:
    """Read `--name=value`, `--name value` and `--name,value`; raise DistCpError for what S3DistCp or a local EMR would not do."""
    given = _read_words(arguments)
    for required in ("src", "dest"):
        if not given.get(required):
            raise DistCpError(f"s3-dist-cp: --{required} is missing. Give the directory to copy {_WAYS[required]}.")
    options = DistCpOptions(
        src=given["src"].rstrip("/"),
        dest=given["dest"].rstrip("/"),
        src_pattern=_read_pattern(given, "srcPattern"),
        group_by=_read_pattern(given, "groupBy"),
        target_size=_read_number(given, "targetSize", _MEBIBYTE),
        codec=_read_codec(given.get("outputCodec")),
        delete_on_success=_read_flag(given, "deleteOnSuccess", False),
        number_files=_read_flag(given, "numberFiles", False),
        starting_index=_read_number(given, "startingIndex") or 0,
        output_manifest=given.get("outputManifest"),
        previous_manifest=given.get("previousManifest"),
        require_previous_manifest=_read_flag(given, "requirePreviousManifest", True),
        copy_from_manifest=_read_flag(given, "copyFromManifest", False),
        src_prefixes_file=given.get("srcPrefixesFile"),
        append_to_last_file=_read_flag(given, "appendToLastFile", False),
        notes=tuple(f"--{name} has no effect on a local run" for name in _WITHOUT_EFFECT if name in given),
    )
    _check(options)
    return options


_WAYS = {"src": "from", "dest": "to"}


def _check(options: DistCpOptions) -> None:
    if options.group_by is not None and not options.group_by.groups:
        raise DistCpError(
            f"s3-dist-cp: --groupBy {options.group_by.pattern!r} has no group. Put the part that names the output in parentheses."
        )
    manifest_missing = options.output_manifest and options.require_previous_manifest
    if not options.previous_manifest and (options.copy_from_manifest or manifest_missing):
        raise DistCpError(
            "s3-dist-cp: --previousManifest is missing. Give it, or --requirePreviousManifest=false for the first of a series of copies."
        )


def _read_words(arguments: list[str]) -> dict[str, str]:
    given: dict[str, str] = {}
    rest = list(arguments)
    while rest:
        word = rest.pop(0)
        match = _WORD.fullmatch(word)
        name, value = (match[1], match[2]) if match else ("", None)
        if name in _FLAGS:
            given[name] = "true" if value is None else value
        elif name in _VALUES:
            if value is None and not rest:
                raise DistCpError(f"s3-dist-cp: the option --{name} needs a value.")
            given[name] = rest.pop(0) if value is None else value
        else:
            raise DistCpError(
                f"s3-dist-cp: {word!r} is not an option. It has {', '.join(f'--{n}' for n in (*_VALUES, *_FLAGS))}."
            )
    return given


def _read_pattern(given: dict[str, str], name: str) -> re.Pattern[str] | None:
    if name not in given:
        return None
    try:
        return re.compile(_JAVA_NAMED_GROUP.sub(r"(?P<\1>", given[name]))
    except re.error as problem:
        raise DistCpError(
            f"s3-dist-cp: --{name} {given[name]!r} is not a regular expression ({problem}). Correct it."
        ) from problem


def _read_number(given: dict[str, str], name: str, unit: int = 1) -> int | None:
    if name not in given:
        return None
    if not given[name].isdigit():
        raise DistCpError(f"s3-dist-cp: --{name} {given[name]!r} is not a whole number.")
    return int(given[name]) * unit


def _read_flag(given: dict[str, str], name: str, default: bool) -> bool:
    value = given.get(name, str(default)).lower()
    if value not in ("true", "false"):
        raise DistCpError(f"s3-dist-cp: --{name}={given[name]} is neither true nor false.")
    return value == "true"


def _read_codec(name: str | None) -> str | None:
    if name is None:
        return None
    if name.lower() not in _CODECS:
        raise DistCpError(
            f"s3-dist-cp: --outputCodec {name} is not supported on a local EMR. It has gzip, gz and none; without the option files stay as they are."
        )
    return _CODECS[name.lower()]
