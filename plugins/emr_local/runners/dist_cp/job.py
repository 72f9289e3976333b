"""Copies as s3-dist-cp does, between the directories that are S3 and HDFS. A program of its own: `python -m … PLACES.json [options]`; never imported."""

from __future__ import annotations

import bz2
import gzip
import json
import os
import shutil
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from emr_local.objects.paths import checksum_file, is_working_file
from emr_local.runners.dist_cp.arguments import DistCpError, DistCpOptions, parse_dist_cp
from emr_local.runners.dist_cp.plan import Output, SourceFile, choose_files, plan_outputs
from emr_local.runners.places import Places, UnknownPlaceError

_CHUNK = 1 << 20
_REPORT_EVERY_S = 2.0
_MEGABYTE = 1_000_000
_READERS: dict[str, Any] = {".gz": gzip.open, ".bz2": bz2.open}


def main(arguments: list[str]) -> int:
    """Copy; give the exit code."""
    places = Places.from_json(json.loads(Path(arguments[0]).read_text(encoding="utf-8")))
    try:
        options = parse_dist_cp(arguments[1:])
        for note in options.notes:
            _say(note)
        _copy_all(options, places)
    except (DistCpError, UnknownPlaceError) as problem:
        _say(f"Error: {problem}")
        return 1
    except OSError as problem:
        _say(f"Error: java.io.IOException: {problem.strerror or problem}: {problem.filename or ''}")
        return 1
    return 0


def _copy_all(options: DistCpOptions, places: Places) -> None:
    destination = places.locate(options.dest)
    previous = _read_manifest(options, places)
    found = _list_manifest(previous, places) if options.copy_from_manifest else _list_source(options, places)
    files = choose_files(options, found)
    if not files:
        raise DistCpError(_explain_nothing(options))
    if not options.copy_from_manifest:
        known = {str(entry["baseName"]) for entry in previous}
        files = [file for file in files if file.relative not in known]
    outputs = plan_outputs(options, files, lambda relative: _size_of(destination / relative))
    progress = _Progress()
    for output in outputs:
        progress.add(len(output.sources), _write(output, destination, options.codec))
    progress.report()
    if options.output_manifest:
        _write_manifest(options, places, outputs, previous)
    if options.delete_on_success:
        for file in files:
            file.path.unlink(missing_ok=True)
            checksum_file(file.path).unlink(missing_ok=True)


def _explain_nothing(options: DistCpOptions) -> str:
    """S3DistCp ends with this error when no file is left to copy: the list of files that its copying job reads was not written."""
    filters = {"--srcPattern": options.src_pattern, "--groupBy": options.group_by}
    shown = "".join(f" {name} {pattern.pattern!r}" for name, pattern in filters.items() if pattern)
    return (
        f"org.apache.hadoop.mapred.InvalidInputException: Input path does not exist: hdfs:/tmp/{uuid.uuid4()}/files"
        f" (no file of --src {options.src} fits{shown or ', it is empty or does not exist'}; patterns must fit the whole address)"
    )


def _list_source(options: DistCpOptions, places: Places) -> Iterator[SourceFile]:
    """List what lies under --src, or under the prefixes of --srcPrefixesFile."""
    if options.src_prefixes_file is None:
        yield from _list_under(options.src, options.src, places)
        return
    text = places.locate(options.src_prefixes_file).read_text(encoding="utf-8")
    for prefix in dict.fromkeys(line.strip().rstrip("/") for line in text.splitlines() if line.strip()):
        yield from _list_under(prefix, options.src, places)


def _list_under(prefix: str, src: str, places: Places) -> Iterator[SourceFile]:
    root, base = places.locate(prefix), places.locate(src)
    if root.is_file():
        paths, base = [root], base.parent if base == root else base
        src = src if base != root.parent or prefix != src else src.rpartition("/")[0]
    else:
        paths = sorted(path for path in root.rglob("*") if path.is_file() and not path.is_symlink())
    for path in paths:
        relative = path.relative_to(base).as_posix()
        if not is_working_file(relative):
            yield SourceFile(uri=f"{src}/{relative}", path=path, relative=relative, size=path.stat().st_size)


def _list_manifest(entries: list[dict[str, Any]], places: Places) -> Iterator[SourceFile]:
    for entry in entries:
        path = places.locate(str(entry["path"]))
        if not path.is_file():
            raise DistCpError(f"java.io.FileNotFoundException: {entry['path']} of the manifest does not exist.")
        yield SourceFile(uri=str(entry["path"]), path=path, relative=str(entry["baseName"]), size=path.stat().st_size)


def _read_manifest(options: DistCpOptions, places: Places) -> list[dict[str, Any]]:
    if options.previous_manifest is None:
        return []
    path = places.locate(options.previous_manifest)
    if not path.is_file():
        if not options.require_previous_manifest and not options.copy_from_manifest:
            return []
        raise DistCpError(
            f"java.io.FileNotFoundException: --previousManifest {options.previous_manifest} does not exist. Correct it, or give --requirePreviousManifest=false."
        )
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def _write_manifest(
    options: DistCpOptions, places: Places, outputs: list[Output], previous: list[dict[str, Any]]
) -> None:
    """List what was copied, and before it what an earlier manifest listed."""
    destination, name = places.locate(options.dest), str(options.output_manifest)
    entries = [] if options.copy_from_manifest else list(previous)
    for output in outputs:
        entries.append(
            {
                "path": f"{options.dest}/{output.relative}",
                "baseName": output.relative,
                "srcDir": options.dest,
                "size": _size_of(destination / output.relative),
            }
        )
    path = places.locate(name) if "://" in name else destination / name.lstrip("/")
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(path, "wt", encoding="utf-8") as manifest:
        manifest.writelines(f"{json.dumps(entry, separators=(',', ':'))}\n" for entry in entries)


def _size_of(path: Path) -> int | None:
    return path.stat().st_size if path.is_file() else None


def _write(output: Output, destination: Path, codec: str | None) -> int:
    """Write one file so that it appears whole, and give how many bytes were read."""
    target = destination / output.relative
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(f".{uuid.uuid4().hex}._COPYING_")
    try:
        if output.append:
            shutil.copyfile(target, unfinished)
        with unfinished.open("ab") as plain, _encoded(plain, codec) as writer:
            for source in output.sources:
                with _reader(source.path, codec) as reader:
                    shutil.copyfileobj(reader, writer, _CHUNK)
        checksum_file(target).unlink(missing_ok=True)  # Hadoop would check the new bytes against the old checksum
        os.replace(unfinished, target)
    finally:
        unfinished.unlink(missing_ok=True)
    return sum(source.size for source in output.sources)


def _encoded(plain: IO[bytes], codec: str | None) -> Any:
    return gzip.GzipFile(filename="", mode="wb", fileobj=plain) if codec == "gz" else plain


def _reader(path: Path, codec: str | None) -> Any:
    opener = _READERS.get(path.suffix, open) if codec is not None else open
    return opener(path, "rb")


class _Progress:
    """Tells on stderr how far the copy is, now and then."""

    def __init__(self) -> None:
        self._files = 0
        self._bytes = 0
        self._told_at = time.monotonic()

    def add(self, files: int, size: int) -> None:
        """Count copied files."""
        self._files += files
        self._bytes += size
        if time.monotonic() - self._told_at > _REPORT_EVERY_S:
            self.report()

    def report(self) -> None:
        """Tell."""
        self._told_at = time.monotonic()
        _say(f"Copied {self._files} files, {self._bytes / _MEGABYTE:.1f} MB")


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
