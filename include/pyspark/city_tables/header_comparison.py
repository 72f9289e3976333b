"""Says which CSV files have other columns than the rest, and which. Their order makes no difference. Pure: no Spark, no I/O."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from batch_job.delimited_tables import DelimitedFile
from batch_job.run import JobError

_MOST_FILES_NAMED = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class DifferentFile:
    """A file that must not be mixed with the others; ``reason`` says what is different."""

    uri: str
    header: tuple[str, ...]
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class HeaderReport:
    """One input's files: those that have the columns of the common header, those that have others, and those that hold nothing."""

    name: str
    uri: str
    header: tuple[str, ...]
    files: tuple[str, ...]
    different: tuple[DifferentFile, ...]
    empty: tuple[str, ...]


def compare_headers(name: str, uri: str, files: Sequence[DelimitedFile], required: Sequence[str]) -> HeaderReport:
    """Take the columns that most files have, of those with the required ones, and set them against every file's.

    Of two sets of columns that are equally frequent, the one of the first file counts.
    """
    usable = [file.header for file in files if all(file.header.count(column) == 1 for column in required)]
    if not usable:
        raise JobError(_no_usable_header(name, uri, files, required))
    columns = Counter(tuple(sorted(header)) for header in usable).most_common(1)[0][0]
    header = next(header for header in usable if tuple(sorted(header)) == columns)
    others = [file for file in files if tuple(sorted(file.header)) != columns]
    return HeaderReport(
        name=name,
        uri=uri,
        header=header,
        files=tuple(file.uri for file in files if tuple(sorted(file.header)) == columns),
        different=tuple(
            DifferentFile(uri=file.uri, header=file.header, reason=file.problem or _describe(file.header, header))
            for file in others
            if file.header or file.problem
        ),
        empty=tuple(file.uri for file in others if not file.header and not file.problem),
    )


def describe_differences(report: HeaderReport) -> str:
    """Say in one sentence which files differ, the first ones by name."""
    named = "; ".join(f"{file.uri} ({file.reason})" for file in report.different[:_MOST_FILES_NAMED])
    more = len(report.different) - _MOST_FILES_NAMED
    total = len(report.files) + len(report.different)
    return (
        f"{len(report.different)} of {total} files of {report.name!r} in {report.uri} differ from the header {','.join(report.header)}: {named}"
        + (f"; and {more} more" if more > 0 else "")
    )


def _describe(header: tuple[str, ...], common: tuple[str, ...]) -> str:
    missing = Counter(common) - Counter(header)
    additional = Counter(header) - Counter(common)
    parts = [f"{word} {', '.join(columns)}" for word, columns in (("lacks", missing), ("adds", additional)) if columns]
    return "; ".join(parts)


def _no_usable_header(name: str, uri: str, files: Sequence[DelimitedFile], required: Sequence[str]) -> str:
    wanted = ", ".join(required)
    if not files:
        return f"input {name!r} holds no file: {uri}. Give it CSV files with the columns {wanted}"
    example = next((file for file in files if file.header or file.problem), files[0])
    found = example.problem or f"has the header {','.join(example.header)!r}"
    return f"none of the {len(files)} files of {name!r} in {uri} has the columns {wanted}; {example.uri} {found}. Check the address and the files"
