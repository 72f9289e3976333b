"""Which files become which in an s3-dist-cp: patterns, groups, sizes and names. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from emr_local.runners.dist_cp.arguments import DistCpOptions

_COMPRESSED = (".gz", ".bz2", ".lzo", ".snappy")


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """A file that may be copied; `relative` is its path under --src."""

    uri: str
    path: Path
    relative: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """A file to write under --dest, from one file or from several behind each other."""

    relative: str
    sources: tuple[SourceFile, ...]
    append: bool = False


def choose_files(options: DistCpOptions, found: Iterable[SourceFile]) -> list[SourceFile]:
    """Give the files whose whole address fits --srcPattern and --groupBy."""
    patterns = [pattern for pattern in (options.src_pattern, options.group_by) if pattern is not None]
    return [file for file in found if all(pattern.fullmatch(file.uri) for pattern in patterns)]


def plan_outputs(options: DistCpOptions, files: list[SourceFile], size_of: Callable[[str], int | None]) -> list[Output]:
    """Give what is to be written; `size_of` tells the size of what is already there, None for nothing."""
    outputs: list[Output] = []
    for name, members in _group(options, files):
        if options.group_by is None:
            outputs.append(Output(relative=_recode(options, name), sources=tuple(members)))
        else:
            outputs += _fill_parts(options, _recode(options, name), members, size_of)
    if options.number_files:
        outputs = [_number(output, options.starting_index + index) for index, output in enumerate(outputs)]
    return [_mark_append(options, output, size_of) for output in outputs]


def _group(options: DistCpOptions, files: list[SourceFile]) -> Iterator[tuple[str, list[SourceFile]]]:
    """Bring files of a group together; the output is named by what the groups of the pattern matched, in the folder of the first file."""
    if options.group_by is None:
        yield from ((file.relative, [file]) for file in files)
        return
    groups: dict[str, list[SourceFile]] = {}
    for file in files:
        match = options.group_by.fullmatch(file.uri)
        if match:  # Java writes null for a group that took no part
            groups.setdefault("".join("null" if part is None else part for part in match.groups()), []).append(file)
    for name, members in groups.items():
        yield str(PurePosixPath(members[0].relative).parent / name.lstrip("/")), members


def _fill_parts(
    options: DistCpOptions, name: str, members: list[SourceFile], size_of: Callable[[str], int | None]
) -> list[Output]:
    """Cut a group into parts of about --targetSize; a group of one part keeps its name, others get numbers before their end."""
    first, filled = _find_last_part(options, name, size_of)
    parts: list[list[SourceFile]] = [[]]
    for file in members:
        if options.target_size is not None and filled and filled + file.size > options.target_size:
            parts.append([])
            filled = 0
        parts[-1].append(file)
        filled += file.size
    if len(parts) == 1 and first is None:
        return [Output(relative=name, sources=tuple(members))]
    return [
        Output(relative=_insert_number(name, (first or 0) + index), sources=tuple(part))
        for index, part in enumerate(parts)
        if part
    ]


def _find_last_part(options: DistCpOptions, name: str, size_of: Callable[[str], int | None]) -> tuple[int | None, int]:
    """Give the number and size of the last part that an earlier copy made, where new data is to be appended to it."""
    if not options.append_to_last_file:
        return None, 0
    number, size = None, size_of(name)
    while (next_size := size_of(_insert_number(name, 0 if number is None else number + 1))) is not None:
        number, size = (0 if number is None else number + 1), next_size
    return number, size or 0


def _mark_append(options: DistCpOptions, output: Output, size_of: Callable[[str], int | None]) -> Output:
    append = options.append_to_last_file and size_of(output.relative) is not None
    return Output(relative=output.relative, sources=output.sources, append=append)


def _number(output: Output, index: int) -> Output:
    path = PurePosixPath(output.relative)
    return Output(relative=str(path.with_name(f"{index}{path.name}")), sources=output.sources)


def _insert_number(name: str, number: int) -> str:
    path = PurePosixPath(name)
    return str(path.with_name(f"{path.stem}{number}{path.suffix}"))


def _recode(options: DistCpOptions, name: str) -> str:
    """Give a name the end that fits what the file will be."""
    if options.codec is None:
        return name
    plain = name.removesuffix(PurePosixPath(name).suffix) if name.endswith(_COMPRESSED) else name
    return plain if options.codec == "none" else f"{plain}.{options.codec}"
